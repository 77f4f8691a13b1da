/** What a client on the LAN sees, measured by the native observer (native/tools/README.md). Times are those of process.hrtime.bigint(). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseAddress } from "../../src/api/ipAddress.ts";
import type { BackgroundProcess } from "./backgroundProcess.ts";
import { type Advert, elapsedMs } from "./takeover.ts";
import { hopeless, until } from "./waiting.ts";

const program = fileURLToPath(new URL("../../build/native/lanobserver", import.meta.url));

const time = z.int().transform(BigInt);
const span = { address: z.string(), fromNs: time, toNs: time };

const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), timeNs: time, realTime: z.boolean() }),
  z.object({
    type: z.literal("advert"),
    timeNs: time,
    source: z.string(),
    mac: z.string(),
    version: z.int(),
    virtualRouterID: z.int(),
    priority: z.int(),
    intervalMs: z.number(),
    discard: z.string(),
  }),
  z.object({ type: z.literal("announcement"), timeNs: time, kind: z.enum(["garp", "na"]), address: z.string(), mac: z.string() }),
  z.object({ type: z.literal("owner"), timeNs: time, address: z.string(), macs: z.array(z.string()) }),
  z.object({
    type: z.literal("outage"),
    by: z.enum(["echo", "arp"]),
    ...span,
    lost: z.int(),
    openStart: z.boolean(),
    openEnd: z.boolean(),
  }),
  z.object({ type: z.literal("doubleAnswer"), ...span, questions: z.int(), macs: z.array(z.string()) }),
  z.object({
    type: z.literal("summary"),
    by: z.enum(["echo", "arp"]),
    address: z.string(),
    sent: z.int(),
    answered: z.int(),
    lost: z.int(),
  }),
  z.object({ type: z.literal("end"), timeNs: time, missedTicks: z.int(), maxLatenessNs: z.int(), dropped: z.int() }),
]);

type Record = z.infer<typeof recordSchema>;
type RecordOf<Type extends Record["type"]> = Extract<Record, { type: Type }>;

/** A stretch of time in which a client's pings, or its questions who has the address, were lost. */
export type Outage = RecordOf<"outage">;
/** A stretch of time in which more than one MAC address answered for an address. */
export type DoubleAnswer = RecordOf<"doubleAnswer">;
/** A gratuitous ARP or an unsolicited neighbour advertisement. */
export type Announcement = RecordOf<"announcement">;

export interface Observation {
  startNs: bigint;
  endNs: bigint;
  adverts: Advert[];
  announcements: Announcement[];
  /** Which MAC addresses answered for an address, whenever that changed. */
  owners: RecordOf<"owner">[];
  outages: Outage[];
  /** Stretches of time in which nobody answered the question who has an address. */
  unanswered: Outage[];
  doubleAnswers: DoubleAnswer[];
  summaries: RecordOf<"summary">[];
}

export interface ObserverOptions {
  /** What is asked of each address. Default: both. */
  by?: readonly ("echo" | "arp")[];
  /** Go duration; time between two pings of one address. Default 1ms. */
  echoEvery?: string;
  /** Time between two ARP requests or neighbour solicitations for one address. Default 2ms. */
  askEvery?: string;
  /** Records come at once, for latestAdvert(); otherwise in blocks, which disturbs less. */
  stream?: boolean;
}

/** A LAN with a client on it. */
export interface ObservedLan {
  /** Where records are written. */
  readonly directory: string;
  spawn(host: "client", name: string, command: readonly string[]): BackgroundProcess;
}

/** Questions of the last moment are not answered before the end. */
const lastMomentNs = 100_000_000n;

let started = 0;

export class Observer {
  private readonly process: BackgroundProcess;
  private readonly file: string;

  private constructor(process: BackgroundProcess, file: string) {
    this.process = process;
    this.file = file;
  }

