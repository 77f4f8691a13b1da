/** When something was changed by a program, of which only its beginning and its end are known, and how long after that something came of it. */
import assert from "node:assert/strict";

/** In milliseconds. */
export interface Moment {
  earliest: number;
  latest: number;
}

export async function momentOf(change: () => unknown): Promise<Moment> {
  const earliest = performance.now();
  await change();
  return { earliest, latest: performance.now() };
}

/** A table is read every 20 ms, and a server may have answered for the last time a moment before. */
const earlyMs = 100;
/**
 * What a machine with one slow processor for a dozen processes may add to a bound: to each of its parts, as a pause begins when the attempt
 * before has ended.
 */
const slackMs = (boundMs: number) => 1_000 + boundMs / 8;

export function assertWithin(what: string, from: Moment | undefined, at: Moment | undefined, leastMs: number, mostMs: number): void {
  assert.ok(from !== undefined && at !== undefined, `${what}: never`);
  const [longest, shortest] = [at.latest - from.earliest, at.earliest - from.latest].map(Math.round) as [number, number];
  const text = `${what} after ${shortest} to ${longest} ms, expected ${leastMs} to ${mostMs} ms`;
  assert.ok(longest >= leastMs - earlyMs && shortest <= mostMs + slackMs(mostMs), text);
}
