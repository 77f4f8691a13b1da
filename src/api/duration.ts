/**
 * Go durations as Kubernetes writes them ("1m30s", "100ms").
 * All functions are pure; the unit of the numbers is the millisecond.
 */

const unitMilliseconds: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 };
const part = /([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)/gy;

/** The durations that the CRDs take: RE2-safe, not negative, at most eight parts, nothing below the millisecond's own fractions. */
export const durationPattern = /^([0-9]{1,7}(\.[0-9]{1,6})?(ms|s|m|h)){1,8}$/;

/** Milliseconds of a Go duration; undefined when the text is not one. "0" alone is a duration, as in Go. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  let milliseconds = 0;
  let end = 0;
  part.lastIndex = 0;
  for (let match = part.exec(text); match; match = part.exec(text)) {
    milliseconds += Number(match[1]) * (unitMilliseconds[match[2] ?? ""] ?? Number.NaN);
    end = part.lastIndex;
  }
  if (end === 0 || end !== text.length) return undefined;
  // Sub-microsecond noise of the binary fractions ("0.1s") must not make 100 into 100.00000000000001.
  return Math.round(milliseconds * 1e6) / 1e6;
}

/** Milliseconds to the microsecond: what measurements are reported with. */
export function roundToMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e3) / 1e3;
}

/** The shortest Go duration of a number of milliseconds, in one unit: 100 → "100ms", 1000 → "1s", 90000 → "90s". */
export function formatDuration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
}
