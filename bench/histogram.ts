/** Quantiles, of a histogram and of plain values. Pure. */
import type { Lateness } from "./coreDriver.ts";

/**
 * Upper bound in microseconds of the bucket that holds the quantile `q` (0 to 1); the greatest value seen when that is the last bucket,
 * undefined when there is nothing.
 */
export function histogramQuantile({ boundsUs, counts, maxUs }: Lateness, q: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  const index = counts.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
  return Math.min(boundsUs[index] ?? maxUs, maxUs);
}

/** The value at quantile `q`, nearest rank; undefined for no values. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** By how much each gap between neighbouring times exceeds the interval, in microseconds; early ones count as 0. */
export function excessUs(timesNs: readonly bigint[], intervalMs: number): number[] {
  return timesNs.slice(1).map((time, index) => Math.max(0, Number(time - (timesNs[index] ?? time)) / 1e3 - intervalMs * 1e3));
}
