/**
 * Failover of Aloft and keepalived, trial by trial in turns, on the same LAN with the same priorities and intervals.
 *
 *   npm run bench:failover [-- --runs N --scenario kill,stop,cut --interval 1000,100,10 --family IPv4 --json FILE --realtime PRIORITY]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Family } from "../src/api/ipAddress.ts";
import { protocolBound } from "../test/e2e/bounds.ts";
import { Steps } from "../test/e2e/steps.ts";
import { run } from "../test/support/command.ts";
import { Lan } from "../test/support/lan.ts";
import { type Comparison, compare, formatComparisons, resolutionMs } from "./summary.ts";
import { priorities, runTrial, type Scenario, scenarios, type Trial } from "./trial.ts";

interface Flags {
  runs: number;
  scenarios: Scenario[];
  intervals: number[];
  family: Family;
  json: string | undefined;
  realTime: number | undefined;
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "5" },
      scenario: { type: "string", default: scenarios.join() },
      interval: { type: "string", default: "1000,100,10" },
      family: { type: "string", default: "IPv4" },
      json: { type: "string" },
      realtime: { type: "string", default: "50" },
    },
  });
  return {
    runs: Number(values.runs),
    scenarios: scenarios.filter((scenario) => values.scenario.split(",").includes(scenario)),
    intervals: values.interval.split(",").map(Number),
    family: values.family === "IPv6" ? "IPv6" : "IPv4",
    json: values.json,
    realTime: values.realtime === "off" ? undefined : Number(values.realtime),
  };
}

/**
 * Random phases of the interval, one from each of `count` equal parts of it, in random order. A client's outage depends on the phase more than
 * on anything else: both makes get the same ones.
 */
function randomPhases(count: number): number[] {
  const phases = Array.from({ length: count }, (_, index) => (index + Math.random()) / count);
  return phases
    .map((phase) => ({ phase, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ phase }) => phase);
}

async function measure(lan: Lan, flags: Flags, scenario: Scenario, intervalMs: number): Promise<Trial[]> {
  const trials: Trial[] = [];
  const { family, realTime } = flags;
  for (const phase of randomPhases(flags.runs)) {
    for (const make of ["aloft", "keepalived"] as const)
      trials.push(await runTrial(lan, { make, scenario, intervalMs, family, phase, keepalivedRealTime: realTime }));
  }
  return trials;
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
    "of the takeover for kill (the dead node's kernel may go on answering), of the client's outage for stop and cut. Equal: medians that differ",
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
  // A follower that did not follow is no measurement but a failure.
  if (comparisons.some(({ aloft }) => aloft.missed > 0)) process.exitCode = 1;
}

await bench(readFlags());
