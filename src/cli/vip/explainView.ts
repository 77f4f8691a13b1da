/** `kubectl vip explain`: why a VirtualIP is where it is, what would happen if that node were lost, and how long it would take. Pure. */
import { parseDuration } from "../../api/duration.ts";
import { type Family, families } from "../../api/ipAddress.ts";
import { describeMove } from "../../operator/plan/moves.ts";
import { formatAge } from "../../operator/plan/words.ts";
import { formatMilliseconds, formatTextTable } from "../textTable.ts";
import type { ClusterState, VirtualIPState } from "./clusterState.ts";
import { type Forecaster, forecastLosses, type NodeLoss, type Participant, participantsOf } from "./forecast.ts";
import { problemsOf } from "./statusView.ts";

export interface ExplainedNode {
  node: string;
  family: Family;
  state: string;
  /** After tracking. */
  priority: number;
  basePriority: number;
  interface: string;
  since?: string;
  /** Why it holds the addresses, or why it does not. */
  because: string;
}

export interface Explanation {
  name: string;
  addresses: string[];
  activeNode?: string;
  /** The newest move in words. */
  lastMove?: string;
  nodes: ExplainedNode[];
  losses: NodeLoss[];
  /** Why `losses` is empty although there is a MASTER. */
  forecastProblem?: string;
  problems: string[];
}

export function explain(virtualIP: VirtualIPState, { nodeAgents }: ClusterState, forecast: Forecaster): Explanation {
  const { name, spec, status } = virtualIP;
  const byFamily = new Map(families.map((family) => [family, participantsOf(name, family, nodeAgents)]));
  const nodes = families.flatMap((family) => {
    const participants = byFamily.get(family) ?? [];
    const master = participants.find((participant) => participant.status?.state === "MASTER");
    return participants.map((participant) => explainNode(participant, family, master)).sort((a, b) => b.priority - a.priority);
  });
  const [last] = status.history ?? [];
  return {
    name,
    addresses: spec?.addresses.map(({ address }) => address) ?? [],
    activeNode: status.activeNode,
    lastMove: last && describeMove(last),
    nodes,
    ...losses(byFamily, forecast),
    problems: problemsOf(virtualIP),
  };
}

function losses(byFamily: ReadonlyMap<Family, Participant[]>, forecast: Forecaster): Pick<Explanation, "losses" | "forecastProblem"> {
  try {
    return { losses: forecastLosses(byFamily, forecast) };
  } catch (error) {
    return { losses: [], forecastProblem: (error as Error).message };
  }
}

function explainNode({ node, spec, status }: Participant, family: Family, master: Participant | undefined): ExplainedNode {
  const priority = status?.priority ?? spec.priority;
  return {
    node,
    family,
    state: status?.state ?? "UNKNOWN",
    priority,
    basePriority: spec.priority,
    interface: spec.interface,
    since: status?.since,
    because: reasonOf(spec, status, priority, master),
  };
}

/** Of a state that speaks for itself, the reason; of BACKUP what stands between the node and the addresses. */
function reasonOf(spec: Participant["spec"], status: Participant["status"], priority: number, master: Participant | undefined): string {
  if (!status) return "its agent does not report it";
  const tracked = priority < spec.priority ? `tracking takes ${spec.priority - priority} off its priority` : "";
  if (status.state !== "BACKUP") return sentence([reasons[status.reason] ?? status.reason, tracked, status.message]);
  const leader = master?.status?.priority ?? master?.spec.priority ?? 0;
  const waits = master && priority > leader ? waitsThough(spec, master.node) : "";
  const lower = master && priority <= leader ? `${master.node} leads with ${leader}` : "";
  return sentence([lower, waits, tracked, status.message]);
}

function waitsThough({ preempt, preemptDelay, interface: _device }: Participant["spec"], leader: string): string {
  if (!preempt) return `it has the higher priority, but takes nothing from ${leader} while that lives (preempt is off)`;
  const delays = (parseDuration(preemptDelay) ?? 0) > 0;
  return delays ? `it has the higher priority and waits preemptDelay (${preemptDelay})` : `it is about to take over from ${leader}`;
}

const sentence = (parts: readonly (string | undefined)[]) => parts.filter((part) => part).join("; ");

