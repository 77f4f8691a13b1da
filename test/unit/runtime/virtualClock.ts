import type { Clock, Timer } from "../../../src/runtime/clock.ts";

interface Pending {
  due: number;
  order: number;
  callback: () => void;
}

/** A Clock that moves only when told. Callbacks run in order of their due time, with `now()` standing at it. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #epoch: number;
  readonly #pending = new Set<Pending>();

  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): Date {
    return new Date(this.#epoch + this.#now);
  }

  setTimeout(callback: () => void, milliseconds: number): Timer {
    const pending = { due: this.#now + Math.max(0, milliseconds), order: this.#order++, callback };
    this.#pending.add(pending);
    return { clear: () => void this.#pending.delete(pending) };
  }

  /** How many calls are pending. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves on by `milliseconds`; promises that the callbacks settle are let run in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = next.due;
      this.#pending.delete(next);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): Pending | undefined {
    const due = [...this.#pending].filter((pending) => pending.due <= end);
    return due.sort((a, b) => a.due - b.due || a.order - b.order)[0];
  }
}

/** Lets every promise that is ready run its continuations. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
