/** Who advertised what from when to when, by `lanbench tally` (native/tools/README.md); and what that says of a takeover of many. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { elapsedMs } from "../../test/support/takeover.ts";
import { begun, benchProgram, records, timeField } from "./instrument.ts";

const reignSchema = z.object({
  who: z.string(),
  firstNs: timeField,
  lastNs: timeField,
  count: z.int(),
  gapP50Us: z.number(),
  gapP99Us: z.number(),
  gapMaxUs: z.number(),
});

const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start") }),
  z.object({
    type: z.literal("adverts"),
    family: z.enum(["IPv4", "IPv6"]),
    virtualRouterID: z.int(),
    changes: z.int(),
    resignations: z.int(),
    reigns: z.array(reignSchema),
  }),
  z.object({ type: z.literal("announcements"), address: z.string(), changes: z.int(), reigns: z.array(reignSchema) }),
  z.object({ type: z.literal("end"), timeNs: timeField, discarded: z.int(), dropped: z.int() }),
]);

/** A stretch in which one sender and no other was heard. */
export type Reign = z.infer<typeof reignSchema>;
type Record = z.infer<typeof recordSchema>;
export type AdvertTally = Extract<Record, { type: "adverts" }>;
export type AnnouncementTally = Extract<Record, { type: "announcements" }>;

export interface TallyResult {
  adverts: AdvertTally[];
  announcements: AnnouncementTally[];
}

let started = 0;

export class Tally {
  private readonly process: BackgroundProcess;
  private readonly file: string;

  private constructor(process: BackgroundProcess, file: string) {
    this.process = process;
    this.file = file;
  }

  /** Listens on an interface of a host. `outgoing`: also to what the host itself sends. */
  static async start(lan: Lan, host: string, interfaceName: string, options: { outgoing?: boolean } = {}): Promise<Tally> {
    const name = `tally-${started++}`;
    const file = join(lan.directory, `${name}.jsonl`);
    const flags = ["--interface", interfaceName, "--output", file, ...(options.outgoing ? ["--outgoing"] : [])];
    const process = lan.spawn(host, name, [benchProgram, "tally", ...flags]);
    await begun(process, file);
    return new Tally(process, file);
  }

  /** @throws Error when packets were lost on their way to it. */
  async stop(): Promise<TallyResult> {
    const { code } = await this.process.stop(20_000);
    const result = code === 0 ? parseTally(readFileSync(this.file, "utf8")) : undefined;
    if (!result) throw new Error(`the tally failed (status ${code}, records in ${this.file}): ${this.process.logTail(3)}`);
    return result;
  }
}

/** Pure. Undefined when the records have no end, or packets were missed. */
export function parseTally(text: string): TallyResult | undefined {
  const all = records(text, recordSchema);
  const end = all.find((record) => record.type === "end");
  if (!end || end.dropped > 0) return undefined;
  return {
    adverts: all.filter((record) => record.type === "adverts"),
    announcements: all.filter((record) => record.type === "announcements"),
  };
}

/** Of one virtual router that lost its leader at a known moment. */
export interface Succession {
  /** The leader's last advert to the follower's first; Infinity: it did not follow. */
  takeoverMs: number;
  /** The follower's first advert, 0n when it did not follow. */
  followedNs: bigint;
  /** The leader's last advert before that. */
  lastNs: bigint;
  /** Changes of the sender before the leader was lost: there should be none. */
  flapsBefore: number;
  /** Changes after it beyond the one that should be. */
  flapsAfter: number;
}

/** `leader` and `follower`: their source addresses. Pure. */
export function successionOf({ changes, reigns }: AdvertTally, leader: string, follower: string, lostNs: bigint): Succession {
  const after = reigns.filter(({ firstNs }) => firstNs > lostNs);
  const at = reigns.findIndex(({ who, lastNs }) => who === follower && lastNs > lostNs);
  const last = reigns.slice(0, Math.max(at, 0)).findLast(({ who }) => who === leader);
  const first = reigns[at];
  const counts = { flapsBefore: changes - after.length, flapsAfter: Math.max(0, after.length - 1) };
  if (!first || !last) return { takeoverMs: Number.POSITIVE_INFINITY, followedNs: 0n, lastNs: 0n, ...counts };
  return { takeoverMs: elapsedMs(last.lastNs, first.firstNs), followedNs: first.firstNs, lastNs: last.lastNs, ...counts };
}

/** When `mac` began to announce an address for the last time, of those begun after `sinceNs`; undefined when it did not. Pure. */
export function announcedNs({ reigns }: AnnouncementTally, mac: string, sinceNs: bigint): bigint | undefined {
  return reigns.find(({ who, firstNs }) => who === mac && firstNs > sinceNs)?.firstNs;
}
