/** One check that runs: its schedule, its run that is under way, and what its results amount to. */
import type { CheckKind } from "../../api/check.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { CheckResult } from "../native.ts";
import type { Slots } from "../programs/slots.ts";
import { type CheckPolicy, type CheckState, checkPolicy, initialState, milliseconds, observe, ripen } from "./checkState.ts";
import { badOutcome, type Outcome, type Probe } from "./probe.ts";
import { nextDue } from "./schedule.ts";

export interface ScheduledCheckOptions {
  check: NodeCheck;
  kind: CheckKind;
  probe: Probe;
  /** Shared by the checks of its kind. */
  slots: Slots;
  clock: Clock;
  /** The result is another than before. */
  onChange(check: ScheduledCheck): void;
}

/** A timer that is later than this means that JavaScript was blocked: whatever the check asks may have answered in time. */
const lateTimerMs = 100;

/** What another check of the same subject has found out, which a change of the timing alone does not make wrong. */
export interface Inherited {
  state: CheckState;
  value: number | undefined;
  since: Date | undefined;
  message: string;
}

export class ScheduledCheck {
  readonly kind: CheckKind;
  readonly check: NodeCheck;
  readonly #options: ScheduledCheckOptions;
  readonly #policy: CheckPolicy;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #state: CheckState;
  #value: number | undefined;
  #since: Date | undefined;
  #message = "";
  #due = 0;
  #dueTimer: Timer | undefined;
  #changeTimer: Timer | undefined;
  #run: AbortController | undefined;
  /** Waiting for a slot, or running. */
  #busy = false;
  #hinted = false;
  #stopped = false;

  constructor(options: ScheduledCheckOptions) {
    this.#options = options;
    this.check = options.check;
    this.kind = options.kind;
    this.#policy = checkPolicy(options.check);
    // An interval of 0 would run without end.
    this.#intervalMs = Math.max(milliseconds(options.check.interval, 1000), 10);
    this.#timeoutMs = milliseconds(options.check.timeout, this.#intervalMs) || this.#intervalMs;
    this.#state = initialState(this.#policy);
    const { file } = options.check;
    // Until it is read, a number is what it is where there is no file: what counts is the number alone.
    if (file && file.present === undefined) this.#value = 0;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** What counts now. */
  get result(): CheckResult {
    const { name } = this.check;
    return this.#value === undefined ? { name, up: this.#state.up } : { name, up: this.#state.up, value: this.#value };
  }

  /** Why it is down, or what the last run found. */
  get message(): string {
    return this.#message;
  }

  /** When the result began; undefined before the first. */
  get since(): Date | undefined {
    return this.#since;
  }

  get inherited(): Inherited {
    return { state: this.#state, value: this.#value, since: this.#since, message: this.#message };
  }

  inherit({ state, value, since, message }: Inherited): void {
    this.#state = { ...state, against: 0, changeAt: undefined };
    this.#value = value;
    this.#since = since;
    this.#message = message;
  }

  /** Begins to run after `delayMs`; when that is negative at once, on the schedule of a check that was due so long ago. */
  start(delayMs: number): void {
    const { probe, clock } = this.#options;
    const { rise, fall, file } = this.check;
    // A hint is one more run: it must not count among those in a row that rise and fall want at their interval.
    const isPrompt = (rise === 1 && fall === 1) || (file !== undefined && file.present === undefined);
    if (isPrompt) probe.watch?.(() => this.#hint());
    this.#due = clock.now() + delayMs;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#dueTimer?.clear();
    this.#changeTimer?.clear();
    this.#run?.abort(new Error("the check is gone"));
    this.#options.probe.close?.();
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#dueTimer = clock.setTimeout(
      () => {
        this.#due = nextDue(this.#due, this.#intervalMs, clock.now());
        this.#arm();
        this.#begin();
      },
      Math.max(0, this.#due - clock.now()),
    );
  }

  #hint(): void {
    if (this.#busy) this.#hinted = true;
    else this.#begin();
  }

  /** A run that is still under way or has not yet been let in takes the place of this one. */
  #begin(): void {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    this.#hinted = false;
    this.#options.slots.take(() => void this.#runOnce());
  }

  async #runOnce(): Promise<void> {
    const { probe, slots } = this.#options;
    if (!this.#stopped) {
      const run = new AbortController();
      this.#run = run;
      const deadline = this.#setDeadline(run);
      // A target that the system refuses to take at all; nobody else would hear of it.
      const outcome = await attempt(() => probe.run(run.signal));
      deadline.clear();
      if (outcome && !run.signal.aborted) this.#observe(outcome);
      this.#run = undefined;
    }
    slots.release();
    this.#busy = false;
    if (this.#hinted) this.#begin();
  }

  /**
   * The end of a run's time counts as a failure when it comes, while what is under way may take longer to end and keeps its slot until then.
   * What has come in meanwhile is heard first: timers go before I/O when JavaScript has been blocked.
   */
  #setDeadline(run: AbortController): Timer {
    const { clock } = this.#options;
    const due = clock.now() + this.#timeoutMs;
    let immediate: NodeJS.Immediate | undefined;
    const timer = clock.setTimeout(() => {
      const isLate = clock.now() - due > lateTimerMs;
      immediate = setImmediate(() => {
        if (run.signal.aborted) return;
        if (!isLate) this.#observe({ good: false, message: `no answer within ${this.#timeoutMs} ms` });
        run.abort(new Error("its time is over"));
      });
    }, this.#timeoutMs);
    return {
      clear: () => {
        timer.clear();
        clearImmediate(immediate);
      },
    };
  }

  #observe({ good, message, value }: Outcome): void {
    if (this.#stopped) return;
    this.#message = message;
    const before = this.result;
    const now = this.#options.clock.now();
    if (value === undefined) this.#state = observe(this.#state, this.#policy, good, now);
    else this.#state = { up: good, decided: true, against: 0, changeAt: undefined };
    this.#value = value;
    this.#armChange();
    this.#tell(before);
  }

  #armChange(): void {
    const { clock } = this.#options;
    this.#changeTimer?.clear();
    if (this.#state.changeAt === undefined) return;
    this.#changeTimer = clock.setTimeout(
      () => {
        const before = this.result;
        this.#state = ripen(this.#state, clock.now());
        this.#tell(before);
      },
      Math.max(0, this.#state.changeAt - clock.now()),
    );
  }

  #tell(before: CheckResult): void {
    const isNew = before.up !== this.#state.up || before.value !== this.#value;
    if (isNew || !this.#since) this.#since = this.#options.clock.wallNow();
    if (isNew) this.#options.onChange(this);
  }
}

async function attempt(run: () => Promise<Outcome | undefined>): Promise<Outcome | undefined> {
  try {
    return await run();
  } catch (error) {
    return badOutcome((error as Error).message);
  }
}
