/**
 * Runs health checks as an agent does, beside the native core as MASTER of one virtual router, and writes one JSON line: what the checks
 * cost, how late they are, and how late the adverts are. Runs inside the network namespace of a node.
 *
 *   node bench/health/driver.ts SECONDS < targets of HealthRunner, as JSON
 */
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { HealthRunner } from "../../src/agent/healthChecks/healthRunner.ts";
import type { HistogramReading } from "../../src/agent/healthChecks/healthTally.ts";
import type { HealthTarget } from "../../src/agent/healthChecks/healthTarget.ts";
import { loadAddon } from "../../src/agent/native/addon.ts";
import { ProgramRunner } from "../../src/agent/programs/programRunner.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import type { Lateness } from "../coreDriver.ts";

export interface HealthReport {
  /** A second. */
  good: number;
  bad: number;
  unknown: number;
  /** Of one core, all threads of the process. */
  cpuPercent: number;
  residentMB: number;
  latency: HistogramReading;
  lateness: HistogramReading;
  adverts: Lateness;
}

const advertIntervalMs = 10;
/** Until all checks have run once and what they run on is compiled. */
const warmUpMs = 5000;

const seconds = Number(process.argv[2]);
const targets = JSON.parse(await text(process.stdin)) as HealthTarget[];

const addon = loadAddon();
const started = addon.start({ heldAddresses: [], realTime: true, gate: true }, () => {});
if (!started.ok) throw new Error(started.error.message);
const { core } = started;
const applied = core.apply({
  routers: [
    {
      key: "health/IPv4",
      family: "IPv4",
      interface: "eth0",
      virtualRouterID: 51,
      version: 3,
      priority: 254,
      advertisementIntervalMs: advertIntervalMs,
      preempt: true,
      preemptDelayMs: 0,
      checksum: "Auto",
      addresses: [{ address: "198.51.100.200/24" }],
    },
  ],
});
if (!applied.ok) throw new Error(applied.error.message);

const programs = new ProgramRunner({ allowedDirectories: [], perProgramUser: false, log: silentLogger, clock: systemClock });
const runner = new HealthRunner({
  startDialer: addon.startDialer,
  programs,
  node: "n1",
  log: silentLogger,
  clock: systemClock,
  onChange: () => {},
});
runner.configure(targets);
await sleep(warmUpMs);

const tcp = () => {
  const counts = runner.counts().find(({ kind }) => kind === "tcp");
  if (!counts) throw new Error("no TCP checks");
  return counts;
};
const before = { tcp: tcp(), cpu: process.cpuUsage(), core: core.snapshot().lateness, at: performance.now() };
await sleep(seconds * 1000);
const elapsedMs = performance.now() - before.at;
const [after, cpu, lateness] = [tcp(), process.cpuUsage(before.cpu), core.snapshot().lateness];
await runner.stop();
await core.stop();

const perSecond = (kind: "good" | "bad" | "unknown") => (after[kind] - before.tcp[kind]) / (elapsedMs / 1000);
const difference = (now: HistogramReading, then: HistogramReading): HistogramReading => ({
  bounds: now.bounds,
  counts: now.counts.map((count, index) => count - (then.counts[index] ?? 0)),
  sum: now.sum - then.sum,
});
const report: HealthReport = {
  good: perSecond("good"),
  bad: perSecond("bad"),
  unknown: perSecond("unknown"),
  cpuPercent: (100 * (cpu.user + cpu.system)) / 1000 / elapsedMs,
  residentMB: process.memoryUsage.rss() / 1e6,
  latency: difference(after.latency, before.tcp.latency),
  lateness: difference(after.lateness, before.tcp.lateness),
  adverts: {
    boundsUs: lateness.boundsUs,
    counts: lateness.counts.map((count, index) => count - (before.core.counts[index] ?? 0)),
    sumUs: lateness.sumUs - before.core.sumUs,
    maxUs: lateness.maxUs,
  },
};
process.stdout.write(`${JSON.stringify(report)}\n`);
