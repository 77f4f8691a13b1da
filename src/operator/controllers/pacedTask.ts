/**
 * One task at a time, beside what starts it, and then a rest in proportion to what it took: the slower the API server answers, the fewer
 * times it is asked, and the more each task has gathered.
 */
import type { Clock } from "../../runtime/clock.ts";

export interface PacedTaskOptions {
  clock: Clock;
  /** How much longer than the task the rest is. */
  restFactor: number;
  /** However long the task took: one that hung says nothing about the next. */
  mostRestMs: number;
  /** Called when one has ended, and when the rest is over. */
  onDone: () => unknown;
}

export class PacedTask<Result> {
  readonly #options: PacedTaskOptions;
  #running: Promise<void> | undefined;
  #restUntil = Number.NEGATIVE_INFINITY;
  #result: Result | undefined;

  constructor(options: PacedTaskOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Whether the rest is over. What is urgent need not wait for that. */
  get isRested(): boolean {
    return !this.isRunning && this.#options.clock.now() >= this.#restUntil;
  }

  /** `work` must not reject. Does nothing while another one runs. */
  start(work: () => Promise<Result>): void {
    if (!this.isRunning) this.#running = this.#run(work);
  }

  /** What the last task gave; once. */
  takeResult(): Result | undefined {
    const result = this.#result;
    this.#result = undefined;
    return result;
  }

  /** Resolves when nothing runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(work: () => Promise<Result>): Promise<void> {
    const { clock, restFactor, mostRestMs, onDone } = this.#options;
    const startedAt = clock.now();
    const result = await work();
    this.#result = result;
    this.#running = undefined;
    const restMs = Math.min(mostRestMs, restFactor * (clock.now() - startedAt));
    this.#restUntil = clock.now() + restMs;
    onDone();
    clock.setTimeout(onDone, restMs);
  }
}
