/**
 * The bars of VRRP: each scenario measured of Aloft and of keepalived in turns, in bare network namespaces, with what Aloft shall not exceed.
 * Ends 1 when Aloft misses a bar.
 */
import { writeFileSync } from "node:fs";
import { Steps } from "../test/e2e/steps.ts";
import { run } from "../test/support/command.ts";
import { numbers, readFlags, words } from "./flags.ts";
import { describeMachine, type Load, measureLoad, tooBusyPercent } from "./vrrp/machine.ts";
import { formatResult, isMet, type ScenarioResult, toJson, toMarkdown, verdictOf } from "./vrrp/result.ts";
import type { Scenario } from "./vrrp/scenario.ts";
import { addresses } from "./vrrp/scenarios/addresses.ts";
import { doubleAnswers } from "./vrrp/scenarios/doubleAnswers.ts";
import { fast } from "./vrrp/scenarios/fast.ts";
import { flooded } from "./vrrp/scenarios/flooded.ts";
import { handOver } from "./vrrp/scenarios/handOver.ts";
import { linkCut } from "./vrrp/scenarios/linkCut.ts";
import { memory } from "./vrrp/scenarios/memory.ts";
import { single } from "./vrrp/scenarios/single.ts";
import { logging, thousandFast } from "./vrrp/scenarios/thousand.ts";

const scenarios: Scenario[] = [single, linkCut, fast, logging, thousandFast, doubleAnswers, addresses, flooded, memory, handOver];
const names = scenarios.map(({ name }) => name);

const usage = `usage: npm run bench:vrrp [-- --only ${names.join()}] [--runs N] [--size PERCENT] [--json FILE] [--markdown FILE]
  --runs   of each make; default: as many as the scenario has by itself
  --size   a try with a share of the routers and addresses; its figures mean nothing
  --markdown  the tables of docs/benchmarks.md`;

interface Flags {
  only: string[];
  /** 0: as many as the scenario says. */
  runs: number;
  size: number;
  json: string;
  markdown: string;
}

function flagsOf(): Flags {
  const values = readFlags(usage, { only: names.join(), runs: "0", size: "100", json: "", markdown: "" });
  const [runs = 0] = numbers(values.runs, "runs", usage, 0);
  const [size = 100] = numbers(values.size, "size", usage);
  return { only: words(values.only, "only", usage, names), runs, size, json: values.json, markdown: values.markdown };
}

interface Outcome extends ScenarioResult {
  runs: number;
  load: Load;
}

async function measure(steps: Steps, scenario: Scenario, flags: Flags): Promise<Outcome> {
  const runs = flags.runs || scenario.runs;
  const load = await measureLoad();
  const say = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K    ${scenario.name}: ${text} `);
  const measured = await steps.step(scenario.title, () => scenario.measure({ runs, size: flags.size, say }));
  const { name, title, subject } = scenario;
  return { name, title, subject, runs, load, ...measured };
}

function show(steps: Steps, result: Outcome): void {
  const { load } = result;
  const busy = load.othersPercent > tooBusyPercent ? steps.red(" - too busy: these figures are void") : "";
  const others = `Before: others took ${load.othersPercent.toFixed(0)} % of a core, load average ${load.average.toFixed(1)}${busy}`;
  steps.lines(["", ...formatResult(result), others, ""]);
}

function conclude(steps: Steps, results: readonly Outcome[]): void {
  const missed = results.flatMap((result) =>
    result.measures.filter((measure) => !["met", ""].includes(verdictOf(measure))).map(({ what }) => `${result.name}: ${what}`),
  );
  steps.line(missed.length === 0 ? steps.green("  Aloft keeps to every bar.") : steps.red(`  Aloft misses ${missed.length} of its bars:`));
  steps.lines(missed, "    ");
}

function record(flags: Flags, { keepalived, machine }: { keepalived: string; machine: string }, results: readonly Outcome[]): void {
  const date = new Date();
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ keepalived, machine, flags, date, results: toJson(results) }, null, 2)}\n`);
  if (flags.markdown)
    writeFileSync(
      flags.markdown,
      [`${keepalived}; ${machine}; ${date.toISOString().slice(0, 10)}.`, "", ...results.map(toMarkdown)].join("\n"),
    );
}

async function bench(flags: Flags): Promise<void> {
  const steps = new Steps();
  const [version = "keepalived"] = (await run("sh", ["-c", "keepalived --version 2>&1"])).split("\n");
  const machine = describeMachine();
  const { stdout: out } = process;
  out.write(
    `  ${version}\n  ${machine}, ${new Date().toISOString().slice(0, 10)}\n  Values: median / greatest of N runs; ratio: Aloft's judged value by keepalived's.\n\n`,
  );
  const results: Outcome[] = [];
  for (const scenario of scenarios.filter(({ name }) => flags.only.includes(name))) {
    const result = await measure(steps, scenario, flags);
    results.push(result);
    show(steps, result);
    // After each, for the next may take long, or fail.
    record(flags, { keepalived: version, machine }, results);
  }
  conclude(steps, results);
  if (flags.size !== 100) steps.line(`  At ${flags.size} % of the size: a try, no measurement.`);
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench(flagsOf());
