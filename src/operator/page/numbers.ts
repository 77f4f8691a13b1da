/** Numbers for people. Pure. */

/** "1,000". A range of IPv6 holds more than a number can say. */
export function count(value: number): string {
  return value >= Number.MAX_SAFE_INTEGER ? "2^53 or more" : value.toLocaleString("en-US");
}

/** "1 address", "1,000 addresses". */
export function countOf(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}
