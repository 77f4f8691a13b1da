/** One check that runs: its schedule, its run that is under way, and what its results amount to. */
import type { CheckKind } from "../../api/check.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { CheckResult } from "../native/desiredState.ts";
import type { Slots } from "../programs/slots.ts";
import { Attempt } from "./attempt.ts";
import { type CheckPolicy, type CheckState, checkPolicy, initialState, milliseconds, observe, ripen } from "./checkState.ts";
import type { Outcome, Probe } from "./probe.ts";
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
  /** Waiting for a slot, or running. */
  #attempt: Attempt | undefined;
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
    this.#attempt?.stop();
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
    if (this.#attempt) this.#hinted = true;
    else this.#begin();
  }

  /** A run that is still under way or has not yet been let in takes the place of this one. */
  #begin(): void {
    if (this.#attempt || this.#stopped) return;
    this.#hinted = false;
    const { probe, slots, clock } = this.#options;
    const onOutcome = (outcome: Outcome | undefined, problem?: string) => {
      if (outcome) this.#observe(outcome);
      else if (problem !== undefined) this.#message = problem;
    };
    const onEnd = () => {
      this.#attempt = undefined;
      if (this.#hinted) this.#begin();
    };
    this.#attempt = new Attempt({ probe, slots, group: this, timeoutMs: this.#timeoutMs, clock, onOutcome, onEnd });
  }

  #observe({ good, message, value }: Outcome): void {
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
