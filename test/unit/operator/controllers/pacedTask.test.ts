/** One task at a time, and rest in proportion. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PacedTask } from "../../../../src/operator/controllers/pacedTask.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

test("paced task: one at a time, a rest of three times as long, and a call at both ends of it", async () => {
  const clock = new VirtualClock();
  const calls: number[] = [];
  const task = new PacedTask<string>({ clock, restFactor: 3, onDone: () => void calls.push(clock.now()) });
  const work = Promise.withResolvers<string>();
  assert.equal(
    task.start(() => work.promise),
    true,
  );
  assert.equal(
    task.start(async () => "another"),
    false,
  );
  assert.deepEqual([task.isRunning, task.takeResult()], [true, undefined]);
  await clock.advance(100);
  work.resolve("done");
  await task.settled();
  assert.deepEqual([task.isRunning, task.isReady, calls], [false, false, [100]]);
  assert.deepEqual([task.takeResult(), task.takeResult()], ["done", undefined]);
  await clock.advance(299);
  assert.deepEqual([task.isReady, calls], [false, [100]]);
  await clock.advance(1);
  assert.deepEqual([task.isReady, calls], [true, [100, 400]]);
  assert.equal(
    task.start(async () => "another"),
    true,
  );
  await task.settled();
});
