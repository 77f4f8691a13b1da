/** Each write that fails waits for itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FailedWrites } from "../../../../src/operator/controllers/failedWrites.ts";

const backoff = { first: 20, longest: 100 };

test("failed writes: one that fails again and again waits longer each time, until it succeeds", () => {
  const writes = new FailedWrites(backoff);
  const waits: number[] = [];
  let now = 0;
  for (const _ of [1, 2, 3, 4, 5]) {
    writes.remember("refused", true, now);
    const wait = writes.nextInMs(now) ?? 0;
    assert.equal(writes.isPaused("refused", now + wait - 1), true);
    now += wait;
    waits.push(wait);
    assert.equal(writes.isPaused("refused", now), false);
  }
  assert.deepEqual(waits, [20, 40, 80, 100, 100]);
  writes.remember("refused", false, now);
  assert.deepEqual([writes.nextInMs(now), writes.size], [undefined, 0]);
  writes.remember("refused", true, now);
  assert.equal(writes.nextInMs(now), 20);
});

test("failed writes: no other one waits", () => {
  const writes = new FailedWrites(backoff);
  for (const now of [0, 20, 60]) writes.remember("refused", true, now);
  writes.remember("other", true, 70);
  assert.equal(writes.isPaused("new", 70), false);
  assert.deepEqual([writes.isPaused("refused", 100), writes.isPaused("other", 100)], [true, false]);
  assert.equal(writes.nextInMs(70), 20, "whichever comes first");
});

test("failed writes: what nobody asks for any more is forgotten", () => {
  const writes = new FailedWrites(backoff);
  for (let minute = 0; minute < 60; minute += 1) writes.remember(`gone${minute}`, true, minute * 60_000);
  assert.equal(writes.size, 6);
});