const reasons: Record<string, string> = {
  FirstElection: "nobody else was heard when it started",
  AdvertTimeout: "the MASTER before it fell silent",
  PeerResigned: "the MASTER before it resigned",
  Preempted: "it has the higher priority",
  AddressOwner: "it owns the addresses (priority 255)",
  SyncGroup: "its sync group moved together",
  CheckFailed: "a check failed",
  TrackedInterfaceDown: "a tracked interface is down",
  InterfaceDown: "its interface is down",
  InterfaceMissing: "its interface is missing",
  NoSourceAddress: "its interface has no address to send from",
  AddressConflict: "somebody else answers for the address",
  Stopped: "it was stopped",
};

export function explanationLines(explanation: Explanation, now: Date): string[] {
  const { name, addresses, activeNode, lastMove, nodes, problems } = explanation;
  const where = activeNode ? `is on ${activeNode}` : "is on no node";
  const why = lastMove ? [`  last move: ${lastMove}`] : [];
  const rows = mergeFamilies(nodes);
  const several = new Set(rows.map(({ family }) => family)).size > 1;
  const table = formatTextTable(
    ["NODE", ...(several ? ["FAMILY"] : []), "STATE", "PRIORITY", "INTERFACE", "SINCE", "BECAUSE"],
    rows.map((node) => [
      node.node,
      ...(several ? [node.family] : []),
      node.state,
      node.priority === node.basePriority ? String(node.priority) : `${node.priority} (of ${node.basePriority})`,
      node.interface,
      formatAge(node.since, now),
      node.because,
    ]),
  );
  const attention = problems.length > 0 ? ["", "Attention:", ...problems.map((problem) => `  ${problem}`)] : [];
  return [`${name} (${addresses.join(", ")}) ${where}`, ...why, "", ...table, "", ...lossLines(explanation), ...attention];
}

/** The families of a VirtualIP move together: one row per node says it all, unless they differ somewhere. */
function mergeFamilies(nodes: readonly ExplainedNode[]): readonly ExplainedNode[] {
  const byNode = [...Map.groupBy(nodes, ({ node }) => node).values()];
  const common = ({ state, priority, basePriority, interface: device }: ExplainedNode) =>
    JSON.stringify([state, priority, basePriority, device]);
  const isSame = byNode.every((rows) => rows.length === byNode[0]?.length && new Set(rows.map(common)).size === 1);
  if (!isSame) return nodes;
  return byNode.flatMap((rows) => {
    const [row] = rows;
    const becauses = new Set(rows.map(({ because }) => because));
    // What moved along says nothing about the cause.
    if (becauses.size > 1) becauses.delete(reasons.SyncGroup ?? "");
    return row ? { ...row, family: "IPv4" as const, because: [...becauses].join("; ") } : [];
  });
}

function lossLines({ losses, forecastProblem, nodes }: Explanation): string[] {
  if (forecastProblem !== undefined) return [`What a loss would bring cannot be told here: ${forecastProblem}`];
  if (losses.length === 0) return ["No node is MASTER: nothing can be lost."];
  const loss = ({ node, successor, killedMs, stoppedMs }: NodeLoss) => JSON.stringify([node, successor, killedMs, stoppedMs]);
  const distinct = [...Map.groupBy(losses, loss).values()];
  const hasSeveral = new Set(nodes.map(({ family }) => family)).size > 1;
  return distinct.flatMap((same) => same.slice(0, 1).flatMap((first) => describeLoss(first, hasSeveral && same.length === 1)));
}

function describeLoss({ node, family, successor, killedMs, stoppedMs }: NodeLoss, namesFamily: boolean): string[] {
  const which = namesFamily ? ` (${family})` : "";
  if (successor === undefined || !killedMs) return [`If ${node} is lost${which}: nobody takes over.`];
  const stopped =
    stoppedMs === undefined ? [] : [`If ${node} is stopped or drained${which}: ${successor} within ${formatMilliseconds(stoppedMs)}.`];
  const range = `${formatMilliseconds(killedMs.least)} to ${formatMilliseconds(killedMs.most)}`;
  return [`If ${node} dies or is cut off${which}: ${successor} takes over ${range} later.`, ...stopped];
}
