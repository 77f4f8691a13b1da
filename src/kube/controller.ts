/** Runs a reconcile function over a queue of keys. Contract of controller-runtime: the key only; read state, never trust the event. */
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "./logger.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { WorkQueueOptions } from "./workQueue.ts";

export interface Result {
  /** Reconcile the key again after this many ms, without backoff. */
  requeueAfterMs?: number;
}

/** Brings the world in line with what the caches say about `key`. Must be idempotent. `signal` aborts when the controller stops. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without return statement is the usual case
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result | void>;

/** Thrown by reconcile: trying again is of no use until the object changes. Logged once. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  /** Keys worked on at the same time; default 1. One key never runs twice at once. */
  workers?: number;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  queue?: Partial<WorkQueueOptions>;
}

export declare class Controller {
  constructor(options: ControllerOptions);
  readonly name: string;
  /** Adds a key; usable as an informer's handler without binding. May be called before run(). */
  readonly enqueue: (key: string) => void;
  /** As enqueue, after some time in ms. */
  readonly enqueueAfter: (key: string, milliseconds: number) => void;
  /** Works until `signal` aborts; resolves when the last worker has ended. Throws when called twice. */
  run(signal: AbortSignal): Promise<void>;
}
