/** Who answers for thousands of addresses, by `lanbench sweep` (native/tools/README.md). */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { begun, benchProgram, records, timeField } from "./instrument.ts";

const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start") }),
  z.object({ type: z.literal("claim"), address: z.string(), announcedNs: timeField, answeredNs: timeField }),
  z.object({ type: z.literal("end"), asked: z.int(), open: z.int(), dropped: z.int() }),
]);

export interface SweepResult {
  /** Addresses that nobody, or somebody else, answers for. */
  open: number;
  /** First answer for each address that was answered for. */
  answeredNs: Map<string, bigint>;
  asked: number;
}

export interface SweepOptions {
  /** Ask for all at once, whether or not they are announced. */
  eager?: boolean;
  durationMs: number;
}

let started = 0;

export class Sweep {
  private readonly process: BackgroundProcess;
  private readonly file: string;

  private constructor(process: BackgroundProcess, file: string) {
    this.process = process;
    this.file = file;
  }

  /** Asks from the client whether `ownerMac` has the addresses, until it has answered for each of them. */
  static async start(lan: Lan, addresses: readonly string[], ownerMac: string, options: SweepOptions): Promise<Sweep> {
    const name = `sweep-${started++}`;
    const file = join(lan.directory, `${name}.jsonl`);
    const list = join(lan.directory, `${name}.txt`);
    writeFileSync(list, `${addresses.join("\n")}\n`);
    const flags = ["--interface", "eth0", "--addresses", list, "--owner", ownerMac, "--output", file];
    const more = ["--duration", `${options.durationMs}ms`, ...(options.eager ? ["--eager"] : [])];
    const process = lan.spawn("client", name, [benchProgram, "sweep", ...flags, ...more]);
    await begun(process, file);
    return new Sweep(process, file);
  }

  /** When all is answered, or the time is up. */
  async finished(): Promise<SweepResult> {
    const { code } = await this.process.exited;
    const result = code === 0 ? parseSweep(readFileSync(this.file, "utf8")) : undefined;
    if (!result) throw new Error(`the sweep failed (status ${code}, records in ${this.file}): ${this.process.logTail(3)}`);
    return result;
  }
}

/** Pure. Undefined when the records have no end, or packets were missed. */
export function parseSweep(text: string): SweepResult | undefined {
  const all = records(text, recordSchema);
  const end = all.find((record) => record.type === "end");
  if (!end || end.dropped > 0) return undefined;
  const claims = all.filter((record) => record.type === "claim").filter(({ answeredNs }) => answeredNs > 0n);
  return { open: end.open, answeredNs: new Map(claims.map(({ address, answeredNs }) => [address, answeredNs])), asked: end.asked };
}
