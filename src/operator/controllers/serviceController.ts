/**
 * The control loop for Services: plan all, write what differs. It meets the one for VirtualIPs in the VirtualIPs of the pools alone,
 * whose spec it writes: however often endpoints change, elections are only planned anew when one of those does.
 *
 * A pass records who has which address, and says so in the Services. What answers for them is written beside the passes, at its own pace:
 * each of those writes makes several nodes begin anew, and no Service waits for its address until others are answered.
 */
import type { KubeClient } from "../../kube/client.ts";
import type { Result } from "../../kube/controller.ts";
import type { KubeMetrics } from "../../kube/metrics.ts";
import { type KubeObject, keyOf, type Resource } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { type Generation, type IsPaused, nextGeneration } from "../plan/services/generation.ts";
import { FailedWrites } from "./failedWrites.ts";
import type { GeneratedWriter } from "./generatedWriter.ts";
import { GoneObjects } from "./goneObjects.ts";
import { PacedTask } from "./pacedTask.ts";
import { PlanLoop, shortestCollapseMs } from "./planLoop.ts";
import type { PoolWriter } from "./poolWriter.ts";
import { addressPools, services, virtualIPs, virtualServers } from "./resources.ts";
import type { CurrentServicesPlan, ServicePlanner } from "./servicePlanner.ts";
import type { ServiceWriter } from "./serviceWriter.ts";
import { forEach, type Outcome, throwIfAny } from "./writes.ts";

export interface ServiceControllerOptions {
  planner: ServicePlanner;
  poolWriter: PoolWriter;
  serviceWriter: ServiceWriter;
  generatedWriter: GeneratedWriter;
  client: Pick<KubeClient, "find">;
  metrics: OperatorMetrics;
  kubeMetrics: KubeMetrics;
  clock: Clock;
  log: Logger;
}

/** Somebody waits for each pass: plans take at most half of the time. */
const restPerPlan = 1;
/** Silence is the absence of events. */
const longestPauseMs = 5000;
/** Each VirtualIP that is written makes some ten other writes: the NodeAgents of its nodes, and what their agents report. */
const restPerGeneration = 10;
/** New addresses wait no longer than that, also after an API server that hung. */
const mostRestMs = 5000;

const nameOf = ({ name }: { name: string }) => name;
const keyOfServer = ({ key }: { key: string }) => key;

export class ServiceController {
  readonly #options: ServiceControllerOptions;
  readonly #loop: PlanLoop;
  /** Services and pools. */
  readonly #gone: GoneObjects;
  /** Writes VirtualIPs and VirtualServers. */
  readonly #generation: PacedTask<Outcome[]>;
  /** Those among them, by kind and key. */
  readonly #failed = new FailedWrites({ first: shortestCollapseMs, longest: longestPauseMs });

