/**
 * The agent's own table of nf_tables: written whole whenever something else is wanted, looked at once a second, and put back when somebody
 * else has changed it. It is no business of elections: what waits here waits for the kernel in a thread of its own.
 */
import { constants } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { CoreError } from "../native/core.ts";
import type { Nat, NatRules } from "../native/nat.ts";
import type { HeldTableJournal } from "../state/heldTables.ts";
import { type NatQuestion, planNat } from "./planNat.ts";

export interface NatTableOptions {
  nat: Nat;
  journal: HeldTableJournal;
  /** What is wrong with it may be something else than before. */
  onChange(): void;
  clock: Clock;
  log: Logger;
}

/** Somebody else's reload of all tables takes ours away no longer than that. */
const lookMs = 1000;
const nothing: NatRules = { masqueraded: [], translations: [] };

const isEmpty = ({ masqueraded, translations }: NatRules) => masqueraded.length + translations.length === 0;

export class NatTable {
  readonly #options: NatTableOptions;
  #wanted: NatRules = nothing;
  /** What stands, as far as is known. */
  #written: NatRules | undefined;
  /** What it looked like then. */
  #generation: number | undefined;
  #digest = "";
  #problem = "";
  #journalProblem = "";
  #timer: Timer | undefined;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: NatTableOptions) {
    this.#options = options;
  }

  /** Why the table, or its journal, is not as it should be; "" when nothing is known to be wrong. */
  get problem(): string {
    return [this.#problem, this.#journalProblem].filter(Boolean).join("; ");
  }

  /**
   * Makes this what stands. Resolves when the kernel has it, or has refused it: then it is tried again. While not all is known (`isComplete`
   * false) what an earlier process left stays.
   */
  configure(question: NatQuestion & { isComplete: boolean }): Promise<void> {
    if (!question.isComplete && !this.#written && this.#options.journal.holds) return this.#tail;
    this.#wanted = planNat(question);
    return this.#inTurn(() => this.#ensure());
  }

  /** The table goes, or stays with `keep`, for the next process. */
  async stop(keep: boolean): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    this.#wanted = keep ? this.#wanted : nothing;
    await this.#inTurn(async () => {
      if (!keep) await this.#remove();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(work).catch((error) => this.#options.log.error({ error }, "the table of nf_tables could not be seen to"));
    return this.#tail;
  }

  async #ensure(): Promise<void> {
    if (this.#stopped) return;
    if (isEmpty(this.#wanted)) {
      await this.#remove();
    } else {
      await this.#record(true);
      if (!isDeepStrictEqual(this.#written, this.#wanted)) await this.#write();
    }
    this.#lookAgain();
  }

  async #write(): Promise<void> {
    const { nat } = this.#options;
    const rules = this.#wanted;
    this.#written = undefined;
    const result = await nat.replaceNat(rules);
    if (!result.ok) return this.#note(result.error);
    const standing = await nat.readNat();
    if (!standing.ok) return this.#note(standing.error);
    this.#written = rules;
    this.#generation = standing.generation;
    this.#digest = standing.digest;
    this.#note(undefined);
  }

  async #remove(): Promise<void> {
    const { nat, journal } = this.#options;
    this.#written = undefined;
    if (!journal.holds) return;
    const result = await nat.removeNat();
    // A kernel that could not have the table does not have it.
    const isGone = result.ok || missing.has(result.error.errno);
    if (isGone) await this.#record(false);
    this.#note(isGone ? undefined : result.error);
  }

  /** Without the journal a killed agent may leave its table behind; without the table clients get no answer. */
  async #record(holds: boolean): Promise<void> {
    const { journal, log, onChange } = this.#options;
    const before = this.#journalProblem;
    this.#journalProblem = await journal.set(holds).then(
      () => "",
      (error: Error) => `the journal of held tables cannot be written: ${error.message}`,
    );
    if (this.#journalProblem === before) return;
    if (this.#journalProblem) log.error({ reason: this.#journalProblem }, "cannot write the journal of held tables");
    onChange();
  }

  #lookAgain(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (this.#stopped || !this.#options.journal.holds) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.#inTurn(() => this.#look()), lookMs);
  }

  /** Whether all is as it was written; it costs one question while nobody changes any table. */
  async #look(): Promise<void> {
    if (this.#stopped) return;
    if (this.#written && !(await this.#stands())) {
      this.#options.log.warn({ table: "inet aloft" }, "somebody else changed the table of nf_tables; it is put back");
      this.#written = undefined;
    }
    await this.#ensure();
  }

  async #stands(): Promise<boolean> {
    const { nat } = this.#options;
    const now = await nat.natGeneration();
    if (now.ok && now.generation === this.#generation) return true;
    const standing = await nat.readNat();
    // What cannot be seen is not known to be wrong.
    if (!standing.ok) return true;
    this.#generation = standing.generation;
    return standing.digest === this.#digest;
  }

  #note(error: CoreError | undefined): void {
    const { log, onChange } = this.#options;
    const problem = error ? `${error.message}${hintOf(error)}` : "";
    if (problem === this.#problem) return;
    if (error) log.error({ coreError: error }, "nf_tables refused the agent's table");
    this.#problem = problem;
    onChange();
  }
}

const { ENOENT, EOPNOTSUPP, EPROTONOSUPPORT } = constants.errno;
const missing = new Set([ENOENT, EOPNOTSUPP, EPROTONOSUPPORT]);

function hintOf({ errno }: CoreError): string {
  return missing.has(errno) ? " (the kernel lacks a part of nf_tables: CONFIG_NF_TABLES_INET, NFT_NAT, NFT_MASQ, NFT_FIB_INET)" : "";
}
