/**
 * The programs of one virtual router or group: one after the other, in the order of the transitions. When it is hopelessly behind, what
 * waits gives way to the newest transition: a state that is over need not be acted on.
 */
import type { Program } from "../programs/programRunner.ts";
import type { Slots } from "../programs/slots.ts";

export interface LaneOptions {
  /** Runs one program to its end; never rejects. */
  run(program: Program): Promise<void>;
  /** How many lanes run a program at a time. */
  slots: Slots;
  onCollapse(transitions: number): void;
  /** Nothing is left to run. */
  onIdle?(lane: ProgramLane): void;
}

/** Transitions that may wait. */
export const longestQueue = 16;

export class ProgramLane {
  readonly #options: LaneOptions;
  #waiting: (readonly Program[])[] = [];
  #draining: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Adds the programs of a transition. */
  push(programs: readonly Program[]): void {
    if (programs.length === 0) return;
    if (this.#waiting.length >= longestQueue) {
      this.#options.onCollapse(this.#waiting.length);
      this.#waiting = [];
    }
    this.#waiting.push(programs);
    this.#draining ??= this.#drain();
  }

  /** Resolves when nothing is left to run. */
  idle(): Promise<void> {
    return this.#draining ?? Promise.resolve();
  }

  get isIdle(): boolean {
    return this.#draining === undefined;
  }

  async #drain(): Promise<void> {
    for (let programs = this.#waiting.shift(); programs; programs = this.#waiting.shift()) {
      for (const program of programs) await this.#run(program);
    }
    this.#draining = undefined;
    this.#options.onIdle?.(this);
  }

  async #run(program: Program): Promise<void> {
    const { slots, run } = this.#options;
    await new Promise<void>((resolve) => slots.take(this, resolve));
    await run(program);
    slots.release(this);
  }
}
