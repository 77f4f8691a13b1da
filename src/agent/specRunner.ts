/** Runs a NodeAgent.spec: plan, journal, checks, core, notifications. One apply at a time; remembers what was refused and why. */
import { constants } from "node:os";
import type { KernelSettings } from "../plan/realServer.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { Companions } from "./companions.ts";
import { type SecretSource, secretRefs } from "./credentials/secrets.ts";
import type { Plan, RawSpec } from "./desired/desired.ts";
import { splitKey } from "./desired/desiredRouter.ts";
import { planSpec } from "./desired/planSpec.ts";
import type { EntryProblem } from "./desired/specEntries.ts";
import { kernelHas } from "./kernelSettings/kernelAddresses.ts";
import { kernelSettings } from "./kernelSettings/kernelSettings.ts";
import type { OwnedSysctls } from "./kernelSettings/sysctls.ts";
import type { LoadBalancing } from "./loadBalancing.ts";
import type { Core, CoreError } from "./native/core.ts";
import type { LocalPrograms } from "./programs/localPrograms.ts";
import type { ServerSource } from "./serverSource.ts";
import { type HeldAddressJournal, hasLeftovers, mayHold, stillHeld } from "./state/heldAddresses.ts";

/** What runs, for the reporter. */
export interface AppliedSpec extends Plan {
  /** metadata.generation of the spec; undefined when it did not come from the API. */
  generation?: number;
  appliedAt: Date;
  /** The core refused the state as a whole, and what ran before goes on. */
  coreError?: CoreError;
}

export interface RunnerOptions {
  core: Core;
  journal: HeldAddressJournal;
  secrets: SecretSource;
  companions: Companions;
  balancing: LoadBalancing;
  settings: Pick<OwnedSysctls, "configure">;
  programs: Pick<LocalPrograms, "problem">;
  /** Whether podReady can be answered. */
  seesPods: boolean;
  /** Whether tracked files are made where the configuration says so. */
  makesFiles: boolean;
  /** What a real server has stays when the agent ends. */
  staysPrepared?: boolean;
  clock: Clock;
  log: Logger;
}

export interface ApplyOptions {
  /** metadata.generation of the spec. */
  generation?: number;
  /** Where passwords come from from now on: a file brings its own. */
  secrets?: SecretSource;
  /** Who knows its VirtualServers: a file brings its own. */
  servers?: ServerSource;
  /** One entry that cannot run refuses all of it, and what ran before goes on. */
  wholeOrNothing?: boolean;
}

/** The core refuses with EAGAIN while its thread is too busy to take commands. */
const busyRetries = 100;
const busyDelayMs = 50;

