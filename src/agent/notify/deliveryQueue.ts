/** Deliveries to one place: one after the other, in order. When too many wait, the oldest are given up. */
import { type Clock, sleep } from "../../runtime/clock.ts";

export interface DeliveryQueueOptions<Item> {
  /** Delivers one; never rejects. */
  deliver(item: Item): Promise<void>;
  /** How many may wait. */
  limit: number;
  onDrop(item: Item): void;
}

export class DeliveryQueue<Item> {
  readonly #options: DeliveryQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  #draining: Promise<void> | undefined;

  constructor(options: DeliveryQueueOptions<Item>) {
    this.#options = options;
  }

  push(item: Item): void {
    this.#waiting.push(item);
    if (this.#waiting.length > this.#options.limit) this.#options.onDrop(this.#waiting.shift() as Item);
    this.#draining ??= this.#drain();
  }

  /** Resolves when nothing is left to deliver. */
  idle(): Promise<void> {
    return this.#draining ?? Promise.resolve();
  }

  get isIdle(): boolean {
    return this.#draining === undefined;
  }

  async #drain(): Promise<void> {
    // In another turn: whoever pushes is handling events of the core.
    await Promise.resolve();
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) await this.#options.deliver(item);
    this.#draining = undefined;
  }
}

export interface RetryOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Waited after the first, second, … failure; there is one attempt more than there are delays. */
  delaysMs: readonly number[];
  /** No attempt begins after this time of the clock. */
  deadline: number;
  /** A failure that the next attempt would meet again. */
  isFinal(error: Error): boolean;
  onFailure?(error: Error): void;
}

/** Tries until it works. Returns undefined, or the last failure when no attempt is left. Never rejects. */
export async function retry(attempt: () => Promise<void>, options: RetryOptions): Promise<Error | undefined> {
  const { clock, signal, delaysMs, deadline, isFinal, onFailure } = options;
  for (let failures = 0; ; failures += 1) {
    try {
      await attempt();
      return undefined;
    } catch (cause) {
      const error = cause as Error;
      const delay = delaysMs[failures];
      if (delay === undefined || signal.aborted || isFinal(error) || clock.now() + delay >= deadline) return error;
      onFailure?.(error);
      await sleep(clock, delay, signal);
      if (signal.aborted) return error;
    }
  }
}
