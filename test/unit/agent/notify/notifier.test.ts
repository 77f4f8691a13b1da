import assert from "node:assert/strict";
import { chmodSync, closeSync, constants, existsSync, openSync, readFileSync, readSync, realpathSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CoreEvent, RouterStateName } from "../../../../src/agent/native/events.ts";
import { Notifier, type NotifySettings } from "../../../../src/agent/notify/notifier.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { nodeAgentSpecSchema } from "../../../../src/api/nodeAgent.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { until } from "../../../support/waiting.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { startSmtpServer } from "./smtpServer.ts";

interface RouterFields {
  virtualIP: string;
  family?: string;
  group?: string;
  notify?: object;
}

function settings(routers: RouterFields[], more: object = {}): NotifySettings {
  const virtualRouters = routers.map((router) => ({
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 14,
    version: 2,
    priority: 100,
    advertisementInterval: "1s",
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    addresses: [{ address: "10.1.0.91/16" }],
    ...router,
  }));
  return nodeAgentSpecSchema.parse({ virtualRouters, ...more });
}

/** A notifier with a program that writes down its arguments, one line each time. */
function setUp(context: TestContext, options: { allowed?: boolean } = {}) {
  const directory = realpathSync(temporaryDirectory(context));
  chmodSync(directory, 0o755);
  const journal = join(directory, "journal");
  writeFileSync(journal, "");
  chmodSync(journal, 0o666);
  const script = (name: string, ...lines: string[]) => {
    const path = join(directory, name);
    writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    return path;
  };
  const note = script("note.sh", `echo "$*" >> ${journal}`);
  const { log, lines } = recordedLog();
  const clock = systemClock;
  const allowedDirectories = options.allowed === false ? [] : [directory];
  const programs = new ProgramRunner({ allowedDirectories, perProgramUser: false, log, clock });
  const priorities = new Map<string, number>();
  const states = new Map<string, RouterStateName>();
  const notifier = new Notifier({ node: "n1", programs, priorities: () => priorities, states: () => states, log, clock });
  context.after(async () => {
    await notifier.stop(100);
    await programs.stop(100);
  });
  const noted = () => readFileSync(journal, "utf8").split("\n").slice(0, -1);
  const notes = (count: number) => until(`${count} notes`, () => noted().length >= count, { everyMs: 5, hint: () => noted().join(" | ") });
  /** keepalived's notify_master, notify_backup, notify_fault and notify. */
  const notify = (label = "") => ({
    programs: [
      { events: ["MASTER", "BACKUP", "FAULT", "STOP"], command: [note, `${label}any`], appendState: true },
      ...["MASTER", "BACKUP", "FAULT"].map((state) => ({ events: [state], command: [note, `${label}${state.toLowerCase()}`] })),
    ],
  });
  return { directory, script, note, journal, lines, notifier, priorities, states, noted, notes, notify };
}

let time = Date.UTC(2026, 0, 1);

function change(key: string, from: RouterStateName, to: RouterStateName, reason = "Test"): CoreEvent {
  time += 1;
  return { type: "stateChanged", key, from, to, reason, peer: "", changedAt: time };
}

test("a start, a failover, a fault and a stop run what keepalived runs, in order", async (context) => {
  const { notifier, priorities, notes, noted, notify } = setUp(context);
  notifier.configure(settings([{ virtualIP: "VIR_1", notify: notify() }]));
  priorities.set("VIR_1/IPv4", 100);
  notifier.onEvents([change("VIR_1/IPv4", "INIT", "BACKUP"), change("VIR_1/IPv4", "BACKUP", "MASTER")]);
  await notes(4);
  priorities.set("VIR_1/IPv4", 80);
  notifier.onEvents([change("VIR_1/IPv4", "MASTER", "FAULT")]);
  await notes(6);
  notifier.onEvents([change("VIR_1/IPv4", "FAULT", "INIT", "Stopped")]);
  priorities.set("VIR_1/IPv4", 0);
  await notifier.stop();
  assert.deepEqual(noted(), [
    "backup",
    "any INSTANCE VIR_1 BACKUP 100",
    "master",
    "any INSTANCE VIR_1 MASTER 100",
    "fault",
    "any INSTANCE VIR_1 FAULT 80",
    "any INSTANCE VIR_1 STOP 80",
  ]);
});

