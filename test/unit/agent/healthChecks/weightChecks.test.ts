import assert from "node:assert/strict";
import { chmodSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HealthRunner } from "../../../../src/agent/healthChecks/healthRunner.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { noDialer } from "../checks/realConnector.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { attempt } from "./attempts.ts";

function scripts(context: TestContext) {
  const directory = realpathSync(temporaryDirectory(context));
  chmodSync(directory, 0o755);
  const write = (name: string, body: string) => {
    const path = join(directory, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return path;
  };
  return { directory, write };
}

const statuses: [status: number, isDynamic: boolean, good: boolean, weight: number | undefined, message: string][] = [
  [0, false, true, undefined, ""],
  [0, true, true, undefined, ""],
  [1, true, false, undefined, "exit status 1"],
  [2, true, true, 0, ""],
  [22, true, true, 20, ""],
  [255, true, true, 253, ""],
  [22, false, false, undefined, "exit status 22"],
];

for (const [status, dynamicWeight, good, weight, message] of statuses) {
  const kind = dynamicWeight ? "with a dynamic weight" : "without one";
  test(`exec: status ${status}, ${kind}`, async (context) => {
    const { directory, write } = scripts(context);
    const command = [write("check.sh", "exit $1"), String(status)];
    const end = await attempt(context, { exec: { command, dynamicWeight } }, 1, { allowedDirectories: [directory] });
    assert.deepEqual([end.good, end.weight, end.message], [good, weight, message]);
  });
}

test("exec: a program that takes too long is a failure, one that must not run says nothing of the server", async (context) => {
  const { directory, write } = scripts(context);
  const settings = { allowedDirectories: [directory], timeoutMs: 200 };
  const slow = await attempt(context, { exec: { command: [write("slow.sh", "exec sleep 60")], dynamicWeight: true } }, 1, settings);
  assert.deepEqual([slow.good, slow.message], [false, "no answer within 200 ms"]);
  const refused = await attempt(context, { exec: { command: ["/bin/true"] } }, 1, settings);
  assert.deepEqual([refused.good, /not below an allowed directory/.test(refused.message)], [undefined, true]);
});

test("exec: runs are an interval apart from beginning to beginning", async (context) => {
  const { directory, write } = scripts(context);
  const began: number[] = [];
  const programs = new ProgramRunner({ allowedDirectories: [directory], perProgramUser: false, log: silentLogger, clock: systemClock });
  const run = programs.run.bind(programs);
  programs.run = (...rest) => {
    began.push(performance.now());
    return run(...rest);
  };
  const runner = startRunner(context, programs);
  const exec = { command: [write("check.sh", "sleep 0.2")] };
  runner.configure([
    { key: "x", address: "192.0.2.1", port: 1, check: healthCheckSchema.parse({ exec, interval: "500ms", warmup: "0s" }) },
  ]);
  await until("three runs", () => began.length >= 3, { timeoutMs: 10_000, everyMs: 5 });
  const [first = 0, , third = 0] = began;
  // From end to beginning it would be 1400 ms at least.
  assert.ok(third - first > 820 && third - first < 1400, `${third - first}`);
});

function startRunner(context: TestContext, programs?: ProgramRunner): HealthRunner {
  const own = programs ?? new ProgramRunner({ allowedDirectories: [], perProgramUser: false, log: silentLogger, clock: systemClock });
  const runner = new HealthRunner({
    startDialer: noDialer,
    programs: own,
    node: "n1",
    log: silentLogger,
    clock: systemClock,
    onChange: () => {},
  });
  context.after(async () => {
    await runner.stop();
    await own.stop(1000);
  });
  return runner;
}

test("file: the number times the weight changes the server's weight, -2^31 or less is down", async (context) => {
  const path = join(temporaryDirectory(context), "number");
  const of = async (text: string | undefined, weight: number) => {
    if (text === undefined) rmSync(path, { force: true });
    else writeFileSync(path, text);
    const { good, weightChange } = await attempt(context, { file: { path, weight } }, 1);
    return [good, weightChange];
  };
  assert.deepEqual(await of(undefined, 1), [true, 0]);
  assert.deepEqual(await of("5\n", 3), [true, 15]);
  assert.deepEqual(await of("5", -3), [true, -15]);
  assert.deepEqual(await of("-2147483647", 1), [true, -2147483647]);
  assert.deepEqual(await of("-2147483648", 1), [false, undefined]);
  assert.deepEqual(await of("2", -2000000000), [false, undefined]);
  assert.deepEqual(await of("99999999999", 1), [undefined, undefined]);
});

test("file: a change counts within moments, at whatever interval", async (context) => {
  const path = join(temporaryDirectory(context), "number");
  const runner = startRunner(context);
  const check = healthCheckSchema.parse({ file: { path, weight: 2 }, interval: "60s", warmup: "0s", retries: 3 });
  runner.configure([{ key: "x", address: "192.0.2.1", port: 1, check }]);
  const becomes = (up: boolean, change: number | undefined) =>
    until(`${change}`, () => runner.result("x")?.up === up && runner.result("x")?.weightChange === change, { timeoutMs: 5000, everyMs: 5 });
  await becomes(true, 0);
  writeFileSync(path, "7");
  await becomes(true, 14);
  writeFileSync(path, "-1073741824");
  await becomes(false, undefined);
  writeFileSync(path, "0");
  await becomes(true, 0);
});
