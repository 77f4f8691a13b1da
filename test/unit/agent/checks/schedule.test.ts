import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDelay, nextDue } from "../../../../src/agent/checks/schedule.ts";
import { Slots } from "../../../../src/agent/programs/slots.ts";

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

test("slots let as many start as there are, the others in turn", () => {
  const slots = new Slots(2);
  const started: number[] = [];
  for (let index = 0; index < 5; index += 1) slots.take(() => started.push(index));
  assert.deepEqual([started.slice(), slots.waiting], [[0, 1], 3]);
  slots.release();
  slots.release();
  assert.deepEqual(started, [0, 1, 2, 3]);
  for (let ends = 0; ends < 3; ends += 1) slots.release();
  assert.deepEqual([started.length, slots.waiting], [5, 0]);
  slots.take(() => started.push(5));
  assert.equal(started.at(-1), 5);
});
