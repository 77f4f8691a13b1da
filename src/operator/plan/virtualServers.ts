/** VirtualServer.status from what the nodes shall run and what their agents report. Pure. */
import { isDeepStrictEqual } from "node:util";
import { findCondition, setConditions } from "../../api/condition.ts";
import type { NodeAgentSpec, NodeVirtualServer } from "../../api/nodeAgent.ts";
import type { VirtualServerStatus } from "../../api/virtualServer.ts";
import { type AgentView, type ClusterView, serverKey, type VirtualServerView } from "./cluster.ts";
import type { Notice } from "./notices.ts";
import { findServerConditions, type ServingNode } from "./serverConditions.ts";
import { serverNoticesOf } from "./serverNotices.ts";
import { collectServerReports, type ServerReport } from "./serverReports.ts";
import { describePorts } from "./serverSummary.ts";
import type { ServerVerdict } from "./serverVerdicts.ts";

export interface VirtualServerPlan {
  view: VirtualServerView;
  status: VirtualServerStatus;
  /** Whether `status` differs from what is recorded. */
  changed: boolean;
  notices: Notice[];
}

export interface VirtualServersQuestion {
  cluster: ClusterView;
  verdicts: ReadonlyMap<string, ServerVerdict>;
  /** What each node shall run. */
  specs: ReadonlyMap<string, NodeAgentSpec>;
  /** By name of the VirtualIP. */
  activeNodes: ReadonlyMap<string, string | undefined>;
  /** RFC 3339. */
  wallNow: string;
}

/** Of all but those that are being deleted. */
export function planVirtualServers({ cluster, verdicts, specs, activeNodes, wallNow }: VirtualServersQuestion): VirtualServerPlan[] {
  const assigned = assignments(specs);
  const reports = collectServerReports(cluster.agents);
  const agents = new Map(cluster.agents.map((agent) => [agent.name, agent]));
  return (cluster.virtualServers ?? []).flatMap((view) => {
    const verdict = verdicts.get(view.key);
    // A cluster without any node is a list that went wrong.
    if (!verdict || (cluster.nodes.length === 0 && (view.status.nodes ?? []).length > 0)) return [];
    const facts = {
      view,
      verdict,
      assigned: assigned.get(view.key) ?? [],
      reports: reports.get(view.key) ?? [],
      agents,
      activeNode: activeNodes.get(view.spec?.virtualIP ?? ""),
    };
    const status = statusOf(facts, wallNow);
    const changed = !isDeepStrictEqual(status, ownPart(view.status, status));
    return [{ view, status, changed, notices: serverNoticesOf(view.status, status) }];
  });
}

type Assignment = [node: string, server: NodeVirtualServer];

function assignments(specs: ReadonlyMap<string, NodeAgentSpec>): Map<string, Assignment[]> {
  const all = [...specs].flatMap(([node, { virtualServers = [] }]) => virtualServers.map((server): Assignment => [node, server]));
  return Map.groupBy(all, ([, server]) => serverKey(server));
}

interface Facts {
  view: VirtualServerView;
  verdict: ServerVerdict;
  assigned: readonly Assignment[];
  reports: readonly ServerReport[];
  agents: ReadonlyMap<string, AgentView>;
  activeNode?: string;
}

const mostNodes = 64;

function statusOf(facts: Facts, wallNow: string): VirtualServerStatus {
  const { view, verdict, assigned, activeNode } = facts;
  const { spec, status: before, generation } = view;
  const nodes = assigned.map(([node]) => servingNode(node, facts)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const report = observedReport(facts, nodes);
  // What was last known stays while nobody reports, as long as it runs.
  const { up, total, servers } = report ?? (nodes.length > 0 ? before : {});
  const addresses = assigned[0]?.[1].addresses ?? (verdict.accepted ? verdict.addresses : []);
  const findings = findServerConditions({ view, verdict, nodes, activeNode, report });
  return withoutAbsent({
    observedGeneration: generation,
    addresses: addresses.length > 0 ? addresses : undefined,
    activeNode: nodes.some(({ name }) => name === activeNode) ? activeNode : undefined,
    up,
    total,
    servers,
    nodes: nodes.slice(0, mostNodes).map((node) => nodeStatus(node, facts)),
    conditions: setConditions(before.conditions ?? [], findings, generation, wallNow),
    summary: withoutAbsent({
      addresses: addresses.join(",") || undefined,
      ports: spec ? describePorts(spec) : before.summary?.ports,
      servers: total === undefined ? undefined : `${up ?? 0}/${total}`,
    }),
  });
}

function servingNode(name: string, { view, reports, agents }: Facts): ServingNode {
  const report = reports.find(({ node }) => node === name);
  const silent = agents.get(name)?.silent ?? true;
  // Of an object that is not valid an older generation runs, and rightly.
  const isNewest = view.spec === undefined || (report?.observedGeneration ?? 0) >= view.generation;
  const message = silent ? "the agent no longer reports" : report?.message;
  return { name, silent, programmed: report?.programmed === true && isNewest, ...(message && { message }) };
}

/** That of the active node. Where there is none, that of the first that reports; a node that does not have it knows nothing of its servers. */
function observedReport({ activeNode, reports }: Facts, nodes: readonly ServingNode[]): ServerReport | undefined {
  const living = new Set(nodes.filter(({ silent }) => !silent).map(({ name }) => name));
  const known = reports.filter(({ node }) => living.has(node)).sort((a, b) => (a.node < b.node ? -1 : 1));
  return known.find(({ node }) => node === activeNode) ?? (activeNode === undefined ? known[0] : undefined);
}

function nodeStatus({ name, programmed, message }: ServingNode, { reports }: Facts): NonNullable<VirtualServerStatus["nodes"]>[number] {
  const up = reports.find(({ node }) => node === name)?.up ?? 0;
  return { name, programmed, up, ...(message && { message: message.slice(0, 256) }) };
}

/** Of what is recorded: others may add conditions of their own types, which stay. */
function ownPart(recorded: VirtualServerStatus, { conditions = [] }: VirtualServerStatus): VirtualServerStatus {
  if (!recorded.conditions) return recorded;
  return { ...recorded, conditions: recorded.conditions.filter(({ type }) => findCondition(conditions, type)) };
}

/** As JSON will have it: a key without value would make equal statuses differ. */
function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
