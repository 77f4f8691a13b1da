import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempt } from "../../../../src/agent/checks/attempt.ts";
import { goodOutcome, type Outcome, type Probe } from "../../../../src/agent/checks/probe.ts";
import { Slots } from "../../../../src/agent/programs/slots.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";

const timeoutMs = 1000;

/** Each timer comes as much later as `lateness()` says. */
function setUp(probe: (signal: AbortSignal) => Promise<Outcome | undefined>, lateness: () => number) {
  const virtual = new VirtualClock();
  const clock: Clock = {
    now: () => virtual.now(),
    wallNow: () => virtual.wallNow(),
    setTimeout: (callback, milliseconds) => virtual.setTimeout(callback, milliseconds + lateness()),
  };
  const outcomes: [good: boolean | undefined, at: number][] = [];
  const onOutcome = (outcome: Outcome | undefined) => void outcomes.push([outcome?.good, virtual.now()]);
  const run: Probe["run"] = probe;
  new Attempt({ probe: { run }, slots: new Slots(1), group: "", timeoutMs, clock, onOutcome, onEnd: () => {} });
  const advance = async (milliseconds: number) => {
    for (let past = 0; past < milliseconds; past += 50) {
      await virtual.advance(50);
      await settle();
    }
  };
  return { advance, outcomes };
}

const silent = (signal: AbortSignal) =>
  new Promise<undefined>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

test("attempt: silence counts when its time is over", async () => {
  const { advance, outcomes } = setUp(silent, () => 0);
  await advance(20_000);
  assert.deepEqual(outcomes, [[false, timeoutMs]]);
});

test("attempt: a deadline that came late gives the time once more, and what answers then is well", async () => {
  let late = 400;
  const answering = (signal: AbortSignal) =>
    Promise.race([silent(signal), new Promise<Outcome>((resolve) => answers.push(() => resolve(goodOutcome)))]);
  const answers: (() => void)[] = [];
  const { advance, outcomes } = setUp(answering, () => late);
  await advance(1350);
  late = 0;
  await advance(100);
  assert.deepEqual(outcomes, []);
  answers[0]?.();
  await advance(2000);
  assert.equal(outcomes[0]?.[0], true);
});

test("attempt: on a node that is always late silence counts nevertheless", async () => {
  const { advance, outcomes } = setUp(silent, () => 150);
  await advance(20_000);
  assert.deepEqual(outcomes, [[false, 4 * (timeoutMs + 150)]]);
});
