/**
 * What do thousands of health checks a second cost, are they on time while many of them fail, and are adverts? Ends 1 when a bar is missed.
 *
 * keepalived is not beside it but in User-Mode Linux: its checker process ends at once where the kernel has no ip_vs, as on this machine's own.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HistogramReading } from "../src/agent/healthChecks/healthTally.ts";
import type { HealthTarget } from "../src/agent/healthChecks/healthTarget.ts";
import { healthCheckSchema } from "../src/api/healthCheck.ts";
import { Steps } from "../test/e2e/steps.ts";
import { Lan } from "../test/support/lan.ts";
import { spread } from "../test/support/table.ts";
import { until } from "../test/support/waiting.ts";
import { numbers, readFlags, words } from "./flags.ts";
import type { HealthReport } from "./health/driver.ts";
import { measurePaired, pairedName } from "./health/paired.ts";
import { histogramQuantile } from "./histogram.ts";
import { describeMachine, measureLoad, tooBusyPercent } from "./vrrp/machine.ts";
import { type Bar, formatResult, isMet, type Measure, type ScenarioResult, toJson, toMarkdown } from "./vrrp/result.ts";

const firstPort = 20_000;
/** A second, of each make. */
const pairedChecks = 100;
/** One turn of a clock beside a busy kernel; the interval is 10 ms. */
const advertsToleranceUs = 500;

interface Situation {
  name: string;
  title: string;
  /** Of the checks: those whose server keeps silent, and those whose server refuses. */
  silent: number;
  refused: number;
  /** None at all: what the process itself costs. */
  idle?: boolean;
  /** All are one virtual server's: they share what it may take. */
  oneGroup?: boolean;
}

const idle: Situation = { name: "idle", title: "no checks", silent: 0, refused: 0, idle: true };
const situations: Situation[] = [
  idle,
  { name: "well", title: "all well", silent: 0, refused: 0 },
  { name: "refused", title: "half refuse", silent: 0, refused: 0.5 },
  { name: "silent", title: "half are silent, all of one virtual server", silent: 0.5, refused: 0, oneGroup: true },
  { name: "down", title: "all are silent", silent: 1, refused: 0 },
];

const names = [...situations.map(({ name }) => name), pairedName];
const usage = `usage: npm run bench:health [-- --only ${names.join()}] [--rate CHECKS_PER_SECOND] [--targets ADDRESSES] [--seconds N] [--runs N] [--json FILE] [--markdown FILE]
  --markdown  the section of docs/benchmarks.md`;

const quantileOf = ({ bounds, counts }: HistogramReading, q: number) =>
  1000 * (histogramQuantile({ boundsUs: [...bounds], counts, sumUs: 0, maxUs: Number.POSITIVE_INFINITY }, q) ?? 0);

const most = (value: number, text = String(value)): Bar => ({ most: value, text });

function measuresOf(situation: Situation, reports: readonly HealthReport[], without: readonly HealthReport[]): Measure[] {
  const measure = (what: string, unit: Measure["unit"], of: (report: HealthReport) => number, bar?: Bar): Measure => ({
    what,
    unit,
    values: { aloft: reports.map(of), keepalived: [] },
    judged: "max",
    ...(bar && { bar }),
  });
  const advertsUs = ({ adverts }: HealthReport) => histogramQuantile(adverts, 0.99) ?? 0;
  const cost = [
    measure("processor time of all threads", "% of a core", ({ cpuPercent }) => cpuPercent, situation.idle ? undefined : most(100)),
    measure("resident memory", "MB", ({ residentMB }) => residentMB),
  ];
  if (situation.idle) return [...cost, measure("adverts' lateness, p99", "µs", advertsUs)];
  const base = spread(without.map(({ residentMB }) => residentMB))?.median ?? 0;
  const undisturbed = spread(without.map(advertsUs))?.max ?? 0;
  return [
    measure("attempts a second that found the server well", "", ({ good }) => good),
    measure("attempts a second that found it down", "", ({ bad }) => bad),
    measure("checks' lateness, p99 (bucket)", "ms", ({ lateness }) => quantileOf(lateness, 0.99), most(100)),
    ...cost,
    measure("resident memory beyond that without checks", "MB", ({ residentMB }) => residentMB - base),
    measure("adverts' lateness, p99", "µs", advertsUs, most(undisturbed + advertsToleranceUs, `without checks + ${advertsToleranceUs}`)),
  ];
}

const program = (name: string) => fileURLToPath(new URL(`health/${name}.ts`, import.meta.url));
/** As bin/aloft starts an agent. */
const agentFlags = ["--max-semi-space-size=1", "--v8-pool-size=1"];

/** Addresses of n2 beside its own; the silent ones drop what comes. */
const prefix = { well: "10.99", silent: "10.98" };

