import assert from "node:assert/strict";
import { constants } from "node:os";
import { type TestContext, test } from "node:test";
import { CheckRunner } from "../../../../src/agent/checks/checkRunner.ts";
import type { CoreResult } from "../../../../src/agent/native/core.ts";
import type { CheckResult } from "../../../../src/agent/native/desiredState.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { type NodeCheck, nodeCheckSchema } from "../../../../src/api/nodeAgent.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { noDialer } from "./realConnector.ts";

/** A check whose result the test decides: the namespace names it. */
function check(name: string, fields: Record<string, unknown> = {}): NodeCheck {
  return nodeCheckSchema.parse({ name, podReady: { namespace: name, selector: {} }, ...fields });
}

function setUp(context: TestContext, clock: VirtualClock = new VirtualClock()) {
  const told: CheckResult[][] = [];
  const ready = new Map<string, boolean | undefined>();
  const looks: [name: string, at: number][] = [];
  const listeners = new Set<() => void>();
  const core: { answer: CoreResult } = { answer: { ok: true } };
  const runner = new CheckRunner({
    initialFiles: () => "None",
    setChecks: (results) => {
      told.push(structuredClone(results));
      return core.answer;
    },
    startDialer: noDialer,
    programs: new ProgramRunner({ allowedDirectories: [], perProgramUser: false, log: silentLogger, clock }),
    pods: {
      ready: (namespace) => {
        looks.push([namespace, clock.now()]);
        if (namespace === "defect") throw new Error("a defect");
        return ready.get(namespace);
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    log: silentLogger,
    clock,
  });
  context.after(() => runner.stop());
  const advance = async (milliseconds: number) => {
    await clock.advance(milliseconds);
    await settle();
    await settle();
  };
  return { clock, told, ready, looks, listeners, core, runner, advance };
}

test("initial results are told before configure() returns, and again at each configure()", (context) => {
  const { told, runner } = setUp(context);
  const checks = [check("a"), check("b", { initial: "Down" })];
  runner.configure(checks);
  const results = [
    { name: "a", up: true },
    { name: "b", up: false },
  ];
  assert.deepEqual(told, [results]);
  runner.configure(checks);
  assert.deepEqual(told, [results, results]);
});

test("only changes are told, those of one moment together", async (context) => {
  const { told, ready, listeners, runner, advance } = setUp(context);
  ready.set("a", true).set("b", true);
  runner.configure([check("a"), check("b")]);
  await advance(5500);
  assert.equal(told.length, 1);
  ready.set("a", false).set("b", false);
  for (const listener of listeners) listener();
  await advance(0);
  const down = [
    { name: "a", up: false },
    { name: "b", up: false },
  ];
  assert.deepEqual(told.slice(1), [down]);
  await advance(5000);
  assert.equal(told.length, 2);
});

test("checks run at their interval without drift; first runs are spread", async (context) => {
  const { looks, runner, advance } = setUp(context);
  runner.configure([check("a", { interval: "500ms" }), check("b")]);
  await advance(2100);
  assert.deepEqual(
    looks.filter(([name]) => name === "a").map(([, at]) => at),
    [0, 500, 1000, 1500, 2000],
  );
  assert.deepEqual(
    looks.filter(([name]) => name === "b").map(([, at]) => at),
    [10, 1010, 2010],
  );
});

test("a check that stands as it was goes on in its row; one with another timing keeps its result; another subject begins anew", async (context) => {
  const { ready, told, runner, advance } = setUp(context);
  ready.set("same", true).set("timing", true).set("subject", true);
  const before = [check("same", { fall: 2 }), check("timing"), check("subject")];
  runner.configure(before);
  await advance(100);
  for (const name of ["same", "timing", "subject"]) ready.set(name, false);
  await advance(1000);
  const other = check("subject", { podReady: { namespace: "other", selector: {} } });
  runner.configure([check("same", { fall: 2 }), check("timing", { fall: 5 }), other]);
  assert.deepEqual(told.at(-1), [
    { name: "same", up: true },
    { name: "timing", up: false },
    { name: "subject", up: true },
  ]);
  await advance(950);
  assert.deepEqual(told.at(-1), [{ name: "same", up: false }], "the second failure in a row, at its old time");
});

test("what is not known leaves a result as it is", async (context) => {
  const { ready, told, runner, advance } = setUp(context);
  ready.set("a", false);
  runner.configure([check("a")]);
  await advance(100);
  ready.set("a", undefined);
  await advance(5000);
  assert.deepEqual(told.flat().at(-1), { name: "a", up: false });
});

test("a lister that throws makes its check fail, and nothing else", async (context) => {
  const { told, runner, advance } = setUp(context);
  runner.configure([check("defect"), check("a")]);
  await advance(3000);
  assert.deepEqual(told.slice(1), [[{ name: "defect", up: false }]]);
  assert.equal(runner.snapshot()[0]?.message, "a defect");
});

test("a hint makes a check run at once, but not one that counts rows", async (context) => {
  const { ready, told, listeners, runner, advance } = setUp(context);
  ready.set("a", true).set("rows", true);
  runner.configure([check("a", { interval: "60s" }), check("rows", { interval: "60s", fall: 2 })]);
  await advance(100);
  ready.set("a", false).set("rows", false);
  assert.equal(listeners.size, 1);
  for (const listener of listeners) listener();
  await advance(0);
  assert.deepEqual(told.at(-1), [{ name: "a", up: false }]);
});

test("a removed check ends, and its watch with it", async (context) => {
  const { looks, listeners, clock, runner, advance } = setUp(context);
  runner.configure([check("a")]);
  await advance(10);
  runner.configure([]);
  const before = looks.length;
  await advance(10_000);
  assert.deepEqual([looks.length, listeners.size, clock.pending], [before, 0, 0]);
});

test("delays put a change off, and a recovery in time makes it undone", async (context) => {
  const { ready, told, runner, advance } = setUp(context);
  ready.set("a", true);
  runner.configure([check("a", { fallDelay: "2500ms" })]);
  await advance(100);
  ready.set("a", false);
  await advance(2000);
  ready.set("a", true);
  await advance(3000);
  assert.equal(told.length, 1);
  ready.set("a", false);
  await advance(3300);
  assert.equal(told.length, 1);
  await advance(200);
  assert.deepEqual(told.at(-1), [{ name: "a", up: false }]);
});

test("results that the core is too busy to take are told again, the newest of each", async (context) => {
  const { ready, told, core, runner, advance } = setUp(context);
  ready.set("a", true);
  runner.configure([check("a", { interval: "20ms" })]);
  await advance(5);
  core.answer = { ok: false, error: { operation: "setChecks", errno: constants.errno.EAGAIN, message: "busy" } };
  ready.set("a", false);
  await advance(20);
  core.answer = { ok: true };
  const refused = told.length;
  await advance(60);
  assert.equal(told.length, refused + 1);
  assert.deepEqual(told.at(-1), [{ name: "a", up: false }]);
});

test("the report says since when and why", async (context) => {
  const { ready, runner, advance } = setUp(context);
  ready.set("a", false);
  runner.configure([check("a"), check("b")]);
  assert.equal(runner.snapshot()[0]?.since, undefined);
  await advance(1500);
  assert.deepEqual(runner.snapshot(), [
    {
      name: "a",
      kind: "podReady",
      up: false,
      since: new Date(Date.UTC(2026, 0, 1)),
      message: "no ready pod of the selector is on this node",
    },
    { name: "b", kind: "podReady", up: true, since: undefined, message: "" },
  ]);
});

test("a check of no kind is left out, and the second of one name", (context) => {
  const { told, runner } = setUp(context);
  runner.configure([nodeCheckSchema.parse({ name: "none" }), check("a"), check("a", { initial: "Down" })]);
  assert.deepEqual(told, [[{ name: "a", up: true }]]);
});

test("a thousand checks leave the event loop room and all run within their interval", async (context) => {
  const { ready, looks, runner } = setUp(context, systemClock as unknown as VirtualClock);
  const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
  for (const name of names) ready.set(name, true);
  runner.configure(names.map((name) => check(name, { interval: "300ms" })));
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const startedAt = performance.now();
  await until("three runs of each", () => looks.length >= 3000, { everyMs: 10 });
  const tookMs = performance.now() - startedAt;
  clearInterval(watch);
  assert.equal(new Set(looks.map(([name]) => name)).size, 1000);
  // Generous, both: other tests run beside.
  assert.ok(tookMs < 1200, `three runs of each took ${tookMs} ms`);
  assert.ok(longest < 200, `the event loop stood still for ${longest} ms`);
});
