/** Time as an argument: everything that waits or measures takes a Clock, so that tests run on virtual time. */

/** A pending call. */
export interface Timer {
  /** Cancels the call; harmless when it has been made. */
  clear(): void;
}

export interface Clock {
  /** Milliseconds on a monotonic scale of unknown origin, with fractions. */
  now(): number;
  /** Wall-clock time, which may jump: for people and for the API, never for measuring. */
  wallNow(): Date;
  /** Calls `callback` once after `milliseconds` (0 or more). */
  setTimeout(callback: () => void, milliseconds: number): Timer;
}

/** Node clamps longer delays to 1 ms, with a warning. */
const longestDelay = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => new Date(),
  setTimeout(callback, milliseconds) {
    const handle = setTimeout(callback, Math.min(milliseconds, longestDelay));
    return { clear: () => clearTimeout(handle) };
  },
};

/** Resolves after `milliseconds`, or at once when `signal` is aborted; never rejects. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const finish = () => {
      timer.clear();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.setTimeout(finish, milliseconds);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
