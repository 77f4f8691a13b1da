/**
 * What the results of a check amount to. Pure: results and `now` come in.
 *
 * As in keepalived 2.2.7, the very first result counts at once, whatever rise and fall say; a check that is Down to begin with (init_fail)
 * needs `rise` successes.
 */
import { parseDuration } from "../../api/duration.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";

export interface CheckPolicy {
  /** Successes in a row until it is up, failures in a row until it is down. */
  rise: number;
  fall: number;
  initial: "Up" | "Down";
  /** For how long it must then stay so before it counts, in ms. */
  riseDelayMs: number;
  fallDelayMs: number;
}

export interface CheckState {
  up: boolean;
  /** Whether a result has come. */
  decided: boolean;
  /** Results in a row that speak against `up`. */
  against: number;
  /** When `up` turns around unless a result speaks for it before; undefined when nothing is to change. */
  changeAt: number | undefined;
}

type Timing = Pick<NodeCheck, "rise" | "fall" | "initial" | "riseDelay" | "fallDelay">;

export function checkPolicy({ rise, fall, initial, riseDelay, fallDelay }: Timing): CheckPolicy {
  return { rise, fall, initial, riseDelayMs: milliseconds(riseDelay, 0), fallDelayMs: milliseconds(fallDelay, 0) };
}

/** Milliseconds of a duration of the API, which its schema has checked; `otherwise` when there is none. */
export function milliseconds(duration: string | undefined, otherwise: number): number {
  return (duration === undefined ? undefined : parseDuration(duration)) ?? otherwise;
}

export function initialState({ initial }: CheckPolicy): CheckState {
  return { up: initial === "Up", decided: false, against: 0, changeAt: undefined };
}

/** The state after a result. */
export function observe(state: CheckState, policy: CheckPolicy, good: boolean, now: number): CheckState {
  const due = ripen(state, now);
  if (!due.decided && policy.initial === "Up") return { up: good, decided: true, against: 0, changeAt: undefined };
  if (good === due.up) return { up: good, decided: true, against: 0, changeAt: undefined };
  const needed = good ? policy.rise : policy.fall;
  const against = Math.min(due.against + 1, needed);
  const delay = good ? policy.riseDelayMs : policy.fallDelayMs;
  const changeAt = due.changeAt ?? (against >= needed ? now + delay : undefined);
  return ripen({ up: due.up, decided: true, against, changeAt }, now);
}

/** The state once `now` has come: turned around if that was due. */
export function ripen(state: CheckState, now: number): CheckState {
  if (state.changeAt === undefined || now < state.changeAt) return state;
  return { up: !state.up, decided: state.decided, against: 0, changeAt: undefined };
}
