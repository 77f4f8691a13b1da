/** Quantiles, of a histogram and of plain values. Pure. */
import type { Lateness } from "./coreDriver.ts";

/**
 * Upper bound in microseconds of the bucket that holds the quantile `q` (0 to 1), or the greatest value seen if that is less; undefined when
 * there is nothing. Counts are cumulative, as those of Prometheus: each includes the ones before it, the last is all.
 */
export function histogramQuantile({ boundsUs, counts, maxUs }: Lateness, q: number): number | undefined {
  const total = counts.at(-1) ?? 0;
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * total));
  return Math.min(boundsUs[counts.findIndex((count) => count >= rank)] ?? maxUs, maxUs);
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
