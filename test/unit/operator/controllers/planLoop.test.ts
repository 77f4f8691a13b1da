import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createKubeMetrics } from "../../../../src/kube/metrics.ts";
import { PlanLoop, shortestCollapseMs } from "../../../../src/operator/controllers/planLoop.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { Metrics } from "../../../../src/runtime/metrics.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

const restPerPlan = 2;

/** A loop whose plans take `planMs`; `passes` are the times at which they began, without what plans took. */
async function startLoop(context: TestContext, planMs = 0) {
  const timers = new VirtualClock();
  let planned = 5000;
  const clock: Clock = {
    now: () => timers.now() + planned,
    wallNow: () => timers.wallNow(),
    setTimeout: (callback, milliseconds) => timers.setTimeout(callback, milliseconds),
  };
  const passes: number[] = [];
  const pass = async () => {
    passes.push(timers.now());
    const answer = loop.timed(() => {
      planned += planMs;
      return "planned";
    });
    assert.equal(answer, "planned");
    return {};
  };
  const kubeMetrics = createKubeMetrics(new Metrics());
  const loop: PlanLoop = new PlanLoop({ name: "plan", pass, restPerPlan, clock, log: silentLogger, kubeMetrics });
  const stop = new AbortController();
  const running = loop.run(stop.signal);
  context.after(() => {
    stop.abort();
    return running;
  });
  await timers.advance(0);
  return { loop, timers, passes };
}

test("plan loop: it plans when it begins, and all that changes within the shortest pause is one pass", async (context) => {
  const { loop, timers, passes } = await startLoop(context);
  assert.deepEqual(passes, [0]);
  loop.changed();
  await timers.advance(shortestCollapseMs / 2);
  loop.changed();
  await timers.advance(1000);
  assert.deepEqual(passes, [0, shortestCollapseMs]);
});

test("plan loop: the longer a plan takes, the longer the next one is waited for", async (context) => {
  const { loop, timers, passes } = await startLoop(context, 100);
  loop.changed();
  await timers.advance(1000);
  assert.deepEqual(passes, [0, 100 * restPerPlan]);
});
