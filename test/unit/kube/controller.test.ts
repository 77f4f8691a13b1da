import assert from "node:assert/strict";
import { test } from "node:test";
import { Controller, type ControllerOptions } from "../../../src/kube/controller.ts";
import { KubeError } from "../../../src/kube/kubeError.ts";
import { createKubeMetrics } from "../../../src/kube/metrics.ts";
import { Metrics } from "../../../src/runtime/metrics.ts";
import { settle, VirtualClock } from "../runtime/virtualClock.ts";

function start(reconcile: ControllerOptions["reconcile"], options: Partial<ControllerOptions> = {}) {
  const clock = new VirtualClock();
  const registry = new Metrics();
  const logged: string[] = [];
  const note = (level: string) => (_: object, message: string) => void logged.push(`${level}: ${message}`);
  const logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const controller = new Controller({ name: "test", reconcile, clock, logger, metrics: createKubeMetrics(registry), ...options });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  return {
    clock,
    controller,
    logged,
    registry,
    stop: () => {
      stop.abort();
      return running;
    },
  };
}

test("a key is reconciled once per change, also when it changed before the start", async () => {
  const seen: string[] = [];
  const { controller, stop } = start(async (key) => void seen.push(key));
  controller.enqueue("a");
  controller.enqueue("a");
  await settle();
  controller.enqueue("a");
  await settle();
  assert.deepEqual(seen, ["a", "a"]);
  await stop();
});

test("an error is tried again with backoff until it succeeds", async () => {
  const times: number[] = [];
  const run = start(async () => {
    times.push(run.clock.now());
    if (times.length < 4) throw new Error("not yet");
  });
  run.controller.enqueue("a");
  await run.clock.advance(1_000);
  assert.deepEqual(times, [0, 5, 15, 35]);
  assert.deepEqual(run.logged, Array(3).fill("warn: reconciliation failed; trying again"));
  await run.stop();
  const text = await run.registry.render();
  assert.match(text, /reconcile_duration_seconds_count\{controller="test",result="error"\} 3/);
  assert.match(text, /reconcile_duration_seconds_count\{controller="test",result="success"\} 1/);
  assert.match(text, /workqueue_retries_total\{name="test"\} 3/);
});

test("a success resets the backoff", async () => {
  const times: number[] = [];
  const run = start(async () => {
    times.push(run.clock.now());
    if (times.length !== 3) throw new Error("not yet");
  });
  run.controller.enqueue("a");
  await run.clock.advance(100);
  run.controller.enqueue("a");
  await run.clock.advance(5);
  assert.deepEqual(times, [0, 5, 15, 100, 105]);
  await run.stop();
});

test("a synchronous throw is an error like any other", async () => {
  let calls = 0;
  const run = start(() => {
    calls += 1;
    throw new Error("at once");
  });
  run.controller.enqueue("a");
  await run.clock.advance(6);
  assert.equal(calls, 2);
  await run.stop();
});

test("a Conflict is tried again without alarm", async () => {
  let calls = 0;
  const run = start(async () => {
    calls += 1;
    if (calls === 1) throw new KubeError("Conflict", "PUT: 409");
  });
  run.controller.enqueue("a");
  await run.clock.advance(10);
  assert.equal(calls, 2);
  assert.ok(run.logged.every((line) => line.startsWith("debug")));
  await run.stop();
});

test("requeueAfterMs comes back without backoff", async () => {
  const times: number[] = [];
  const run = start(async () => {
    times.push(run.clock.now());
    return { requeueAfterMs: 300 };
  });
  run.controller.enqueue("a");
  await run.clock.advance(1_000);
  assert.deepEqual(times, [0, 300, 600, 900]);
  await run.stop();
});

test("several workers take several keys, and never one key twice at once", async () => {
  const active = new Map<string, number>();
  let most = 0;
  let total = 0;
  const run = start(
    async (key) => {
      active.set(key, (active.get(key) ?? 0) + 1);
      assert.equal(active.get(key), 1);
      most = Math.max(most, active.size);
      run.controller.enqueue("a"); // Changes while it is being worked on.
      await new Promise((resolve) => run.clock.setTimeout(() => resolve(undefined), 10));
      active.delete(key);
      total += 1;
    },
    { workers: 3 },
  );
  for (const key of ["a", "b", "c", "d"]) run.controller.enqueue(key);
  await run.clock.advance(105);
  assert.equal(most, 3);
  assert.ok(total >= 8);
  const ended = run.stop();
  await run.clock.advance(10);
  await ended;
});

test("a stop aborts the signal, waits for the work, and starts nothing more", async () => {
  const seen: string[] = [];
  const run = start(async (key, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    seen.push(key);
    throw new Error("cut short");
  });
  run.controller.enqueue("a");
  run.controller.enqueue("b");
  await settle();
  await run.stop();
  await run.clock.advance(100_000);
  assert.deepEqual([seen, run.logged], [["a"], ["debug: reconciliation was cut short by the stop"]]);
  await assert.rejects(run.controller.run(new AbortController().signal), /started before/);
});
