import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, jittered, TokenBucket } from "../../../src/kube/rateLimiter.ts";

test("a backoff doubles from the first to the longest delay, and stays finite", () => {
  const backoff = { first: 5, longest: 1_000 };
  assert.deepEqual(
    [1, 2, 3, 8, 9, 10_000].map((failures) => backoffMs(backoff, failures)),
    [5, 10, 20, 640, 1_000, 1_000],
  );
});

test("jitter lies between a half and the whole", () => {
  assert.deepEqual([jittered(100, () => 0), jittered(100, () => 0.5), jittered(100, () => 0.999)], [50, 75, 99.95]);
});

test("a bucket lets the burst through, then its rate, and never saves more than the burst", () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 10 }, 0);
  assert.deepEqual([bucket.tryTake(0), bucket.tryTake(0), bucket.tryTake(0)], [true, true, false]);
  assert.deepEqual([bucket.tryTake(99), bucket.tryTake(100), bucket.tryTake(100)], [false, true, false]);
  const afterHours = [1, 2, 3].map(() => bucket.tryTake(10_000_000));
  assert.deepEqual(afterHours, [true, true, false]);
});

test("reservations queue up", () => {
  const bucket = new TokenBucket({ burst: 1, perSecond: 10 }, 0);
  assert.deepEqual([bucket.reserve(0), bucket.reserve(0), bucket.reserve(0), bucket.reserve(150)], [0, 100, 200, 150]);
});
