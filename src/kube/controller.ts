/** Runs a reconcile function over a queue of keys. Contract of controller-runtime: the key only; read state, never trust the event. */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { isKubeError } from "./kubeError.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type KubeMetrics, noMetrics, type ReconcileOutcome } from "./metrics.ts";
import { WorkQueue, type WorkQueueOptions } from "./workQueue.ts";

export interface Result {
  /** Reconcile the key again after this many ms, without backoff. */
  requeueAfterMs?: number;
}

/** Brings the world in line with what the caches say about `key`. Must be idempotent. `signal` aborts when the controller stops. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without return statement is the usual case
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result | void>;

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  /** Keys worked on at the same time; default 1. One key never runs twice at once. */
  workers?: number;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  /** Backoff of failing keys. */
  queue?: Pick<WorkQueueOptions, "backoff" | "bucket">;
}

export class Controller {
  readonly name: string;
  readonly #reconcile: Reconcile;
  readonly #workers: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: KubeMetrics;
  readonly #queue: WorkQueue;
  #started = false;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#reconcile = options.reconcile;
    this.#workers = options.workers ?? 1;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? noMetrics;
    this.#queue = new WorkQueue({ ...options.queue, name: options.name, clock: this.#clock, metrics: this.#metrics });
  }

  /** Adds a key; usable as an informer's handler without binding. May be called before run(). */
  readonly enqueue = (key: string): void => this.#queue.add(key);

  /** As enqueue, after some time in ms. */
  readonly enqueueAfter = (key: string, milliseconds: number): void => this.#queue.addAfter(key, milliseconds);

  /** Works until `signal` aborts; resolves when the last worker has ended. Throws when called twice. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error(`controller ${this.name} was started before`);
    this.#started = true;
    const stop = () => this.#queue.shutDown();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal)));
    signal.removeEventListener("abort", stop);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined && !signal.aborted; key = await this.#queue.get()) {
      const start = this.#clock.now();
      const result = await this.#process(key, signal);
      this.#metrics.reconcileSeconds.observe({ controller: this.name, result }, (this.#clock.now() - start) / 1000);
      this.#queue.done(key);
    }
  }

  async #process(key: string, signal: AbortSignal): Promise<ReconcileOutcome> {
    try {
      const result = await this.#reconcile(key, signal);
      this.#queue.forget(key);
      if (result?.requeueAfterMs === undefined) return "success";
      this.#queue.addAfter(key, result.requeueAfterMs);
      return "requeue";
    } catch (error) {
      return this.#retry(key, error, signal);
    }
  }

  #retry(key: string, error: unknown, signal: AbortSignal): ReconcileOutcome {
    const fields = { controller: this.name, key, error };
    if (signal.aborted) {
      this.#logger.debug(fields, "reconciliation was cut short by the stop");
      return "error";
    }
    this.#queue.addRateLimited(key);
    // The cache was behind: the usual way in which optimistic locking works.
    if (isKubeError(error, "Conflict")) this.#logger.debug(fields, "reconciliation met a newer object; trying again");
    else this.#logger.warn({ ...fields, failures: this.#queue.failures(key) }, "reconciliation failed; trying again");
    return "error";
  }
}
