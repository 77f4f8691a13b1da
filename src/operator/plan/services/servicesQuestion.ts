/** All that a plan for Services is computed from. */
import type { AgentView, NodeView, PoolView, VirtualIPView, VirtualServerView } from "../cluster.ts";
import type { NamespaceView, ServiceView } from "./views.ts";
import type { Traces } from "./whereabouts.ts";
import type { Wishes } from "./wishes.ts";

export interface ServicesQuestion {
  pools: readonly PoolView[];
  /** All of the cluster. */
  services: readonly ServiceView[];
  namespaces: readonly NamespaceView[];
  /** Nodes with ready endpoints, by key of the Service. */
  endpoints: ReadonlyMap<string, ReadonlySet<string>>;
  nodes: readonly NodeView[];
  agents: readonly AgentView[];
  virtualIPs: readonly VirtualIPView[];
  /** Absent while they could not be read. */
  virtualServers?: readonly VirtualServerView[];
  /** Whether Services without a class are Aloft's, too. */
  isDefault: boolean;
  /** Keys of Services, and names of pools, that certainly do not exist. */
  gone: ReadonlySet<string>;
  /** Whether no VirtualIP of a pool is being written just now: until it is known what came of it, no address counts as given up. */
  isSettled: boolean;
  memory: ServicesMemory;
  wallNow: string;
}

export interface ServicesMemory {
  traces: Traces;
  /** What was last told of who answers, by key of the Service. */
  answers: ReadonlyMap<string, string>;
  /** Absent where nothing was planned yet. */
  wishes?: Wishes;
}

/**
 * Of a process that has just begun: whatever is recorded may have been taken from the nodes a moment ago, by another process, and some may not
 * have heard of it.
 */
export function firstMemory(pools: readonly PoolView[]): ServicesMemory {
  const recorded = pools.flatMap(({ status }) => status.assignments ?? []);
  return { traces: new Map(recorded.map(({ address }) => [address, "standing"])), answers: new Map() };
}
