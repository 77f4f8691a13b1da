/**
 * Writes that failed or did nothing, so that the same will be asked for again: each waits for a while of its own, each time for longer, and
 * keeps no other from being made. Pure: time is an argument, monotonic ms.
 */
import { type Backoff, backoffMs } from "../../kube/rateLimiter.ts";

interface Failure {
  count: number;
  /** When it may be tried again. */
  until: number;
}

/** What a plan asks for again is tried when its pause is over: what was not tried for so long after is not asked for any more. */
const lifetimeMs = 300_000;

export class FailedWrites {
  readonly #backoff: Backoff;
  /** The one that failed longest ago first. */
  readonly #failures = new Map<string, Failure>();

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  get size(): number {
    return this.#failures.size;
  }

  /** Whether that one waits still. */
  isPaused(name: string, now: number): boolean {
    return now < (this.#failures.get(name)?.until ?? now);
  }

  /** In how many ms the first of those that wait may be tried again; undefined when none waits. */
  nextInMs(now: number): number | undefined {
    const waits = [...this.#failures.values()].flatMap(({ until }) => (until > now ? until - now : []));
    return waits.length > 0 ? Math.min(...waits) : undefined;
  }

  remember(name: string, isFutile: boolean, now: number): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    this.#failures.delete(name);
    if (isFutile) this.#failures.set(name, { count, until: now + backoffMs(this.#backoff, count) });
    for (const [each, { until }] of this.#failures) {
      if (now - until < lifetimeMs) return;
      this.#failures.delete(each);
    }
  }
}
