/** A control loop that plans all at every change: one pass at a time, so that no two decisions cross, and many changes in one pass. */
import { Controller, type Result } from "../../kube/controller.ts";
import type { KubeMetrics } from "../../kube/metrics.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";

export interface PlanLoopOptions {
  /** Of its metrics and log lines. */
  name: string;
  pass: (signal: AbortSignal) => Promise<Result>;
  /** How much longer than a plan takes the next one is waited for: plans of a large cluster shall leave time for other things. */
  restPerPlan: number;
  clock: Clock;
  log: Logger;
  kubeMetrics: KubeMetrics;
}

/** A failover, a rollout or a Helm chart changes many objects within milliseconds; all that arrives in this time is one pass. */
export const shortestCollapseMs = 20;

export class PlanLoop {
  readonly #options: PlanLoopOptions;
  readonly #controller: Controller;
  #collapseMs = shortestCollapseMs;

  constructor(options: PlanLoopOptions) {
    this.#options = options;
    const { name, pass, clock, log, kubeMetrics } = options;
    const reconcile = (_key: string, signal: AbortSignal) => pass(signal);
    this.#controller = new Controller({ name, reconcile, clock, logger: log, metrics: kubeMetrics });
  }

  /** Something changed; usable as an informer's handler without binding. */
  readonly changed = (): void => this.#controller.enqueueAfter(this.#options.name, this.#collapseMs);

  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    this.#controller.enqueue(this.#options.name);
    return this.#controller.run(signal);
  }

  /** What `plan` returns; the longer that takes, the more changes are one pass. */
  timed<Plan>(plan: () => Plan): Plan {
    const { clock, restPerPlan } = this.#options;
    const startedAt = clock.now();
    const planned = plan();
    this.#collapseMs = Math.max(shortestCollapseMs, restPerPlan * (clock.now() - startedAt));
    return planned;
  }
}
