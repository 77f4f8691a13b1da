/** The part of the benchmark that runs in User-Mode Linux: one subject through all steps. Its report is a file. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { changesDuring } from "../../test/ipvs/requests.ts";
import { Lan } from "../../test/support/lan.ts";
import { residentMB, watchCpu } from "../vrrp/cost.ts";
import { type PoolSettings, poolOf, savedLines } from "./pool.ts";
import { type Subject, type SubjectName, subjects, type Took } from "./subject.ts";

/** What each step took, and what is wrong after it. */
export interface Sample {
  first: Took;
  unchanged: Took;
  /** Requests that change something. */
  unchangedChanges: number;
  weights: Took;
  weightsChanges: number;
  stop: Took;
  /** Entries that are not as they should be, after each step but the last. */
  wrong: number;
  /** Entries that are still there. */
  leftBehind: number;
  /** With nothing to do, of all its processes; absent where it shares them with the benchmark. */
  idle?: { memoryMB: number; cpuPercent: number; byThread: Record<string, number> };
}

export interface Order {
  subject: SubjectName;
  pool: PoolSettings;
}

const node = "n1";
/** Until what a start has left to do is done, and how long a process is watched. */
const settleMs = 6000;
const idleMs = 10_000;

async function table(lan: Lan): Promise<string[]> {
  return (await lan.exec(node, ["ipvsadm", "-Sn"], { timeoutMs: 60_000 }))
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

async function countWrong(lan: Lan, wanted: Set<string>): Promise<number> {
  const standing = new Set(await table(lan));
  const missing = [...wanted].filter((line) => !standing.has(line));
  return missing.length + [...standing].filter((line) => !wanted.has(line)).length;
}

/** Not of a step whose time counts: each request would pass the tap. */
async function countChanges(lan: Lan, step: () => Promise<unknown>): Promise<number> {
  const changes = await changesDuring(lan, node, step);
  return Object.values(changes).reduce((sum, count) => sum + count, 0);
}

async function costOf(pids: readonly number[]): Promise<Sample["idle"]> {
  if (pids.length === 0) return undefined;
  await sleep(settleMs);
  const ends = pids.map(watchCpu);
  await sleep(idleMs);
  const shares = ends.map((end) => end());
  return {
    memoryMB: residentMB(pids),
    cpuPercent: shares.reduce((sum, { percent }) => sum + percent, 0),
    byThread: Object.assign({}, ...shares.map(({ byThread }) => byThread)),
  };
}

async function measure(lan: Lan, subject: Subject, settings: PoolSettings): Promise<Sample> {
  const [pool, changed] = [poolOf(settings), poolOf(settings, true)];
  await subject.prepare(pool);
  const first = await subject.start();
  let wrong = await countWrong(lan, savedLines(pool));
  const idle = await costOf(subject.pids());
  const unchanged = await subject.reload();
  const unchangedChanges = await countChanges(lan, () => subject.reload());
  wrong += await countWrong(lan, savedLines(pool));
  await subject.prepare(changed);
  const weights = await subject.reload();
  wrong += await countWrong(lan, savedLines(changed));
  await subject.prepare(pool);
  const weightsChanges = await countChanges(lan, () => subject.reload());
  const stop = await subject.stop();
  const leftBehind = (await table(lan)).length;
  return { first, unchanged, unchangedChanges, weights, weightsChanges, stop, wrong, leftBehind, ...(idle && { idle }) };
}

async function run({ subject, pool }: Order): Promise<Sample> {
  const lan = await Lan.create({ nodes: 1 });
  try {
    return await measure(lan, subjects[subject](lan, node), pool);
  } finally {
    await lan.destroy();
  }
}

if (process.env.ALOFT_REPORT) {
  writeFileSync(process.env.ALOFT_REPORT, JSON.stringify(await run(JSON.parse(process.argv[2] ?? "{}"))));
}
