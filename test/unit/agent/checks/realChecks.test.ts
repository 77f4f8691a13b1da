import assert from "node:assert/strict";
import { chmodSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CheckRunner } from "../../../../src/agent/checks/checkRunner.ts";
import { loadAddon } from "../../../../src/agent/native/addon.ts";
import type { CheckResult } from "../../../../src/agent/native/desiredState.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { nodeCheckSchema } from "../../../../src/api/nodeAgent.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { temporaryDirectory } from "../stateFiles.ts";

function setUp(context: TestContext) {
  const directory = realpathSync(temporaryDirectory(context));
  chmodSync(directory, 0o755);
  const told: CheckResult[] = [];
  const programs = new ProgramRunner({ allowedDirectories: [directory], perProgramUser: false, log: silentLogger, clock: systemClock });
  const runner = new CheckRunner({
    initialFiles: () => "None",
    setChecks: (results) => {
      told.push(...structuredClone(results));
      return { ok: true };
    },
    startDialer: loadAddon().startDialer,
    programs,
    log: silentLogger,
    clock: systemClock,
  });
  context.after(async () => {
    await runner.stop();
    await programs.stop(1000);
  });
  const configure = (...checks: object[]) => runner.configure(checks.map((check) => nodeCheckSchema.parse(check)));
  const is = (name: string, up: boolean) =>
    until(`${name} ${up ? "up" : "down"}`, () => told.findLast((result) => result.name === name)?.up === up, {
      timeoutMs: 5000,
      everyMs: 5,
    });
  const message = (name: string) => runner.snapshot().find((report) => report.name === name)?.message;
  return { directory, told, configure, is, message };
}

test("exec: the exit status decides, and what could not be started says why", async (context) => {
  const { directory, configure, is, message } = setUp(context);
  const flag = join(directory, "flag");
  const script = join(directory, "check.sh");
  writeFileSync(script, `#!/bin/sh\ntest ! -e "$1" || exit 3\n`, { mode: 0o755 });
  const exec = { interval: "50ms", timeout: "5s" };
  configure({ name: "a", exec: { command: [script, flag] }, ...exec }, { name: "refused", exec: { command: ["/bin/true"] }, ...exec });
  await is("refused", false);
  assert.match(message("refused") ?? "", /true is not below an allowed directory/);
  writeFileSync(flag, "");
  await is("a", false);
  assert.equal(message("a"), "exit status 3");
  rmSync(flag);
  await is("a", true);
});

test("exec: a program that takes too long is a failure as soon as its time is over, and never runs twice at once", async (context) => {
  const { directory, configure, is, message } = setUp(context);
  const script = join(directory, "slow.sh");
  const log = join(directory, "runs");
  writeFileSync(log, "");
  chmodSync(log, 0o666);
  // It ignores SIGTERM, so that it is there for 2 s more.
  writeFileSync(script, `#!/bin/sh\ntrap '' TERM\necho run >> ${log}\nsleep 300 & wait\nwait\n`, { mode: 0o755 });
  // Long enough for a shell to start beside other tests.
  configure({ name: "slow", exec: { command: [script] }, interval: "100ms", timeout: "500ms" });
  const startedAt = performance.now();
  await is("slow", false);
  assert.ok(performance.now() - startedAt < 1800);
  assert.equal(message("slow"), "no answer within 500 ms");
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(readFileSync(log, "utf8"), "run\n");
});

test("a target that the system does not take at all is down, and the agent lives on", async (context) => {
  const { configure, is, message } = setUp(context);
  configure({ name: "port", tcp: { port: 80, host: "a".repeat(253) } }, { name: "nul", exec: { command: ["/a\0b"] } });
  await is("nul", false);
  assert.match(message("nul") ?? "", /NUL/);
  await is("port", false);
});

test("file: a maintenance file counts within moments, at whatever interval", async (context) => {
  const { directory, configure, is } = setUp(context);
  const path = join(directory, "maintenance");
  configure({ name: "maintenance", file: { path, present: "Down" }, interval: "60s" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedAt = performance.now();
  writeFileSync(path, "");
  await is("maintenance", false);
  rmSync(path);
  await is("maintenance", true);
  assert.ok(performance.now() - startedAt < 3000);
});

test("file: a number is told with its value, also when rise and fall want rows", async (context) => {
  const { directory, configure, told } = setUp(context);
  const path = join(directory, "number");
  configure({ name: "number", file: { path }, interval: "60s", rise: 3, fall: 3 });
  await until("the first value", () => told.at(-1)?.value === 0, { everyMs: 5 });
  writeFileSync(path, "-20");
  await until("the value", () => told.at(-1)?.value === -20, { everyMs: 5 });
  assert.deepEqual(told.at(-1), { name: "number", up: false, value: -20 });
});

test("results stay as they are while JavaScript is blocked: a deadline that passed then is no failure", async (context) => {
  const { configure, told } = setUp(context);
  let requests = 0;
  // Its answer takes several turns of the event loop of this very process.
  const server = createServer((_, response) => {
    requests += 1;
    setImmediate(() => setImmediate(() => response.end()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  configure({ name: "web", http: { port }, interval: "20ms", timeout: "150ms" });
  await until("some runs", () => requests > 3, { everyMs: 5 });
  const before = told.length;
  for (let block = 0; block < 5; block += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    await new Promise((resolve) => setTimeout(resolve, 7 * block));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(
    told.slice(before).filter(({ up }) => !up),
    [],
  );
});
