import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDelay, nextDue } from "../../../../src/agent/checks/schedule.ts";

test("few checks all run within some milliseconds, a thousand are spread over their interval", () => {
  assert.deepEqual(
    [0, 1, 2].map((ordinal) => firstDelay(ordinal, 3, 1000)),
    [0, 10, 20],
  );
  const delays = Array.from({ length: 1000 }, (_, ordinal) => firstDelay(ordinal, 1000, 1000));
  const perHundredth = Array.from({ length: 100 }, (_, slot) => delays.filter((delay) => Math.floor(delay / 10) === slot).length);
  assert.ok(Math.max(...perHundredth) <= 11 && Math.min(...perHundredth) >= 9, String(perHundredth));
});

test("many checks of a short interval never wait longer than it", () => {
  for (let ordinal = 0; ordinal < 5000; ordinal += 1) assert.ok(firstDelay(ordinal, 5000, 100) < 100);
});

test("the schedule does not drift, and what was missed is not made up for", () => {
  assert.equal(nextDue(1000, 1000, 1003), 2000);
  assert.equal(nextDue(1000, 1000, 1000), 2000);
  assert.equal(nextDue(1000, 1000, 5400), 6000);
  assert.equal(nextDue(1000, 1000, 999), 2000);
});
