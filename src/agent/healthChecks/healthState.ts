/**
 * What the attempts of a health check amount to, and when the next one is due. Pure.
 *
 * As in keepalived 2.2.7: the first attempt counts at once, whatever it finds; a failed one of a server that is up is repeated `retries`
 * times before the run counts as failed; one that is down gets no second try. The time until the next attempt begins when one has ended.
 */
import type { HealthCheck } from "../../api/healthCheck.ts";
import { type CheckState, initialState, milliseconds, observe } from "../checks/checkState.ts";

export interface HealthPolicy {
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  retryDelayMs: number;
  /** Good runs in a row until it is up, failed ones until it is down. */
  rise: number;
  fall: number;
  initial: "Up" | "Down";
  /** The first attempt comes at a random moment within this time. */
  warmupMs: number;
  /** The second one comes at a random moment within the interval: many checks that begin together do not go on together. */
  spreads: boolean;
}

export interface HealthState {
  check: CheckState;
  /** Failed attempts of the run that is under way. */
  failures: number;
}

/** What is due after an attempt. */
export interface Step {
  state: HealthState;
  /** Until the next one. */
  delayMs: number;
}

/** An interval of 0 would run without end. */
const leastIntervalMs = 10;
const longestDefaultWarmupMs = 1000;

type Timing = Pick<HealthCheck, "interval" | "timeout" | "retries" | "retryDelay" | "rise" | "fall" | "warmup" | "initial">;

export function healthPolicy({ retries, rise, fall, initial, ...times }: Timing): HealthPolicy {
  const intervalMs = Math.max(milliseconds(times.interval, leastIntervalMs), leastIntervalMs);
  return {
    intervalMs,
    timeoutMs: milliseconds(times.timeout, intervalMs) || intervalMs,
    retries,
    retryDelayMs: milliseconds(times.retryDelay, 0),
    rise,
    fall,
    initial,
    warmupMs: milliseconds(times.warmup, Math.min(intervalMs, longestDefaultWarmupMs)),
    spreads: times.warmup === undefined && intervalMs > longestDefaultWarmupMs,
  };
}

export function initialHealth({ rise, fall, initial }: HealthPolicy): HealthState {
  return { check: initialState({ rise, fall, initial, riseDelayMs: 0, fallDelayMs: 0 }), failures: 0 };
}

/** Undefined: nothing can be said, and all stays as it is. */
export function afterAttempt(state: HealthState, policy: HealthPolicy, good: boolean | undefined): Step {
  const { intervalMs, retries, retryDelayMs, rise, fall } = policy;
  if (isSettled(state, good)) return { state, delayMs: intervalMs };
  if (good === undefined) return { state: { ...state, failures: 0 }, delayMs: intervalMs };
  const mayRetry = state.check.decided && state.check.up && state.failures < retries;
  if (!good && mayRetry) return { state: { ...state, failures: state.failures + 1 }, delayMs: retryDelayMs };
  // "Up": the first result counts at once. It does so too for what is down to begin with.
  const check = observe(state.check, { rise, fall, initial: "Up", riseDelayMs: 0, fallDelayMs: 0 }, good, 0);
  return { state: { check, failures: 0 }, delayMs: intervalMs };
}

/** What is found out once more changes nothing. */
function isSettled({ check: { up, decided, against }, failures }: HealthState, good: boolean | undefined): boolean {
  return decided && good === up && against === 0 && failures === 0;
}

/** Bounds of the times from a change of the server to the result: how the phase of the attempts falls, and how long one takes. Pure. */
export interface Bounds {
  leastMs: number;
  mostMs: number;
}

/** Until a server that fails each attempt after `attemptMs` is down. */
export function removalBounds({ intervalMs, retries, retryDelayMs, fall }: HealthPolicy, attemptMs: number): Bounds {
  const run = (retries + 1) * attemptMs + retries * retryDelayMs;
  const leastMs = fall * run + (fall - 1) * intervalMs;
  return { leastMs, mostMs: leastMs + intervalMs };
}

/** Until a server that answers again within `attemptMs` is up; `failingMs`: how long a failing attempt takes that may just have begun. */
export function returnBounds({ intervalMs, rise }: HealthPolicy, attemptMs: number, failingMs: number): Bounds {
  const leastMs = rise * attemptMs + (rise - 1) * intervalMs;
  return { leastMs, mostMs: leastMs + intervalMs + failingMs };
}
