import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Slots } from "../../../../src/agent/programs/slots.ts";

test("slots let as many groups start as there are, the others in turn", () => {
  const slots = new Slots(2);
  const started: number[] = [];
  for (let index = 0; index < 5; index += 1) slots.take(index, () => started.push(index));
  assert.deepEqual([started.slice(), slots.waiting], [[0, 1], 3]);
  slots.release(0);
  slots.release(1);
  assert.deepEqual(started, [0, 1, 2, 3]);
  for (const group of [2, 3, 4]) slots.release(group);
  assert.deepEqual([started.length, slots.waiting], [5, 0]);
  slots.take(5, () => started.push(5));
  assert.equal(started.at(-1), 5);
});

test("groups that never let go leave free slots to others", () => {
  const slots = new Slots(100);
  const started = { flood: 0, second: 0, small: 0 };
  const take = (group: keyof typeof started, times: number) => {
    for (let index = 0; index < times; index += 1) slots.take(group, () => (started[group] += 1));
  };
  take("flood", 1000);
  assert.equal(started.flood, 50, "half for one alone");
  take("second", 1000);
  assert.equal(started.second, 25, "half of what was left");
  take("small", 10);
  assert.equal(started.small, 10, "at once");
});

test("within a group the order is kept, and groups that wait take turns", () => {
  const slots = new Slots(1);
  const order: string[] = [];
  const take = (group: string, name: string) => slots.take(group, () => order.push(name));
  take("a", "a1");
  take("a", "a2");
  take("a", "a3");
  take("b", "b1");
  slots.release("a");
  slots.release("a");
  slots.release("b");
  assert.deepEqual(order, ["a1", "a2", "b1", "a3"]);
});

test("a hundred thousand that wait and end at once do not exhaust the stack", () => {
  const slots = new Slots(1);
  let ended = 0;
  slots.take("a", () => {});
  for (let index = 0; index < 100_000; index += 1) {
    slots.take("a", () => {
      ended += 1;
      slots.release("a");
    });
  }
  slots.release("a");
  assert.deepEqual([ended, slots.waiting], [100_000, 0]);
});

test("whatever comes and goes: never more than the limit, nobody waits while slots are free for him, all run in the end", () => {
  const commands = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), commands, (limit, steps) => {
      const slots = new Slots(limit);
      const running: number[] = [];
      let taken = 0;
      let started = 0;
      const release = () => {
        const group = running.shift();
        if (group !== undefined) slots.release(group);
      };
      for (const [group, isTake] of steps) {
        if (isTake) {
          taken += 1;
          slots.take(group, () => {
            started += 1;
            running.push(group);
          });
        } else release();
        assert.ok(running.length <= limit);
        assert.equal(started + slots.waiting, taken);
        assert.ok(slots.waiting === 0 || running.length > 0);
      }
      while (running.length > 0) release();
      assert.deepEqual([started, slots.waiting], [taken, 0]);
    }),
    { numRuns: 500 },
  );
});

test("who no longer wants a slot leaves nothing behind, and holds up nobody", () => {
  const slots = new Slots(1);
  const started: string[] = [];
  const start = (name: string) => () => void started.push(name);
  const [first, second, third] = [start("first"), start("second"), start("third")];
  slots.take("a", first);
  slots.take("a", second);
  slots.take("b", third);
  slots.drop("a", second);
  assert.equal(slots.waiting, 1);
  slots.drop("a", second);
  slots.drop("c", second);
  slots.drop("a", first);
  slots.release("a");
  assert.deepEqual([started, slots.waiting], [["first", "third"], 0]);
});
