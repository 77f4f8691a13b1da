/**
 * Failover of Aloft and keepalived, trial by trial in turns, on the same LAN with the same priorities and intervals.
 * Ends 1 when an Aloft follower did not follow.
 */
import { writeFileSync } from "node:fs";
import type { Family } from "../src/api/ipAddress.ts";
import { protocolBound } from "../test/e2e/bounds.ts";
import { Steps } from "../test/e2e/steps.ts";
import { run } from "../test/support/command.ts";
import { Lan } from "../test/support/lan.ts";
import { numbers, readFlags, words } from "./flags.ts";
import { type Comparison, compare, formatComparisons, resolutionMs } from "./summary.ts";
import { priorities, runSeries, type Scenario, scenarios, type Trial } from "./trial.ts";

const usage = `usage: npm run bench:failover [-- --runs N] [--scenario ${scenarios.join()}] [--interval 1000,100,10] [--family IPv4|IPv6]
                              [--realtime PRIORITY|off] [--json FILE]`;

interface Flags {
  runs: number;
  scenarios: Scenario[];
  intervals: number[];
  family: Family;
  json: string;
  /** keepalived's vrrp_rt_priority. */
  realTime: number | undefined;
}

function flagsOf(): Flags {
  const defaults = { runs: "5", scenario: "kill,stop,cut", interval: "1000,100,10", family: "IPv4", realtime: "50", json: "" };
  const values = readFlags(usage, defaults);
  const [runs = 1] = numbers(values.runs, "runs", usage);
  const [family = "IPv4"] = words<Family>(values.family, "family", usage, ["IPv4", "IPv6"]);
  return {
    runs,
    scenarios: words(values.scenario, "scenario", usage, scenarios),
    intervals: numbers(values.interval, "interval", usage, 10, 10),
    family,
    json: values.json,
    realTime: values.realtime === "off" ? undefined : numbers(values.realtime, "realtime", usage)[0],
  };
}

async function measure(lan: Lan, flags: Flags, scenario: Scenario, intervalMs: number): Promise<Trial[]> {
  const { family, realTime, runs } = flags;
  const trials = await runSeries(lan, runs, { scenario, intervalMs, family, keepalivedRealTime: realTime });
  return [...trials.aloft, ...trials.keepalived];
}

function protocolMs(scenario: Scenario, intervalMs: number): number {
  return protocolBound(scenario === "stop" ? "resigns" : "falls silent", priorities.follower, intervalMs);
}

function explain(flags: Flags, version: string): string[] {
  const realTime = flags.realTime === undefined ? "without real-time priority" : `vrrp_rt_priority ${flags.realTime}, vrrp_no_swap`;
  return [
    `Times in ms: least / median / greatest. ${flags.family}, version 3, priorities ${priorities.leader} and ${priorities.follower}.`,
    `${version}, its log off, ${realTime}; Aloft standalone, its log on.`,
    "Takeover: last advert of the leader to the first of its follower, kernel timestamps. Ratio: Aloft's median by keepalived's,",
    "of the takeover for kill and freeze (the dead node's kernel may go on answering), of the client's outage for stop and cut. Equal: medians that differ",
    `by no more than ${resolutionMs.takeoverMs} ms (takeover) or ${resolutionMs.outageMs} ms (outage: the time between two pings).`,
    "Both answer: to ARP requests or neighbour solicitations, for as long as the client watched; after a kill there is no end to it.",
  ];
}

async function bench(flags: Flags): Promise<void> {
  const steps = new Steps();
  const [version = "keepalived"] = (await run("sh", ["-c", "keepalived --version 2>&1"])).split("\n");
  const lan = await Lan.create({ nodes: 2 });
  const trials: Trial[] = [];
  const comparisons: Comparison[] = [];
  try {
    for (const intervalMs of flags.intervals) {
      for (const scenario of flags.scenarios) {
        const title = `${scenario} at ${intervalMs} ms, ${flags.runs} of each`;
        trials.push(...(await steps.step(title, () => measure(lan, flags, scenario, intervalMs))));
        comparisons.push(compare(trials, scenario, intervalMs, protocolMs(scenario, intervalMs)));
      }
    }
  } finally {
    await lan.destroy();
  }
  steps.lines(["", ...formatComparisons(comparisons), "", ...explain(flags, version), ""]);
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ keepalived: version, flags, comparisons, trials }, null, 2)}\n`);
  for (const { scenario, intervalMs, make, followerLog } of trials.filter((trial) => trial.takeoverMs === undefined))
    steps.lines([
      `${scenario} at ${intervalMs} ms: ${make} did not follow; the log of the follower ends:`,
      ...(followerLog ?? "").split("\n"),
      "",
    ]);
  // A follower that did not follow is no measurement but a failure.
  if (comparisons.some(({ aloft }) => aloft.missed > 0)) process.exitCode = 1;
}

await bench(flagsOf());
