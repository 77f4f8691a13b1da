/** Caches → plan. Reads only; writes nothing. */
import type { Informer } from "../../kube/informer.ts";
import { type KubeObject, keyOf } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { AgentView, ClusterView, NodeView, VirtualIPView } from "../plan/cluster.ts";
import { viewAgent, viewAgentConfig, viewNode, viewVirtualIP, viewVirtualServer } from "../plan/parse.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import { OwnWrites } from "./ownWrites.ts";
import { ReportObserver } from "./reportObserver.ts";

export interface PlannerOptions {
  virtualIPs: Pick<Informer, "list">;
  nodes: Pick<Informer, "list">;
  nodeAgents: Pick<Informer, "list">;
  /** Not complete where the CRD is missing, as before an upgrade. */
  agentConfigs: Pick<Informer, "list" | "hasSynced">;
  /** The same. */
  virtualServers: Pick<Informer, "list" | "hasSynced">;
  /** Seconds since the watch of NodeAgents last brought anything. */
  nodeAgentsAge: () => number;
  /** An agent that has not reported for so long is silent, and its node counts as dead. */
  silenceMs: number;
  clock: Clock;
}

export interface CurrentPlan extends Plan {
  /** The objects that the plan was made from, by key. */
  objects: Record<"virtualIPs" | "nodeAgents" | "agentConfigs" | "virtualServers", Map<string, KubeObject>>;
  nodes: Map<string, NodeView>;
}

/** A view is computed once per version of an object: cached objects are frozen and replaced as a whole. */
function memoized<View>(view: (object: KubeObject) => View): (object: KubeObject) => View {
  const views = new WeakMap<KubeObject, { view: View }>();
  return (object) => {
    const known = views.get(object) ?? { view: view(object) };
    views.set(object, known);
    return known.view;
  };
}

/** For one term of leadership: what it remembers was observed by this process without a gap. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #observer: ReportObserver;
  readonly #viewVirtualIP = memoized(viewVirtualIP);
  readonly #viewNode = memoized(viewNode);
  readonly #viewAgent = memoized(viewAgent);
  readonly #viewAgentConfig = memoized(viewAgentConfig);
  readonly #viewVirtualServer = memoized(viewVirtualServer);
  /** Answers of the API server to the writes of this process. */
  readonly written = { virtualIPs: new OwnWrites(), nodeAgents: new OwnWrites(), virtualServers: new OwnWrites() };
  #memory: Plan["memory"] = new Map();

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#observer = new ReportObserver(options.silenceMs);
  }

  /** `gone`: VirtualIPs and VirtualServers that certainly no longer exist. */
  plan(gone: ReadonlySet<string> = new Set()): CurrentPlan {
    const { clock } = this.#options;
    const now = clock.now();
    const virtualIPs = this.written.virtualIPs.latest(this.#options.virtualIPs.list(), now);
    const nodeAgents = this.#nodeAgents(now);
    const agentConfigs = listed(this.#options.agentConfigs);
    const cached = listed(this.#options.virtualServers);
    const virtualServers = cached && this.written.virtualServers.latest(cached, now);
    const cluster: ClusterView = {
      virtualIPs: virtualIPs.flatMap((object): VirtualIPView[] => present(this.#viewVirtualIP(object))),
      nodes: this.#options.nodes.list().flatMap((object): NodeView[] => present(this.#viewNode(object))),
      agents: this.#observe(nodeAgents, now),
      configs: agentConfigs?.flatMap((object) => present(this.#viewAgentConfig(object))),
      virtualServers: virtualServers?.flatMap((object) => present(this.#viewVirtualServer(object))),
    };
    const plan = makePlan({ cluster, memory: this.#memory, gone, now, wallNow: clock.wallNow() });
    this.#memory = plan.memory;
    return {
      ...plan,
      objects: {
        virtualIPs: byKey(virtualIPs),
        nodeAgents: byKey(nodeAgents),
        agentConfigs: byKey(agentConfigs ?? []),
        virtualServers: byKey(virtualServers ?? []),
      },
      nodes: new Map(cluster.nodes.map((node) => [node.name, node])),
    };
  }

  #nodeAgents(now: number): KubeObject[] {
    const cached = this.#options.nodeAgents.list();
    const { nodeAgents } = this.written;
    return [...nodeAgents.latest(cached, now), ...nodeAgents.unseen(cached, now)];
  }

  #observe(objects: readonly KubeObject[], now: number): AgentView[] {
    const heardAt = now - this.#options.nodeAgentsAge() * 1000;
    this.#observer.retain(new Set(objects.map(({ metadata }) => metadata.name)));
    return objects
      .flatMap((object) => present(this.#viewAgent(object)))
      .map((view) => ({ ...view, ...this.#observer.observe(view.name, view.status.lastReportTime ?? "", now, heardAt) }));
  }
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function listed(informer: Pick<Informer, "list" | "hasSynced">): KubeObject[] | undefined {
  return informer.hasSynced() ? informer.list() : undefined;
}

function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}
