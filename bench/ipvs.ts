/**
 * The bars of IPVS: a large table from nothing, again without a change, with other weights, and gone; Aloft and keepalived in turns, in
 * User-Mode Linux, whose system calls are slow: only ratios count. Ends 1 when Aloft misses a bar.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Steps } from "../test/e2e/steps.ts";
import { run } from "../test/support/command.ts";
import type { MachineResult } from "../test/support/machine.ts";
import { spread } from "../test/support/table.ts";
import { missingPackages, runInUserModeLinux } from "../test/support/userModeLinux.ts";
import { numbers, readFlags, words } from "./flags.ts";
import type { Order, Sample } from "./ipvs/inside.ts";
import type { SubjectName, Took } from "./ipvs/subject.ts";
import { describeMachine, measureLoad, tooBusyPercent } from "./vrrp/machine.ts";
import { type Bar, formatResult, isMet, type Measure, type ScenarioResult, toJson, toMarkdown } from "./vrrp/result.ts";
import { none } from "./vrrp/scenario.ts";

const schedulers = ["rr", "wrr"];
const usage = `usage: npm run bench:ipvs [-- --only ${schedulers.join()}] [--runs N] [--services N] [--servers N] [--json FILE] [--markdown FILE]
  --markdown  the tables of docs/benchmarks.md`;
const limitMs = 240_000;
const inside = fileURLToPath(new URL("ipvs/inside.ts", import.meta.url));

interface Flags {
  only: string[];
  runs: number;
  services: number;
  servers: number;
  json: string;
  markdown: string;
}

function flagsOf(): Flags {
  const defaults = { only: schedulers.join(), runs: "3", services: "2000", servers: "10", json: "", markdown: "" };
  const values = readFlags(usage, defaults);
  const number = (name: "runs" | "services" | "servers") => numbers(values[name], name, usage)[0] ?? 0;
  return {
    only: words(values.only, "only", usage, schedulers),
    runs: number("runs"),
    services: number("services"),
    servers: number("servers"),
    json: values.json,
    markdown: values.markdown,
  };
}

/** keepalived last: what it leaves behind on the machine must not meet Aloft. */
const subjectNames: readonly SubjectName[] = ["agent", "core", "keepalived"];

/** A machine for each: what one has left behind does not meet the other. */
async function sampleOf(order: Order): Promise<Sample> {
  const command = [process.execPath, inside, JSON.stringify(order)];
  const result: MachineResult = await runInUserModeLinux(command, { timeoutMs: limitMs, memoryMB: 2048 });
  if (!result.report) throw new Error(`no figures of ${order.subject}: ${result.trouble || result.output}`);
  return JSON.parse(result.report) as Sample;
}

type Samples = Record<SubjectName, Sample[]>;
type Value = (sample: Sample) => number | undefined;

/** A share of what keepalived takes in the middle. */
function shareOf(samples: Samples, value: Value, share: number): Bar {
  const theirs = spread(samples.keepalived.flatMap((sample) => value(sample) ?? []))?.median;
  return { most: share * (theirs ?? 0), text: `${share} × keepalived` };
}

const unchanged = (sample: Sample) => sample.unchanged;

/** What takes time, and its bar. */
const steps: { what: string; of: (sample: Sample) => Took; bar: (samples: Samples, value: Value) => Bar }[] = [
  { what: "from nothing", of: ({ first }) => first, bar: (samples, value) => shareOf(samples, value, 0.2) },
  { what: "reload, nothing changed", of: unchanged, bar: (samples, value) => shareOf(samples, value, 1.5) },
  { what: "1 % of the weights changed", of: ({ weights }) => weights, bar: (samples, value) => shareOf(samples, value, 0.2) },
  { what: "stop", of: ({ stop }) => stop, bar: () => ({ most: 3000, text: "3000" }) },
];