test("a hundred transitions of twenty routers keep each router's order", async (context) => {
  const { notifier, note, noted, notes } = setUp(context);
  const names = Array.from({ length: 20 }, (_, index) => `v${index}`);
  const notify = { programs: [{ events: ["MASTER", "BACKUP", "FAULT"], command: [note], appendState: true }] };
  notifier.configure(settings(names.map((virtualIP) => ({ virtualIP, notify }))));
  const states: RouterStateName[] = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER"];
  for (const state of states) notifier.onEvents(names.map((name) => change(`${name}/IPv4`, "INIT", state)));
  await notes(100);
  for (const name of names) {
    const own = noted().filter((line) => line.split(" ")[1] === name);
    assert.deepEqual(
      own.map((line) => line.split(" ")[2]),
      states,
    );
  }
});

test("a sync group is told of once per transition, its members each", async (context) => {
  const { notifier, notes, noted, notify, note } = setUp(context);
  const member = { programs: [{ events: ["MASTER", "BACKUP", "FAULT"], command: [note], appendState: true }] };
  const routers = [
    { virtualIP: "VI_OUT", group: "VG", notify: member },
    { virtualIP: "VI_IN", group: "VG" },
    { virtualIP: "web", group: "virtualip/web" },
  ];
  notifier.configure(settings(routers, { groups: [{ name: "VG", notify: notify("group ") }] }));
  const both = (from: RouterStateName, to: RouterStateName) => [change("VI_OUT/IPv4", from, to), change("VI_IN/IPv4", from, to)];
  const groupNotes = () => noted().filter((line) => line.startsWith("group "));
  notifier.onEvents(both("INIT", "BACKUP"));
  notifier.onEvents(both("BACKUP", "MASTER"));
  notifier.onEvents([change("VI_IN/IPv4", "MASTER", "FAULT")]);
  notifier.onEvents([change("VI_OUT/IPv4", "MASTER", "BACKUP")]);
  notifier.onEvents([change("VI_IN/IPv4", "FAULT", "BACKUP"), change("web/IPv4", "INIT", "MASTER")]);
  await notes(11);
  await notifier.stop();
  assert.deepEqual(groupNotes(), [
    "group backup",
    "group any GROUP VG BACKUP 0",
    "group master",
    "group any GROUP VG MASTER 0",
    "group fault",
    "group any GROUP VG FAULT 0",
    "group backup",
    "group any GROUP VG BACKUP 0",
    "group any GROUP VG STOP 0",
  ]);
});

