/** The control loop for elections and for what nodes run: plan all, write what differs. A write that fails keeps none of the others of its pass. */
import type { KubeClient } from "../../kube/client.ts";
import type { Result } from "../../kube/controller.ts";
import type { KubeMetrics } from "../../kube/metrics.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { AgentConfigWriter } from "./agentConfigWriter.ts";
import { GoneObjects } from "./goneObjects.ts";
import type { NodeAgentWriter } from "./nodeAgentWriter.ts";
import { PlanLoop } from "./planLoop.ts";
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

/** Plans take at most a third of the time. */
const restPerPlan = 2;
/** Silence is the absence of events: somebody has to look. */
const longestPauseMs = 2000;

export class PlanController {
  readonly #options: PlanControllerOptions;
  readonly #loop: PlanLoop;
  /** VirtualIPs and VirtualServers that nodes run. */
  readonly #gone: GoneObjects;

  constructor(options: PlanControllerOptions) {
    this.#options = options;
    const { client, log } = options;
    this.#gone = new GoneObjects(client, ({ key, resource }) => {
      if (resource === virtualIPs) log.warn({ virtualIP: key }, "VirtualIP was deleted without being released: withdrawing it");
      else log.info({ virtualServer: key }, "VirtualServer was deleted: withdrawing it");
    });
    this.#loop = new PlanLoop({ ...options, name: "plan", pass: (signal) => this.#pass(signal), restPerPlan });
  }

  /** Something changed; usable as an informer's handler without binding. */
  readonly changed = (): void => this.#loop.changed();

  /** The same for AddressPools. */
  readonly poolChanged = (name: string): void => {
    if (this.#options.planner.concernsPool(name)) this.changed();
  };

  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#loop.run(signal);
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
    const { planner, metrics } = this.#options;
    const plan = this.#loop.timed(() => planner.plan(this.#gone.keys));
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

  /**
   * What nodes run and the cache lacks: of a VirtualIP somebody may have removed the finalizer by force, and a VirtualServer has none, so this
   * is how its deletion is known from a list that went wrong. The API server, which still has the NodeAgents that name it and serves its kind,
   * says that it does not exist.
   */
  #confirmGone({ unknown, unknownServers, objects }: CurrentPlan, signal: AbortSignal): Promise<Outcome> {
    const doubtful = unknown.filter((key) => !this.#gone.keys.has(key));
    const isEmpty = doubtful.length > 0 && objects.virtualIPs.size === 0;
    if (isEmpty) this.#options.log.warn({ virtualIPs: doubtful }, "no VirtualIP exists, but nodes run some: they go on");
    const addresses = unknown.filter((key) => !isEmpty || !doubtful.includes(key));
    const asked = [
      ...addresses.map((key) => ({ key, resource: virtualIPs })),
      ...unknownServers.map((key) => ({ key, resource: virtualServers })),
    ];
    return this.#gone.confirm(asked, signal);
  }
}
