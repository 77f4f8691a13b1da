/** When checks run. Pure. */

/** First runs are this far apart, or closer when there are many. */
const spacingMs = 10;

/**
 * How long the first run of the check number `ordinal` of `count` waits: few checks all run soon, many are spread over their interval
 * instead of starting as one.
 */
export function firstDelay(ordinal: number, count: number, intervalMs: number): number {
  const spacing = Math.min(spacingMs, intervalMs / Math.max(count, 1));
  return (ordinal * spacing) % intervalMs;
}

/** The next time of a check that was due at `due`: the schedule does not drift, and what was missed is not made up for. */
export function nextDue(due: number, intervalMs: number, now: number): number {
  const passed = Math.floor((now - due) / intervalMs);
  return due + intervalMs * (Math.max(passed, 0) + 1);
}
