/**
 * Are adverts on time while the agent's JavaScript is blocked and both cores are busy? The native core sends adverts every 10 ms;
 * its own histogram of `wakeup − deadline` and the gaps on the wire say how late they are.
 * Ends 1 when the 99th percentile of a situation is 1 ms or more.
 */
import { writeFileSync } from "node:fs";
import { Steps } from "../test/e2e/steps.ts";
import { Lan } from "../test/support/lan.ts";
import { type Column, formatTable } from "../test/support/table.ts";
import { numbers, readFlags } from "./flags.ts";
import { type LatenessResult, measureLateness, situations } from "./latenessTrial.ts";

const usage = "usage: npm run bench:lateness [-- --interval MS] [--seconds N] [--json FILE]";
const limitUs = 1000;
const us = (value: number | undefined) => value?.toFixed(0) ?? "-";
const columns: Column<LatenessResult>[] = [
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
  const values = readFlags(usage, { interval: "10", seconds: "5", json: "" });
  const [intervalMs = 10] = numbers(values.interval, "interval", usage, 10, 10);
  const [seconds = 5] = numbers(values.seconds, "seconds", usage);
  const steps = new Steps();
  const lan = await Lan.create({ nodes: 1 });
  const results: LatenessResult[] = [];
  try {
    for (const situation of situations) {
      results.push(await steps.step(`${situation.title}, ${seconds} s`, () => measureLateness(lan, situation, intervalMs, seconds)));
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
