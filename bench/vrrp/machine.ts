/** The machine and what else is going on there: a benchmark on a busy one is void. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

export function describeMachine(): string {
  const [processor] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return `${availableParallelism()} × ${processor?.model.trim() ?? "unknown processor"}, ${gib} GiB, Linux ${release()}`;
}

/** Busy and total ticks of all processors so far. */
function ticks(): { busy: number; total: number } {
  const fields = readFileSync("/proc/stat", "utf8").split("\n", 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0] = fields;
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, total: busy + idle + wait };
}

export interface Load {
  /** Processor time that others take while nothing of ours runs, in % of one core. */
  othersPercent: number;
  /** Of the last minute, our own last scenario included. */
  average: number;
}

/** Beyond this others would be measured too. */
export const tooBusyPercent = 40;

export async function measureLoad(): Promise<Load> {
  const before = ticks();
  await sleep(2000);
  const after = ticks();
  const share = (after.busy - before.busy) / Math.max(1, after.total - before.total);
  return { othersPercent: 100 * share * availableParallelism(), average: loadavg()[0] ?? 0 };
}