  constructor(options: ServiceControllerOptions) {
    this.#options = options;
    const { client, clock, log } = options;
    this.#gone = new GoneObjects(client, ({ key, resource: { kind } }) =>
      log.info({ kind, name: key }, "it was deleted: its addresses are withdrawn"),
    );
    this.#generation = new PacedTask({
      clock,
      restFactor: restPerGeneration,
      mostRestMs,
      onDone: this.changed,
    });
    this.#loop = new PlanLoop({ ...options, name: "services", pass: (signal) => this.#pass(signal), restPerPlan });
  }

  /** Something changed; usable as an informer's handler without binding. */
  readonly changed = (): void => this.#loop.changed();

  /** The same for EndpointSlices, of which clusters change many. */
  readonly endpointsChanged = (key: string): void => {
    if (this.#options.planner.concerns(key)) this.changed();
  };

  /** The same for NodeAgents, whose agents report all the time. */
  readonly agentChanged = (name: string): void => {
    if (this.#options.planner.concernsAgent(name)) this.changed();
  };

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#loop.run(signal);
    await this.#generation.settled();
  }

  async #pass(signal: AbortSignal): Promise<Result> {
    let plan = this.#plan();
    if (!plan) return { requeueAfterMs: longestPauseMs };
    const gone = await this.#confirmGone(plan, signal);
    if (gone.done > 0) plan = this.#plan() ?? plan;
    const pools = await this.#writePools(plan, signal);
    // What has just been recorded may be used now.
    if (pools.done > 0) plan = this.#plan() ?? plan;
    const current = plan;
    const objects = new Map(current.objects.services);
    const finalizers = await this.#addFinalizers(current, objects, signal);
    this.#startGeneration(current, signal);
    const written = await forEach(current.services, async (planned) => {
      const object = objects.get(planned.view.key);
      return object !== undefined && (await this.#options.serviceWriter.write(planned, object, signal));
    });
    this.#options.planner.remember(current);
    throwIfAny([gone, pools, finalizers, written, ...(this.#generation.takeResult() ?? [])]);
    return { requeueAfterMs: Math.min(longestPauseMs, this.#failed.nextInMs(this.#options.clock.now()) ?? longestPauseMs) };
  }

  #startGeneration(plan: CurrentServicesPlan, signal: AbortSignal): void {
    if (!plan.isSettled) return;
    const now = this.#options.clock.now();
    const isPaused: IsPaused = (kind, key) => this.#failed.isPaused(`${kind} ${key}`, now);
    const generation = nextGeneration(plan, this.#generation.isRested, isPaused);
    if (generation) this.#generation.start(() => this.#writeGenerated(generation, plan.objects, signal));
  }

  #plan(): CurrentServicesPlan | undefined {
    const { planner, metrics } = this.#options;
    const plan = this.#loop.timed(() => planner.plan(this.#gone.keys, !this.#generation.isRunning));
    if (plan) metrics.showPools(plan.pools);
    return plan;
  }

  #writePools({ pools, objects }: CurrentServicesPlan, signal: AbortSignal): Promise<Outcome> {
    return forEach(pools, async (planned) => {
      const object = objects.addressPools.get(planned.view.name);
      return object !== undefined && (await this.#options.poolWriter.write(planned, object, signal));
    });
  }

  /** Puts the newest versions into `objects`. */
  #addFinalizers(plan: CurrentServicesPlan, objects: Map<string, KubeObject>, signal: AbortSignal): Promise<Outcome> {
    return forEach(plan.services, async (planned) => {
      const object = objects.get(planned.view.key);
      const answer = object && (await this.#options.serviceWriter.addFinalizer(planned, object, signal));
      if (answer) objects.set(keyOf(answer), answer);
      return answer !== undefined;
    });
  }

  /** VirtualIPs first: a VirtualServer is on one. */
  async #writeGenerated(
    { virtualIPs: addresses, virtualServers: servers }: Generation,
    objects: CurrentServicesPlan["objects"],
    signal: AbortSignal,
  ): Promise<Outcome[]> {
    const { generatedWriter, log } = this.#options;
    const removal = (resource: typeof virtualIPs, object: KubeObject | undefined) => {
      if (!object) return Promise.resolve(false);
      log.info({ kind: resource.kind, name: keyOf(object) }, "no Service needs it any more: removing it");
      return generatedWriter.remove(resource, object, signal);
    };
    return [
      await this.#each(virtualIPs, addresses.apply, nameOf, (each) =>
        generatedWriter.writeVirtualIP(each, objects.virtualIPs.get(each.name), signal),
      ),
      await this.#each(virtualIPs, addresses.remove, nameOf, ({ name }) => removal(virtualIPs, objects.virtualIPs.get(name))),
      await this.#each(virtualServers, servers.apply, keyOfServer, (each) =>
        generatedWriter.writeVirtualServer(each, objects.virtualServers.get(each.key), signal),
      ),
      await this.#each(virtualServers, servers.remove, keyOfServer, ({ key }) => removal(virtualServers, objects.virtualServers.get(key))),
    ];
  }

  /** One that fails, or does nothing and will be asked for again, waits before it is tried again; the others do not. */
  #each<T>({ kind }: Resource, items: readonly T[], key: (item: T) => string, write: (item: T) => Promise<boolean>): Promise<Outcome> {
    const { clock } = this.#options;
    return forEach(items, async (item) => {
      let isWritten = false;
      try {
        isWritten = await write(item);
      } finally {
        this.#failed.remember(`${kind} ${key(item)}`, !isWritten, clock.now());
      }
      return isWritten;
    });
  }

  /** What is recorded and the caches lack. */
  #confirmGone({ unknown }: CurrentServicesPlan, signal: AbortSignal): Promise<Outcome> {
    const doubtful = [
      ...unknown.services.map((key) => ({ key, resource: services })),
      ...unknown.pools.map((key) => ({ key, resource: addressPools })),
    ];
    return this.#gone.confirm(doubtful, signal);
  }
}
