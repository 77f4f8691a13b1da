/**
 * What runs beside the elections: checks and notifications. Each part is loaded when a configuration first has something for it: most
 * agents have little of it, and each part costs memory.
 */
import type { NodeAgentSpec, NodeCheck, Notify } from "../api/nodeAgent.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { CheckReport, CheckRunner } from "./checks/checkRunner.ts";
import type { PodWatch } from "./cluster/podWatch.ts";
import type { Core } from "./native/core.ts";
import type { StartDialer } from "./native/dialer.ts";
import type { CoreEvent } from "./native/events.ts";
import type { RouterSnapshot } from "./native/snapshot.ts";
import type { NotificationCount } from "./notify/notificationCounters.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { LocalPrograms } from "./programs/localPrograms.ts";

export interface CompanionOptions {
  core: Core;
  startDialer: StartDialer;
  node: string;
  programs: LocalPrograms;
  /** Absent: podReady cannot be answered. */
  pods?: PodWatch;
  /** Standalone: whoever writes the configuration is the administrator of the node. */
  makesFiles: boolean;
  clock: Clock;
  log: Logger;
}

/** Together with the core's own hand-over well below the 10 s of the whole shutdown. */
const notifyLimitMs = 2000;

export class Companions {
  readonly #options: CompanionOptions;
  readonly #listeners = new Set<() => void>();
  #checks: CheckRunner | undefined;
  #notifier: Notifier | undefined;
  /** A configuration runs. */
  #isReload = false;

  constructor(options: CompanionOptions) {
    this.#options = options;
  }

  /** Runs exactly these checks; the first result of each is with the core when this resolves. */
  async configureChecks(checks: readonly NodeCheck[]): Promise<void> {
    if (!this.#checks && checks.length === 0) return;
    this.#options.pods?.use(checks.some(({ podReady }) => podReady !== undefined));
    this.#checks ??= await this.#loadChecks();
    this.#checks.configure(checks);
  }

  /** Loads what `configureNotify` needs, which must come in the turn of the core's apply. */
  async prepareNotify({ virtualRouters, groups = [], notify }: NodeAgentSpec): Promise<void> {
    const asks = ({ programs = [], mail, webhook }: Notify = {}) => programs.length > 0 || mail === true || webhook !== undefined;
    const isNeeded = (notify?.fifo ?? notify?.vrrpFifo) !== undefined || [...virtualRouters, ...groups].some((owner) => asks(owner.notify));
    if (isNeeded) this.#notifier ??= await this.#loadNotifier();
  }

  configureNotify(spec: NodeAgentSpec): void {
    this.#isReload = true;
    this.#notifier?.configure(spec);
  }

  onEvents(batch: CoreEvent[]): void {
    this.#notifier?.onEvents(batch);
  }

  /** Adds a listener for new results of checks: they may change a priority, of which the core sends no event. */
  onResults(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Results of all checks; empty while none are configured. */
  checkReports(): CheckReport[] {
    return this.#checks?.snapshot() ?? [];
  }

  /** What was delivered and what was not; empty while nothing is to be told. */
  notificationCounts(): NotificationCount[] {
    return this.#notifier?.counters() ?? [];
  }

  /** Before the core ends: a check that fails meanwhile must not disturb the hand-over. */
  async stopChecks(): Promise<void> {
    this.#options.pods?.use(false);
    await this.#checks?.stop();
  }

  /** After the core has ended: its last events have been told. */
  async stopNotify(): Promise<void> {
    await this.#notifier?.stop(notifyLimitMs);
  }

  async #loadChecks(): Promise<CheckRunner> {
    const { core, startDialer, pods, makesFiles, clock, log } = this.#options;
    const initialFiles = () => (makesFiles ? (this.#isReload ? "Missing" : "All") : "None");
    const { CheckRunner: Runner } = await import("./checks/checkRunner.ts");
    const programs = await this.#options.programs.load();
    const setChecks: Core["setChecks"] = (results) => {
      const told = core.setChecks(results);
      for (const listener of this.#listeners) listener();
      return told;
    };
    return new Runner({ setChecks, startDialer, programs, pods, initialFiles, clock, log: log.child({ component: "checks" }) });
  }

  async #loadNotifier(): Promise<Notifier> {
    const { core, node, clock, log } = this.#options;
    const { Notifier: Loaded } = await import("./notify/notifier.ts");
    const programs = await this.#options.programs.load();
    const byKey = <Value>(value: (router: RouterSnapshot) => Value) =>
      new Map(core.snapshot().routers.map((router) => [router.key, value(router)]));
    return new Loaded({
      node,
      programs,
      priorities: () => byKey(({ priority }) => priority),
      states: () => byKey(({ state }) => state),
      clock,
      log: log.child({ component: "notify" }),
    });
  }
}
