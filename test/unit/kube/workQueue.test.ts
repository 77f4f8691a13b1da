import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WorkQueue } from "../../../src/kube/workQueue.ts";
import { settle, VirtualClock } from "../runtime/virtualClock.ts";

function queue(options: Partial<ConstructorParameters<typeof WorkQueue>[0]> = {}) {
  const clock = new VirtualClock();
  return { clock, queue: new WorkQueue({ name: "test", clock, ...options }) };
}

test("keys come in the order in which they were added, each once", async () => {
  const { queue: work } = queue();
  for (const key of ["a", "b", "a", "c", "b"]) work.add(key);
  assert.equal(work.depth, 3);
  assert.deepEqual([await work.get(), await work.get(), await work.get()], ["a", "b", "c"]);
});

test("a key that is added while it is processed comes again afterwards, once", async () => {
  const { queue: work } = queue();
  work.add("a");
  assert.equal(await work.get(), "a");
  work.add("a");
  work.add("a");
  assert.equal(work.depth, 0);
  work.done("a");
  assert.equal(work.depth, 1);
  assert.equal(await work.get(), "a");
  work.done("a");
  assert.equal(work.depth, 0);
});

test("a waiting worker gets the next key", async () => {
  const { queue: work } = queue();
  const waiting = Promise.all([work.get(), work.get()]);
  work.add("a");
  work.add("b");
  assert.deepEqual(await waiting, ["a", "b"]);
});

test("addAfter waits, and of several times the earliest counts", async () => {
  const { queue: work, clock } = queue();
  work.addAfter("a", 500);
  work.addAfter("a", 100);
  work.addAfter("a", 300);
  await clock.advance(99);
  assert.equal(work.depth, 0);
  await clock.advance(1);
  assert.equal(work.depth, 1);
  assert.equal(await work.get(), "a");
  work.done("a");
  await clock.advance(1_000);
  assert.deepEqual([work.depth, clock.pending], [0, 0]);
});

test("addRateLimited doubles per key up to the limit, until forget", async () => {
  const { queue: work, clock } = queue({ backoff: { first: 5, longest: 1_000 }, bucket: { perSecond: 1_000, burst: 1_000 } });
  const delays: number[] = [];
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const start = clock.now();
    work.addRateLimited("a");
    const got = work.get();
    while (work.depth === 0 && clock.pending > 0) await clock.advance(5);
    await got;
    work.done("a");
    delays.push(clock.now() - start);
  }
  assert.deepEqual(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  assert.equal(work.failures("a"), 10);
  work.forget("a");
  work.addRateLimited("a");
  await clock.advance(5);
  assert.equal(work.depth, 1);
});

test("the bucket holds back many failing keys", async () => {
  const { queue: work, clock } = queue({ bucket: { perSecond: 10, burst: 3 } });
  for (let index = 0; index < 13; index += 1) work.addRateLimited(`key-${index}`);
  await clock.advance(10);
  assert.equal(work.depth, 3);
  await clock.advance(500);
  assert.equal(work.depth, 8);
  await clock.advance(500);
  assert.equal(work.depth, 13);
});

test("shutDown hands out what waits, drops what is delayed, and frees waiting workers", async () => {
  const { queue: work, clock } = queue();
  work.add("a");
  work.addAfter("b", 10);
  work.shutDown();
  work.add("c");
  await clock.advance(100);
  assert.deepEqual([await work.get(), await work.get(), clock.pending], ["a", undefined, 0]);
  const idle = queue().queue;
  const waiting = idle.get();
  idle.shutDown();
  assert.equal(await waiting, undefined);
});

test("drain waits for the keys that are processed", async () => {
  const { queue: work } = queue();
  work.add("a");
  await work.get();
  work.add("a");
  let drained = false;
  const draining = work.drain().then(() => {
    drained = true;
  });
  work.done("a");
  await settle();
  assert.equal(drained, false);
  assert.equal(await work.get(), "a");
  work.done("a");
  await draining;
  assert.equal(drained, true);
});

/** Drives a queue, and knows which keys are being processed and which are owed to a worker. */
class Driver {
  readonly clock = new VirtualClock();
  readonly work = new WorkQueue({ name: "test", clock: this.clock });
  readonly processing = new Set<string>();
  readonly owed = new Set<string>();
  readonly steps: Record<string, (key: string) => void | Promise<void>> = {
    add: (key) => this.work.add(this.#owe(key)),
    addAfter: (key) => this.work.addAfter(this.#owe(key), 50),
    addRateLimited: (key) => this.work.addRateLimited(this.#owe(key)),
    time: () => this.clock.advance(20),
    take: () => this.take(),
    done: (key) => {
      if (this.processing.delete(key)) this.work.done(key);
    },
  };

  async take(): Promise<void> {
    if (this.work.depth === 0) return;
    const key = (await this.work.get()) ?? "";
    assert.ok(!this.processing.has(key), `${key} is handed out twice`);
    this.processing.add(key);
    this.owed.delete(key);
  }

  #owe(key: string): string {
    this.owed.add(key);
    return key;
  }
}

test("whatever happens: no key is processed twice at once, none is lost", async () => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(new Driver().steps)), fc.constantFrom("a", "b", "c"));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const driver = new Driver();
      for (const [name, key] of steps) await driver.steps[name]?.(key);
      for (const key of ["a", "b", "c"]) await driver.steps.done?.(key);
      await driver.clock.advance(1_000_000);
      for (let left = driver.work.depth; left > 0; left -= 1) await driver.take();
      assert.deepEqual([...driver.owed], []);
    }),
    { numRuns: 200 },
  );
});
