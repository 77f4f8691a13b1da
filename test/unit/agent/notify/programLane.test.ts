import assert from "node:assert/strict";
import { test } from "node:test";
import { longestQueue, ProgramLane } from "../../../../src/agent/notify/programLane.ts";
import { Slots } from "../../../../src/agent/programs/slots.ts";
import { settle } from "../../runtime/virtualClock.ts";

/** A lane whose programs end when the test says so. */
function setUp(slots = new Slots(8)) {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const collapses: number[] = [];
  const lane = new ProgramLane({
    run: ({ command }) => {
      started.push(command.join(" "));
      return new Promise((resolve) => ends.push(resolve));
    },
    slots,
    onCollapse: (transitions) => collapses.push(transitions),
  });
  const end = async () => {
    ends.shift()?.();
    await settle();
  };
  return { lane, started, collapses, end };
}

const programs = (...names: string[]) => names.map((name) => ({ command: [name] }));

test("programs run one after the other, in the order of the transitions", async () => {
  const { lane, started, end } = setUp();
  lane.push(programs("backup", "any-backup"));
  lane.push(programs("master"));
  await settle();
  assert.deepEqual(started, ["backup"]);
  await end();
  assert.deepEqual(started, ["backup", "any-backup"]);
  await end();
  await end();
  assert.deepEqual([started, lane.isIdle], [["backup", "any-backup", "master"], true]);
  lane.push(programs("fault"));
  await settle();
  assert.deepEqual(started.at(-1), "fault");
});

test("when hopelessly behind, the newest transition takes the place of all that wait", async () => {
  const { lane, started, collapses, end } = setUp();
  lane.push(programs("first"));
  await settle();
  for (let index = 0; index <= longestQueue; index += 1) lane.push(programs(`p${index}`));
  assert.deepEqual(collapses, [longestQueue]);
  await end();
  await end();
  assert.deepEqual([started, lane.isIdle], [["first", `p${longestQueue}`], true]);
});

test("lanes do not wait for each other, but for a slot", async () => {
  const slots = new Slots(1);
  const [hung, other] = [setUp(slots), setUp(slots)];
  hung.lane.push(programs("a", "b"));
  other.lane.push(programs("c"));
  await settle();
  assert.deepEqual([hung.started, other.started], [["a"], []]);
  await hung.end();
  assert.deepEqual([hung.started, other.started], [["a"], ["c"]], "in turn");
});

test("idle() resolves when all has run", async () => {
  const { lane, end } = setUp();
  await lane.idle();
  lane.push(programs("a", "b"));
  let idle = false;
  const waiting = lane.idle().then(() => {
    idle = true;
  });
  await settle();
  await end();
  assert.equal(idle, false);
  await end();
  await waiting;
  assert.equal(idle, true);
});
