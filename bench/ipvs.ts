/**
 * The bars of IPVS: a large table from nothing, again without a change, with other weights, and gone; Aloft and keepalived in turns, in
 * User-Mode Linux, whose system calls are slow: only ratios count. Ends 1 when Aloft misses a bar.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Steps } from "../test/e2e/steps.ts";
import { run } from "../test/support/command.ts";
import { spread } from "../test/support/table.ts";
import { type MachineResult, missingPackages, runInUserModeLinux } from "../test/support/userModeLinux.ts";
import { numbers, readFlags, words } from "./flags.ts";
import type { Order, Sample } from "./ipvs/inside.ts";
import type { Make } from "./make.ts";
import { describeMachine, measureLoad } from "./vrrp/machine.ts";
import { type Bar, formatResult, isMet, type Measure, type ScenarioResult, toJson } from "./vrrp/result.ts";
import { makes, none, valuesOf } from "./vrrp/scenario.ts";

const schedulers = ["rr", "wrr"];
const usage = `usage: npm run bench:ipvs [-- --only ${schedulers.join()}] [--runs N] [--services N] [--servers N] [--json FILE]`;
const limitMs = 120_000;
const inside = fileURLToPath(new URL("ipvs/inside.ts", import.meta.url));

interface Flags {
  only: string[];
  runs: number;
  services: number;
  servers: number;
  json: string;
}

function flagsOf(): Flags {
  const values = readFlags(usage, { only: schedulers.join(), runs: "3", services: "2000", servers: "10", json: "" });
  const number = (name: "runs" | "services" | "servers") => numbers(values[name], name, usage)[0] ?? 0;
  return {
    only: words(values.only, "only", usage, schedulers),
    runs: number("runs"),
    services: number("services"),
    servers: number("servers"),
    json: values.json,
  };
}

/** A machine for each: what one has left behind does not meet the other. */
async function sampleOf(order: Order): Promise<Sample> {
  const result: MachineResult = await runInUserModeLinux([process.execPath, inside, JSON.stringify(order)], { timeoutMs: limitMs });
  if (!result.report) throw new Error(`no figures of ${order.make}: ${result.trouble || result.output}`);
  return JSON.parse(result.report) as Sample;
}

type Samples = Record<Make, Sample[]>;

/** A share of what keepalived takes in the middle. */
function shareOf(samples: Samples, value: (sample: Sample) => number, share: number): Bar {
  return { most: share * (spread(samples.keepalived.map(value))?.median ?? 0), text: `${share} × keepalived` };
}

function measuresOf(samples: Samples): Measure[] {
  const line = (what: string, key: keyof Sample, bar: Bar, unit: Measure["unit"] = "ms"): Measure => {
    const judged = unit === "ms" ? "median" : "max";
    return { what, unit, values: valuesOf(samples, (sample) => sample[key]), judged, bar };
  };
  return [
    line(
      "from nothing",
      "firstMs",
      shareOf(samples, ({ firstMs }) => firstMs, 0.2),
    ),
    line(
      "reload, nothing changed",
      "unchangedMs",
      shareOf(samples, ({ unchangedMs }) => unchangedMs, 1.5),
    ),
    line("netlink messages of such a reload", "unchangedMessages", none, ""),
    line(
      "reload, 1 % of the weights changed",
      "weightsMs",
      shareOf(samples, ({ weightsMs }) => weightsMs, 0.2),
    ),
    line("stop", "stopMs", { most: 3000, text: "3000" }),
    line("entries left behind", "leftBehind", none, ""),
    line("entries that were ever wrong", "wrong", none, ""),
  ];
}

async function measure(steps: Steps, scheduler: string, { runs, services, servers }: Flags): Promise<ScenarioResult> {
  const pool = { services, servers, scheduler };
  const title = `${services} services of ${servers} real servers, ${scheduler}`;
  const samples: Samples = { aloft: [], keepalived: [] };
  await steps.step(title, async () => {
    for (let left = runs; left > 0; left--) for (const make of makes) samples[make].push(await sampleOf({ make, pool }));
  });
  const notes = [
    "keepalived from its start, and from SIGHUP, to the end of its table; Aloft from apply() to the event that the kernel has it.",
  ];
  return { name: scheduler, title, subject: "the core", measures: measuresOf(samples), notes };
}

async function bench(flags: Flags): Promise<void> {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`this benchmark needs what Debian calls ${missing.join(", ")}`);
  const steps = new Steps();
  const [version = "keepalived"] = (await run("sh", ["-c", "keepalived --version 2>&1"])).split("\n");
  const { othersPercent } = await measureLoad();
  steps.lines([version, `${describeMachine()}; others took ${othersPercent.toFixed(0)} % of a core`, ""]);
  const results: ScenarioResult[] = [];
  for (const scheduler of flags.only) {
    const result = await measure(steps, scheduler, flags);
    steps.lines(["", ...formatResult(result), ""]);
    results.push(result);
  }
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ keepalived: version, flags, results: toJson(results) }, null, 2)}\n`);
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench(flagsOf());
