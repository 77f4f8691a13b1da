/** One health check that runs: its schedule, its attempt that is under way, and what its attempts amount to. */
import type { HealthCheckKind } from "../../api/healthCheck.ts";
import type { Clock } from "../../runtime/clock.ts";
import { Attempt } from "../checks/attempt.ts";
import type { Outcome, Probe } from "../checks/probe.ts";
import type { Slots } from "../programs/slots.ts";
import type { Agenda, Appointment } from "./agenda.ts";
import { afterAttempt, type HealthPolicy, type HealthState, initialHealth } from "./healthState.ts";
import type { HealthTally } from "./healthTally.ts";
import type { HealthTarget } from "./healthTarget.ts";

/** What the checks of a kind have in common: there are thousands. */
export interface HealthRunKind {
  kind: HealthCheckKind;
  slots: Slots;
  tally: HealthTally;
  agenda: Agenda;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** The result is another than before. */
  onChange(run: HealthRun): void;
  /** Nothing can be found out, for a reason to be mended; another one than before. */
  onProblem(run: HealthRun, problem: string): void;
}

export interface HealthRunSubject {
  target: HealthTarget;
  policy: HealthPolicy;
  probe: Probe;
  /** Whose share of the slots it takes. */
  group: unknown;
}

/** What counts now. */
export interface HealthFinding {
  up: boolean;
  weight?: number;
  weightChange?: number;
  since?: Date;
  message: string;
}

/** What a check of the same subject has found out, which a change of the timing alone does not make wrong. */
export interface InheritedHealth {
  state: HealthState;
  finding: HealthFinding;
  transitions: number;
}

export class HealthRun implements Appointment {
  due = 0;
  place = -1;
  /** Who asks: the keys of all targets that are equal to its own. */
  keys: string[] = [];
  readonly #kind: HealthRunKind;
  readonly #subject: HealthRunSubject;
  #state: HealthState;
  #finding: HealthFinding;
  #transitions = 0;
  #latencyMs: number | undefined;
  #beganAt = 0;
  #attempt: Attempt | undefined;
  /** Its time came, or a hint, while an attempt was under way. */
  #overdue = false;
  #problem = "";
  #stopped = false;

  constructor(kind: HealthRunKind, subject: HealthRunSubject) {
    this.#kind = kind;
    this.#subject = subject;
    this.#state = initialHealth(subject.policy);
    this.#finding = { up: this.#state.check.up, message: "" };
  }

  get kind(): HealthCheckKind {
    return this.#kind.kind;
  }

  get target(): HealthTarget {
    return this.#subject.target;
  }

  get finding(): HealthFinding {
    return this.#finding;
  }

  /** How often it went up or down; the first result is no change unless it contradicts what was assumed. */
  get transitions(): number {
    return this.#transitions;
  }

  /** Of the last attempt. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  get inherited(): InheritedHealth {
    return { state: this.#state, finding: this.#finding, transitions: this.#transitions };
  }

  inherit({ state, finding, transitions }: InheritedHealth): void {
    this.#state = { check: { ...state.check, against: 0 }, failures: 0 };
    this.#finding = finding;
    this.#transitions = transitions;
  }

  start(): void {
    const { probe, policy } = this.#subject;
    const { agenda, clock, random } = this.#kind;
    probe.watch?.(() => this.begin());
    agenda.set(this, clock.now() + random() * policy.warmupMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#kind.agenda.remove(this);
    this.#attempt?.stop();
    this.#subject.probe.close?.();
  }

  /** What is left of an attempt keeps its slot; the next one waits for that. */
  begin(): void {
    if (this.#stopped) return;
    if (this.#attempt) {
      this.#overdue = true;
      return;
    }
    this.#overdue = false;
    const { probe, group, policy } = this.#subject;
    const { slots, tally, clock } = this.#kind;
    const onBegin = () => {
      this.#beganAt = clock.now();
      tally.begun(Math.max(0, this.#beganAt - this.due));
    };
    const onOutcome = (outcome: Outcome | undefined, problem?: string) => this.#ended(outcome, problem);
    const onEnd = () => {
      this.#attempt = undefined;
      if (this.#overdue) this.begin();
    };
    this.#attempt = new Attempt({ probe, slots, group, timeoutMs: policy.timeoutMs, clock, onBegin, onOutcome, onEnd });
  }

  #ended(outcome: Outcome | undefined, problem = ""): void {
    const { kind, tally, agenda, clock } = this.#kind;
    const now = clock.now();
    this.#latencyMs = now - this.#beganAt;
    tally.ended(outcome?.good, this.#latencyMs);
    const isFirst = !this.#state.check.decided;
    const { state, delayMs } = afterAttempt(this.#state, this.#subject.policy, outcome?.good);
    this.#state = state;
    this.#tellProblem(problem);
    // keepalived counts from the beginning of a program, and from the end of everything else.
    const from = kind === "exec" ? this.#beganAt : now;
    agenda.set(this, from + (isFirst && outcome?.good ? this.#spread(delayMs) : delayMs));
    if (outcome) this.#take(outcome);
  }

  /** First attempts come soon after the start; the ones that follow are spread over the whole interval. */
  #spread(delayMs: number): number {
    return this.#subject.policy.spreads ? delayMs * this.#kind.random() : delayMs;
  }

  #take({ good, message, weight, weightChange }: Outcome): void {
    const before = this.#finding;
    const { up } = this.#state.check;
    // An attempt that will be repeated changes nothing yet, but for the message.
    const weights = up ? (good ? { weight, weightChange } : { weight: before.weight, weightChange: before.weightChange }) : {};
    const isTurn = before.up !== up;
    const isOther = isTurn || before.weight !== weights.weight || before.weightChange !== weights.weightChange;
    // What stays as it is stays the same object: there are thousands of results a second.
    if (!isOther && before.since && before.message === message) return;
    const since = isTurn || !before.since ? this.#kind.clock.wallNow() : before.since;
    this.#finding = { up, ...weights, since, message };
    if (isTurn) this.#transitions += 1;
    if (isOther) this.#kind.onChange(this);
  }

  #tellProblem(problem: string): void {
    if (problem !== "") this.#finding = { ...this.#finding, message: problem };
    if (problem !== "" && problem !== this.#problem) this.#kind.onProblem(this, problem);
    this.#problem = problem;
  }
}
