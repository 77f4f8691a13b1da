/** The history of a VirtualIP: who took it from whom, when, why, and how long nobody was heard. Pure. */
import type { Move, VirtualIPStatus } from "../../api/virtualIP.ts";
import { type Holding, placeInHistory } from "./holder.ts";
import type { RouterReport } from "./reports.ts";

export const historyLength = 20;

export interface MoveQuestion {
  holding: Holding;
  reports: readonly RouterReport[];
  status: VirtualIPStatus;
  /** Names of the nodes that take part now. */
  candidates: readonly string[];
  /** RFC 3339. */
  wallNow: string;
}

/** The move since the newest one that is recorded, if there was one. */
export function findMove({ holding, reports, status, candidates, wallNow }: MoveQuestion): Move | undefined {
  const from = status.history?.[0]?.to ?? "";
  const leaver = reports.find(({ node, silent, state }) => node === from && !silent && state !== "MASTER");
  if (holding.kind === "none" && from !== "") {
    const reason = leaver?.reason ?? (candidates.includes(from) ? "NodeSilent" : "Withdrawn");
    return { time: leaver?.since ?? wallNow, from, to: "", reason };
  }
  if (holding.kind !== "held") return undefined;
  const { node: to, claims } = holding;
  const slowest = slowestOf(claims);
  if (to === from) return findReturn(to, claims, status);
  // It has held the addresses all the while: the other one gave way, so the other one knows when and why.
  if (placeInHistory(slowest, status) >= 0) {
    const reason = leaver?.reason ?? (from === "" ? "ReportsResumed" : "NodeSilent");
    return { time: leaver?.since ?? wallNow, from, to, reason };
  }
  const reason = isHandOver(status, from, leaver) ? "HandOver" : causeOf(claims, slowest).reason;
  return { ...takeoverOf(claims, slowest), from, to, reason };
}

/** No operator saw that it had lost it. Unrecorded, its claim would count as later than that of whoever takes over from it. */
function findReturn(to: string, claims: readonly RouterReport[], status: VirtualIPStatus): Move | undefined {
  if (claims.every((claim) => placeInHistory(claim, status) >= 0)) return undefined;
  const slowest = slowestOf(claims);
  return { ...takeoverOf(claims, slowest), from: "", to, reason: causeOf(claims, slowest).reason };
}

function slowestOf(claims: readonly RouterReport[]): RouterReport {
  return claims.reduce((a, b) => ((b.silenceMs ?? -1) > (a.silenceMs ?? -1) ? b : a));
}

/** When the last family was taken over, and for how long nobody was heard. */
function takeoverOf(claims: readonly RouterReport[], { silenceMs }: RouterReport): Pick<Move, "time" | "durationMs"> {
  const time = claims.map(({ since }) => since).reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a));
  return { time, ...(silenceMs !== undefined && { durationMs: silenceMs }) };
}

/** The one that others of its sync group followed. */
function causeOf(claims: readonly RouterReport[], slowest: RouterReport): RouterReport {
  return slowest.reason === "SyncGroup" ? (claims.find(({ reason }) => reason !== "SyncGroup") ?? slowest) : slowest;
}

/** The successor hears only that its predecessor resigned, and may report that first. */
function isHandOver({ plannedMove }: VirtualIPStatus, from: string, leaver: RouterReport | undefined): boolean {
  return leaver ? leaver.reason === "HandOver" : plannedMove?.state === "HandingOver" && plannedMove.from === from;
}

/** The fields of the status that a move changes. The first announcement is no transition. */
export function recordMove(status: VirtualIPStatus, move: Move | undefined): Pick<VirtualIPStatus, "history" | "transitions"> {
  const { history = [], transitions = 0 } = status;
  if (!move) return { history, transitions };
  const counts = history.length > 0 && move.to !== "";
  return { history: [move, ...history].slice(0, historyLength), transitions: transitions + Number(counts) };
}

/** "n1 fell silent"; `from` and `to` are names of nodes. */
const explanations: Record<string, (from: string, to: string) => string> = {
  AdvertTimeout: (from) => `${from || "the active node"} fell silent`,
  PeerResigned: (from) => `${from || "the active node"} resigned`,
  Preempted: (_, to) => `${to} has the higher priority`,
  HigherPriority: (_, to) => `${to} has the higher priority`,
  HigherAddress: (_, to) => `${to} has the same priority and the greater address`,
  FirstElection: () => "no other node was heard",
  AddressOwner: (_, to) => `${to} owns the addresses`,
  InterfaceDown: (from) => `the interface of ${from} is down`,
  InterfaceMissing: (from) => `the interface of ${from} is gone`,
  CheckFailed: (from) => `a check of ${from} failed`,
  TrackedInterfaceDown: (from) => `a tracked interface of ${from} is down`,
  SyncGroup: (_, to) => `${to} holds all of the group`,
  HandOver: (from) => `${from} handed over`,
  AddressConflict: (from) => `somebody else answers for an address of ${from}`,
  NoSourceAddress: (from) => `the interface of ${from} has no address to send from`,
  Stopped: (from) => `${from} was stopped`,
  ReportsResumed: (_, to) => `${to} reports again`,
  Withdrawn: (from) => `${from} takes no part any more`,
  NodeSilent: (from) => `${from} no longer reports`,
};

/** Its reason as a sentence; undefined for one that only a newer version knows. */
export function explainMove({ from, to, reason }: Pick<Move, "from" | "to" | "reason">): string | undefined {
  return Object.hasOwn(explanations, reason) ? explanations[reason]?.(from, to) : undefined;
}

/** "n1 → n2 in 312 ms: n1 fell silent (AdvertTimeout)". */
export function describeMove({ from, to, reason, durationMs }: Move): string {
  const duration = durationMs === undefined ? "" : ` in ${formatMilliseconds(durationMs)} ms`;
  const explanation = explainMove({ from, to, reason });
  const why = explanation ? `${explanation} (${reason})` : reason;
  if (to === "") return `${from} no longer answers, and no other node does: ${why}`;
  return from === "" ? `${to} answers${duration}: ${why}` : `${from} → ${to}${duration}: ${why}`;
}

/** Three significant digits below 100, whole ones above. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds >= 100 ? String(Math.round(milliseconds)) : String(Number(milliseconds.toPrecision(3)));
}
