/** What a capture of adverts says about a takeover. Pure; times are nanoseconds of CLOCK_MONOTONIC. */
import type { Family } from "../../src/api/ipAddress.ts";

export interface Advert {
  atNs: bigint;
  family: Family;
  /** Address that it came from: a node's own, in canonical form. */
  source: string;
  virtualRouterID: number;
  version: number;
  /** 0: the sender resigns. */
  priority: number;
  /** Why every receiver must discard it; "" for a good one. */
  discard: string;
}

export interface Takeover {
  from: string;
  to: string;
  /** First advert of the new MASTER. */
  atNs: bigint;
  /** Last advert of the old MASTER to the first one of the new. */
  durationMs: number;
}

export interface Election {
  family: Family;
  virtualRouterID: number;
}

/** Difference in milliseconds. */
export function elapsedMs(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / 1e6;
}

/** Adverts of one virtual router, in the order of time. */
export function advertsOf(adverts: readonly Advert[], { family, virtualRouterID }: Election): Advert[] {
  return adverts
    .filter((advert) => advert.family === family && advert.virtualRouterID === virtualRouterID)
    .sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
}

/**
 * The first takeover after `sinceNs`: from whoever adverted last before, to the first other sender of a priority above 0.
 * Undefined when nobody took over, or nobody was there to take over from.
 */
export function findTakeover(adverts: readonly Advert[], election: Election, sinceNs: bigint): Takeover | undefined {
  const mine = advertsOf(adverts, election);
  const before = mine.filter(({ atNs }) => atNs <= sinceNs).at(-1);
  if (!before) return undefined;
  const first = mine.find(({ atNs, source, priority }) => atNs > sinceNs && source !== before.source && priority > 0);
  if (!first) return undefined;
  const last = mine.filter(({ atNs, source }) => source === before.source && atNs < first.atNs).at(-1) ?? before;
  return { from: before.source, to: first.source, atNs: first.atNs, durationMs: elapsedMs(last.atNs, first.atNs) };
}

/** Who sent adverts other than farewells after `sinceNs`. One sender means one MASTER. */
export function masters(adverts: readonly Advert[], election: Election, sinceNs: bigint): string[] {
  const sources = advertsOf(adverts, election)
    .filter(({ atNs, priority }) => atNs > sinceNs && priority > 0)
    .map(({ source }) => source);
  return [...new Set(sources)];
}

/**
 * Who was MASTER, by the adverts, in the order in which one took over from the other. A last advert of the former one, which may cross the
 * first of the next, does not count: what comes within `graceMs` of the takeover.
 */
export function successions(adverts: readonly Advert[], election: Election, graceMs: number): string[] {
  const order: string[] = [];
  let sinceNs = 0n;
  for (const { atNs, source, priority } of advertsOf(adverts, election)) {
    if (priority === 0 || source === order.at(-1)) continue;
    if (source === order.at(-2) && elapsedMs(sinceNs, atNs) <= graceMs) continue;
    order.push(source);
    sinceNs = atNs;
  }
  return order;
}