export class SpecRunner {
  readonly #options: RunnerOptions;
  #applied: AppliedSpec | undefined;
  #asked: Asked | undefined;
  #running: Pick<Plan, "desired" | "accepted"> = { desired: { routers: [] }, accepted: { virtualRouters: [] } };
  #tail: Promise<unknown> = Promise.resolve();
  #journalError: string | undefined;
  /** The journal may have addresses that are not desired. */
  #unsettled = true;
  /** The core has ended: what becomes of its addresses and settings is decided. */
  #ended = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    options.balancing.neighbours.onChange(() => void this.settle());
  }

  /** The last spec that was applied; undefined before the first. */
  get applied(): AppliedSpec | undefined {
    return this.#applied;
  }

  /** Why the journal cannot be written; undefined while it can. */
  get journalError(): string | undefined {
    return this.#journalError;
  }

  /** Applies after all earlier calls have; never rejects. */
  apply(spec: RawSpec, options: ApplyOptions = {}): Promise<AppliedSpec> {
    return this.#inTurn(() => this.#applyNow({ spec, ...options }));
  }

  /** What the last spec refers to may have changed: it is planned and applied again. */
  applyAgain(): Promise<unknown> {
    return this.#inTurn(async () => this.#asked && this.#applyNow(this.#asked));
  }

  /** Nothing is to be run until a spec comes: what an earlier agent left in the kernel is removed, since nobody defends it. */
  startEmpty(): void {
    this.#options.core.apply({ routers: [] });
  }

  /** Crosses the addresses out of the journal that the core has given up. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const { journal, core, settings } = this.#options;
      const held = stillHeld(journal.addresses, this.#running.desired, core.snapshot(), kernelHas());
      await this.#write(() => journal.shrinkTo(held));
      this.#unsettled = hasLeftovers(journal.addresses, this.#running.desired);
      // An address that still stands must not begin to be answered for.
      if (!this.#unsettled && this.#applied) await settings.configure(this.#settingsOf(this.#running));
    });
  }

  /** Empties the journal but for what is to stay: the core has ended in order and removed what it held. */
  forget(): Promise<void> {
    const { static: always } = this.#running.desired;
    const stays = always?.keep ? mayHold({ routers: [], static: always }, []) : [];
    this.#ended = true;
    return this.#inTurn(() => this.#write(() => this.#options.journal.shrinkTo(stays)));
  }

  /** Whether the journal has to be written: its last write failed, or it still has addresses that are no longer desired. */
  get needsSettling(): boolean {
    return !this.#ended && (this.#options.journal.isUnsaved || this.#unsettled);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #applyNow(asked: Asked): Promise<AppliedSpec> {
    const { core, journal, companions, balancing, settings, programs, seesPods, makesFiles, staysPrepared, clock } = this.#options;
    const { spec, generation, secrets = this.#options.secrets, servers, wholeOrNothing = false } = asked;
    await secrets.require(secretRefs(spec.virtualRouters));
    const { realTime, links } = core.snapshot();
    const before = wholeOrNothing ? [] : this.#running.accepted.virtualRouters;
    const plan = await planSpec(spec, { realTime: realTime.granted, secrets, programs, seesPods, makesFiles, staysPrepared, before });
    const applied: AppliedSpec = { generation, appliedAt: clock.wallNow(), ...plan };
    if (wholeOrNothing && plan.rejected.length > 0) return applied;
    await this.#write(() => journal.add(mayHold(plan.desired, links)));
    await balancing.wake(plan.accepted);
    // Before the addresses that they are for. Those that are no longer asked for stay until the addresses have gone.
    await settings.configure({ ...this.#settingsOf(this.#running), ...this.#settingsOf(plan) });
    await companions.prepareNotify(plan.accepted);
    // The first results of new checks come before the virtual routers that they decide about, the last ones of old checks after them.
    await companions.configureChecks(merged(this.#running.accepted.checks, plan.accepted.checks));
    await balancing.prepare(plan.accepted, servers);
    applied.coreError = await this.#handOver(plan, wholeOrNothing);
    if (!applied.coreError) {
      this.#running = plan;
      companions.configureNotify(plan.accepted);
    }
    await balancing.settle(applied.coreError === undefined);
    await companions.configureChecks(this.#running.accepted.checks ?? []);
    this.#unsettled = true;
    if (applied.coreError && wholeOrNothing) return applied;
    this.#asked = asked;
    this.#applied = applied;
    this.#logProblems(applied);
    return applied;
  }

  #settingsOf({ accepted }: Pick<Plan, "accepted">): KernelSettings {
    const { ipvs } = accepted;
    const { neighbours } = this.#options.balancing;
    return kernelSettings({ ...accepted, ...(ipvs && { ipvs: { ...ipvs, sysctls: neighbours.permitted(ipvs) } }) });
  }

  async #handOver(plan: Plan, wholeOrNothing: boolean): Promise<CoreError | undefined> {
    for (let tries = 0; ; tries += 1) {
      const error = this.#tryHandOver(plan, wholeOrNothing);
      if (error?.errno !== constants.errno.EAGAIN || tries === busyRetries) return error;
      await sleep(this.#options.clock, busyDelayMs);
    }
  }

  /** Hands the plan to the core; an entry that the core refuses moves to `rejected` and the rest is tried again. */
  #tryHandOver(plan: Plan, wholeOrNothing: boolean): CoreError | undefined {
    for (;;) {
      const result = this.#options.core.apply(plan.desired);
      if (result.ok) return undefined;
      const problem = wholeOrNothing ? undefined : takeRefused(plan, result.error);
      if (!problem) return result.error;
      plan.rejected.push(problem);
    }
  }

  async #write(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#journalError = undefined;
    } catch (error) {
      // Without the journal a killed agent may leave addresses behind; without its virtual routers the node answers for nothing.
      this.#journalError = `the journal of held addresses cannot be written: ${(error as Error).message}`;
      this.#options.log.error({ error }, "cannot write the journal of held addresses");
    }
  }

  #logProblems({ generation, rejected, adjusted, coreError, desired }: AppliedSpec): void {
    const { log } = this.#options;
    for (const { path, subject, message } of rejected) log.warn({ path, subject, reason: message }, "entry refused");
    for (const { path, subject, message } of adjusted) log.warn({ path, subject, reason: message }, "entry adjusted");
    if (coreError) log.error({ coreError }, "the core refused the configuration");
    log.info({ generation, virtualRouters: desired.routers.map(({ key }) => key), refused: rejected.length }, "configuration applied");
  }
}

type Asked = ApplyOptions & { spec: RawSpec };

/** All checks of two configurations; of two of one name the newer. */
function merged<Check extends { name: string }>(older: readonly Check[] = [], newer: readonly Check[] = []): Check[] {
  return [...new Map([...older, ...newer].map((check) => [check.name, check])).values()];
}

const refusedRouter = /^routers\[(\d+)\]/;
const refusedStatic = /^static\.(addresses|routes|rules)\[(\d+)\]/;

/** Takes the entry that an error speaks of out of the plan; undefined when it speaks of none. */
function takeRefused({ desired, accepted, paths }: Plan, { path = "", message }: CoreError): EntryProblem | undefined {
  const router = Number(refusedRouter.exec(path)?.[1] ?? Number.NaN);
  const [refused] = Number.isNaN(router) ? [] : desired.routers.splice(router, 1);
  if (refused) {
    accepted.virtualRouters.splice(router, 1);
    const { virtualIP } = splitKey(refused.key);
    const { family, priority } = refused;
    return { path: paths.get(refused.key) ?? "virtualRouters", subject: refused.key, router: { virtualIP, family, priority }, message };
  }
  const [, list, place] = refusedStatic.exec(path) ?? [];
  const removed = desired.static?.[list as "addresses" | "routes" | "rules"]?.splice(Number(place), 1) ?? [];
  return removed.length > 0 ? { path: `static.${list}`, subject: `static.${list}`, message } : undefined;
}
