/** Runs a NodeAgent.spec in the core: plan, journal, apply. One apply at a time; remembers what was refused and why. */
import { constants } from "node:os";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { type EntryProblem, type Plan, planDesired } from "./desired.ts";
import { type HeldAddressJournal, mayHold, stillHeld } from "./heldAddresses.ts";
import { kernelHas } from "./kernelAddresses.ts";
import type { Core, CoreError, DesiredState } from "./native.ts";

export interface RawSpec {
  virtualRouters?: unknown;
}

/** What runs, for the reporter. */
export interface AppliedSpec {
  /** metadata.generation of the spec; undefined when it did not come from the API. */
  generation?: number;
  appliedAt: Date;
  desired: DesiredState;
  rejected: EntryProblem[];
  adjusted: EntryProblem[];
  /** The core refused the state as a whole, and what ran before goes on. */
  coreError?: CoreError;
}

/** The core refuses with EAGAIN while its thread is too busy to take commands. */
const busyRetries = 100;
const busyDelayMs = 50;
const refusedEntry = /^routers\[(\d+)\]/;

export class SpecRunner {
  readonly #core: Core;
  readonly #journal: HeldAddressJournal;
  readonly #clock: Clock;
  readonly #log: Logger;
  #applied: AppliedSpec | undefined;
  #running: DesiredState = { routers: [] };
  #tail: Promise<unknown> = Promise.resolve();
  #journalError: string | undefined;

  constructor(core: Core, journal: HeldAddressJournal, clock: Clock, log: Logger) {
    this.#core = core;
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
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
  apply(spec: RawSpec, generation?: number): Promise<AppliedSpec> {
    return this.#inTurn(() => this.#applyNow(spec, generation));
  }

  /** Nothing is to be run until a spec comes: what an earlier agent left in the kernel is removed, since nobody defends it. */
  startEmpty(): void {
    this.#core.apply({ routers: [] });
  }

  /** Crosses the addresses out of the journal that the core has given up. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const held = stillHeld(this.#journal.addresses, this.#running, this.#core.snapshot(), kernelHas());
      await this.#write(() => this.#journal.shrinkTo(held));
    });
  }

  /** Empties the journal: the core has ended in order and removed what it held. */
  forget(): Promise<void> {
    return this.#inTurn(() => this.#write(() => this.#journal.shrinkTo([])));
  }

  /** Whether the journal has to be written: its last write failed, or it still has addresses that are no longer desired. */
  get needsSettling(): boolean {
    if (this.#journal.isUnsaved) return true;
    const desired = new Set(mayHold(this.#running, []).map(({ interface: name, address }) => `${name} ${address}`));
    return this.#journal.addresses.some(({ interface: name, address }) => !desired.has(`${name} ${address}`));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #applyNow(spec: RawSpec, generation: number | undefined): Promise<AppliedSpec> {
    const { realTime, links } = this.#core.snapshot();
    const plan = planDesired(spec, { realTime: realTime.granted });
    await this.#write(() => this.#journal.add(mayHold(plan.desired, links)));
    let coreError = this.#handOver(plan);
    for (let tries = 0; coreError?.errno === constants.errno.EAGAIN && tries < busyRetries; tries += 1) {
      await sleep(this.#clock, busyDelayMs);
      coreError = this.#handOver(plan);
    }
    if (!coreError) this.#running = plan.desired;
    this.#applied = { generation, appliedAt: this.#clock.wallNow(), ...plan, coreError };
    this.#logProblems(this.#applied);
    return this.#applied;
  }

  /** Hands the plan to the core; an entry that the core refuses moves to `rejected` and the rest is tried again. */
  #handOver(plan: Plan): CoreError | undefined {
    for (;;) {
      const result = this.#core.apply(plan.desired);
      if (result.ok) return undefined;
      const place = refusedEntry.exec(result.error.path ?? "");
      const [refused] = place ? plan.desired.routers.splice(Number(place[1]), 1) : [];
      if (!refused) return result.error;
      const virtualIP = refused.key.slice(0, refused.key.lastIndexOf("/"));
      plan.rejected.push({ index: -1, virtualIP, family: refused.family, priority: refused.priority, message: result.error.message });
    }
  }

  async #write(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#journalError = undefined;
    } catch (error) {
      // Without the journal a killed agent may leave addresses behind; without its virtual routers the node answers for nothing.
      this.#journalError = `the journal of held addresses cannot be written: ${(error as Error).message}`;
      this.#log.error({ error }, "cannot write the journal of held addresses");
    }
  }

  #logProblems({ generation, rejected, adjusted, coreError, desired }: AppliedSpec): void {
    for (const problem of rejected) this.#log.warn({ ...problem }, "virtual router refused");
    for (const problem of adjusted) this.#log.warn({ ...problem }, "virtual router adjusted");
    if (coreError) this.#log.error({ coreError }, "the core refused the configuration");
    this.#log.info(
      { generation, virtualRouters: desired.routers.map(({ key }) => key), refused: rejected.length },
      "configuration applied",
    );
  }
}