  /** Starts to ping the addresses from the client, to ask who has them, and to record adverts; returns when all of that runs. */
  static async start(lan: ObservedLan, addresses: readonly string[], options: ObserverOptions = {}): Promise<Observer> {
    const name = `observer-${started++}`;
    const file = join(lan.directory, `${name}.jsonl`);
    const { by = ["echo", "arp"] } = options;
    const targets = addresses.flatMap((address) => by.flatMap((question) => [`--${question}`, address]));
    const pace = ["--every", options.echoEvery ?? "1ms", "--arp-every", options.askEvery ?? "2ms", "--gap", "1ms"];
    const stream = options.stream ? ["--stream"] : [];
    const flags = ["--interface", "eth0", "--capture", "--output", file, ...stream, ...pace, ...targets];
    const process = lan.spawn("client", name, [program, ...flags]);
    const begun = () => {
      if (!process.running) throw hopeless(`it ended with status ${process.status?.code}: ${process.logTail()}`);
      return readFileSync(file, "utf8").includes("\n");
    };
    await until("the start of the observer", begun, { everyMs: 5 });
    return new Observer(process, file);
  }

  /** The last advert so far; undefined while there is none. For observers that stream. */
  latestAdvert(): Advert | undefined {
    const lines = readFileSync(this.file, "utf8").split("\n").slice(0, -1);
    const latest = lines.findLast((line) => line.includes('"type":"advert"'));
    if (latest === undefined) return undefined;
    const record = recordSchema.parse(JSON.parse(latest));
    return record.type === "advert" ? toAdvert(record) : undefined;
  }

  /**
   * Ends the observation and returns it.
   * @throws Error with code OBSERVATION_FAILED when packets were lost on their way to the observer, or it failed.
   */
  async stop(): Promise<Observation> {
    const { code } = await this.process.stop();
    const observation = parseObservation(readFileSync(this.file, "utf8"));
    if (code === 0 && observation) return observation;
    const message = `the observation failed (status ${code}, records in ${this.file}): ${this.process.logTail()}`;
    throw Object.assign(new Error(message), { code: "OBSERVATION_FAILED" });
  }
}

/** Pure. Undefined when the records have no end, or the observer missed packets. */
export function parseObservation(text: string): Observation | undefined {
  const records = text
    .split("\n")
    .filter(Boolean)
    .map((line) => recordSchema.parse(JSON.parse(line)));
  const only = <Type extends Record["type"]>(type: Type) => records.filter((record): record is RecordOf<Type> => record.type === type);
  const [start] = only("start");
  const [end] = only("end");
  if (!start || !end || end.dropped > 0) return undefined;
  return {
    startNs: start.timeNs,
    endNs: end.timeNs,
    adverts: only("advert").map(toAdvert),
    announcements: only("announcement"),
    owners: only("owner"),
    outages: only("outage").filter(({ by }) => by === "echo"),
    unanswered: only("outage").filter(({ by }) => by === "arp"),
    doubleAnswers: only("doubleAnswer"),
    summaries: only("summary"),
  };
}

function toAdvert({ timeNs, source, virtualRouterID, version, priority, discard }: RecordOf<"advert">): Advert {
  return { atNs: timeNs, family: parseAddress(source)?.family ?? "IPv4", source, virtualRouterID, version, priority, discard };
}

/** The client's longest outage of `address` that was not over at `sinceNs`, in ms; 0 for none. */
export function longestOutageMs({ outages }: Observation, address: string, sinceNs: bigint): number {
  return longestMs(outages.filter((outage) => outage.address === address && outage.toNs > sinceNs));
}

/** The longest time for which two nodes answered for `address`, of those that were not over at `sinceNs`, in ms; 0 for none. */
export function longestDoubleAnswerMs({ doubleAnswers }: Observation, address: string, sinceNs: bigint): number {
  return longestMs(doubleAnswers.filter((double) => double.address === address && double.toNs > sinceNs));
}

/** Whether two nodes still answered for `address` when the observation ended: then its length says nothing but how long one watched. */
export function isLastingDoubleAnswer({ doubleAnswers, endNs }: Observation, address: string): boolean {
  return doubleAnswers.some((double) => double.address === address && double.toNs > endNs - lastMomentNs);
}

function longestMs(spans: readonly { fromNs: bigint; toNs: bigint }[]): number {
  return Math.max(0, ...spans.map(({ fromNs, toNs }) => elapsedMs(fromNs, toNs)));
}
