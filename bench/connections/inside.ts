/** The part of the benchmark that runs in User-Mode Linux: one make, one failover. Its report is a file. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Survival } from "../../test/ipvs/crowdHost.ts";
import { Pair } from "../../test/ipvs/pair.ts";
import { ports, virtualAddresses } from "../../test/ipvs/trafficLan.ts";
import type { Make } from "../make.ts";
import { subjects } from "./subject.ts";

export type Fault = "kill" | "stop";

export interface Order {
  make: Make;
  fault: Fault;
  /** Half of them are busy, half never say a word. */
  connections: number;
}

export interface Sample {
  opened: number;
  idleLost: number;
  busyLost: number;
  /** Of new connections. */
  outageMs: number;
  failedAttempts: number;
  /** The longest that a busy connection waited for an answer. */
  stallMs: number;
}

const busyEveryMs = 2000;
const knockEveryMs = 5;
/** So old are all connections at least: as old as an average one is. */
const ageMs = 5000;
/** For what the failover leaves behind to show. */
const aftermathMs = 2000;

async function run({ make, fault, connections }: Order): Promise<Sample> {
  const pair = await Pair.create();
  try {
    return await measure(pair, { make, fault, connections });
  } finally {
    await pair.destroy();
  }
}

async function measure(pair: Pair, { make, fault, connections }: Order): Promise<Sample> {
  const subject = subjects[make](pair);
  await subject.start();
  const target = { address: virtualAddresses.DR.IPv4, port: ports.virtual };
  const half = Math.floor(connections / 2);
  await pair.crowd.ask({ do: "gather", group: "idle", count: half, ...target });
  await pair.crowd.ask({ do: "gather", group: "busy", count: half, busyEveryMs, ...target });
  await sleep(ageMs);
  await pair.crowd.ask({ do: "watch" });
  await pair.knocker.ask({ do: "knock", everyMs: knockEveryMs, ...target });
  await sleep(1000);
  await Promise.all([subject[fault](), subject.takenOver()]);
  await sleep(aftermathMs);
  const { outageMs, failed } = await pair.knocker.ask({ do: "knocked" });
  const { idle, busy } = await pair.crowd.ask({ do: "count" });
  const lost = (survival: Survival | undefined) => (survival ? survival.opened - survival.alive : Number.NaN);
  const opened = (idle?.opened ?? 0) + (busy?.opened ?? 0);
  return { opened, idleLost: lost(idle), busyLost: lost(busy), outageMs, failedAttempts: failed, stallMs: busy?.stallMs ?? Number.NaN };
}

if (process.env.ALOFT_REPORT) {
  writeFileSync(process.env.ALOFT_REPORT, JSON.stringify(await run(JSON.parse(process.argv[2] ?? "{}"))));
}
