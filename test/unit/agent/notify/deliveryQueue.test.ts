import assert from "node:assert/strict";
import { test } from "node:test";
import { DeliveryQueue, type RetryOptions, retry } from "../../../../src/agent/notify/deliveryQueue.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";

test("deliveries keep their order, and the oldest of too many are given up", async () => {
  const delivered: number[] = [];
  const dropped: number[] = [];
  const ends: (() => void)[] = [];
  const queue = new DeliveryQueue<number>({
    deliver: (item) => {
      delivered.push(item);
      return new Promise((resolve) => ends.push(resolve));
    },
    limit: 3,
    onDrop: (item) => dropped.push(item),
  });
  queue.push(0);
  await settle();
  for (let item = 1; item <= 5; item += 1) queue.push(item);
  assert.deepEqual(dropped, [1, 2]);
  for (let ends_ = 0; ends_ < 4; ends_ += 1) {
    ends.shift()?.();
    await settle();
  }
  assert.deepEqual([delivered, queue.isIdle], [[0, 3, 4, 5], true]);
});

/** Tries what fails `failures` times. */
async function attempts(failures: number, options: Partial<RetryOptions> = {}) {
  const clock = new VirtualClock();
  const at: number[] = [];
  const attempt = async () => {
    at.push(clock.now());
    if (at.length <= failures) throw new Error(`failure ${at.length}`);
  };
  const stop = new AbortController();
  const all = { clock, signal: stop.signal, delaysMs: [1000, 4000], deadline: Number.POSITIVE_INFINITY, isFinal: () => false, ...options };
  let result: Error | undefined | "pending" = "pending";
  const done = retry(attempt, all).then((error) => {
    result = error;
  });
  return { clock, at, stop, done, result: () => (result instanceof Error ? result.message : result) };
}

test("what fails is tried again after its delays, until it works or none is left", async () => {
  const twice = await attempts(2);
  await twice.clock.advance(10_000);
  assert.deepEqual([twice.at, twice.result()], [[0, 1000, 5000], undefined]);
  const always = await attempts(9);
  await always.clock.advance(10_000);
  assert.deepEqual([always.at, always.result()], [[0, 1000, 5000], "failure 3"]);
});

test("a deadline, a final failure or the end of the agent leave no further attempt", async () => {
  const late = await attempts(9, { deadline: 3000 });
  await late.clock.advance(10_000);
  assert.deepEqual([late.at, late.result()], [[0, 1000], "failure 2"]);
  const final = await attempts(9, { isFinal: () => true });
  await final.clock.advance(10_000);
  assert.deepEqual([final.at, final.result()], [[0], "failure 1"]);
  const ended = await attempts(9);
  await ended.clock.advance(500);
  ended.stop.abort();
  await ended.done;
  assert.deepEqual([ended.at, ended.result()], [[0], "failure 1"]);
});
