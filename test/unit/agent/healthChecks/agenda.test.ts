import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Agenda, type Appointment } from "../../../../src/agent/healthChecks/agenda.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

function appointments(count: number, clock: VirtualClock) {
  const begun: [item: number, at: number][] = [];
  const items = Array.from({ length: count }, (_, item): Appointment => {
    return { due: 0, place: -1, begin: () => begun.push([item, clock.now()]) };
  });
  return { begun, items };
}

test("agenda: all begin at their time, in order, by one timer", async () => {
  const clock = new VirtualClock();
  const agenda = new Agenda(clock);
  const { begun, items } = appointments(4, clock);
  for (const [item, due] of [30, 10, 20, 10].entries()) agenda.set(items[item] as Appointment, due);
  assert.equal(clock.pending, 1);
  await clock.advance(100);
  assert.deepEqual(begun, [
    [1, 10],
    [3, 10],
    [2, 20],
    [0, 30],
  ]);
  assert.equal(clock.pending, 0);
});

test("agenda: when the last one is removed no timer stays, and the next one has its own", async () => {
  const clock = new VirtualClock();
  const agenda = new Agenda(clock);
  const { begun, items } = appointments(2, clock);
  for (const item of items) agenda.set(item, 60_000);
  agenda.remove(items[0] as Appointment);
  assert.equal(clock.pending, 1);
  agenda.remove(items[1] as Appointment);
  assert.equal(clock.pending, 0);
  agenda.set(items[0] as Appointment, 70_000);
  await clock.advance(70_000);
  assert.deepEqual(begun, [[0, 70_000]]);
});

type Step = { item: number; due?: number };
const steps = fc.array(fc.record({ item: fc.nat({ max: 19 }), due: fc.option(fc.nat({ max: 1000 }), { nil: undefined }) }), {
  maxLength: 200,
});

test("agenda: whatever is set, set anew and removed, each begins once, when it was last set for", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all: Step[]) => {
      const clock = new VirtualClock();
      const agenda = new Agenda(clock);
      const { begun, items } = appointments(20, clock);
      const wanted = new Map<number, number>();
      for (const { item, due } of all) {
        if (due === undefined) agenda.remove(items[item] as Appointment);
        else agenda.set(items[item] as Appointment, due);
        if (due === undefined) wanted.delete(item);
        else wanted.set(item, due);
      }
      await clock.advance(2000);
      assert.deepEqual(new Map(begun), wanted);
      assert.equal(begun.length, wanted.size);
    }),
    { numRuns: 100 },
  );
});

test("agenda: what begins may set itself anew, for the past, too", async () => {
  const clock = new VirtualClock();
  const agenda = new Agenda(clock);
  const begun: number[] = [];
  const item: Appointment = {
    due: 0,
    place: -1,
    begin: () => {
      begun.push(clock.now());
      if (begun.length < 4) agenda.set(item, clock.now() + (begun.length === 1 ? -5 : 10.3));
    },
  };
  agenda.set(item, 1.1);
  await clock.advance(100);
  assert.deepEqual(begun.map(Math.round), [1, 1, 11, 22]);
});
