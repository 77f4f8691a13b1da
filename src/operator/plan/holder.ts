/**
 * Who holds a VirtualIP, from reports that arrive late, in any order, and for a dead node not at all. Pure.
 *
 * A claim is a report of state MASTER. It is void once its node is silent. Of several claims the later takeover counts, as long as
 * the others may merely be out of date; only when their nodes repeat them are there several MASTERs.
 */
import { findCondition } from "../../api/condition.ts";
import { parseDuration } from "../../api/duration.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { VirtualIPStatus } from "../../api/virtualIP.ts";
import type { RouterReport } from "./reports.ts";

/** Agents report within 1 s of a change; the rest is for slow API servers. */
const reportDelayMs = 2000;

/** What must be remembered between two plans, by this process alone. */
export interface HolderMemory {
  /** Several nodes claim: which, and since when (monotonic ms). */
  contest?: Since;
  /** Nobody claims, or the families disagree. */
  unsettled?: Since;
}

interface Since {
  what: string;
  since: number;
}

export type Holding =
  /** One node answers for all families. */
  | { kind: "held"; node: string; claims: RouterReport[] }
  /** Each family is answered for by another node, or one by none. */
  | { kind: "familySplit"; holders: [Family, string | undefined][] }
  /** Several nodes answer for one family, for longer than the protocol explains. */
  | { kind: "contested"; family: Family; nodes: string[] }
  | { kind: "none" }
  /** A change is under way: what was known before stands, for at most `forMs` more. */
  | { kind: "settling"; forMs: number };

export interface HolderQuestion {
  families: readonly Family[];
  reports: readonly RouterReport[];
  /** As recorded. */
  status: VirtualIPStatus;
  /** Of the adverts, as a Go duration. */
  advertisementInterval: string | undefined;
  memory: HolderMemory;
  /** Monotonic ms. */
  now: number;
}

export function findHolder(question: HolderQuestion): { holding: Holding; memory: HolderMemory } {
  const claims = question.families.map((family) => ({ family, claims: standingClaims(question, family) }));
  const contest = remember(question.memory.contest, contestOf(claims), question.now);
  const contested = contest && claims.find(({ claims }) => isLastingContest(question, claims, contest.since));
  if (contested) {
    const nodes = contested.claims.map(({ node }) => node).sort();
    return { holding: { kind: "contested", family: contested.family, nodes }, memory: { contest } };
  }
  const holders = claims.map(({ family, claims: [latest] }): [Family, RouterReport | undefined] => [family, latest]);
  const [first] = holders.map(([, claim]) => claim?.node);
  if (first !== undefined && holders.every(([, claim]) => claim?.node === first)) {
    return { holding: { kind: "held", node: first, claims: holders.flatMap(([, claim]) => claim ?? []) }, memory: { contest } };
  }
  const unsettled = remember(question.memory.unsettled, holders.map(([family, claim]) => `${family} ${claim?.node}`).join(), question.now);
  return { holding: settle(question, holders, unsettled?.since ?? question.now), memory: { contest, unsettled } };
}

type FamilyClaims = { family: Family; claims: RouterReport[] };

/** Claims of one family that are not void, the latest takeover first. */
function standingClaims({ reports, status }: HolderQuestion, family: Family): RouterReport[] {
  const claims = reports.filter((report) => report.family === family && report.state === "MASTER" && !report.silent);
  return claims.sort((a, b) => compareTakeovers(a, b, status));
}

/**
 * Clocks of different nodes are compared last: a takeover that the history does not know is later than any that it knows,
 * and the history has those that it knows in the order in which they were observed.
 */
function compareTakeovers(a: RouterReport, b: RouterReport, status: VirtualIPStatus): number {
  const [placeA, placeB] = [placeInHistory(a, status), placeInHistory(b, status)];
  if (placeA !== placeB) return placeA - placeB;
  return Date.parse(b.since) - Date.parse(a.since) || b.priority - a.priority || (a.node < b.node ? -1 : 1);
}

/** −1 when the takeover is newer than all that is recorded of that node; both times are by that node's clock. */
export function placeInHistory({ node, since }: RouterReport, { history = [] }: VirtualIPStatus): number {
  return history.findIndex(({ to, time }) => to === node && Date.parse(time) >= Date.parse(since));
}

function contestOf(claims: readonly FamilyClaims[]): string | undefined {
  const contests = claims.filter((family) => family.claims.length > 1);
  const texts = contests.map(({ family, claims }) => `${family} ${claims.map(({ node }) => node).sort()}`);
  return texts.length > 0 ? texts.join() : undefined;
}

function remember(before: Since | undefined, what: string | undefined, now: number): Since | undefined {
  if (what === undefined) return undefined;
  return before?.what === what ? before : { what, since: now };
}

/** Each of two nodes has said it again after the time in which the protocol must have ended it; or it was found so before. */
function isLastingContest({ status, advertisementInterval, now }: HolderQuestion, claims: readonly RouterReport[], since: number): boolean {
  if (claims.length < 2) return false;
  const wasContested = findCondition(status.conditions, "Ready")?.reason === "MultipleMasters";
  const end = since + toleranceMs(advertisementInterval);
  return wasContested || (now >= end && claims.filter(({ reportedAt }) => reportedAt >= end).length >= 2);
}

/** The longest Active_Down_Interval (3 intervals and a Skew_Time below one more) and the delay of the reports. */
export function toleranceMs(advertisementInterval: string | undefined): number {
  return 4 * (parseDuration(advertisementInterval ?? "") ?? 0) + reportDelayMs;
}

function settle(question: HolderQuestion, holders: [Family, RouterReport | undefined][], since: number): Holding {
  const isNone = holders.every(([, claim]) => claim === undefined);
  const limit = isNone ? reportDelayMs : toleranceMs(question.advertisementInterval);
  const left = since + limit - question.now;
  if (left > 0 && !(isNone && question.status.activeNode === undefined)) return { kind: "settling", forMs: left };
  if (isNone) return { kind: "none" };
  return { kind: "familySplit", holders: holders.map(([family, claim]) => [family, claim?.node]) };
}
