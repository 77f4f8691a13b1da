/**
 * A queue of keys with the semantics of client-go's workqueue: a key waits at most once, is handed to one worker at a time,
 * and one that is added while it is being worked on comes again afterwards.
 */
import { type Clock, systemClock, type Timer } from "../runtime/clock.ts";
import { type KubeMetrics, noMetrics } from "./metrics.ts";
import { type Backoff, type BucketSize, backoffMs, TokenBucket } from "./rateLimiter.ts";

export interface WorkQueueOptions {
  name: string;
  clock?: Clock;
  metrics?: KubeMetrics;
  /** Per key: first and longest delay in ms of addRateLimited(); default 5 ms and 60 s, doubling. */
  backoff?: Backoff;
  /** Over all keys: tokens per second and burst of addRateLimited(); default 10 and 100. */
  bucket?: BucketSize;
}

interface Delayed {
  due: number;
  timer: Timer;
}

export class WorkQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #metrics: KubeMetrics;
  readonly #backoff: Backoff;
  readonly #bucket: TokenBucket;
  /** Keys that wait for a worker, oldest first. */
  readonly #waiting = new Set<string>();
  readonly #processing = new Set<string>();
  /** Keys that were added again while they were being processed. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #idleWorkers: (() => void)[] = [];
  #isShutDown = false;
  #drained = Promise.withResolvers<void>();

  constructor(options: WorkQueueOptions) {
    this.name = options.name;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? noMetrics;
    this.#backoff = options.backoff ?? { first: 5, longest: 60_000 };
    this.#bucket = new TokenBucket(options.bucket ?? { perSecond: 10, burst: 100 }, this.#clock.now());
    this.#metrics.queueAdds.inc({ name: this.name }, 0);
    this.#metrics.queueRetries.inc({ name: this.name }, 0);
    this.#measureDepth();
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#isShutDown || this.#waiting.has(key) || this.#dirty.has(key)) return;
    this.#metrics.queueAdds.inc({ name: this.name });
    if (this.#processing.has(key)) this.#dirty.add(key);
    else this.#offer(key);
  }

  /** Adds the key after `milliseconds`; the earliest of several times counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#isShutDown) return;
    if (milliseconds <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.now() + milliseconds;
    const before = this.#delayed.get(key);
    if (before && before.due <= due) return;
    before?.timer.clear();
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, milliseconds);
    this.#delayed.set(key, { due, timer });
  }

  /** Adds the key after its backoff, which doubles each time until forget(), or when the bucket of all keys allows it if that is later. */
  addRateLimited(key: string): void {
    if (this.#isShutDown) return;
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    this.#metrics.queueRetries.inc({ name: this.name });
    this.addAfter(key, Math.max(backoffMs(this.#backoff, failures), this.#bucket.reserve(this.#clock.now())));
  }

  /** How often the key was added with addRateLimited() since forget(). */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Resets the backoff of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, waiting for one; undefined once the queue is shut down and empty. Each get() needs a done(). */
  async get(): Promise<string | undefined> {
    for (;;) {
      const [key] = this.#waiting;
      if (key !== undefined) {
        this.#waiting.delete(key);
        this.#processing.add(key);
        this.#measureDepth();
        return key;
      }
      if (this.#isShutDown) return undefined;
      await new Promise<void>((resolve) => this.#idleWorkers.push(resolve));
    }
  }

  /** Ends the work on a key that get() gave. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.delete(key)) this.#offer(key);
    this.#settleDrain();
  }

  /** Refuses new keys and drops delayed ones; those that wait are still handed out. */
  shutDown(): void {
    this.#isShutDown = true;
    for (const { timer } of this.#delayed.values()) timer.clear();
    this.#delayed.clear();
    for (const wake of this.#idleWorkers.splice(0)) wake();
    this.#settleDrain();
  }

  /** As shutDown(); resolves when the last key is done. */
  drain(): Promise<void> {
    this.shutDown();
    return this.#drained.promise;
  }

  #offer(key: string): void {
    this.#waiting.add(key);
    this.#measureDepth();
    this.#idleWorkers.shift()?.();
  }

  #settleDrain(): void {
    if (this.#isShutDown && this.#processing.size === 0 && this.#waiting.size === 0) this.#drained.resolve();
  }

  #measureDepth(): void {
    this.#metrics.queueDepth.set({ name: this.name }, this.#waiting.size);
  }
}
