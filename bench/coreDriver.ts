/**
 * Runs the native core alone, as MASTER of one virtual router, and blocks its own JavaScript on demand: the agent has no such switch.
 * Runs inside the network namespace of a node. Writes one JSON line: the core's lateness histogram over the measured time.
 *
 *   node bench/coreDriver.ts INTERVAL_MS SECONDS idle|blocked
 */
import { setTimeout as sleep } from "node:timers/promises";
import { loadAddon } from "../src/agent/native/addon.ts";
import type { Snapshot } from "../src/agent/native/snapshot.ts";

export type Lateness = Snapshot["lateness"];

export interface DriverReport {
  /** Counts of the measured time alone. */
  lateness: Lateness;
  advertsSent: number;
  realTime: Snapshot["realTime"];
}

const [intervalMs = 10, seconds = 5] = process.argv.slice(2, 4).map(Number);
const isBlocked = process.argv[4] === "blocked";

const started = loadAddon().start({ heldAddresses: [], realTime: true, gate: true }, () => {});
if (!started.ok) throw new Error(started.error.message);
const { core } = started;
const applied = core.apply({
  routers: [
    {
      key: "lateness/IPv4",
      family: "IPv4",
      interface: "eth0",
      virtualRouterID: 51,
      version: 3,
      priority: 254,
      advertisementIntervalMs: intervalMs,
      preempt: true,
      preemptDelayMs: 0,
      checksum: "Auto",
      addresses: [{ address: "198.51.100.200/24" }],
    },
  ],
});
if (!applied.ok) throw new Error(applied.error.message);
while (core.snapshot().routers[0]?.state !== "MASTER") await sleep(20);
// The announcements that follow a takeover are over, and what the start compiled is compiled.
await sleep(1000);

const before = core.snapshot();
if (isBlocked) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
} else await sleep(seconds * 1000);
const after = core.snapshot();
await core.stop();

const sent = (snapshot: Snapshot) => snapshot.routers[0]?.counters.advertsSent ?? 0;
const report: DriverReport = {
  lateness: {
    boundsUs: after.lateness.boundsUs,
    counts: after.lateness.counts.map((count, index) => count - (before.lateness.counts[index] ?? 0)),
    sumUs: after.lateness.sumUs - before.lateness.sumUs,
    maxUs: after.lateness.maxUs,
  },
  advertsSent: sent(after) - sent(before),
  realTime: after.realTime,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
