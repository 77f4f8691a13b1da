/** What the health checks of a node have done, as plain numbers for the metrics. */
import type { HealthCheckKind } from "../../api/healthCheck.ts";

/** Cumulative counts by upper bound in seconds, as Prometheus has them; the last is all. */
export interface HistogramReading {
  bounds: readonly number[];
  counts: number[];
  sum: number;
}

export interface HealthCounts {
  kind: HealthCheckKind;
  /** Attempts by what they found; unknown: nothing could be said. */
  good: number;
  bad: number;
  unknown: number;
  /** How long an attempt takes, and how long after its time it begins. */
  latency: HistogramReading;
  lateness: HistogramReading;
}

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Number.POSITIVE_INFINITY];

class Histogram {
  readonly #counts: number[] = bounds.map(() => 0);
  #sum = 0;

  add(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    const index = bounds.findIndex((bound) => seconds <= bound);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += seconds;
  }

  reading(): HistogramReading {
    let total = 0;
    const counts = this.#counts.map((count) => {
      total += count;
      return total;
    });
    return { bounds, counts, sum: this.#sum };
  }
}

/** Of the checks of one kind. */
export class HealthTally {
  readonly #kind: HealthCheckKind;
  readonly #latency = new Histogram();
  readonly #lateness = new Histogram();
  #good = 0;
  #bad = 0;
  #unknown = 0;

  constructor(kind: HealthCheckKind) {
    this.#kind = kind;
  }

  begun(lateMs: number): void {
    this.#lateness.add(lateMs);
  }

  ended(good: boolean | undefined, tookMs: number): void {
    if (good === undefined) this.#unknown += 1;
    else if (good) this.#good += 1;
    else this.#bad += 1;
    this.#latency.add(tookMs);
  }

  counts(): HealthCounts {
    const [kind, good, bad, unknown] = [this.#kind, this.#good, this.#bad, this.#unknown] as const;
    return { kind, good, bad, unknown, latency: this.#latency.reading(), lateness: this.#lateness.reading() };
  }
}
