/** One task at a time, and rest in proportion. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PacedTask } from "../../../../src/operator/controllers/pacedTask.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

test("paced task: one at a time, a rest of three times as long, and a call at both ends of it", async () => {
  const clock = new VirtualClock();
  const calls: number[] = [];
  const task = new PacedTask<string>({ clock, restFactor: 3, mostRestMs: 60_000, onDone: () => void calls.push(clock.now()) });
  const work = Promise.withResolvers<string>();
  task.start(() => work.promise);
  task.start(async () => "another");
  assert.deepEqual([task.isRunning, task.isRested, task.takeResult()], [true, false, undefined]);
  await clock.advance(100);
  work.resolve("done");
  await task.settled();
  assert.deepEqual([task.isRunning, task.isRested, calls], [false, false, [100]]);
  assert.deepEqual([task.takeResult(), task.takeResult()], ["done", undefined]);
  await clock.advance(299);
  assert.deepEqual([task.isRested, calls], [false, [100]]);
  await clock.advance(1);
  assert.deepEqual([task.isRested, calls], [true, [100, 400]]);
});

test("paced task: what is urgent need not wait for the end of the rest", async () => {
  const clock = new VirtualClock();
  const task = new PacedTask<string>({ clock, restFactor: 3, mostRestMs: 60_000, onDone: () => {} });
  task.start(() => new Promise((resolve) => void clock.setTimeout(() => resolve("first"), 100)));
  await clock.advance(150);
  assert.equal(task.isRested, false);
  task.start(async () => "urgent");
  await task.settled();
  assert.equal(task.takeResult(), "urgent");
});

test("paced task: after one that hung for long the rest is no longer than the longest", async () => {
  const clock = new VirtualClock();
  const task = new PacedTask<string>({ clock, restFactor: 3, mostRestMs: 2000, onDone: () => {} });
  task.start(() => new Promise((resolve) => void clock.setTimeout(() => resolve("late"), 30_000)));
  await clock.advance(30_000);
  await task.settled();
  await clock.advance(1999);
  assert.equal(task.isRested, false);
  await clock.advance(1);
  assert.equal(task.isRested, true);
});
