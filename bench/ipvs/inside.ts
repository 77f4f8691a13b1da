/** The part of the benchmark that runs in User-Mode Linux: one make through all steps. Its report is a file. */
import { writeFileSync } from "node:fs";
import { Lan } from "../../test/support/lan.ts";
import type { Make } from "../make.ts";
import { type PoolSettings, poolOf, savedLines } from "./pool.ts";
import { type Subject, subjects } from "./subject.ts";

/** In ms, and what is wrong after each step. */
export interface Sample {
  firstMs: number;
  unchangedMs: number;
  /** Netlink messages in the network namespace during that step, of whatever kind. */
  unchangedMessages: number;
  weightsMs: number;
  stopMs: number;
  /** Entries that are not as they should be, after each step but the last. */
  wrong: number;
  /** Entries that are still there. */
  leftBehind: number;
}

export interface Order {
  make: Make;
  pool: PoolSettings;
}

const node = "n1";

async function timed(step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}

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

/** Counted by a tap, which slows nothing down that is measured: no one listens to it. */
async function countMessages(lan: Lan, step: () => Promise<void>): Promise<number> {
  await lan.exec(node, ["sh", "-e", "-c", "ip link add tap type nlmon; ip link set tap up"]);
  const read = async () => {
    const [link] = JSON.parse(await lan.exec(node, ["ip", "-json", "-statistics", "link", "show", "dev", "tap"]));
    return link.stats64.rx.packets as number;
  };
  // What asking takes is counted, too.
  const first = await read();
  const asking = (await read()) - first;
  const before = await read();
  await step();
  const messages = (await read()) - before - asking;
  await lan.exec(node, ["ip", "link", "del", "tap"]);
  return messages;
}

async function measure(lan: Lan, subject: Subject, settings: PoolSettings): Promise<Sample> {
  const [pool, changed] = [poolOf(settings), poolOf(settings, true)];
  await subject.prepare(pool);
  const firstMs = await timed(() => subject.start());
  let wrong = await countWrong(lan, savedLines(pool));
  const unchangedMs = await timed(() => subject.reload());
  const unchangedMessages = await countMessages(lan, () => subject.reload());
  wrong += await countWrong(lan, savedLines(pool));
  await subject.prepare(changed);
  const weightsMs = await timed(() => subject.reload());
  wrong += await countWrong(lan, savedLines(changed));
  const stopMs = await timed(() => subject.stop());
  return { firstMs, unchangedMs, unchangedMessages, weightsMs, stopMs, wrong, leftBehind: (await table(lan)).length };
}

async function run({ make, pool }: Order): Promise<Sample> {
  const lan = await Lan.create({ nodes: 1 });
  try {
    return await measure(lan, await subjects[make](lan, node), pool);
  } finally {
    await lan.destroy();
  }
}

if (process.env.ALOFT_REPORT) {
  writeFileSync(process.env.ALOFT_REPORT, JSON.stringify(await run(JSON.parse(process.argv[2] ?? "{}"))));
}
