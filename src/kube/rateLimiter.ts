/** Delays for things that repeat. Pure: time is an argument, in ms. */

export interface Backoff {
  /** First and longest delay in ms; it doubles in between. */
  first: number;
  longest: number;
}

/** Delay before the attempt that follows `failures` failures in a row (1 or more). */
export function backoffMs({ first, longest }: Backoff, failures: number): number {
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 52));
}

/** A delay between half of `milliseconds` and all of it, so that many clients do not come back at the same moment. `random`: 0 ≤ value < 1. */
export function jittered(milliseconds: number, random: () => number): number {
  return milliseconds * (0.5 + random() / 2);
}

export interface BucketSize {
  perSecond: number;
  burst: number;
}

/** Lets `burst` through at once and `perSecond` in the long run. */
export class TokenBucket {
  readonly #size: BucketSize;
  /** Negative while reservations are ahead of time. */
  #tokens: number;
  #filledAt: number;

  /** Starts full. */
  constructor(size: BucketSize, now: number) {
    this.#size = size;
    this.#tokens = size.burst;
    this.#filledAt = now;
  }

  /** Takes a token if there is one. */
  tryTake(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes a token, if need be of the future, and returns how many ms from `now` it comes. */
  reserve(now: number): number {
    this.#fill(now);
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#size.perSecond) * 1000;
  }

  #fill(now: number): void {
    const gained = ((now - this.#filledAt) / 1000) * this.#size.perSecond;
    this.#tokens = Math.min(this.#size.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
