/** What keepalived.conf says of a node as a whole → AgentConfigs, one for the nodes that agree. */
import { isDeepStrictEqual } from "node:util";
import type { AgentConfigSpec } from "../../api/agentConfig.ts";
import { apiVersion } from "../../api/group.ts";
import type { NodeAgentSpec, NodeIpvs } from "../../api/nodeAgent.ts";
import { UniqueNames } from "../plan/names.ts";
import type { PlannedVirtualServer } from "../plan/virtualServers/plannedVirtualServer.ts";
import type { ImportedNode } from "./members.ts";
import type { KubernetesObject } from "./virtualIPs.ts";

export interface ImportedAgentConfig {
  nodes: ImportedNode[];
  object: KubernetesObject & { spec: AgentConfigSpec };
}

/** @param namespace of the VirtualServers. */
export function makeAgentConfigs(nodes: readonly ImportedNode[], namespace: string): ImportedAgentConfig[] {
  const groups: { nodes: ImportedNode[]; spec: AgentConfigSpec }[] = [];
  for (const node of nodes) {
    const spec = readSpec(node, namespace);
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

function readSpec({ loaded: { spec, virtualServers } }: ImportedNode, namespace: string): AgentConfigSpec {
  const { static: standing, notify } = spec;
  const startupDelay = spec.virtualRouters[0]?.startupDelay;
  const directories = scriptDirectories(spec, virtualServers);
  const [ipvs, permission] = [readIpvs(spec.ipvs), permissionOf(virtualServers, namespace)];
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
    ...(ipvs && { ipvs }),
    ...(permission && { virtualServers: permission }),
  } as AgentConfigSpec;
}

/** The number 0, by which a node hears all others, is none that the operator gives: it finds one. */
function readIpvs(ipvs: NodeIpvs | undefined): object | undefined {
  if (!ipvs?.sync) return ipvs;
  const { role: _, id, ...sync } = ipvs.sync;
  return { ...ipvs, sync: { ...(id !== 0 && { id }), ...sync } };
}

/** Marks, and addresses that no VirtualIP holds, are for who may have them only. */
function permissionOf(virtualServers: readonly PlannedVirtualServer[], namespace: string): object | undefined {
  const free = virtualServers.filter(({ virtualIP }) => virtualIP === undefined);
  if (free.length === 0) return undefined;
  const [marks, addresses] = [free.some(({ spec }) => spec.firewallMark !== undefined), free.some((one) => one.addresses.length > 0)];
  return { ...(addresses && { allowAddresses: true }), ...(marks && { allowFirewallMarks: true }), namespaces: [namespace] };
}

function withoutEmpty(lists: Record<string, readonly unknown[]>): object {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

/** Of the programs that are named with their directory. */
export function scriptDirectories(spec: NodeAgentSpec, virtualServers: readonly PlannedVirtualServer[]): string[] {
  const notifying = [...spec.virtualRouters, ...(spec.groups ?? [])].flatMap(({ notify }) => notify?.programs ?? []);
  const checks = [...(spec.checks ?? []), ...virtualServers.flatMap(checksOf)];
  const telling = virtualServers.flatMap(programsOf);
  const commands = [...checks.flatMap(({ exec }) => exec ?? []), ...notifying, ...telling].map(({ command }) => command[0] ?? "");
  const directories = commands
    .filter((program) => program.startsWith("/"))
    .map((program) => program.slice(0, program.lastIndexOf("/")) || "/");
  return [...new Set(directories)].sort();
}

const checksOf = ({ spec }: PlannedVirtualServer) => (spec.realServers ?? []).flatMap(({ healthChecks }) => healthChecks ?? []);

function programsOf({ spec: { notify, realServers = [] } }: PlannedVirtualServer): { command: string[] }[] {
  const lists = [notify?.quorumUp, notify?.quorumDown, ...realServers.flatMap((server) => [server.notify?.up, server.notify?.down])];
  return lists.flatMap((programs) => programs ?? []);
}