function targetsOf({ silent, refused, idle, oneGroup }: Situation, rate: number, addresses: number): HealthTarget[] {
  // The second begins when an attempt has ended: a little less, so that the rate is reached whatever attempts take.
  const check = healthCheckSchema.parse({ tcp: {}, interval: "950ms", timeout: "1s", retries: 0 });
  const ports = Math.ceil(rate / addresses);
  return Array.from({ length: idle ? 0 : rate }, (_, index) => {
    const part = index / rate;
    const host = `${Math.floor((index % addresses) / 250)}.${(index % addresses) % 250}`;
    const port = firstPort + Math.floor(index / addresses) + (part >= silent && part < silent + refused ? ports : 0);
    const address = `${part < silent ? prefix.silent : prefix.well}.${host}`;
    return { key: String(index), address, port, check, group: oneGroup ? "all" : host };
  });
}

async function prepare(lan: Lan, ports: number): Promise<void> {
  const via = lan.nodeAddress("n2").IPv4;
  for (const net of Object.values(prefix)) {
    await lan.exec("n1", ["ip", "route", "add", `${net}.0.0/16`, "via", via]);
    await lan.exec("n2", ["ip", "route", "add", "local", `${net}.0.0/16`, "dev", "lo"]);
  }
  const rules = `table ip silent { chain input { type filter hook input priority 0; ip daddr ${prefix.silent}.0.0/16 drop\n }\n}\n`;
  await lan.exec("n2", ["nft", "-f", "-"], { input: rules });
  const servers = lan.spawn("n2", "servers", [process.execPath, program("servers"), String(firstPort), String(ports)]);
  await until("the servers", () => servers.log().includes("ready"));
}

interface Flags {
  situations: Situation[];
  rate: number;
  addresses: number;
  seconds: number;
  runs: number;
}

async function measure(
  steps: Steps,
  { situations: asked, rate, addresses, seconds, runs }: Flags,
): Promise<Map<Situation, HealthReport[]>> {
  const reports = new Map<Situation, HealthReport[]>(asked.map((situation) => [situation, []]));
  const lan = await Lan.create({ nodes: 2 });
  try {
    await prepare(lan, Math.ceil(rate / addresses));
    for (let run = 1; run <= runs; run += 1)
      for (const situation of asked) {
        const input = JSON.stringify(targetsOf(situation, rate, addresses));
        const command = [process.execPath, ...agentFlags, program("driver"), String(seconds)];
        const driven = () => lan.exec("n1", command, { input, timeoutMs: (seconds + 60) * 1000 });
        const said = await steps.step(`${situation.title}, ${seconds} s, run ${run} of ${runs}`, driven);
        reports.get(situation)?.push(JSON.parse(said) as HealthReport);
      }
  } finally {
    await lan.destroy();
  }
  return reports;
}

async function bench(): Promise<void> {
  const values = readFlags(usage, { only: names.join(), rate: "5000", targets: "200", seconds: "10", runs: "3", json: "", markdown: "" });
  const number = (name: "rate" | "targets" | "seconds" | "runs") => numbers(values[name], name, usage)[0] ?? 0;
  const only = words(values.only, "only", usage, names);
  // What there is without checks is what all else is held against.
  const asked = situations.filter((situation) => situation === idle || only.includes(situation.name));
  const flags: Flags = {
    situations: asked,
    rate: number("rate"),
    addresses: number("targets"),
    seconds: number("seconds"),
    runs: number("runs"),
  };
  const steps = new Steps();
  const load = await measureLoad();
  const reports = await measure(steps, flags);
  const results = asked.map((situation): ScenarioResult => {
    const { name, title } = situation;
    const measures = measuresOf(situation, reports.get(situation) ?? [], reports.get(idle) ?? []);
    return { name, title, subject: "the runner of health checks beside the core", measures, notes: [] };
  });
  if (only.includes(pairedName)) {
    const paired = () => measurePaired(pairedChecks, flags.seconds, flags.runs);
    results.push(await steps.step("beside keepalived, in User-Mode Linux", paired));
  }
  for (const result of results) steps.lines([...formatResult(result), ""]);
  const setting = `${flags.rate} TCP checks, one a second each, of ${flags.addresses} addresses; ${flags.seconds} s a run.`;
  const busy = load.othersPercent > tooBusyPercent ? " - too busy: these figures are void" : "";
  const machine = `${describeMachine()}; others took ${load.othersPercent.toFixed(0)} % of a core before${busy}.`;
  steps.lines([setting, machine, ""]);
  const text = [`${setting} ${machine} ${new Date().toISOString().slice(0, 10)}.`, "", ...results.map(toMarkdown)].join("\n");
  if (values.markdown) writeFileSync(values.markdown, text);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ flags, load, results: toJson(results) }, null, 2)}\n`);
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench();
