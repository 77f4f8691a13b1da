/**
 * What programs, FIFO and mail are told, beside keepalived: the real one goes through start, election, a lost link and its end, and the
 * notifier through the same transitions. Programs, arguments, lines and mails must be the same, each subject's in the same order.
 */
import assert from "node:assert/strict";
import { chmodSync, closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { CoreEvent, RouterStateName } from "../../src/agent/native/events.ts";
import { Notifier } from "../../src/agent/notify/notifier.ts";
import { ProgramRunner } from "../../src/agent/programs/programRunner.ts";
import { nodeAgentSpecSchema } from "../../src/api/nodeAgent.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { type Received, startSmtpServer } from "../unit/agent/notify/smtpServer.ts";

const states = ["master", "backup", "fault", "stop"];
/** Two virtual routers and their group, two programs each. */
const perState = 6;
const subjects = ["A", "B", "VG"];

/** What was told of each subject, in order. */
interface Told {
  programs: Record<string, string[]>;
  lines: Record<string, string[]>;
  mails: Record<string, string[]>;
}

let lan: Lan;
let note: (journal: string) => string;

before(async () => {
  lan = await Lan.create({ nodes: 1 });
  // Programs of an unprivileged user enter it.
  chmodSync(lan.directory, 0o755);
  note = (journal) => {
    const path = join(lan.directory, `note-${journal}.sh`);
    const file = join(lan.directory, journal);
    writeFileSync(file, "");
    chmodSync(file, 0o666);
    writeFileSync(path, `#!/bin/sh\necho "$*" >> ${file}\n`, { mode: 0o755 });
    return path;
  };
});

after(() => lan.destroy());

/** By the name that a text speaks of; programs of one transition run side by side in keepalived, so their pairs have no order. */
function bySubject(texts: string[], name: RegExp, pairs = false): Record<string, string[]> {
  const told: Record<string, string[]> = Object.fromEntries(subjects.map((subject) => [subject, []]));
  for (const text of texts) told[name.exec(text)?.[1] ?? ""]?.push(text);
  if (!pairs) return told;
  for (const list of Object.values(told)) for (let index = 0; index + 1 < list.length; index += 2) sortPair(list, index);
  return told;
}

function sortPair(list: string[], index: number): void {
  list.splice(index, 2, ...list.slice(index, index + 2).sort());
}

function collect(journal: string, fifo: string, mails: Received[]): Told {
  const texts = mails.map(({ headers, from, to, text }) => {
    const subject = headers.find((line) => line.startsWith("Subject: "));
    return `${subject} | ${from} → ${to.join(", ")} | ${text}`;
  });
  return {
    programs: bySubject(readFileSync(join(lan.directory, journal), "utf8").trim().split("\n"), /^(\w+)/, true),
    lines: bySubject(fifo.trim().split("\n"), /"(\w+)"/),
    // keepalived writes one about its end as well, and is gone before it is sent.
    mails: bySubject(texts.filter((text) => !text.includes("Stopping")).sort(), /VRRP \w+ (\w+) -/),
  };
}

function drain(file: number): string {
  const buffer = Buffer.alloc(65536);
  return buffer.toString("utf8", 0, readSync(file, buffer));
}

function keepalivedConfiguration(program: string, fifo: string): string {
  const notify = (name: string) => [
    ...states.map((state) => `  notify_${state} "${program} ${name} ${state}"`),
    `  notify "${program} ${name} any"`,
    "  smtp_alert",
  ];
  const instance = (name: string, virtualRouterID: number) => [
    `vrrp_instance ${name} {`,
    "  state BACKUP",
    "  interface eth0",
    "  version 3",
    `  virtual_router_id ${virtualRouterID}`,
    "  priority 100",
    "  advert_int 0.1",
    "  virtual_ipaddress {",
    `    198.51.100.2${virtualRouterID}/24`,
    "  }",
    ...notify(name),
    "}",
  ];
  return [
    "global_defs {",
    "  router_id node1",
    "  script_user nobody",
    "  enable_script_security",
    `  vrrp_notify_fifo ${fifo}`,
    "  notification_email {",
    "    root@localhost",
    "  }",
    "  notification_email_from keepalived@localhost",
    "  smtp_server 127.0.0.1",
    "}",
    "vrrp_sync_group VG {",
    "  group {",
    "    A",
    "    B",
    "  }",
    ...notify("VG"),
    "}",
    ...instance("A", 51),
    ...instance("B", 52),
    "",
  ].join("\n");
}

async function tellByKeepalived(): Promise<Told> {
  const file = (name: string) => join(lan.directory, name);
  const serverModule = new URL("../unit/agent/notify/smtpServer.ts", import.meta.url).href;
  const relay = `import { startSmtpServer } from ${JSON.stringify(serverModule)};
    import { renameSync, writeFileSync } from "node:fs";
    const { mails } = await startSmtpServer({ after() {} }, { port: 25 });
    setInterval(() => { writeFileSync("mails.new", JSON.stringify(mails)); renameSync("mails.new", "mails"); }, 20);`;
  lan.spawn("n1", "relay", [process.execPath, "--input-type=module", "-e", relay], { cwd: lan.directory });
  const mails = () => JSON.parse(readFileSync(file("mails"), "utf8")) as Received[];
  await until("the mail relay", () => mails().length === 0, { everyMs: 20 });

  writeFileSync(file("keepalived.conf"), keepalivedConfiguration(note("keepalived"), file("fifo")));
  const pids = [`--pid=${file("parent.pid")}`, `--vrrp_pid=${file("vrrp.pid")}`];
  const keepalived = lan.spawn("n1", "keepalived-log", [
    "keepalived",
    "--dont-fork",
    "--vrrp",
    "--log-console",
    `--use-file=${file("keepalived.conf")}`,
    ...pids,
  ]);
  const hint = () => keepalived.logTail(20);
  const noted = () => readFileSync(file("keepalived"), "utf8").trim().split("\n").length;
  const fifo = await until("the FIFO", () => openSync(file("fifo"), constants.O_RDONLY | constants.O_NONBLOCK), { everyMs: 10, hint });
  await until("the election", () => noted() === 2 * perState, { everyMs: 20, hint });
  await lan.exec("n1", ["ip", "link", "set", "eth0", "down"]);
  await until("FAULT", () => noted() === 3 * perState, { everyMs: 20, hint });
  await lan.exec("n1", ["ip", "link", "set", "eth0", "up"]);
  await until("the return", () => noted() === 5 * perState, { everyMs: 20, hint });
  await until("all mails", () => mails().length === 15, { everyMs: 20, hint: () => `${mails().length} mails` });
  await keepalived.stop();
  await until("STOP", () => noted() === 6 * perState, { everyMs: 20, hint });
  const lines = drain(fifo);
  closeSync(fifo);
  return collect("keepalived", lines, mails());
}

async function tellByNotifier(): Promise<Told> {
  const fifo = join(lan.directory, "own-fifo");
  const program = note("own");
  const ends: (() => void)[] = [];
  const relay = await startSmtpServer({ after: (end: () => void) => ends.push(end) });
  const programs = new ProgramRunner({ allowedDirectories: [lan.directory], perProgramUser: false, log: silentLogger, clock: systemClock });
  const keys = ["A/IPv4", "B/IPv4"];
  const notifier = new Notifier({
    node: "n1",
    programs,
    priorities: () => new Map(keys.map((key) => [key, 100])),
    states: () => new Map(),
    log: silentLogger,
    clock: systemClock,
  });
  const notify = (name: string) => ({
    mail: true,
    programs: [
      { events: ["MASTER", "BACKUP", "FAULT", "STOP"], command: [program, name, "any"], appendState: true },
      ...states.map((state) => ({ events: [state.toUpperCase()], command: [program, name, state] })),
    ],
  });
  const router = (virtualIP: string, virtualRouterID: number) => ({
    virtualIP,
    family: "IPv4",
    interface: "eth0",
    virtualRouterID,
    version: 3,
    priority: 100,
    advertisementInterval: "100ms",
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    addresses: [{ address: `198.51.100.2${virtualRouterID}/24` }],
    group: "VG",
    notify: notify(virtualIP),
  });
  const mail = { server: `127.0.0.1:${relay.port}`, from: "keepalived@localhost", to: ["root@localhost"], subjectName: "node1" };
  notifier.configure(
    nodeAgentSpecSchema.parse({
      virtualRouters: [router("A", 51), router("B", 52)],
      groups: [{ name: "VG", notify: notify("VG") }],
      notify: { fifo, mail },
    }),
  );
  const course: RouterStateName[] = ["INIT", "BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "INIT"];
  for (const [index, to] of course.slice(1).entries()) {
    const from = course[index] as RouterStateName;
    notifier.onEvents(keys.map((key): CoreEvent => ({ type: "stateChanged", key, from, to, reason: "", peer: "", changedAt: index })));
  }
  const file = await until("the FIFO", () => openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK), { everyMs: 10 });
  await notifier.stop(10_000);
  const lines = drain(file);
  closeSync(file);
  await programs.stop(1000);
  for (const end of ends) end();
  return collect("own", lines, relay.mails);
}

test("programs, FIFO and mail are told what keepalived tells them", async () => {
  const expected = await tellByKeepalived();
  assert.equal(expected.programs.VG?.length, 12);
  const told = await tellByNotifier();
  assert.deepEqual(told.programs, expected.programs);
  assert.deepEqual(told.lines, expected.lines);
  assert.deepEqual(told.mails, expected.mails);
});
