/** How long nobody got a connection, by attempts at it. Pure. */

export interface Attempt {
  /** Ms. */
  began: number;
  connected: boolean;
}

/**
 * The longest row of attempts that failed, from the first to the last, with the time around them in which nothing is known: up to the good
 * attempt before and the one after, at most an interval each. For longer than that it is the client that did not run. Infinite when none was
 * good before it, or none after.
 * @param attempts in their order.
 */
export function longestOutage(attempts: readonly Attempt[], everyMs: number): number {
  let longest = 0;
  let good = Number.NEGATIVE_INFINITY;
  let failed: { first: number; last: number } | undefined;
  const lengthOf = ({ first, last }: { first: number; last: number }, next: number) => {
    if (good === Number.NEGATIVE_INFINITY || next === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return last - first + Math.min(first - good, everyMs) + Math.min(next - last, everyMs);
  };
  for (const { began, connected } of attempts) {
    if (!connected) {
      failed = { first: failed?.first ?? began, last: began };
      continue;
    }
    if (failed) longest = Math.max(longest, lengthOf(failed, began));
    failed = undefined;
    good = began;
  }
  return failed ? Number.POSITIVE_INFINITY : longest;
}
