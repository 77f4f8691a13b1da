/** A kernel with one table of nf_tables that is ours, and what others do to it. */
import type { CoreError, CoreResult } from "../../../../src/agent/native/core.ts";
import type { Nat, NatRules } from "../../../../src/agent/native/nat.ts";

export class RecordingNat implements Nat {
  /** Every table that was written. */
  readonly written: NatRules[] = [];
  /** What stands. */
  table: NatRules | undefined;
  generation = 1;
  /** Why nothing can be written. */
  refusal: CoreError | undefined;
  #digest = 0;

  get #refused(): { ok: false; error: CoreError } | undefined {
    return this.refusal && { ok: false, error: this.refusal };
  }

  #change(table: NatRules | undefined): void {
    this.table = table;
    this.generation += 1;
    this.#digest += 1;
  }

  async replaceNat(rules: NatRules): Promise<CoreResult> {
    if (this.#refused) return this.#refused;
    this.written.push(structuredClone(rules));
    this.#change(structuredClone(rules));
    return { ok: true };
  }

  async removeNat(): Promise<CoreResult> {
    if (this.#refused) return this.#refused;
    this.#change(undefined);
    return { ok: true };
  }

  async natGeneration(): Promise<{ ok: true; generation: number }> {
    return { ok: true, generation: this.generation };
  }

  async readNat(): Promise<{ ok: true; generation: number; digest: string }> {
    return { ok: true, generation: this.generation, digest: this.table ? String(this.#digest) : "0" };
  }

  /** Somebody else writes a table of his own. */
  othersChange(): void {
    this.generation += 1;
  }

  /** Somebody else flushes all tables. */
  flush(): void {
    this.#change(undefined);
  }
}
