/** What is known of the cluster → plan of VirtualIPs, VirtualServers, AgentConfigs and NodeAgents. Writes nothing. */
import type { AddressPoolStatus } from "../../api/addressPoolStatus.ts";
import { findCondition } from "../../api/condition.ts";
import type { Informer } from "../../kube/informer.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { NodeView } from "../plan/cluster.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import { ChangeFilter } from "./changeFilter.ts";
import type { ClusterReader, Reading } from "./clusterReader.ts";

export interface PlannerOptions {
  reader: ClusterReader;
  addressPools: Pick<Informer, "get">;
  virtualServers: Pick<Informer, "list">;
  clock: Clock;
}

export interface CurrentPlan extends Plan {
  /** The objects that the plan was made from, by key. */
  objects: Reading["objects"];
  nodes: Map<string, NodeView>;
}

/** For one term of leadership: what it remembers was observed by this process without a gap. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #pools: ChangeFilter;
  #memory: Plan["memory"] = new Map();

  constructor(options: PlannerOptions) {
    this.#options = options;
    // What a Service has of a pool says what its VirtualServers may serve.
    const isServed = () => options.virtualServers.list().length > 0;
    this.#pools = new ChangeFilter(options.addressPools, (pool) => (isServed() ? `${pool.metadata.resourceVersion}` : stateOf(pool)));
  }

  /** Whether an AddressPool that has changed says anything that counts: with many new Services it does so many times a second. */
  concernsPool(name: string): boolean {
    return this.#pools.concerns(name);
  }

  /** `gone`: VirtualIPs and VirtualServers that certainly no longer exist. */
  plan(gone: ReadonlySet<string> = new Set()): CurrentPlan {
    const { reader, clock } = this.#options;
    const now = clock.now();
    const { cluster, objects } = reader.read(now);
    const plan = makePlan({ cluster, memory: this.#memory, gone, now, wallNow: clock.wallNow() });
    this.#memory = plan.memory;
    return { ...plan, objects, nodes: new Map(cluster.nodes.map((node) => [node.name, node])) };
  }
}

/** What it may give, whether it was accepted, and whether it has given anything. */
function stateOf({ metadata: { uid, generation, deletionTimestamp }, status }: KubeObject): string {
  const { assignments = [], conditions = [] } = (status ?? {}) as AddressPoolStatus;
  return JSON.stringify([uid, generation, deletionTimestamp, assignments.length > 0, findCondition(conditions, "Accepted")]);
}
