/**
 * The operator's one control loop: plan all, write what differs. One pass at a time, so that no two decisions cross; the writes of
 * a pass run side by side, and one that fails keeps none of the others.
 */
import type { KubeClient } from "../../kube/client.ts";
import { Controller, type Result } from "../../kube/controller.ts";
import type { KubeMetrics } from "../../kube/metrics.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { AgentConfigWriter } from "./agentConfigWriter.ts";
import type { NodeAgentWriter } from "./nodeAgentWriter.ts";
import type { CurrentPlan, Planner } from "./planner.ts";
import { virtualIPs, virtualServers } from "./resources.ts";
import type { VirtualIPWriter } from "./virtualIPWriter.ts";
import type { VirtualServerWriter } from "./virtualServerWriter.ts";
import { forEach, type Outcome, throwIfAny } from "./writes.ts";

export interface PlanControllerOptions {
  planner: Planner;
  virtualIPWriter: VirtualIPWriter;
  nodeAgentWriter: NodeAgentWriter;
  agentConfigWriter: AgentConfigWriter;
  virtualServerWriter: VirtualServerWriter;
  client: Pick<KubeClient, "find">;
  metrics: OperatorMetrics;
  kubeMetrics: KubeMetrics;
  clock: Clock;
  log: Logger;
}

/** A failover changes many objects within milliseconds; all that arrives in this time is one pass. */
const shortestCollapseMs = 20;
/** A plan of a large cluster takes longer: computing them takes at most a third of the time. */
const restPerPlan = 2;
/** Silence is the absence of events: somebody has to look. */
const longestPauseMs = 2000;
const theKey = "plan";

export class PlanController {
  readonly #options: PlanControllerOptions;
  readonly #controller: Controller;
  /** VirtualIPs and VirtualServers that the API server says do not exist, although nodes run them. */
  readonly #gone = new Set<string>();
  #collapseMs = shortestCollapseMs;

  constructor(options: PlanControllerOptions) {
    this.#options = options;
    const { clock, log, kubeMetrics } = options;
    const reconcile = (_key: string, signal: AbortSignal) => this.#pass(signal);
    this.#controller = new Controller({ name: "plan", reconcile, clock, logger: log, metrics: kubeMetrics });
  }

  /** Something changed; usable as an informer's handler without binding. */
  readonly changed = (): void => this.#controller.enqueueAfter(theKey, this.#collapseMs);

  /** The same for AddressPools. */
  readonly poolChanged = (name: string): void => {
    if (this.#options.planner.concernsPool(name)) this.changed();
  };

  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    this.#controller.enqueue(theKey);
    return this.#controller.run(signal);
  }

  async #pass(signal: AbortSignal): Promise<Result> {
    const plan = this.#plan();
    const confirmations = await this.#confirmGone(plan, signal);
    const virtualIPs = await this.#writeVirtualIPs(plan, signal);
    // What has just been recorded may be used now.
    const next = virtualIPs.done + confirmations.done > 0 ? this.#plan() : plan;
    const nodeAgents = await this.#writeNodeAgents(next, signal);
    const agentConfigs = await this.#writeAgentConfigs(next, signal);
    const virtualServers = await this.#writeVirtualServers(next, signal);
    throwIfAny([confirmations, virtualIPs, nodeAgents, agentConfigs, virtualServers]);
    return { requeueAfterMs: Math.min(next.recheckInMs ?? longestPauseMs, longestPauseMs) };
  }

  #plan(): CurrentPlan {
    const { clock, planner, metrics } = this.#options;
    const startedAt = clock.now();
    const plan = planner.plan(this.#gone);
    this.#collapseMs = Math.max(shortestCollapseMs, restPerPlan * (clock.now() - startedAt));
    metrics.show(plan.virtualIPs, plan.virtualServers);
    return plan;
  }

  #writeVirtualIPs({ virtualIPs, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    return forEach(virtualIPs, async (planned) => {
      const object = objects.virtualIPs.get(planned.view.name);
      return object !== undefined && (await this.#options.virtualIPWriter.write(planned, object, signal));
    });
  }

  #writeNodeAgents({ nodeAgents, nodes, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    return forEach([...nodeAgents], async ([name, spec]) => {
      const { nodeAgentWriter, log } = this.#options;
      const isWritten = await nodeAgentWriter.write(name, spec, objects.nodeAgents.get(name), nodes.get(name), signal);
      if (isWritten) log.debug({ nodeAgent: name, virtualRouters: spec.virtualRouters.length }, "NodeAgent planned");
      return isWritten;
    });
  }

  #writeAgentConfigs({ agentConfigs, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    return forEach(agentConfigs, async (planned) => {
      const object = objects.agentConfigs.get(planned.view.name);
      return object !== undefined && (await this.#options.agentConfigWriter.write(planned, object, signal));
    });
  }

  #writeVirtualServers({ virtualServers, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    return forEach(virtualServers, async (planned) => {
      const object = objects.virtualServers.get(planned.view.key);
      return object !== undefined && (await this.#options.virtualServerWriter.write(planned, object, signal));
    });
  }

  /** Done: what nodes run and is now known to be gone. */
  async #confirmGone(plan: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    const { virtualIPs, virtualServers } = plan.objects;
    for (const key of this.#gone) if (virtualIPs.has(key) || virtualServers.has(key)) this.#gone.delete(key);
    const [addresses, servers] = [await this.#confirmVirtualIPs(plan, signal), await this.#confirmVirtualServers(plan, signal)];
    return { done: addresses.done + servers.done, failures: [...addresses.failures, ...servers.failures] };
  }

  /**
   * Asks the API server for each VirtualIP that nodes run and the cache lacks: somebody may have removed its finalizer by force.
   * An empty cache proves nothing, and neither does an error.
   */
  async #confirmVirtualIPs({ unknown, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    const { client, log } = this.#options;
    const doubtful = unknown.filter((name) => !this.#gone.has(name));
    const isEmpty = doubtful.length > 0 && objects.virtualIPs.size === 0;
    if (isEmpty) log.warn({ virtualIPs: doubtful }, "no VirtualIP exists, but nodes run some: they go on");
    return forEach(isEmpty ? [] : doubtful, async (name) => {
      if ((await client.find(virtualIPs, { name }, { signal })) !== undefined) return false;
      this.#gone.add(name);
      log.warn({ virtualIP: name }, "VirtualIP was deleted without being released: withdrawing it");
      return true;
    });
  }

  /**
   * A VirtualServer has no finalizer, so this is how a deletion is known from a list that went wrong: the API server, which still has
   * the NodeAgents that name it and serves its kind, says that this one does not exist.
   */
  #confirmVirtualServers({ unknownServers }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    const doubtful = unknownServers.filter((key) => !this.#gone.has(key));
    return forEach(doubtful, async (key) => {
      const [namespace = "", name = ""] = key.split("/");
      if ((await this.#options.client.find(virtualServers, { namespace, name }, { signal })) !== undefined) return false;
      this.#gone.add(key);
      this.#options.log.info({ virtualServer: key }, "VirtualServer was deleted: withdrawing it");
      return true;
    });
  }
}
