/** The drills: what is done to the node that holds the addresses, how it is undone, and what the client saw. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseAddress } from "../../src/api/ipAddress.ts";
import { isLastingDoubleAnswer, longestDoubleAnswerMs, longestOutageMs, type Observation, Observer } from "../support/observer.ts";
import { advertsOf, elapsedMs, findTakeover, successions } from "../support/takeover.ts";
import { activeDownInterval, type Departure, protocolBound, type Standing, takeoverBound } from "./bounds.ts";
import { type Cluster, withoutPrefix } from "./cluster.ts";
import type { DrillResult, FamilyResult } from "./report.ts";

export interface Drill {
  title: string;
  departure: Departure;
  /** The node that it shall go to; default: the backup of the highest priority. */
  target?(cluster: Cluster, before: Standing): string;
  /** Done before the client begins to measure. */
  prepare?(cluster: Cluster): Promise<void>;
  /** Takes the addresses from the node that holds them; returns when all has been done. */
  disturb(cluster: Cluster, active: string, target: string, virtualIP: string): Promise<unknown>;
  /** Lets a paused node go on, while the client goes on watching. */
  resume?(cluster: Cluster, active: string): void;
  /** Makes the LAN whole again. */
  restore(cluster: Cluster, active: string, virtualIP: string): Promise<unknown>;
}

const restartAgent = async (cluster: Cluster, active: string) => {
  await cluster.agent(active).exited;
  cluster.startAgent(active);
};
const cutLink = (cluster: Cluster, active: string) => cluster.lan.cut(active);
const healLink = (cluster: Cluster, active: string) => cluster.lan.heal(active);

/** Long enough that all timers of the others and of the kernel have run out. */
const pauseMs = 2_000;

export const drills = {
  stop: {
    title: "graceful stop",
    departure: "resigns",
    disturb: async (cluster, active) => cluster.agent(active).signal("SIGTERM"),
    restore: restartAgent,
  },
  kill: {
    title: "kill -9",
    departure: "falls silent",
    disturb: async (cluster, active) => cluster.agent(active).signal("SIGKILL"),
    restore: restartAgent,
  },
  pause: {
    title: `SIGSTOP, SIGCONT ${pauseMs / 1000} s later`,
    departure: "falls silent",
    disturb: async (cluster, active) => cluster.agent(active).signal("SIGSTOP"),
    resume: (cluster, active) => cluster.agent(active).signal("SIGCONT"),
    restore: async () => {},
  },
  cut: { title: "link cut", departure: "falls silent", disturb: cutLink, restore: healLink },
  move: {
    title: "kubectl vip move",
    departure: "resigns",
    target: ({ lan }, { active, successor }) => lan.nodes.find((node) => node !== active && node !== successor) ?? successor,
    disturb: (cluster, _, target, virtualIP) => cluster.vip(["move", virtualIP, "--to", target]),
    restore: (cluster, active, virtualIP) => cluster.vip(["move", virtualIP, "--to", active]),
  },
  drain: {
    title: "kubectl vip drain",
    departure: "resigns",
    disturb: (cluster, active) => cluster.vip(["drain", active]),
    restore: (cluster, active) => cluster.vip(["undrain", active]),
  },
  // The last one: a new operator waits until the Lease of the killed one has run out.
  cutWithoutControl: {
    title: "link cut, no operator, no API",
    departure: "falls silent",
    prepare: (cluster) => cluster.killControl(),
    disturb: cutLink,
    restore: async (cluster, active) => {
      await healLink(cluster, active);
      await cluster.restoreControl();
    },
  },
} satisfies Record<string, Drill>;

/** How long the client watches before the disturbance: it must see who adverts. */
const leadMs = (intervalMs: number) => 3 * intervalMs + 200;
/** How long it goes on after the latest moment at which a takeover is allowed. */
const tailMs = 1_000;

/** Runs one drill on a settled cluster and makes the LAN whole again. */
export async function runDrill(cluster: Cluster, drill: Drill, virtualIP: string): Promise<DrillResult> {
  const { spec } = await cluster.virtualIP(virtualIP);
  const addresses = spec.addresses.map(({ address }) => withoutPrefix(address));
  const before = await cluster.settled(virtualIP);
  const { active, activePriority, successor, successorPriority, intervalMs } = before;
  const target = drill.target?.(cluster, before) ?? successor;
  const boundMs = takeoverBound(drill.departure, successorPriority, intervalMs);
  await drill.prepare?.(cluster);
  const observer = await Observer.start(cluster.lan, addresses);
  await sleep(leadMs(intervalMs));
  const sinceNs = process.hrtime.bigint();
  await drill.disturb(cluster, active, target, virtualIP);
  const resumedNs = drill.resume && (await resumeLater(() => drill.resume?.(cluster, active)));
  await sleep(boundMs + tailMs);
  const observation = await observer.stop();
  const sources = await sourcesOf(cluster);
  await drill.restore(cluster, active, virtualIP);
  const families = addresses.map((address) => judge({ observation, sources, sinceNs, resumedNs }, address, before));
  return {
    drill: drill.title,
    from: active,
    to: families.find(({ to }) => to !== undefined)?.to ?? "nobody",
    protocolMs: protocolBound(drill.departure, successorPriority, intervalMs),
    boundMs,
    ...(resumedNs !== undefined && { looksMs: activeDownInterval(activePriority, intervalMs) }),
    families: families.map(({ result }) => result),
  };
}

/** Returns when it was. */
async function resumeLater(resume: () => void): Promise<bigint> {
  await sleep(pauseMs);
  const resumedNs = process.hrtime.bigint();
  resume();
  return resumedNs;
}

/** Which node an advert comes from, by its source address. */
async function sourcesOf(cluster: Cluster): Promise<Map<string, string>> {
  const entries = cluster.lan.nodes.map(async (node) => {
    const addresses = await cluster.lan.addresses(node);
    return addresses.map(({ address }) => [address, node] as const);
  });
  return new Map((await Promise.all(entries)).flat());
}

export interface Evidence {
  observation: Observation;
  /** Nodes by the addresses that their adverts come from. */
  sources: ReadonlyMap<string, string>;
  /** When the node was disturbed. */
  sinceNs: bigint;
  /** When it went on. */
  resumedNs?: bigint | undefined;
}

/** What became of one address. */
export function judge(
  { observation, sources, sinceNs, resumedNs }: Evidence,
  address: string,
  { active, virtualRouterID, intervalMs }: Standing,
): { to: string | undefined; result: FamilyResult } {
  const family = parseAddress(address)?.family ?? "IPv4";
  const election = { family, virtualRouterID };
  const takeover = findTakeover(observation.adverts, election, sinceNs);
  const nameOf = (source: string) => sources.get(source) ?? source;
  const returned = advertsOf(observation.adverts, election).find(
    ({ atNs, source }) => resumedNs !== undefined && atNs > resumedNs && nameOf(source) === active,
  );
  return {
    to: takeover && nameOf(takeover.to),
    result: {
      family,
      takeoverMs: takeover?.durationMs,
      outageMs: longestOutageMs(observation, address, sinceNs),
      doubleAnswerMs: longestDoubleAnswerMs(observation, address, sinceNs),
      isDoubleAnswerLasting: isLastingDoubleAnswer(observation, address),
      masters: successions(observation.adverts, election, intervalMs / 4).map(nameOf),
      ...(returned && { lookedMs: elapsedMs(resumedNs ?? 0n, returned.atNs) }),
    },
  };
}
