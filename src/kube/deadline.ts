/** A signal that aborts when the caller's does or when time is up, and that knows which of the two it was. */
import type { Clock, Timer } from "../runtime/clock.ts";

export class Deadline {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #outer: AbortSignal | undefined;
  #timer: Timer | undefined;
  #expired = false;

  /** Begins to run at once. Call dispose() when done. */
  constructor(clock: Clock, milliseconds: number, outer?: AbortSignal) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#outer = outer;
    outer?.addEventListener("abort", this.#abort, { once: true });
    if (outer?.aborted) this.#abort();
    else this.extend();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether time was up before anybody aborted. */
  get expired(): boolean {
    return this.#expired;
  }

  /** What `work` gives, or a rejection as soon as the signal aborts, whether or not `work` heeds the signal. */
  async race<T>(work: Promise<T>): Promise<T> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(this.signal.reason);
    if (this.signal.aborted) abort();
    this.signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([work, aborted.promise]);
    } finally {
      this.signal.removeEventListener("abort", abort);
    }
  }

  /** Gives the whole time again, from now. */
  extend(): void {
    if (this.signal.aborted) return;
    this.#timer?.clear();
    this.#timer = this.#clock.setTimeout(() => {
      this.#expired = true;
      this.#abort();
    }, this.#milliseconds);
  }

  /** Ends the timer and aborts whatever still uses the signal. */
  dispose(): void {
    this.#outer?.removeEventListener("abort", this.#abort);
    this.#abort();
  }

  readonly #abort = () => {
    this.#timer?.clear();
    this.#controller.abort();
  };
}
