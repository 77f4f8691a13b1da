import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Job, runJobs } from "../../../scripts/pool.ts";

/** Runs named jobs, of which each takes so many turns, and says which ran in each turn. */
async function turnsOf(
  jobs: Record<string, Omit<Job, "run"> & { turns?: number }>,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const left = new Map<string, { turns: number; end: () => void }>();
  const interrupt = new AbortController();
  const run = (name: string, turns: number) => new Promise<void>((end) => left.set(name, { turns, end }));
  const all = runJobs(
    Object.entries(jobs).map(([name, { turns = 1, ...job }]) => ({ ...job, run: () => run(name, turns) })),
    200,
    interrupt.signal,
  );
  const seen: string[] = [];
  while (left.size > 0) {
    seen.push([...left.keys()].join(" "));
    if (seen.length === stopAfter) interrupt.abort();
    for (const [name, job] of left) {
      job.turns -= 1;
      if (job.turns > 0) continue;
      left.delete(name);
      job.end();
    }
    await new Promise(setImmediate);
  }
  await all;
  return seen;
}

suite("jobs beside each other", () => {
  test("as many as the processors bear, in the order given", async () => {
    assert.deepEqual(await turnsOf({ a: { load: 100 }, b: { load: 50 }, c: { load: 50 }, d: { load: 100 } }), ["a b c", "d"]);
  });

  test("one that does not fit lets others go first", async () => {
    assert.deepEqual(await turnsOf({ a: { load: 100, turns: 2 }, b: { load: 150 }, c: { load: 50 } }), ["a c", "a", "b"]);
  });

  test("one that takes more than there is runs alone", async () => {
    assert.deepEqual(await turnsOf({ a: { load: 10 }, b: { load: 900 }, c: { load: 10 } }), ["a c", "b"]);
  });

  test("one that bears little waits until little runs, and keeps others away", async () => {
    const fine = { load: 20, bears: 50 };
    assert.deepEqual(await turnsOf({ a: { load: 100 }, b: { ...fine, turns: 2 }, c: fine, d: fine, e: { load: 40 } }), [
      "a e",
      "b c",
      "b d",
    ]);
  });

  test("after an interrupt nothing begins", async () => {
    assert.deepEqual(await turnsOf({ a: { load: 200, turns: 2 }, b: { load: 100 } }, 1), ["a", "a"]);
  });

  test("a job that cannot be run at all ends it", async () => {
    const job = { load: 100, run: () => Promise.reject(new Error("no such program")) };
    await assert.rejects(runJobs([job], 200, new AbortController().signal), /no such program/);
  });
});
