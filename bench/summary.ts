/** From trials to the table: least, middle and greatest of both makes side by side. Pure. */

import { type Column, formatMs, formatTable, type Spread, spread } from "../test/support/table.ts";
import type { Make } from "./make.ts";
import { probeEveryMs, type Scenario, type Trial } from "./trial.ts";

export interface MakeSummary {
  takeoverMs: Spread | undefined;
  outageMs: Spread | undefined;
  doubleAnswerMs: Spread | undefined;
  /** Trials in which the follower did not follow. */
  missed: number;
}

export interface Comparison {
  scenario: Scenario;
  intervalMs: number;
  /** What the protocol allows from the last advert of the leader. */
  protocolMs: number;
  aloft: MakeSummary;
  keepalived: MakeSummary;
  /** Aloft's median by keepalived's, of what counts in this scenario; undefined when keepalived's is zero or missing. */
  ratio: number | undefined;
  verdict: Verdict;
}

/** Of Aloft against keepalived, by the medians of what counts. "equal": the difference is smaller than what can be told apart. */
export type Verdict = "better" | "equal" | "worse" | "not measured";

/** After a kill the dead node's kernel may go on answering: there the takeover on the wire counts, otherwise the client's outage. */
const measureOf: Record<Scenario, "takeoverMs" | "outageMs"> = {
  kill: "takeoverMs",
  freeze: "takeoverMs",
  stop: "outageMs",
  cut: "outageMs",
};

/** Smaller differences between medians mean nothing: two wake-ups of an idle machine differ by as much, and a client pings no more often. */
export const resolutionMs = { takeoverMs: 0.05, outageMs: probeEveryMs };

export function compare(trials: readonly Trial[], scenario: Scenario, intervalMs: number, protocolMs: number): Comparison {
  const mine = trials.filter((trial) => trial.scenario === scenario && trial.intervalMs === intervalMs);
  const aloft = summarize(mine, "aloft");
  const keepalived = summarize(mine, "keepalived");
  const [ours, theirs] = [aloft, keepalived].map((summary) => summary[measureOf[scenario]]?.median);
  const ratio = ours === undefined || theirs === undefined || theirs === 0 ? undefined : ours / theirs;
  const verdict = judge(ours, theirs, resolutionMs[measureOf[scenario]]);
  return { scenario, intervalMs, protocolMs, aloft, keepalived, ratio, verdict };
}

function judge(ours: number | undefined, theirs: number | undefined, resolution: number): Verdict {
  if (ours === undefined || theirs === undefined) return "not measured";
  if (Math.abs(ours - theirs) <= resolution) return "equal";
  return ours < theirs ? "better" : "worse";
}

function summarize(trials: readonly Trial[], make: Make): MakeSummary {
  const mine = trials.filter((trial) => trial.make === make);
  return {
    takeoverMs: spread(mine.flatMap(({ takeoverMs }) => takeoverMs ?? [])),
    outageMs: spread(mine.map(({ outageMs }) => outageMs)),
    doubleAnswerMs: spread(mine.map(({ doubleAnswerMs }) => doubleAnswerMs)),
    missed: mine.filter(({ takeoverMs }) => takeoverMs === undefined).length,
  };
}

interface Line {
  comparison: Comparison;
  make: Make;
}

const threeOf = (value: Spread | undefined, decimals: number) =>
  value ? [value.min, value.median, value.max].map((part) => formatMs(part, decimals)).join(" / ") : "-";
const summaryOf = ({ comparison, make }: Line) => comparison[make];
const onFirst = (text: (comparison: Comparison) => string) => (line: Line) => (line.make === "aloft" ? text(line.comparison) : "");

const columns: Column<Line>[] = [
  { title: "SCENARIO", cell: onFirst(({ scenario }) => scenario) },
  { title: "INTERVAL", cell: onFirst(({ intervalMs }) => `${intervalMs}`), align: "right" },
  { title: "PROTOCOL", cell: onFirst(({ protocolMs }) => formatMs(protocolMs, 2)), align: "right" },
  { title: "", cell: ({ make }) => make },
  { title: "N", cell: (line) => String(summaryOf(line).outageMs?.count ?? 0), align: "right" },
  { title: "TAKEOVER ON THE WIRE", cell: (line) => threeOf(summaryOf(line).takeoverMs, 2), align: "right" },
  { title: "CLIENT OUTAGE", cell: (line) => threeOf(summaryOf(line).outageMs, 1), align: "right" },
  { title: "BOTH ANSWER", cell: (line) => threeOf(summaryOf(line).doubleAnswerMs, 0), align: "right" },
  { title: "RATIO", cell: onFirst(({ ratio }) => ratio?.toFixed(3) ?? "-"), align: "right" },
  { title: "ALOFT IS", cell: onFirst(({ verdict }) => verdict) },
];

/** All times in ms, as "min / median / max". */
export function formatComparisons(comparisons: readonly Comparison[]): string[] {
  return formatTable(
    columns,
    comparisons.flatMap((comparison) => (["aloft", "keepalived"] as const).map((make) => ({ comparison, make }))),
  );
}
