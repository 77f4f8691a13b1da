/** What is known of the cluster → plan of VirtualIPs, VirtualServers, AgentConfigs and NodeAgents. Writes nothing. */
import type { Clock } from "../../runtime/clock.ts";
import type { NodeView } from "../plan/cluster.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import type { ClusterReader, Reading } from "./clusterReader.ts";

export interface PlannerOptions {
  reader: ClusterReader;
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
  #memory: Plan["memory"] = new Map();

  constructor(options: PlannerOptions) {
    this.#options = options;
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
