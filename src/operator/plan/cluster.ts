/** What the operator knows about the cluster at one moment, as values: all that a plan is computed from. */

import type { AddressPoolSpec, AddressPoolStatus } from "../../api/addressPool.ts";
import type { AddressRange } from "../../api/addressRange.ts";
import type { AgentConfigSpec, AgentConfigStatus } from "../../api/agentConfig.ts";
import type { NodeAgentSpec, NodeAgentStatus, NodeVirtualServer, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { Role } from "../../api/service.ts";
import { readSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec, VirtualIPStatus } from "../../api/virtualIP.ts";
import type { VirtualServerSpec, VirtualServerStatus } from "../../api/virtualServer.ts";
import { memoized } from "../../plan/memoized.ts";

export interface VirtualIPView {
  name: string;
  uid: string;
  createdAt: string;
  generation: number;
  deleting: boolean;
  hasFinalizer: boolean;
  segment: string;
  /** Absent when the object is not valid; `problem` then says why. */
  spec?: VirtualIPSpec;
  /** Field path and what is wrong there. */
  problem?: string;
  /** As recorded; fields that cannot be read are left out. */
  status: VirtualIPStatus;
  /** Of a VirtualIP that the operator has made: for which pool, and what for. */
  generated?: { pool: string; role: Role };
}

export interface PoolView {
  name: string;
  createdAt: string;
  generation: number;
  deleting: boolean;
  hasFinalizer: boolean;
  segment: string;
  /** Absent when the object is not valid; `problem` then says why. */
  spec?: AddressPoolSpec;
  problem?: string;
  /** Of the spec, in ascending order, without overlap. */
  ranges: readonly AddressRange[];
  /** As recorded; fields that cannot be read are left out. */
  status: AddressPoolStatus;
}

export interface VirtualServerView {
  /** NAMESPACE/NAME. No VirtualIP has such a name. */
  key: string;
  namespace: string;
  name: string;
  createdAt: string;
  generation: number;
  deleting: boolean;
  /** Absent when the object is not valid; `problem` then says why. */
  spec?: VirtualServerSpec;
  problem?: string;
  /** As recorded; fields that cannot be read are left out. */
  status: VirtualServerStatus;
  /** Of a VirtualServer that the operator has made: name of its Service. */
  service?: string;
}

export interface NodeView {
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  deleting: boolean;
  ready: boolean;
  /** Somebody asked it to hand over all that it holds. */
  draining: boolean;
  /** Somebody says that it is shut down, and will not come back by itself. */
  outOfService: boolean;
}

export interface AgentView {
  name: string;
  /** uid of the Node that owns the object; absent when none does. */
  nodeUid?: string;
  generation: number;
  spec: NodeAgentSpec;
  /** Empty until the agent has reported. */
  status: NodeAgentStatus;
  /** When this process saw the newest report, in ms of its own monotonic clock. */
  reportedAt: number;
  /** No report for so long that the node counts as dead. */
  silent: boolean;
}

export interface AgentConfigView {
  name: string;
  generation: number;
  /** Absent when the object is not valid; `problem` then says why. */
  spec?: AgentConfigSpec;
  problem?: string;
  status: AgentConfigStatus;
}

export interface ClusterView {
  virtualIPs: readonly VirtualIPView[];
  nodes: readonly NodeView[];
  agents: readonly AgentView[];
  /** Absent while they could not be read: what nodes have from them then stays. */
  configs?: readonly AgentConfigView[];
  /** Absent while they could not be read: then nobody is refused for their sake. */
  pools?: readonly PoolView[];
  /** Absent while they could not be read: what runs goes on. */
  virtualServers?: readonly VirtualServerView[];
}

/** The interfaces that an agent reports, with their subnets. */
export const subnetsOf = memoized(readSubnets);

/** Addresses of a NodeAgent.spec, which are canonical, without prefix length. */
export const hostsOf = memoized((addresses: VirtualRouterSpec["addresses"]): readonly string[] =>
  addresses.map(({ address }) => address.slice(0, address.indexOf("/"))),
);

/** What NodeAgent specs hold for each VirtualIP at present: by its name, then by node. */
export type RunningRouters = ReadonlyMap<string, ReadonlyMap<string, readonly VirtualRouterSpec[]>>;

export function runningRouters(agents: readonly AgentView[]): RunningRouters {
  const running = new Map<string, Map<string, VirtualRouterSpec[]>>();
  for (const { name: node, spec } of agents) {
    for (const router of spec.virtualRouters) {
      const byNode = running.get(router.virtualIP) ?? new Map<string, VirtualRouterSpec[]>();
      running.set(router.virtualIP, byNode.set(node, [...(byNode.get(node) ?? []), router]));
    }
  }
  return running;
}

/** The same for each VirtualServer: by its key, then by node. */
export type RunningServers = ReadonlyMap<string, ReadonlyMap<string, NodeVirtualServer>>;

export function runningServers(agents: readonly AgentView[]): RunningServers {
  const running = new Map<string, Map<string, NodeVirtualServer>>();
  for (const { name: node, spec } of agents) {
    for (const server of spec.virtualServers ?? []) {
      const key = serverKey(server);
      running.set(key, (running.get(key) ?? new Map<string, NodeVirtualServer>()).set(node, server));
    }
  }
  return running;
}

export function serverKey({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
