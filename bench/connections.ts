/**
 * The bars of connections: how many outlive a failover, idle ones and busy ones, and for how long nobody gets a new one; Aloft and keepalived
 * in turns, in User-Mode Linux. Ends 1 when Aloft misses a bar.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Steps } from "../test/e2e/steps.ts";
import { activeDownMs, advertisementIntervalMs } from "../test/ipvs/pair.ts";
import { run } from "../test/support/command.ts";
import { missingPackages, runInUserModeLinux } from "../test/support/userModeLinux.ts";
import type { Fault, Order, Sample } from "./connections/inside.ts";
import { numbers, readFlags, words } from "./flags.ts";
import type { Make } from "./make.ts";
import { describeMachine, measureLoad } from "./vrrp/machine.ts";
import { type Bar, formatResult, isMet, type Measure, type ScenarioResult, toJson, toMarkdown } from "./vrrp/result.ts";
import { makes, valuesOf } from "./vrrp/scenario.ts";

const limitMs = 120_000;
const inside = fileURLToPath(new URL("connections/inside.ts", import.meta.url));

interface Scenario {
  title: string;
  /** Of all connections, in thousandths. */
  mayLose: number;
  outage: Bar;
  notes: string[];
}

/** What others of the machine may add to what the protocol takes. */
const slackMs = 50;

const scenarios: Record<Fault, Scenario> = {
  kill: {
    title: "kill -9 of the active director",
    mayLose: 1,
    outage: { most: activeDownMs + slackMs, text: `Active_Down ${activeDownMs.toFixed(2)} + ${slackMs}` },
    notes: [
      "All processes of keepalived are killed. The dead node's kernel goes on forwarding: keepalived's for ever, Aloft's until the gate shuts.",
    ],
  },
  stop: {
    title: "the active director is stopped in order (SIGTERM)",
    mayLose: 0,
    outage: { most: 20, text: "20" },
    notes: [],
  },
};
const names = Object.keys(scenarios) as Fault[];

const usage = `usage: npm run bench:connections [-- --only ${names.join()}] [--runs N] [--connections N] [--json FILE] [--markdown FILE]`;

interface Flags {
  only: Fault[];
  runs: number;
  connections: number;
  json: string;
  markdown: string;
}

function flagsOf(): Flags {
  const values = readFlags(usage, { only: names.join(), runs: "5", connections: "1000", json: "", markdown: "" });
  const [runs = 0] = numbers(values.runs, "runs", usage);
  const [connections = 0] = numbers(values.connections, "connections", usage, 2, 2);
  return { only: words(values.only, "only", usage, names), runs, connections, json: values.json, markdown: values.markdown };
}

/** A machine for each. */
async function sampleOf(order: Order): Promise<Sample> {
  const result = await runInUserModeLinux([process.execPath, inside, JSON.stringify(order)], { timeoutMs: limitMs });
  if (!result.report) throw new Error(`no figures of ${order.make}: ${result.trouble || result.output}`);
  const sample = JSON.parse(result.report) as Sample;
  if (sample.opened !== order.connections) throw new Error(`${order.make}: only ${sample.opened} connections could be opened`);
  return sample;
}

function measuresOf(samples: Record<Make, Sample[]>, { mayLose, outage }: Scenario, connections: number): Measure[] {
  const line = (what: string, unit: Measure["unit"], value: (sample: Sample) => number, bar?: Bar): Measure => {
    return { what, unit, values: valuesOf(samples, value), judged: "max", bar };
  };
  const most = Math.floor((connections * mayLose) / 1000);
  return [
    line(`connections lost, of ${connections}`, "", ({ idleLost, busyLost }) => idleLost + busyLost, { most, text: String(most) }),
    line(`of these idle ones, of ${connections / 2}`, "", ({ idleLost }) => idleLost),
    line("outage of new connections", "ms", ({ outageMs }) => outageMs, outage),
    line("attempts that failed", "", ({ failedAttempts }) => failedAttempts),
    line("longest stall of a busy connection", "ms", ({ stallMs }) => stallMs),
  ];
}

async function measure(steps: Steps, fault: Fault, { runs, connections }: Flags): Promise<ScenarioResult> {
  const scenario = scenarios[fault];
  const samples: Record<Make, Sample[]> = { aloft: [], keepalived: [] };
  await steps.step(scenario.title, async () => {
    for (let left = runs; left > 0; left--) for (const make of makes) samples[make].push(await sampleOf({ make, fault, connections }));
  });
  const measures = measuresOf(samples, scenario, connections);
  const subject = "agents, mh with port hashing, synchronisation on";
  const title = `${connections} connections, ${advertisementIntervalMs} ms, ${scenario.title}`;
  return { name: fault, title, subject, measures, notes: scenario.notes };
}

function record(flags: Flags, { keepalived, machine }: { keepalived: string; machine: string }, results: readonly ScenarioResult[]): void {
  const date = new Date();
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ keepalived, machine, flags, date, results: toJson(results) }, null, 2)}\n`);
  const heading = `${keepalived}; ${machine}; ${date.toISOString().slice(0, 10)}.`;
  if (flags.markdown) writeFileSync(flags.markdown, [heading, "", ...results.map(toMarkdown)].join("\n"));
}

async function bench(flags: Flags): Promise<void> {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`this benchmark needs what Debian calls ${missing.join(", ")}`);
  const steps = new Steps();
  const [version = "keepalived"] = (await run("sh", ["-c", "keepalived --version 2>&1"])).split("\n");
  const { othersPercent } = await measureLoad();
  const machine = describeMachine();
  steps.lines([version, `${machine}; others took ${othersPercent.toFixed(0)} % of a core`, ""]);
  const results: ScenarioResult[] = [];
  for (const fault of flags.only) {
    const result = await measure(steps, fault, flags);
    steps.lines(["", ...formatResult(result), ""]);
    results.push(result);
    // After each, for the next may fail.
    record(flags, { keepalived: version, machine }, results);
  }
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench(flagsOf());
