/** VirtualIP.status from its placement and from what the agents report. Pure. */
import { setConditions } from "../../api/condition.ts";
import { type Family, families, formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { Move, VirtualIPStatus } from "../../api/virtualIP.ts";
import { familiesOf } from "../../plan/addresses.ts";
import { findConditions } from "./conditions.ts";
import { recordInterfaces } from "./elections.ts";
import { findHolder, type HolderMemory, type Holding } from "./holder.ts";
import { describeClaims, describeRivals } from "./intruders.ts";
import { findMove, recordMove } from "./moves.ts";
import { describeOutsiders, type SubnetsByNode } from "./outsiders.ts";
import type { PlacedCandidate, Placement } from "./placements.ts";
import { type RouterReport, reportOf } from "./reports.ts";
import { summarize } from "./summary.ts";

export interface StatusQuestion {
  placement: Placement;
  reports: readonly RouterReport[];
  /** Nodes whose agents no longer report. */
  silent: ReadonlySet<string>;
  /** The addresses of all nodes. */
  own: ReadonlySet<string>;
  subnets: SubnetsByNode;
  memory: HolderMemory;
  /** Monotonic ms. */
  now: number;
  /** RFC 3339, for the conditions. */
  wallNow: string;
}

export interface StatusAnswer {
  status: VirtualIPStatus;
  memory: HolderMemory;
  /** The move that this status records for the first time. */
  move?: Move;
  /** When time alone may change the answer. */
  recheckInMs?: number;
}

export function planStatus(question: StatusQuestion): StatusAnswer {
  const { placement, silent, wallNow } = question;
  const { view, candidates, verdict } = placement;
  const { status: before } = view;
  // A retained router of an object that is no longer valid still has its families.
  const wanted = view.spec ? familiesOf(view.spec) : families.filter((family) => candidates.some(({ interfaces }) => interfaces[family]));
  const reports = question.reports;
  const { holding, memory } = findHolder({
    ...question,
    reports,
    families: wanted,
    status: before,
    advertisementInterval: placement.advertisementInterval,
  });
  const move = view.deleting
    ? undefined
    : findMove({ holding, reports, status: before, candidates: candidates.map(({ node }) => node), wallNow });
  const addresses = addressTexts(placement, before);
  const conditions = findConditions({
    placement,
    holding,
    addresses,
    standbys: candidates.map(({ node }) => node).filter((node) => isStandby(node, wanted, reports)),
    faults: candidates.flatMap((candidate) => faultsOf(candidate, reports)),
    claims: describeClaims(reports),
    rivals: describeRivals(reports, verdict?.virtualRouterID, question.own),
    outsiders: view.spec ? describeOutsiders(view.spec, candidates, question.subnets) : [],
    allSilent: candidates.every(({ node }) => silent.has(node)),
    conditions: before.conditions ?? [],
  });
  const status: VirtualIPStatus = {
    observedGeneration: view.generation,
    activeNode: activeNodeOf(holding, before, candidates),
    virtualRouterID: verdict ? verdict.virtualRouterID : before.virtualRouterID,
    advertisementInterval: placement.advertisementInterval,
    nodes: candidates.map((candidate) => nodeStatus(candidate, question, holding)),
    ...recordMove(before, move),
    plannedMove: placement.move,
    conditions: setConditions(before.conditions ?? [], conditions, view.generation, wallNow),
  };
  const recheckInMs = holding.kind === "settling" ? holding.forMs : undefined;
  return { status: withoutAbsent({ ...status, summary: summarize(placement, status, holding, addresses) }), memory, move, recheckInMs };
}

/** While a change is under way the last known one, unless it takes no part any more. */
function activeNodeOf(holding: Holding, before: VirtualIPStatus, candidates: readonly PlacedCandidate[]): string | undefined {
  if (holding.kind === "held") return holding.node;
  const stays = holding.kind === "settling" && candidates.some(({ node }) => node === before.activeNode);
  return stays ? before.activeNode : undefined;
}

type NodeStatus = NonNullable<VirtualIPStatus["nodes"]>[number];

function nodeStatus(
  { node, priority, assigned, interfaces, message }: PlacedCandidate,
  { reports, silent, placement }: StatusQuestion,
  holding: Holding,
): NodeStatus {
  const own = families.flatMap((family) => reportOf(reports, node, family) ?? []);
  const isSilent = silent.has(node);
  const stateOf = (family: Family) => {
    const report = own.find((candidate) => candidate.family === family);
    return report && !isSilent && !isOutdated(report, holding) ? report.state : undefined;
  };
  const since = own.map((report) => report.since).sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  const effective = own.length > 0 && !isSilent ? Math.min(...own.map((report) => report.priority)) : undefined;
  const notes = [
    isSilent ? "the agent no longer reports" : undefined,
    message,
    placement.seating.get(node)?.waitsFor,
    ...(isSilent ? [] : own.map(trackingNote)),
    ...own.map((report) => report.message),
  ];
  const text = [...new Set(notes)].filter((note) => note !== undefined).join("; ");
  return withoutAbsent({
    name: node,
    priority,
    assignedPriority: assigned === priority ? undefined : assigned,
    effectivePriority: effective,
    ...recordInterfaces(interfaces),
    v4: stateOf("IPv4"),
    v6: stateOf("IPv6"),
    since,
    message: text.slice(0, 1024) || undefined,
  });
}

/** Why a router is in FAULT, or has another priority than it was given. */
function trackingNote({ family, state, reason, priority, basePriority = priority }: RouterReport): string | undefined {
  if (state === "FAULT") return `${family} is in FAULT (${reason})`;
  return priority === basePriority ? undefined : `what is tracked makes the priority ${priority} instead of ${basePriority}`;
}

/** A claim that a later takeover has ended, as far as is known. */
function isOutdated(report: RouterReport, holding: Holding): boolean {
  return report.state === "MASTER" && holding.kind === "held" && holding.node !== report.node;
}

function isStandby(node: string, wanted: readonly Family[], reports: readonly RouterReport[]): boolean {
  return wanted.every((family) => {
    const report = reportOf(reports, node, family);
    return report?.state === "BACKUP" && !report.silent;
  });
}

function faultsOf({ node, message }: PlacedCandidate, reports: readonly RouterReport[]): string[] {
  const faults = reports.flatMap((report) => {
    if (report.node !== node || report.silent || report.state === "BACKUP") return [];
    const detail = report.message ? `: ${report.message}` : "";
    if (report.state === "FAULT") return [`${node}: ${report.family} is in FAULT (${report.reason})${detail}`];
    return report.message ? [`${node}: ${report.family}${detail}`] : [];
  });
  return [...(message ? [`${node}: ${message}`] : []), ...faults];
}

/** Of an object that cannot be read: what was printed before. */
function addressTexts({ view }: Placement, before: VirtualIPStatus): string[] {
  if (!view.spec) return before.summary?.addresses?.split(",") ?? [];
  return view.spec.addresses.map(({ address }) => {
    const prefix = parsePrefix(address);
    return prefix ? formatAddress(prefix) : address;
  });
}

/** As JSON will have it: a key without value would make equal statuses differ. */
function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