test("a router that is taken away is FAULT, or DELETED where somebody asks for that; one that restarts is neither", async (context) => {
  const { notifier, notes, noted, notify, note } = setUp(context);
  const deleted = { programs: [{ events: ["DELETED", "MASTER"], command: [note, "x"], appendState: true }] };
  notifier.configure(
    settings([
      { virtualIP: "a", notify: notify() },
      { virtualIP: "b", notify: deleted },
      { virtualIP: "c", notify: notify() },
    ]),
  );
  notifier.onEvents(["a", "b", "c"].map((name) => change(`${name}/IPv4`, "INIT", "MASTER")));
  await notes(5);
  notifier.configure(settings([{ virtualIP: "c", notify: notify() }]));
  notifier.onEvents(["a", "b", "c"].map((name) => change(`${name}/IPv4`, "MASTER", "INIT", "Stopped")));
  await notes(8);
  assert.deepEqual(noted().slice(5).sort(), ["any INSTANCE a FAULT 100", "fault", "x INSTANCE b DELETED 100"]);
  notifier.onEvents([change("a/IPv4", "INIT", "BACKUP")]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(noted().length, 8, "nobody is told of what is not configured");
});

test("lost events: what they would have told is told from the states", async (context) => {
  const { notifier, states, notes, noted, notify } = setUp(context);
  notifier.configure(
    settings([
      { virtualIP: "a", notify: notify() },
      { virtualIP: "b", notify: notify() },
    ]),
  );
  notifier.onEvents([change("a/IPv4", "INIT", "BACKUP"), change("b/IPv4", "INIT", "BACKUP")]);
  await notes(4);
  states.set("a/IPv4", "MASTER").set("b/IPv4", "BACKUP");
  notifier.onEvents([{ type: "resync" }]);
  await notes(6);
  await notifier.stop();
  assert.deepEqual(noted().slice(4, 6), ["master", "any INSTANCE a MASTER 100"]);
  assert.equal(noted().length, 8);
});

test("who begins to be told while routers run hears of their end", async (context) => {
  const { notifier, states, noted, note } = setUp(context);
  states.set("a/IPv4", "MASTER");
  notifier.configure(
    settings([{ virtualIP: "a", notify: { programs: [{ events: ["STOP"], command: [note, "stop"] }] } }, { virtualIP: "never" }]),
  );
  await notifier.stop();
  assert.deepEqual(noted(), ["stop"]);
});

test("a program that hangs holds up nobody else, and at the end the STOP programs still run", async (context) => {
  const { notifier, script, journal, noted, notes, note } = setUp(context);
  const hang = script("hang.sh", `echo hanging >> ${journal}`, "sleep 300");
  const hung = {
    programs: [
      { events: ["MASTER"], command: [hang] },
      { events: ["STOP"], command: [note, "stopped"] },
    ],
  };
  const other = { programs: [{ events: ["MASTER"], command: [note, "other"] }] };
  notifier.configure(
    settings([
      { virtualIP: "a", notify: hung },
      { virtualIP: "b", notify: other },
    ]),
  );
  notifier.onEvents([change("a/IPv4", "BACKUP", "MASTER"), change("b/IPv4", "BACKUP", "MASTER")]);
  await notes(2);
  const startedAt = performance.now();
  await notifier.stop(1000);
  const took = performance.now() - startedAt;
  assert.deepEqual(noted().sort(), ["hanging", "other", "stopped"]);
  assert.ok(took < 1500, `${took} ms`);
});

test("a STOP program that takes too long is not waited for longer than the limit", async (context) => {
  const { notifier, script, directory, lines } = setUp(context);
  const path = script("slow.sh", "sleep 300");
  notifier.configure(settings([{ virtualIP: "a", notify: { programs: [{ events: ["STOP"], command: [path] }] } }]));
  notifier.onEvents([change("a/IPv4", "INIT", "BACKUP")]);
  const startedAt = performance.now();
  await notifier.stop(300);
  const took = performance.now() - startedAt;
  assert.ok(took >= 290 && took < 1500, `${took} ms`);
  assert.ok(lines.some(({ msg }) => msg === "not all notifications could be delivered before the end"));
  assert.ok(existsSync(directory));
});

test("without an allowed directory programs are left out with a warning, all else is told", async (context) => {
  const { notifier, directory, lines, notify } = setUp(context, { allowed: false });
  const fifo = join(directory, "fifo");
  notifier.configure(settings([{ virtualIP: "a", notify: notify() }], { notify: { fifo } }));
  notifier.onEvents([change("a/IPv4", "INIT", "BACKUP")]);
  await until("the FIFO", () => existsSync(fifo), { everyMs: 5 });
  assert.deepEqual(
    lines.map(({ msg, skipped }) => [msg, skipped]),
    [["notify programs do not run: no directory is allowed (--allow-scripts)", ["a"]]],
  );
});

test("an advert of lower priority is told to the FIFO and to who asks for it, and is no change of state", async (context) => {
  const { notifier, directory, noted, notes, notify, note } = setUp(context);
  const fifo = join(directory, "fifo");
  const programs = [...notify().programs, { events: ["MASTER_RX_LOWER_PRI"], command: [note, "lower"] }];
  notifier.configure(settings([{ virtualIP: "a", notify: { programs } }], { notify: { fifo } }));
  notifier.onEvents([change("a/IPv4", "BACKUP", "MASTER")]);
  notifier.onEvents([{ type: "notice", key: "a/IPv4", notice: "LowerPriority", address: "10.0.0.2", changedAt: time }]);
  notifier.onEvents([{ type: "notice", key: "a/IPv4", notice: "ForeignRouter", address: "10.0.0.2", changedAt: time }]);
  await notes(3);
  const file = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  context.after(() => closeSync(file));
  const buffer = Buffer.alloc(4096);
  const read = buffer.toString("utf8", 0, readSync(file, buffer));
  assert.equal(read, 'INSTANCE "a" MASTER 100\nINSTANCE "a" MASTER_RX_LOWER_PRI 100\n');
  await notifier.stop();
  assert.deepEqual(noted(), ["master", "any INSTANCE a MASTER 100", "lower", "any INSTANCE a STOP 100"]);
  assert.deepEqual(
    notifier.counters().filter(({ count }) => count > 0),
    [
      { kind: "program", result: "delivered", count: 4 },
      { kind: "fifo", result: "delivered", count: 3 },
    ],
  );
});

function fifoReader(context: TestContext, path: string): () => string[] {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  context.after(() => closeSync(file));
  const buffer = Buffer.alloc(65536);
  return () => buffer.toString("utf8", 0, readSync(file, buffer)).split("\n").slice(0, -1);
}

function priorityChange(key: string, priority: number): CoreEvent {
  time += 1;
  return { type: "notice", key, notice: "PriorityChanged", address: "", priority, changedAt: time };
}

test("both FIFOs get the lines, and changes of the priority of who asks for it, in their order", async (context) => {
  const { notifier, directory, priorities } = setUp(context);
  const [fifo, vrrpFifo] = [join(directory, "fifo"), join(directory, "vrrp-fifo")];
  const routers = [{ virtualIP: "a", notify: { priorityChanges: true } }, { virtualIP: "b" }];
  notifier.configure(settings(routers, { notify: { fifo, vrrpFifo } }));
  await until("the FIFOs", () => existsSync(fifo) && existsSync(vrrpFifo), { everyMs: 5 });
  // The core is ahead of its events: what it says of itself is newer than what a batch begins with.
  priorities.set("a/IPv4", 60).set("b/IPv4", 60);
  notifier.onEvents([
    change("a/IPv4", "INIT", "BACKUP"),
    priorityChange("a/IPv4", 80),
    change("a/IPv4", "BACKUP", "MASTER"),
    priorityChange("a/IPv4", 60),
    priorityChange("b/IPv4", 60),
    change("a/IPv4", "MASTER", "FAULT"),
    priorityChange("a/IPv4", 70),
  ]);
  const lines = [
    'INSTANCE "a" BACKUP 100',
    'INSTANCE "a" BACKUP_PRIORITY 80',
    'INSTANCE "a" MASTER 80',
    'INSTANCE "a" MASTER_PRIORITY 60',
    'INSTANCE "a" FAULT 60',
    'INSTANCE "a" BACKUP_PRIORITY 70',
  ];
  const readers = [fifo, vrrpFifo].map((path) => fifoReader(context, path));
  await until("the lines", () => notifier.counters().some(({ kind, count }) => kind === "fifo" && count === 12), { everyMs: 5 });
  for (const read of readers) assert.deepEqual(read(), lines);
  notifier.configure(settings(routers, { notify: { vrrpFifo } }));
  await until("the end of the one", () => !existsSync(fifo), { everyMs: 5 });
  notifier.onEvents([change("b/IPv4", "INIT", "BACKUP")]);
  assert.deepEqual(readers[1]?.(), ['INSTANCE "b" BACKUP 60']);
});

test("a configuration that is applied again tells the FIFO the states that stay, where that is asked for", async (context) => {
  const { notifier, directory, priorities, noted, notes, notify } = setUp(context);
  const fifo = join(directory, "fifo");
  const routers = [
    { virtualIP: "a", group: "G", notify: notify() },
    { virtualIP: "b", group: "G" },
  ];
  const configure = (statesOnReload: boolean, ...more: { virtualIP: string }[]) =>
    notifier.configure(settings([...routers, ...more], { notify: { fifo, statesOnReload } }));
  configure(true);
  await until("the FIFO", () => existsSync(fifo), { everyMs: 5 });
  const read = fifoReader(context, fifo);
  notifier.onEvents([change("a/IPv4", "INIT", "BACKUP"), change("b/IPv4", "INIT", "BACKUP")]);
  await until("the lines", () => notifier.counters().some(({ kind, count }) => kind === "fifo" && count === 3), { everyMs: 5 });
  read();
  await notes(2); // of "a", who alone has programs
  priorities.set("a/IPv4", 90);
  configure(true, { virtualIP: "new" });
  assert.deepEqual(read(), ['GROUP "G" BACKUP 0', 'INSTANCE "a" BACKUP 90', 'INSTANCE "b" BACKUP 100']);
  configure(false);
  notifier.onEvents([change("a/IPv4", "BACKUP", "MASTER")]);
  assert.deepEqual(read(), ['INSTANCE "a" MASTER 90'], "nothing of the states without the setting");
  await notes(4);
  assert.deepEqual(
    noted().map((line) => line.split(" ")[0]),
    ["backup", "any", "master", "any"],
    "programs run for changes alone",
  );
});

test("no mail about FAULT where the settings say so, nor another one of the state that it came from", async (context) => {
  const { notifier } = setUp(context);
  const relay = await startSmtpServer(context);
  const mail = { server: `127.0.0.1:${relay.port}`, from: "a@b", to: ["c@d"], subjectName: "n", faults: false };
  notifier.configure(settings([{ virtualIP: "a", notify: { mail: true } }], { notify: { mail } }));
  const course: RouterStateName[] = ["INIT", "BACKUP", "FAULT", "BACKUP", "MASTER"];
  for (const [index, to] of course.slice(1).entries()) notifier.onEvents([change("a/IPv4", course[index] ?? "INIT", to)]);
  await notifier.stop();
  assert.deepEqual(
    relay.mails.map(({ headers }) => headers.find((line) => line.startsWith("Subject"))?.split(" - ")[1]),
    ["Entering BACKUP state", "Entering MASTER state", "Stopping"],
  );
});

test("a program that is not there or fails is told in the log", async (context) => {
  const { notifier, directory, script, lines } = setUp(context);
  const missing = join(directory, "missing.sh");
  const programs = [missing, script("fails.sh", "exit 3")].map((path) => ({ events: ["MASTER"], command: [path, "argument"] }));
  notifier.configure(settings([{ virtualIP: "a", notify: { programs } }]));
  notifier.onEvents([change("a/IPv4", "BACKUP", "MASTER")]);
  await until("both lines", () => lines.length === 2, { everyMs: 5 });
  assert.deepEqual(notifier.counters()[1], { kind: "program", result: "failed", count: 2 });
  assert.deepEqual(
    lines.map(({ msg, name, command, problem, status }) => ({ msg, name, command, problem, status })),
    [
      {
        msg: "a notify program was not started",
        name: "a",
        command: [missing, "argument"],
        problem: `${missing} does not exist`,
        status: undefined,
      },
      {
        msg: "a notify program failed",
        name: "a",
        command: [join(directory, "fails.sh"), "argument"],
        problem: undefined,
        status: 3,
      },
    ],
  );
});

test("FIFO, web hook and mail are told of each transition, mail once per state", async (context) => {
  const { notifier, directory, priorities } = setUp(context);
  const relay = await startSmtpServer(context);
  const posts: { state: string; name: string; priority: number }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    posts.push(JSON.parse(body));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const fifo = join(directory, "fifo");
  const mail = { server: `127.0.0.1:${relay.port}`, from: "keepalived@localhost", to: ["root@localhost"], subjectName: "node1" };
  const notify = { mail: true, webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  priorities.set("VIR_1/IPv4", 100);
  notifier.configure(
    settings([{ virtualIP: "VIR_1", group: "virtualip/VIR_1", notify }, { virtualIP: "quiet" }], { notify: { fifo, mail } }),
  );
  notifier.onEvents([change("VIR_1/IPv4", "INIT", "BACKUP"), change("quiet/IPv4", "INIT", "BACKUP")]);
  notifier.onEvents([change("VIR_1/IPv4", "BACKUP", "MASTER"), change("VIR_1/IPv4", "INIT", "MASTER")]);
  await until("the mails", () => relay.mails.length === 2 && posts.length === 3, { everyMs: 5 });
  await until("the lines", () => notifier.counters().some(({ kind, count }) => kind === "fifo" && count === 4), { everyMs: 5 });
  const file = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  context.after(() => closeSync(file));
  const buffer = Buffer.alloc(4096);
  const read = buffer.toString("utf8", 0, readSync(file, buffer));
  assert.equal(
    read,
    'INSTANCE "VIR_1" BACKUP 100\nINSTANCE "quiet" BACKUP 100\nINSTANCE "VIR_1" MASTER 100\nINSTANCE "VIR_1" MASTER 100\n',
  );
  assert.deepEqual(
    posts.map(({ name, state, priority }) => `${name} ${state} ${priority}`),
    ["VIR_1 BACKUP 100", "VIR_1 MASTER 100", "VIR_1 MASTER 100"],
  );
  await notifier.stop();
  const subject = "Subject: [node1] VRRP Instance VIR_1 -";
  assert.deepEqual(
    relay.mails.map(({ headers }) => headers.find((line) => line.startsWith("Subject"))),
    [`${subject} Entering BACKUP state`, `${subject} Entering MASTER state`, `${subject} Stopping`],
  );
});
