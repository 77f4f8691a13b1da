/** Junk on the wire, by `lanbench flood` (native/tools/README.md). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Lan } from "../../test/support/lan.ts";
import { benchProgram, records } from "./instrument.ts";

const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start") }),
  z.object({ type: z.literal("end"), durationNs: z.number(), sent: z.number() }),
]);

export interface FloodSettings {
  /** Addresses that the junk comes from, in turn. */
  sources: string[];
  /** Address that it claims. */
  address: string;
  /** VRIDs 1 to this. */
  virtualRouterIDs: number;
  ratePerSecond: number;
  durationMs: number;
}

let started = 0;

/** Floods the LAN from the client. Returns how many packets a second it were. */
export async function flood(lan: Lan, settings: FloodSettings): Promise<number> {
  const name = `flood-${started++}`;
  const file = join(lan.directory, `${name}.jsonl`);
  const sources = settings.sources.flatMap((source) => ["--source", source]);
  const what = ["--address", settings.address, "--vrids", `1-${settings.virtualRouterIDs}`, "--rate", String(settings.ratePerSecond)];
  const flags = ["--interface", "eth0", "--duration", `${settings.durationMs}ms`, "--output", file];
  const program = lan.spawn("client", name, [benchProgram, "flood", ...flags, ...sources, ...what]);
  const { code } = await program.exited;
  const end = records(readFileSync(file, "utf8"), recordSchema).find((record) => record.type === "end");
  if (code !== 0 || !end) throw new Error(`the flood failed (status ${code}): ${program.logTail(3)}`);
  return (end.sent / end.durationNs) * 1e9;
}
