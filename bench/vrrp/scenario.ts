/** What a scenario is, and what those about takeovers of many share. */
import type { Make } from "../make.ts";
import { downMs } from "./fleet.ts";
import type { Bar, Measure, ScenarioResult } from "./result.ts";
import { runTakeover, type TakeoverSettings, type TakeoverTrial } from "./takeover.ts";

export interface Context {
  /** How often each make is measured, in turns. */
  runs: number;
  /** Share of the full number of routers or addresses, in percent; 100 but for a try. */
  size: number;
  /** One line of progress. */
  say(text: string): void;
}

export interface Scenario {
  name: string;
  title: string;
  /** What of Aloft runs. */
  subject: string;
  /** How often by default. */
  runs: number;
  measure(context: Context): Promise<Pick<ScenarioResult, "measures" | "notes">>;
}

/** keepalived second: what it leaves behind on the machine must not meet Aloft. */
export const makes: readonly Make[] = ["aloft", "keepalived"];

/** A number of routers or addresses at the size that was asked for. */
export const sized = (count: number, { size }: Context) => Math.max(1, Math.round((count * size) / 100));

/** Runs both makes in turns. */
export async function inTurns<Result>(
  context: Context,
  trial: (make: Make, run: number) => Promise<Result>,
): Promise<Record<Make, Result[]>> {
  const results: Record<Make, Result[]> = { aloft: [], keepalived: [] };
  for (let run = 0; run < context.runs; run++) {
    for (const make of makes) {
      context.say(`${make}, ${run + 1} of ${context.runs}`);
      results[make].push(await trial(make, run));
    }
  }
  return results;
}

/** One value of each run. */
export function valuesOf<Result>(results: Record<Make, Result[]>, value: (result: Result) => number | undefined): Measure["values"] {
  const take = (make: Make) => results[make].flatMap((result) => value(result) ?? []);
  return { aloft: take("aloft"), keepalived: take("keepalived") };
}

/** What the protocol allows, and what the machine may add. */
export function protocolBar(intervalMs: number, slackMs: number): Bar {
  const allowed = downMs(intervalMs);
  return { most: allowed + slackMs, text: `Active_Down ${allowed.toFixed(2)} + ${slackMs}` };
}

export const none: Bar = { most: 0, text: "0" };

export const greatest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
export const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

export function takeovers(context: Context, settings: TakeoverSettings): Promise<Record<Make, TakeoverTrial[]>> {
  return inTurns(context, (make) => runTakeover(make, settings));
}

/** The last of all virtual routers to change hands, and changes that should not have been. */
export function takeoverMeasures(trials: Record<Make, TakeoverTrial[]>, bar: Bar): Measure[] {
  return [
    {
      what: "takeover, last of all (leader's last advert to follower's first)",
      unit: "ms",
      values: valuesOf(trials, ({ successions }) => greatest(successions.map(({ takeoverMs }) => takeoverMs))),
      judged: "max",
      bar,
    },
    {
      what: "flaps before the fault (two actives)",
      unit: "",
      values: valuesOf(trials, ({ successions }) => total(successions.map(({ flapsBefore }) => flapsBefore))),
      judged: "max",
      bar: none,
    },
    {
      what: "flaps after it",
      unit: "",
      values: valuesOf(trials, ({ successions }) => total(successions.map(({ flapsAfter }) => flapsAfter))),
      judged: "max",
      bar: none,
    },
  ];
}

/** Ends of the logs of followers that did not follow. */
export function complaints(trials: Record<Make, TakeoverTrial[]>): string[] {
  return makes.flatMap((make) =>
    trials[make].flatMap(({ log }) => (log ? [`${make} did not follow; its log ends:`, ...log.split("\n")] : [])),
  );
}

/** "aloft-vrrp 12.1, node 3.4": where the processor time goes, of the run in the middle. */
export function threadsOf(trials: readonly TakeoverTrial[], whose: "leaderCpu" | "followerCpu"): string {
  const shares = trials.flatMap((trial) => trial[whose] ?? []).sort((a, b) => a.percent - b.percent);
  const middle = shares[Math.floor(shares.length / 2)];
  return Object.entries(middle?.byThread ?? {})
    .filter(([, percent]) => percent >= 0.05)
    .sort((a, b) => b[1] - a[1])
    .map(([name, percent]) => `${name} ${percent.toFixed(1)}`)
    .join(", ");
}
