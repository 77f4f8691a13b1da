/** Caches, and what this process has written but they do not show yet → views. One for both planners of a term. */
import type { Informer } from "../../kube/informer.ts";
import { type KubeObject, keyOf } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { AgentView, ClusterView } from "../plan/cluster.ts";
import { viewAgent, viewAgentConfig, viewNode, viewPool, viewVirtualIP, viewVirtualServer } from "../plan/parse.ts";
import { OwnWrites } from "./ownWrites.ts";
import { ReportObserver } from "./reportObserver.ts";
import { Views } from "./views.ts";

type Cache = Pick<Informer, "list" | "get">;
/** Not complete where the CRD is missing, as before an upgrade. */
type OptionalCache = Cache & Pick<Informer, "hasSynced">;

export interface ClusterReaderOptions {
  virtualIPs: Cache;
  nodes: Cache;
  nodeAgents: Cache;
  agentConfigs: OptionalCache;
  virtualServers: OptionalCache;
  addressPools: OptionalCache;
  /** Seconds since the watch of NodeAgents last brought anything. */
  nodeAgentsAge: () => number;
  /** An agent that has not reported for so long is silent, and its node counts as dead. */
  silenceMs: number;
  clock: Clock;
}

type Kind = "virtualIPs" | "nodeAgents" | "agentConfigs" | "virtualServers" | "addressPools";

export interface Reading {
  cluster: ClusterView;
  /** The objects that the views are of, by key. */
  objects: Record<Kind, Map<string, KubeObject>>;
}

/** For one term of leadership: what it remembers was observed by this process without a gap. */
export class ClusterReader {
  readonly #options: ClusterReaderOptions;
  readonly #observer: ReportObserver;
  readonly #views = {
    virtualIPs: new Views(viewVirtualIP),
    nodes: new Views(viewNode),
    agents: new Views(viewAgent),
    agentConfigs: new Views(viewAgentConfig),
    virtualServers: new Views(viewVirtualServer),
    pools: new Views(viewPool),
  };
  /** Answers of the API server to the writes of this process. */
  readonly written = {
    virtualIPs: new OwnWrites(),
    nodeAgents: new OwnWrites(),
    virtualServers: new OwnWrites(),
    addressPools: new OwnWrites(),
  };

  constructor(options: ClusterReaderOptions) {
    this.#options = options;
    this.#observer = new ReportObserver(options.silenceMs);
  }

  read(now: number): Reading {
    const { written } = this;
    const virtualIPs = latest(written.virtualIPs, this.#options.virtualIPs.list(), now);
    const nodeAgents = latest(written.nodeAgents, this.#options.nodeAgents.list(), now);
    const agentConfigs = listed(this.#options.agentConfigs);
    const servers = listed(this.#options.virtualServers);
    const virtualServers = servers && latest(written.virtualServers, servers, now);
    const pools = listed(this.#options.addressPools);
    const addressPools = pools && written.addressPools.latest(pools, now);
    const cluster: ClusterView = {
      virtualIPs: this.#views.virtualIPs.of(virtualIPs),
      nodes: this.#views.nodes.of(this.#options.nodes.list()),
      agents: this.#observe(nodeAgents, now),
      configs: agentConfigs && this.#views.agentConfigs.of(agentConfigs),
      virtualServers: virtualServers && this.#views.virtualServers.of(virtualServers),
      pools: addressPools && this.#views.pools.of(addressPools),
    };
    return {
      cluster,
      objects: {
        virtualIPs: byKey(virtualIPs),
        nodeAgents: byKey(nodeAgents),
        agentConfigs: byKey(agentConfigs ?? []),
        virtualServers: byKey(virtualServers ?? []),
        addressPools: byKey(addressPools ?? []),
      },
    };
  }

  /** The newest version of an object that this process knows. */
  find(kind: "virtualIPs" | "virtualServers", key: string): KubeObject | undefined {
    const { clock } = this.#options;
    const cached = this.#options[kind].get(key);
    const written = this.written[kind];
    return (cached ? written.latest([cached], clock.now()) : written.unseen([], clock.now())).find((object) => keyOf(object) === key);
  }

  #observe(objects: readonly KubeObject[], now: number): AgentView[] {
    const heardAt = now - this.#options.nodeAgentsAge() * 1000;
    this.#observer.retain(new Set(objects.map(({ metadata }) => metadata.name)));
    return this.#views.agents
      .of(objects)
      .map((view) => ({ ...view, ...this.#observer.observe(view.name, view.status.lastReportTime ?? "", now, heardAt) }));
  }
}

/** Also objects that this process has just made. */
export function latest(written: OwnWrites, cached: readonly KubeObject[], now: number): KubeObject[] {
  return [...written.latest(cached, now), ...written.unseen(cached, now)];
}

function listed(informer: OptionalCache): KubeObject[] | undefined {
  return informer.hasSynced() ? informer.list() : undefined;
}

export function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}
