/** What keepalived.conf says of a node as a whole → AgentConfigs, one for the nodes that agree. */
import { isDeepStrictEqual } from "node:util";
import type { AgentConfigSpec } from "../../api/agentConfig.ts";
import { apiVersion } from "../../api/group.ts";
import { UniqueNames } from "../plan/names.ts";
import type { ImportedNode } from "./members.ts";
import type { KubernetesObject } from "./virtualIPs.ts";

export interface ImportedAgentConfig {
  nodes: ImportedNode[];
  object: KubernetesObject & { spec: AgentConfigSpec };
}

export function makeAgentConfigs(nodes: readonly ImportedNode[]): ImportedAgentConfig[] {
  const groups: { nodes: ImportedNode[]; spec: AgentConfigSpec }[] = [];
  for (const node of nodes) {
    const spec = readSpec(node);
    const same = groups.find((other) => isDeepStrictEqual(other.spec, spec));
    if (same) same.nodes.push(node);
    else groups.push({ nodes: [node], spec });
  }
  const names = new UniqueNames();
  return groups
    .filter(({ spec }) => Object.keys(spec).length > 0)
    .map((group) => {
      const [first] = group.nodes;
      const hosts = group.nodes.map(({ name }) => name);
      const name = names.take(hosts.length === 1 && first ? first.name : "keepalived", 253);
      const nodeSelector = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In" as const, values: hosts }] };
      return { nodes: group.nodes, object: { apiVersion, kind: "AgentConfig", metadata: { name }, spec: { nodeSelector, ...group.spec } } };
    });
}

function readSpec({ loaded: { spec } }: ImportedNode): AgentConfigSpec {
  const { static: standing, notify } = spec;
  const startupDelay = spec.virtualRouters[0]?.startupDelay;
  const directories = scriptDirectories(spec);
  return {
    ...(standing && { static: withoutEmpty(standing) as AgentConfigSpec["static"] }),
    ...(notify?.fifo !== undefined && { notifyFifo: notify.fifo }),
    ...(notify?.vrrpFifo !== undefined && { vrrpNotifyFifo: notify.vrrpFifo }),
    ...(notify?.statesOnReload && { notifyStatesOnReload: true }),
    ...(notify?.mail && { mail: notify.mail }),
    ...(spec.announcementPacing && { announcementPacing: spec.announcementPacing }),
    ...(spec.interfaces && { interfaces: spec.interfaces }),
    ...(startupDelay !== undefined && { startupDelay }),
    ...(spec.debugUnknownRouters && { debugUnknownRouters: true }),
    ...(directories.length > 0 && { scriptDirectories: directories }),
  };
}

function withoutEmpty(lists: Record<string, readonly unknown[]>): object {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

/** Of the programs that are named with their directory. */
export function scriptDirectories(spec: ImportedNode["loaded"]["spec"]): string[] {
  const notifying = [...spec.virtualRouters, ...(spec.groups ?? [])].flatMap(({ notify }) => notify?.programs ?? []);
  const commands = [...(spec.checks ?? []).flatMap(({ exec }) => exec ?? []), ...notifying].map(({ command }) => command[0] ?? "");
  const directories = commands
    .filter((program) => program.startsWith("/"))
    .map((program) => program.slice(0, program.lastIndexOf("/")) || "/");
  return [...new Set(directories)].sort();
}