function measuresOf(samples: Samples, weights: number): Measure[] {
  const take = (name: SubjectName, value: Value) => samples[name].flatMap((sample) => value(sample) ?? []);
  const line = (what: string, unit: Measure["unit"], value: Value, bar?: Bar, subject: SubjectName = "agent"): Measure => ({
    what,
    unit,
    values: { keepalived: take("keepalived", value), aloft: take(subject, value) },
    judged: unit === "" ? "max" : "median",
    ...(bar && { bar }),
  });
  const timesOf = (subject: SubjectName, suffix: string, chosen = steps) =>
    chosen.map(({ what, of, bar }) => {
      const value: Value = (sample) => of(sample).ms;
      return line(`${what}${suffix}`, "ms", value, bar(samples, value), subject);
    });
  const planOf = (what: string, of: (sample: Sample) => Took) =>
    line(`of this the planning: ${what}`, "ms", (sample) => of(sample).planMs, undefined, "core");
  return [
    ...timesOf("agent", ""),
    ...timesOf(
      "core",
      ", from VirtualServers",
      // Objects that have not changed are not planned.
      steps.filter(({ of }) => of !== unchanged),
    ),
    planOf("from nothing", ({ first }) => first),
    planOf("1 % of the weights changed", ({ weights: changed }) => changed),
    line("requests that change something, of the reload with nothing changed", "", ({ unchangedChanges }) => unchangedChanges, none),
    line("requests that change something, of the weights", "", ({ weightsChanges }) => weightsChanges, {
      most: weights,
      text: `${weights}`,
    }),
    line("entries left behind", "", ({ leftBehind }) => leftBehind, none),
    line("entries that were ever wrong", "", ({ wrong }) => wrong, none),
    line("processor time with nothing to do", "% of a core", ({ idle }) => idle?.cpuPercent),
    line("resident memory", "MB", ({ idle }) => idle?.memoryMB),
  ];
}

const notes = [
  "The agent and keepalived from the same keepalived.conf: from the start of the process, and from SIGHUP, until the kernel has all of the table.",
  "From VirtualServers: what the agent does when the objects are there, in a cluster above all: from its plan to the event that the kernel has all of it; keepalived's values are those from its file.",
];

/** Where the processor time of an idle agent goes, of the last run. */
function threadsOf({ agent }: Samples): string[] {
  const shares = Object.entries(agent.at(-1)?.idle?.byThread ?? {}).filter(([, percent]) => percent >= 0.05);
  const text = shares.sort((a, b) => b[1] - a[1]).map(([name, percent]) => `${name} ${percent.toFixed(1)}`);
  return text.length > 0 ? [`Threads of the idle agent: ${text.join(", ")} (% of a core).`] : [];
}

async function measure(progress: Steps, scheduler: string, { runs, services, servers }: Flags): Promise<ScenarioResult> {
  const pool = { services, servers, scheduler };
  const title = `${services} services of ${servers} real servers, ${scheduler}`;
  const samples: Samples = { agent: [], core: [], keepalived: [] };
  await progress.step(title, async () => {
    for (let left = runs; left > 0; left--) for (const subject of subjectNames) samples[subject].push(await sampleOf({ subject, pool }));
  });
  const measures = measuresOf(samples, Math.ceil((services * servers) / 100));
  return { name: scheduler, title, subject: "agent", measures, notes: [...notes, ...threadsOf(samples)] };
}

async function bench(flags: Flags): Promise<void> {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`this benchmark needs what Debian calls ${missing.join(", ")}`);
  const progress = new Steps();
  const [keepalived = "keepalived"] = (await run("sh", ["-c", "keepalived --version 2>&1"])).split("\n");
  const machine = describeMachine();
  const { othersPercent } = await measureLoad();
  const busy = othersPercent > tooBusyPercent ? progress.red(" - too busy: these figures are void") : "";
  progress.lines([keepalived, `${machine}; others took ${othersPercent.toFixed(0)} % of a core${busy}`, ""]);
  const results: ScenarioResult[] = [];
  for (const scheduler of flags.only) {
    const result = await measure(progress, scheduler, flags);
    progress.lines(["", ...formatResult(result), ""]);
    results.push(result);
  }
  const date = new Date().toISOString();
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ keepalived, machine, flags, date, results: toJson(results) }, null, 2)}\n`);
  if (flags.markdown)
    writeFileSync(flags.markdown, [`${keepalived}; ${machine}; ${date.slice(0, 10)}.`, "", ...results.map(toMarkdown)].join("\n"));
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench(flagsOf());
