/** One run of a probe: it waits for a slot, has its time, and tells what it found. */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Slots } from "../programs/slots.ts";
import { badOutcome, type Outcome, type Probe, Unasked } from "./probe.ts";

export interface AttemptOptions {
  probe: Probe;
  slots: Slots;
  /** Whose share of the slots it takes. */
  group: unknown;
  timeoutMs: number;
  clock: Clock;
  /** It has a slot and begins. */
  onBegin?(): void;
  /** Undefined: nothing can be said; `problem` is why, if it is something to mend. Never called after `stop()`. */
  onOutcome(outcome: Outcome | undefined, problem?: string): void;
  /** It has let go of its slot; what its time cut short may take longer than its outcome. */
  onEnd(): void;
}

/**
 * A timer that is later than this means that JavaScript was blocked: whatever the probe asks may have answered in time. It gets its time once
 * more, but not for ever: on a node that is always busy a server that keeps silent would stay in service.
 */
const lateTimerMs = 100;
const mostExtensions = 3;

export class Attempt {
  readonly #options: AttemptOptions;
  readonly #begin = () => void this.#start();
  #run: AbortController | undefined;
  #deadline: Timer | undefined;
  #extensions = 0;
  #stopped = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    options.slots.take(options.group, this.#begin);
  }

  stop(): void {
    const { slots, group } = this.#options;
    this.#stopped = true;
    slots.drop(group, this.#begin);
    this.#deadline?.clear();
    this.#run?.abort(new Error("the check is gone"));
  }

  async #start(): Promise<void> {
    const { probe, slots, group, onBegin, onEnd } = this.#options;
    onBegin?.();
    const run = new AbortController();
    this.#run = run;
    this.#setDeadline(run);
    const found = await attempt(probe, run.signal, () => this.#setDeadline(run));
    this.#deadline?.clear();
    if (!run.signal.aborted) this.#tell(found.outcome, found.problem);
    slots.release(group);
    onEnd();
  }

  /**
   * The end of a run's time counts when it comes, while what is under way may take longer to end and keeps its slot until then. What has
   * come in meanwhile is heard first: timers go before I/O when JavaScript has been blocked.
   */
  #setDeadline(run: AbortController): void {
    const { probe, clock, timeoutMs } = this.#options;
    this.#deadline?.clear();
    const due = clock.now() + timeoutMs;
    let immediate: NodeJS.Immediate | undefined;
    const timer = clock.setTimeout(() => {
      const isLate = clock.now() - due > lateTimerMs;
      immediate = setImmediate(() => {
        if (run.signal.aborted) return;
        if (isLate && this.#extensions < mostExtensions) {
          this.#extensions += 1;
          this.#setDeadline(run);
        } else {
          run.abort(new Error("its time is over"));
          this.#tell(probe.silence ?? badOutcome(`no answer within ${timeoutMs} ms`));
        }
      });
    }, timeoutMs);
    this.#deadline = {
      clear: () => {
        timer.clear();
        clearImmediate(immediate);
      },
    };
  }

  #tell(outcome: Outcome | undefined, problem?: string): void {
    if (!this.#stopped) this.#options.onOutcome(outcome, problem);
  }
}

interface Found {
  outcome: Outcome | undefined;
  problem?: string;
}

/** A target that the system refuses to take at all is a failure; nobody else would hear of it. */
async function attempt(probe: Probe, signal: AbortSignal, renew: () => void): Promise<Found> {
  try {
    return { outcome: await probe.run(signal, renew) };
  } catch (error) {
    const { message } = error as Error;
    return error instanceof Unasked ? { outcome: undefined, problem: message } : { outcome: badOutcome(message) };
  }
}
