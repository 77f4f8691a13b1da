/**
 * What do thousands of health checks a second cost, are they on time while many of them fail, and are adverts? Ends 1 when a bar is missed.
 *
 * keepalived is not beside it: its checker process ends at once where the kernel has no ip_vs, as on this machine's own.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HistogramReading } from "../src/agent/healthChecks/healthTally.ts";
import type { HealthTarget } from "../src/agent/healthChecks/healthTarget.ts";
import { healthCheckSchema } from "../src/api/healthCheck.ts";
import { Steps } from "../test/e2e/steps.ts";
import { Lan } from "../test/support/lan.ts";
import { type Column, formatTable } from "../test/support/table.ts";
import { until } from "../test/support/waiting.ts";
import { numbers, readFlags } from "./flags.ts";
import type { HealthReport } from "./health/driver.ts";
import { histogramQuantile } from "./histogram.ts";
import { describeMachine, measureLoad } from "./vrrp/machine.ts";

const usage = "usage: npm run bench:health [-- --rate CHECKS_PER_SECOND] [--targets ADDRESSES] [--seconds N] [--json FILE]";
const bars = { cpuPercent: 100, latenessSeconds: 0.1 };
const firstPort = 20_000;

interface Situation {
  title: string;
  /** Of the checks: those whose server keeps silent, and those whose server refuses. */
  silent: number;
  refused: number;
  /** None at all: what the process itself costs. */
  idle?: boolean;
}

const situations: Situation[] = [
  { title: "no checks", silent: 0, refused: 0, idle: true },
  { title: "all well", silent: 0, refused: 0 },
  { title: "half refuse", silent: 0, refused: 0.5 },
  { title: "half are silent", silent: 0.5, refused: 0 },
];

interface Result extends HealthReport {
  title: string;
}

const quantileOf = ({ bounds, counts }: HistogramReading, q: number) =>
  histogramQuantile({ boundsUs: [...bounds], counts, sumUs: 0, maxUs: Number.POSITIVE_INFINITY }, q);
const ms = (seconds: number | undefined) => (seconds === undefined ? "-" : `${seconds * 1000}`);
const columns: Column<Result>[] = [
  { title: "SITUATION", cell: ({ title }) => title },
  { title: "GOOD/S", cell: ({ good }) => good.toFixed(0), align: "right" },
  { title: "BAD/S", cell: ({ bad }) => bad.toFixed(0), align: "right" },
  { title: "CORE %", cell: ({ cpuPercent }) => cpuPercent.toFixed(1), align: "right" },
  { title: "RSS MB", cell: ({ residentMB }) => residentMB.toFixed(0), align: "right" },
  { title: "LATE P50", cell: ({ lateness }) => ms(quantileOf(lateness, 0.5)), align: "right" },
  { title: "P99", cell: ({ lateness }) => ms(quantileOf(lateness, 0.99)), align: "right" },
  { title: "TOOK P50", cell: ({ latency }) => ms(quantileOf(latency, 0.5)), align: "right" },
  { title: "P99", cell: ({ latency }) => ms(quantileOf(latency, 0.99)), align: "right" },
  { title: "ADVERTS LATE P99 µs", cell: ({ adverts }) => String(histogramQuantile(adverts, 0.99) ?? "-"), align: "right" },
];

const program = (name: string) => fileURLToPath(new URL(`health/${name}.ts`, import.meta.url));

/** Addresses of n2 beside its own; the silent ones drop what comes. */
const prefix = { well: "10.99", silent: "10.98" };

function targetsOf({ silent, refused, idle }: Situation, rate: number, addresses: number): HealthTarget[] {
  // The second begins when an attempt has ended: a little less, so that the rate is reached whatever attempts take.
  const check = healthCheckSchema.parse({ tcp: {}, interval: "950ms", timeout: "1s", retries: 0 });
  const ports = Math.ceil(rate / addresses);
  return Array.from({ length: idle ? 0 : rate }, (_, index) => {
    const part = index / rate;
    const host = `${Math.floor((index % addresses) / 250)}.${(index % addresses) % 250}`;
    const port = firstPort + Math.floor(index / addresses) + (part >= silent && part < silent + refused ? ports : 0);
    return { key: String(index), address: `${part < silent ? prefix.silent : prefix.well}.${host}`, port, check, group: host };
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

async function bench(): Promise<void> {
  const values = readFlags(usage, { rate: "5000", targets: "200", seconds: "10", json: "" });
  const [[rate = 5000], [addresses = 200], [seconds = 10]] = [
    numbers(values.rate, "rate", usage),
    numbers(values.targets, "targets", usage),
    numbers(values.seconds, "seconds", usage),
  ];
  const steps = new Steps();
  const load = await measureLoad();
  const lan = await Lan.create({ nodes: 2 });
  const results: Result[] = [];
  try {
    await prepare(lan, Math.ceil(rate / addresses));
    for (const situation of situations) {
      const input = JSON.stringify(targetsOf(situation, rate, addresses));
      const measure = () =>
        lan.exec("n1", [process.execPath, program("driver"), String(seconds)], { input, timeoutMs: (seconds + 60) * 1000 });
      const said = await steps.step(`${situation.title}, ${seconds} s`, measure);
      results.push({ title: situation.title, ...(JSON.parse(said) as HealthReport) });
    }
  } finally {
    await lan.destroy();
  }
  const setting = `${rate} TCP checks, one a second each, of ${addresses} addresses. Times in ms: upper bounds of buckets.`;
  const machine = `${describeMachine()}; others took ${load.othersPercent.toFixed(0)} % of a core before.`;
  steps.lines(["", ...formatTable(columns, results), "", setting, machine, ""]);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ rate, addresses, seconds, load, results }, null, 2)}\n`);
  for (const { title, cpuPercent, lateness } of results) {
    const late = quantileOf(lateness, 0.99) ?? 0;
    if (cpuPercent <= bars.cpuPercent && late <= bars.latenessSeconds) continue;
    steps.line(`  ${title}: more than ${bars.cpuPercent} % of a core, or later than ${bars.latenessSeconds * 1000} ms`);
    process.exitCode = 1;
  }
}

await bench();
