/** The time between adverts: what the wire can carry, and what is taken when the user says nothing. Pure. */

export interface IntervalRange {
  /** Milliseconds. */
  least: number;
  greatest: number;
  /** Only whole steps fit the wire. */
  step: number;
  /** For messages. */
  allowed: string;
}

/** By VRRP version. RFC 3768 §5.3.7: 8 bits of seconds. RFC 9568 §5.2.7: 12 bits of centiseconds. */
export const intervalRanges: Record<2 | 3, IntervalRange> = {
  2: { least: 1000, greatest: 255_000, step: 1000, allowed: "whole seconds from 1s to 255s" },
  3: { least: 10, greatest: 40_950, step: 10, allowed: "10ms to 40.95s in steps of 10ms" },
};

/** By version of the IPv4 adverts; IPv6, always version 3, takes the same one: the families move together. */
export const defaultInterval = { 2: "1s", 3: "100ms" } as const;

/** Whether adverts of that version can announce the interval; NaN is none. */
export function fitsInterval(version: 2 | 3, milliseconds: number): boolean {
  const { least, greatest, step } = intervalRanges[version];
  return milliseconds >= least && milliseconds <= greatest && milliseconds % step === 0;
}
