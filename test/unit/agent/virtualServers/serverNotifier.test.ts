import assert from "node:assert/strict";
import { chmodSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sumCounts } from "../../../../src/agent/notify/notificationCounters.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { listServers } from "../../../../src/agent/virtualServers/serverList.ts";
import { ServerNotifier } from "../../../../src/agent/virtualServers/serverNotifier.ts";
import type { VirtualServerInput } from "../../../../src/api/virtualServer.ts";
import { systemClock as clock } from "../../../../src/runtime/clock.ts";
import { until } from "../../../support/waiting.ts";
import { startSmtpServer } from "../notify/smtpServer.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { virtualServer } from "./samples.ts";

/** A notifier, a program that writes down its arguments, and changes of a VirtualServer that runs it. */
function setUp(context: TestContext, fields: { allowed?: boolean; spec?: Partial<VirtualServerInput>; mail?: boolean } = {}) {
  const directory = realpathSync(temporaryDirectory(context));
  chmodSync(directory, 0o755);
  const journal = join(directory, "journal");
  writeFileSync(journal, "");
  chmodSync(journal, 0o666);
  const script = join(directory, "note.sh");
  writeFileSync(script, `#!/bin/sh\nsleep 0.0$1\necho "$2" >> ${journal}\n`, { mode: 0o755 });
  const program = (pause: number, text: string) => [{ command: [script, String(pause), text] }];
  const { log, lines } = recordedLog();
  const programs = new ProgramRunner({
    allowedDirectories: fields.allowed === false ? [] : [directory],
    perProgramUser: false,
    log,
    clock,
  });
  const notifier = new ServerNotifier({ node: "n1", programs, log, clock });
  context.after(async () => {
    await notifier.stop(100);
    await programs.stop(100);
  });
  const owner = virtualServer({
    spec: {
      realServers: [
        { address: "10.0.0.1", notify: { up: program(0, "1 up"), down: program(9, "1 down") } },
        { address: "10.0.0.2", notify: { down: program(0, "2 down"), mail: false } },
      ],
      notify: { quorumUp: program(0, "quorum up"), quorumDown: program(0, "quorum down"), mail: fields.mail === true },
    },
  });
  const servers = listServers(owner, []);
  const change = (index: number, up: boolean) => {
    const server = servers[index];
    assert.ok(server);
    return { virtualServer: owner, server, up, occasion: "Changed" as const, message: "" };
  };
  const quorum = (up: boolean) => ({ virtualServer: owner, up, occasion: "Changed" as const, upWeight: 1, threshold: 1 });
  const noted = () => readFileSync(journal, "utf8").split("\n").slice(0, -1);
  const notes = (count: number) => until(`${count} notes`, () => noted().length >= count, { everyMs: 5, hint: () => noted().join(" | ") });
  return { notifier, change, quorum, noted, notes, lines };
}

test("programs of servers and of the quorum; those of one server in the order of its changes", async (context) => {
  const { notifier, change, quorum, noted, notes } = setUp(context);
  notifier.tell([change(0, false), change(1, false), quorum(false)]);
  notifier.tell([change(0, true), quorum(true)]);
  await notes(5);
  const all = noted();
  assert.deepEqual(all.toSorted(), ["1 down", "1 up", "2 down", "quorum down", "quorum up"]);
  assert.ok(all.indexOf("1 down") < all.indexOf("1 up"));
  assert.ok(all.indexOf("quorum down") < all.indexOf("quorum up"));
  // A program has ended a little after it has written.
  await notifier.stop(5000);
  assert.equal(notifier.counters().find(({ kind, result }) => kind === "program" && result === "delivered")?.count, 5);
});

test("without an allowed directory no program runs, and the log says so", async (context) => {
  const { notifier, change, noted, lines } = setUp(context, { allowed: false });
  notifier.tell([change(0, false)]);
  await notifier.stop(1000);
  assert.deepEqual(noted(), []);
  assert.match(JSON.stringify(lines), /no directory is allowed/);
});

test("the end waits for what runs", async (context) => {
  const { notifier, change, noted } = setUp(context);
  notifier.tell([change(0, false)]);
  await notifier.stop(5000);
  assert.deepEqual(noted(), ["1 down"]);
});

test("mail where it is asked for, and not of a server that wants none", async (context) => {
  const { notifier, change, quorum } = setUp(context, { mail: true });
  const relay = await startSmtpServer(context);
  const addresses = { from: "lvs@example.com", to: ["ops@example.com"] };
  notifier.configure({ mail: { ...addresses, server: `127.0.0.1:${relay.port}`, subjectName: "LVS_1", timeout: "5s" } });
  notifier.tell([change(0, false), change(1, false), quorum(true)]);
  await notifier.stop(5000);
  assert.deepEqual(relay.mails.flatMap(({ headers }) => headers.filter((line) => line.startsWith("Subject: "))).toSorted(), [
    "Subject: [LVS_1] Realserver [10.0.0.1]:tcp:80 of virtual server [192.0.2.10]:tcp:80 - DOWN",
    "Subject: [LVS_1] Virtualserver [192.0.2.10]:tcp:80 - UP",
  ]);
});

test("counts of several senders are one", () => {
  const count = (kind: "mail" | "program", number: number) => ({ kind, result: "delivered" as const, count: number });
  assert.deepEqual(sumCounts([count("mail", 1), count("program", 2)], [], [count("mail", 3)]), [count("mail", 4), count("program", 2)]);
});
