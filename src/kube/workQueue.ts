/**
 * A queue of keys with the semantics of client-go's workqueue: a key waits at most once, is handed to one worker at a time,
 * and one that is added while it is being worked on comes again afterwards.
 */
import type { Clock } from "../runtime/clock.ts";
import type { KubeMetrics } from "./metrics.ts";

export interface WorkQueueOptions {
  name: string;
  clock?: Clock;
  metrics?: KubeMetrics;
  /** Per key: first and longest delay of addRateLimited(); default 5 ms and 60 s, doubling. */
  backoffMs?: { first: number; longest: number };
  /** Over all keys: tokens per second and burst of addRateLimited(); default 10 and 100. */
  bucket?: { perSecond: number; burst: number };
}

export declare class WorkQueue {
  constructor(options: WorkQueueOptions);
  readonly name: string;
  /** Keys that wait. */
  readonly depth: number;
  add(key: string): void;
  /** Adds the key after `milliseconds`; the earliest of several times counts. */
  addAfter(key: string, milliseconds: number): void;
  /** Adds the key after its backoff, which doubles each time until forget(). */
  addRateLimited(key: string): void;
  /** Resets the backoff of a key. */
  forget(key: string): void;
  /** The next key, waiting for one; undefined once the queue is shut down and empty. Each get() needs a done(). */
  get(): Promise<string | undefined>;
  done(key: string): void;
  /** Refuses new keys and drops delayed ones; those that wait are still handed out. */
  shutDown(): void;
  /** As shutDown(); resolves when the last key is done. */
  drain(): Promise<void>;
}
