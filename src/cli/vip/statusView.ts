/** `kubectl vip status`: every VirtualIP, or one with its nodes and conditions. Pure. */
import { formatAge } from "../../operator/plan/words.ts";
import { formatTextTable } from "../textTable.ts";
import type { ClusterState, VirtualIPState } from "./clusterState.ts";

export interface NodeRow {
  node: string;
  v4?: string;
  v6?: string;
  priority: number;
  interface?: string;
  since?: string;
  message?: string;
}

export interface StatusRow {
  name: string;
  addresses: string[];
  state: string;
  activeNode?: string;
  virtualRouterID?: number;
  advertisementInterval?: string;
  transitions: number;
  lastFailover?: string;
  nodes: NodeRow[];
  /** What asks for attention, in sentences. */
  problems: string[];
}

export function statusRows(cluster: ClusterState): StatusRow[] {
  return cluster.virtualIPs.map(statusRow);
}

function statusRow(virtualIP: VirtualIPState): StatusRow {
  const { name, spec, status } = virtualIP;
  return {
    name,
    addresses: spec?.addresses.map(({ address }) => address) ?? [],
    state: status.summary?.state ?? "Unknown",
    activeNode: status.activeNode,
    virtualRouterID: status.virtualRouterID,
    advertisementInterval: status.advertisementInterval,
    transitions: status.transitions ?? 0,
    lastFailover: status.summary?.lastFailover,
    nodes: (status.nodes ?? []).map(({ name: node, ...rest }) => ({ node, ...rest })),
    problems: problemsOf(virtualIP),
  };
}

/** These ought to be True; any other condition reports trouble when it is. */
const healthyWhenTrue = new Set(["Accepted", "Ready"]);

export function problemsOf(virtualIP: VirtualIPState): string[] {
  const conditions = (virtualIP.status.conditions ?? [])
    .filter(({ type, status }) => status !== (healthyWhenTrue.has(type) ? "True" : "False"))
    .map(({ type, status, reason, message }) => `${type}=${status} (${reason}): ${message}`);
  return [...conditions, ...closePriorities(virtualIP)];
}

/** As far apart as the operator puts them: by then Skew_Time tells two backups apart on any network. */
const priorityDistance = 10;

/** Neighbours of whom one was given its priority by the user. */
function closePriorities({ spec, status: { nodes = [] } }: VirtualIPState): string[] {
  const given = new Set(spec?.nodes.overrides?.flatMap(({ name, priority }) => (priority === undefined ? [] : name)));
  const ordered = [...nodes].sort((a, b) => b.priority - a.priority);
  return ordered.flatMap((lower, index) => {
    const upper = ordered[index - 1];
    if (!upper || upper.priority - lower.priority >= priorityDistance || !(given.has(upper.name) || given.has(lower.name))) return [];
    const both = `${upper.name} (${upper.priority}) and ${lower.name} (${lower.priority})`;
    return [`priorities of ${both} are less than ${priorityDistance} apart: as backups both may take over at once`];
  });
}

export function statusLines(rows: readonly StatusRow[], now: Date): string[] {
  if (rows.length === 0) return ["no VirtualIPs"];
  const titles = ["NAME", "ADDRESSES", "STATE", "NODE", "BACKUPS", "VRID", "INTERVAL", "TRANSITIONS", "LAST-FAILOVER"];
  const lines = formatTextTable(
    titles,
    rows.map((row) => [
      row.name,
      shortList(row.addresses),
      row.state,
      row.activeNode ?? "-",
      backupsOf(row).join(",") || "-",
      String(row.virtualRouterID ?? "-"),
      row.advertisementInterval ?? "-",
      String(row.transitions),
      row.lastFailover ? `${formatAge(row.lastFailover, now)} ago` : "-",
    ]),
  );
  const problems = rows.flatMap(({ name, problems }) => problems.map((problem) => `  ${name}: ${problem}`));
  return problems.length > 0 ? [...lines, "", "Attention:", ...problems] : lines;
}

function backupsOf({ nodes, activeNode }: StatusRow): string[] {
  const waits = ({ v4, v6 }: NodeRow) => [v4, v6].some((state) => state === "BACKUP") && ![v4, v6].includes("FAULT");
  return nodes.filter((node) => node.node !== activeNode && waits(node)).map(({ node }) => node);
}

/** The first two, and how many more. */
function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 2).join(",");
  return items.length > 2 ? `${shown} +${items.length - 2}` : shown || "-";
}

export function detailLines(row: StatusRow, now: Date): string[] {
  const facts = [
    ["VirtualIP", row.name],
    ["Addresses", row.addresses.join(", ")],
    ["State", row.activeNode ? `${row.state}, answered for by ${row.activeNode}` : row.state],
    ["Election", `VRID ${row.virtualRouterID ?? "-"}, an advert each ${row.advertisementInterval ?? "-"}`],
    ["Moves", row.lastFailover ? `${row.transitions}, the last one ${formatAge(row.lastFailover, now)} ago` : String(row.transitions)],
  ];
  const nodes = formatTextTable(
    ["NODE", "IPV4", "IPV6", "PRIORITY", "INTERFACE", "SINCE", "MESSAGE"],
    row.nodes.map((node) => [
      node.node,
      node.v4 ?? "-",
      node.v6 ?? "-",
      String(node.priority),
      node.interface ?? "-",
      formatAge(node.since, now),
      node.message ?? "",
    ]),
  );
  const attention = row.problems.length > 0 ? ["", "Attention:", ...row.problems.map((problem) => `  ${problem}`)] : [];
  return [...facts.map(([title = "", text = ""]) => `${title.padEnd(10)} ${text}`), "", ...nodes, ...attention];
}
