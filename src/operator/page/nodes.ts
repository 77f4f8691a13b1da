/** Node by node: what it holds and how its agent is. Pure. */
import { findCondition } from "../../api/condition.ts";
import type { NodeAgentStatus } from "../../api/nodeAgent.ts";
import { excludeLabel } from "../../api/service.ts";
import type { AgentView, ClusterView, NodeView } from "../plan/cluster.ts";
import type { AddressRow } from "./addresses.ts";
import { silenceOf } from "./problems.ts";

export interface NodeRow {
  name: string;
  /** Of the Node: "Ready", "NotReady, draining". */
  node: string;
  /** Of its agent: "Running", "Silent", "None". */
  agent: string;
  isWell: boolean;
  /** VirtualIPs that it answers for. */
  virtualIPs: string[];
  addresses: number;
  /** Virtual routers in BACKUP and in FAULT; absent while nobody says. */
  backups?: number;
  faults?: number;
  version?: string;
  lastReport?: string;
  /** What the agent cannot do: "RealTime". */
  lacks: string[];
}

/** Those that are not well come first, then by name. */
export function nodeRows({ nodes, agents }: ClusterView, addresses: readonly AddressRow[]): NodeRow[] {
  const objects = new Map(nodes.map((node) => [node.name, node]));
  const agentOf = new Map(agents.map((agent) => [agent.name, agent]));
  const held = Map.groupBy(
    addresses.flatMap((row) => row.nodes.map((node) => ({ node, row }))),
    ({ node }) => node,
  );
  const names = [...new Set([...objects.keys(), ...agentOf.keys()])];
  const rows = names.map((name) => rowOf(name, objects.get(name), agentOf.get(name), held.get(name)?.map(({ row }) => row) ?? []));
  return rows.sort((a, b) => Number(a.isWell) - Number(b.isWell) || collator.compare(a.name, b.name));
}

/** n2 before n10. */
export const collator = new Intl.Collator("en", { numeric: true });

function rowOf(name: string, node: NodeView | undefined, agent: AgentView | undefined, held: readonly AddressRow[]): NodeRow {
  const status: NodeAgentStatus = agent?.status ?? {};
  const state = agentState(agent);
  return {
    name,
    node: nodeState(node),
    agent: state,
    isWell: node?.ready === true && state === "Running",
    virtualIPs: [...new Set(held.flatMap(({ virtualIP }) => virtualIP ?? []))].sort(collator.compare),
    addresses: held.length,
    ...(speaks(state) && {
      backups: status.backups ?? countOfState(status, "BACKUP"),
      faults: status.faults ?? countOfState(status, "FAULT"),
    }),
    version: status.version,
    lastReport: status.lastReportTime,
    lacks: ["RealTime", "DeadManSwitch"].filter((type) => isLacking(status, type)),
  };
}

const speaks = (agent: string) => agent !== "None" && agent !== "Stopped" && agent !== "Silent";

function nodeState(node: NodeView | undefined): string {
  if (!node) return "No such node";
  const notes = [
    ...(node.deleting ? ["being deleted"] : []),
    ...(node.draining ? ["draining"] : []),
    ...(excludeLabel in node.labels ? ["excluded from load balancers"] : []),
  ];
  return [node.ready ? "Ready" : "NotReady", ...notes].join(", ");
}

function agentState(agent: AgentView | undefined): string {
  if (!agent || agent.status.lastReportTime === undefined) return "None";
  if (agent.status.state === "Stopped") return "Stopped";
  return silenceOf(agent) ? "Silent" : (agent.status.state ?? "Running");
}

function countOfState({ virtualRouters = [] }: NodeAgentStatus, wanted: string): number {
  return virtualRouters.filter(({ state }) => state === wanted).length;
}

function isLacking({ conditions }: NodeAgentStatus, type: string): boolean {
  const condition = findCondition(conditions, type);
  return condition?.status === "False" && condition.reason !== "NotNeeded";
}
