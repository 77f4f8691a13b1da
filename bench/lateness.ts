/**
 * Are adverts on time while the agent's JavaScript is blocked and both cores are busy? The native core sends adverts every 10 ms;
 * its own histogram of `wakeup − deadline` and the gaps on the wire say how late they are.
 *
 *   npm run bench:lateness [-- --interval 10 --seconds 5 --json FILE]
 *
 * Ends 1 when the 99th percentile of a situation is 1 ms or more.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Steps } from "../test/e2e/steps.ts";
import { Lan } from "../test/support/lan.ts";
import { Observer } from "../test/support/observer.ts";
import { type Column, formatTable } from "../test/support/table.ts";
import { advertsOf } from "../test/support/takeover.ts";
import type { DriverReport } from "./coreDriver.ts";
import { excessUs, histogramQuantile, quantile } from "./histogram.ts";

const limitUs = 1000;
const driver = fileURLToPath(new URL("coreDriver.ts", import.meta.url));

const situations = [
  { title: "idle", mode: "idle", hogs: 0 },
  { title: "JavaScript blocked", mode: "blocked", hogs: 0 },
  { title: "all cores busy", mode: "idle", hogs: availableParallelism() },
  { title: "JavaScript blocked, all cores busy", mode: "blocked", hogs: availableParallelism() },
] as const;

interface Quantiles {
  p50: number | undefined;
  p99: number | undefined;
  max: number | undefined;
}

interface Result {
  title: string;
  advertsSent: number;
  realTime: boolean;
  /** `wakeup − deadline` by the core's histogram, in µs: upper bounds of buckets, but for the maximum. */
  core: Quantiles;
  /** Gap between adverts on the wire beyond the interval, in µs. */
  wire: Quantiles;
}

async function measure(lan: Lan, situation: (typeof situations)[number], intervalMs: number, seconds: number): Promise<Result> {
  const hogs = Array.from({ length: situation.hogs }, (_, index) =>
    lan.spawn("client", `hog-${index}`, ["sh", "-c", "while :; do :; done"]),
  );
  try {
    const observer = await Observer.start(lan, []);
    const program = [process.execPath, driver, String(intervalMs), String(seconds), situation.mode];
    const said = await lan.exec("n1", program, { timeoutMs: (seconds + 30) * 1000 });
    const { adverts } = await observer.stop();
    const report = JSON.parse(said) as DriverReport;
    const running = advertsOf(adverts, { family: "IPv4", virtualRouterID: 51 }).filter(({ priority }) => priority > 0);
    const measured = running.slice(-report.advertsSent).map(({ atNs }) => atNs);
    const excess = excessUs(measured, intervalMs);
    return {
      title: situation.title,
      advertsSent: report.advertsSent,
      realTime: report.realTime.granted,
      core: { p50: histogramQuantile(report.lateness, 0.5), p99: histogramQuantile(report.lateness, 0.99), max: report.lateness.maxUs },
      wire: { p50: quantile(excess, 0.5), p99: quantile(excess, 0.99), max: quantile(excess, 1) },
    };
  } finally {
    await Promise.all(hogs.map((hog) => hog.kill()));
  }
}

const us = (value: number | undefined) => value?.toFixed(0) ?? "-";
const columns: Column<Result>[] = [
  { title: "SITUATION", cell: ({ title }) => title },
  { title: "ADVERTS", cell: ({ advertsSent }) => String(advertsSent), align: "right" },
  { title: "CORE P50", cell: ({ core }) => us(core.p50), align: "right" },
  { title: "P99", cell: ({ core }) => us(core.p99), align: "right" },
  { title: "MAX", cell: ({ core }) => us(core.max), align: "right" },
  { title: "WIRE P50", cell: ({ wire }) => us(wire.p50), align: "right" },
  { title: "P99", cell: ({ wire }) => us(wire.p99), align: "right" },
  { title: "MAX", cell: ({ wire }) => us(wire.max), align: "right" },
];

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      interval: { type: "string", default: "10" },
      seconds: { type: "string", default: "5" },
      json: { type: "string" },
    },
  });
  const [intervalMs, seconds] = [Number(values.interval), Number(values.seconds)];
  const steps = new Steps();
  const lan = await Lan.create({ nodes: 1 });
  const results: Result[] = [];
  try {
    for (const situation of situations) {
      results.push(await steps.step(`${situation.title}, ${seconds} s`, () => measure(lan, situation, intervalMs, seconds)));
    }
  } finally {
    await lan.destroy();
  }
  const realTime = results.every((result) => result.realTime) ? "SCHED_FIFO" : "without real-time scheduling";
  steps.lines(["", ...formatTable(columns, results), "", `Lateness in µs, adverts every ${intervalMs} ms, ${realTime}.`, ""]);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ intervalMs, seconds, results }, null, 2)}\n`);
  const late = results.filter(({ core, wire }) => [core.p99, wire.p99].some((value) => value === undefined || value >= limitUs));
  for (const { title } of late) steps.line(`  ${title}: the 99th percentile is not below ${limitUs} µs`);
  if (late.length > 0) process.exitCode = 1;
}

await bench();
