/** SIGTERM and SIGINT → ordered asynchronous steps within a time limit → exit. A second signal exits at once. */
import type { EventEmitter } from "node:events";
import { type Clock, systemClock, type Timer } from "./clock.ts";
import type { Logger } from "./log.ts";

export interface ShutdownOptions {
  log: Logger;
  /** Milliseconds for all steps together. */
  timeLimit: number;
  clock?: Clock;
  /** Where the signals come from; the process. */
  signals?: EventEmitter;
  exit?: (status: number) => void;
}

interface Step {
  name: string;
  run: () => Promise<void> | void;
}

/** Exit status when the steps did not end in time or a second signal came. */
const forcedStatus = 1;

export class Shutdown {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #timeLimit: number;
  readonly #exit: (status: number) => void;
  readonly #steps: Step[] = [];
  readonly #started = new AbortController();
  #running = "";
  #timer: Timer | undefined;

  constructor({ log, timeLimit, clock = systemClock, signals = process, exit = (status) => process.exit(status) }: ShutdownOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#timeLimit = timeLimit;
    this.#exit = exit;
    for (const signal of ["SIGTERM", "SIGINT"]) signals.on(signal, () => this.#onSignal(signal));
  }

  /** Aborted as soon as the shutdown begins. */
  get signal(): AbortSignal {
    return this.#started.signal;
  }

  /** Adds a step. Steps run one after the other, the last one added first: what was started last is stopped first. */
  step(name: string, run: () => Promise<void> | void): void {
    this.#steps.push({ name, run });
  }

  /** Runs the steps and exits with `status`. A step that fails is logged and the others still run. Calls after the first do nothing. */
  async run(status: number): Promise<void> {
    if (this.signal.aborted) return;
    this.#started.abort();
    this.#timer = this.#clock.setTimeout(() => {
      this.#log.error({ step: this.#running, limitMs: this.#timeLimit }, "shutdown did not end in time");
      this.#exit(forcedStatus);
    }, this.#timeLimit);
    for (const { name, run } of this.#steps.toReversed()) {
      this.#running = name;
      try {
        await run();
      } catch (error) {
        this.#log.error({ step: name, error }, "shutdown step failed");
      }
    }
    this.#timer.clear();
    this.#exit(status);
  }

  #onSignal(signal: string): void {
    if (this.signal.aborted) {
      this.#log.warn({ signal, step: this.#running }, "second signal: exiting at once");
      this.#exit(forcedStatus);
      return;
    }
    this.#log.info({ signal }, "shutting down");
    void this.run(0);
  }
}
