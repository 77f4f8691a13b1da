import assert from "node:assert/strict";
import { test } from "node:test";
import { Reporter } from "../../../../src/agent/cluster/reporter.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

interface Write {
  at: number;
  masters: number | undefined;
}

function setUp() {
  const clock = new VirtualClock();
  const writes: Write[] = [];
  const state = { masters: 0, version: undefined as string | undefined, failing: false, pending: undefined as Promise<void> | undefined };
  const reporter = new Reporter({
    clock,
    log: silentLogger,
    build: () => ({ masters: state.masters, version: state.version }),
    write: async ({ masters }, signal) => {
      writes.push({ at: clock.now(), masters });
      if (state.failing) throw new Error("unreachable");
      const pending = state.pending;
      if (pending) await Promise.race([pending, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
    },
  });
  return { clock, writes, state, reporter };
}

test("changes within 50 ms are one report, of the newest state", async () => {
  const { clock, writes, state, reporter } = setUp();
  for (let masters = 1; masters <= 5; masters += 1) {
    state.masters = masters;
    reporter.changed();
    await clock.advance(9);
  }
  await clock.advance(5);
  assert.deepEqual(writes, [{ at: 50, masters: 5 }]);
});

test("a state that goes on changing is told every 50 ms, not when it has calmed down", async () => {
  const { clock, writes, reporter } = setUp();
  for (let step = 0; step < 100; step += 1) {
    reporter.changed();
    await clock.advance(10);
  }
  assert.ok(writes.length >= 15, `${writes.length} reports in a second`);
});

test("servers that go on changing are told the less often the larger the report is, and elections at once", async () => {
  const { clock, writes, state, reporter } = setUp();
  state.version = "x".repeat(64_000);
  for (let step = 0; step < 400; step += 1) {
    reporter.serversChanged();
    await clock.advance(10);
  }
  assert.deepEqual(
    writes.map(({ at }) => Math.round(at / 100) / 10),
    [0.1, 1.1, 2.1, 3.1],
  );
  state.masters = 1;
  reporter.changed();
  await clock.advance(50);
  assert.deepEqual(writes.at(-1), { at: 4050, masters: 1 });
});

test("without changes there is a report every 30 s", async () => {
  const { clock, writes, reporter } = setUp();
  reporter.changed();
  await clock.advance(60_200);
  assert.deepEqual(
    writes.map(({ at }) => at),
    [50, 30_050, 60_050],
  );
});

test("a change while a report is written is told right after it", async () => {
  const { clock, writes, state, reporter } = setUp();
  let finish = () => {};
  state.pending = new Promise((resolve) => {
    finish = resolve;
  });
  reporter.changed();
  await clock.advance(60);
  state.masters = 1;
  reporter.changed();
  await clock.advance(5000);
  assert.equal(writes.length, 1);
  state.pending = undefined;
  finish();
  await clock.advance(50);
  assert.deepEqual(writes[1], { at: 5110, masters: 1 });
});

test("failed reports are tried again, further and further apart, at most 15 s; changes do not hasten them", async () => {
  const { clock, writes, state, reporter } = setUp();
  state.failing = true;
  reporter.changed();
  for (let step = 0; step < 1200; step += 1) {
    await clock.advance(100);
    reporter.changed();
  }
  const gaps = writes.slice(1).map(({ at }, index) => at - (writes[index]?.at ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 125 && gap <= 15_000),
    gaps.join(" "),
  );
  assert.ok(gaps.length >= 10 && gaps.length <= 22, `${gaps.length} retries in two minutes`);
  assert.ok((gaps.at(-1) ?? 0) >= 7500);
});

test("when the API server is heard again the newest state is told at once", async () => {
  const { clock, writes, state, reporter } = setUp();
  state.failing = true;
  reporter.changed();
  await clock.advance(60_000);
  state.failing = false;
  state.masters = 9;
  const before = writes.length;
  reporter.reachable();
  await clock.advance(50);
  assert.deepEqual(writes.slice(before), [{ at: 60_050, masters: 9 }]);
});

test("reachable while a write is failing: the retry does not wait for long", async () => {
  const { clock, writes, state, reporter } = setUp();
  state.failing = true;
  reporter.changed();
  await clock.advance(60_000);
  let fail = () => {};
  state.failing = false;
  state.pending = new Promise((_, reject) => {
    fail = () => reject(new Error("404"));
  });
  reporter.reachable();
  await clock.advance(100);
  reporter.reachable();
  const before = writes.length;
  state.pending = undefined;
  fail();
  await clock.advance(250);
  assert.equal(writes.length, before + 1);
});

test("the last report gives up the one that is being written, has its own limit and is the last", async () => {
  const { clock, writes, state, reporter } = setUp();
  state.pending = new Promise(() => {});
  reporter.changed();
  await clock.advance(60);
  const stopped = reporter.stop(2000);
  await clock.advance(2000);
  assert.equal(await stopped, false);
  assert.equal(writes.length, 2);
  reporter.changed();
  await clock.advance(100_000);
  assert.equal(writes.length, 2);
  assert.equal(clock.pending, 0);
});

test("a last report that is written says so", async () => {
  const { reporter } = setUp();
  assert.equal(await reporter.stop(2000), true);
});
