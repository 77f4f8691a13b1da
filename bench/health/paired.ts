/** Aloft and keepalived in turns, in User-Mode Linux: its system calls are slow, so that only the ratio counts. */
import { fileURLToPath } from "node:url";
import { missingPackages, runInUserModeLinux } from "../../test/support/userModeLinux.ts";
import type { Make } from "../make.ts";
import type { ScenarioResult } from "../vrrp/result.ts";
import { makes, valuesOf } from "../vrrp/scenario.ts";
import type { Order, Sample } from "./inside.ts";

const inside = fileURLToPath(new URL("inside.ts", import.meta.url));
const limitMs = 120_000;

async function sampleOf(order: Order): Promise<Sample> {
  const result = await runInUserModeLinux([process.execPath, inside, JSON.stringify(order)], { timeoutMs: limitMs });
  if (!result.report) throw new Error(`no figures of ${order.make}: ${result.trouble || result.output}`);
  return JSON.parse(result.report) as Sample;
}

export const pairedName = "paired";

export async function measurePaired(servers: number, seconds: number, runs: number): Promise<ScenarioResult> {
  const title = `${servers} TCP checks a second of one virtual server, in User-Mode Linux`;
  const missing = missingPackages();
  const result = { name: pairedName, title, subject: "agent" };
  if (missing.length > 0) return { ...result, measures: [], notes: [`It needs what Debian calls ${missing.join(", ")}.`] };
  const samples: Record<Make, Sample[]> = { aloft: [], keepalived: [] };
  for (let left = runs; left > 0; left -= 1) for (const make of makes) samples[make].push(await sampleOf({ make, servers, seconds }));
  return {
    ...result,
    measures: [
      { what: "processor time", unit: "% of a core", values: valuesOf(samples, ({ cpuPercent }) => cpuPercent), judged: "median" },
      { what: "resident memory", unit: "MB", values: valuesOf(samples, (sample) => sample.residentMB), judged: "median" },
    ],
    notes: ["Of Aloft the whole agent, of keepalived its checkers and their parent."],
  };
}
