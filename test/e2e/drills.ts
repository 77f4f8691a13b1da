/** The drills: what is done to the node that holds the addresses, how it is undone, and what the client saw. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseAddress } from "../../src/api/ipAddress.ts";
import { isLastingDoubleAnswer, longestDoubleAnswerMs, longestOutageMs, type Observation, Observer } from "../support/observer.ts";
import { findTakeover } from "../support/takeover.ts";
import { type Departure, protocolBound, type Standing, takeoverBound } from "./bounds.ts";
import { type Cluster, withoutPrefix } from "./cluster.ts";
import type { DrillResult, FamilyResult } from "./report.ts";

export interface Drill {
  title: string;
  departure: Departure;
  /** Done before the client begins to measure. */
  prepare?(cluster: Cluster): Promise<void>;
  /** Takes the node that holds the addresses away; returns at once. */
  disturb(cluster: Cluster, active: string): Promise<void>;
  /** Makes the LAN whole again. */
  restore(cluster: Cluster, active: string): Promise<void>;
}

const restartAgent = async (cluster: Cluster, active: string) => {
  await cluster.agent(active).exited;
  cluster.startAgent(active);
};
const cutLink = (cluster: Cluster, active: string) => cluster.lan.cut(active);
const healLink = (cluster: Cluster, active: string) => cluster.lan.heal(active);

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
  cut: { title: "link cut", departure: "falls silent", disturb: cutLink, restore: healLink },
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
  const boundMs = takeoverBound(drill.departure, before.successorPriority, before.intervalMs);
  await drill.prepare?.(cluster);
  const observer = await Observer.start(cluster.lan, addresses);
  await sleep(leadMs(before.intervalMs));
  const sinceNs = process.hrtime.bigint();
  await drill.disturb(cluster, before.active);
  await sleep(boundMs + tailMs);
  const observation = await observer.stop();
  await drill.restore(cluster, before.active);
  const sources = await sourcesOf(cluster);
  const families = addresses.map((address) => judge(observation, address, before, sinceNs, sources));
  return {
    drill: drill.title,
    from: before.active,
    to: families.find(({ to }) => to !== undefined)?.to ?? "nobody",
    protocolMs: protocolBound(drill.departure, before.successorPriority, before.intervalMs),
    boundMs,
    families: families.map(({ result }) => result),
  };
}

/** Which node an advert comes from, by its source address. */
async function sourcesOf(cluster: Cluster): Promise<Map<string, string>> {
  const entries = cluster.lan.nodes.map(async (node) => {
    const addresses = await cluster.lan.addresses(node);
    return addresses.map(({ address }) => [address, node] as const);
  });
  return new Map((await Promise.all(entries)).flat());
}

function judge(
  observation: Observation,
  address: string,
  { virtualRouterID }: Standing,
  sinceNs: bigint,
  sources: ReadonlyMap<string, string>,
): { to: string | undefined; result: FamilyResult } {
  const family = parseAddress(address)?.family ?? "IPv4";
  const takeover = findTakeover(observation.adverts, { family, virtualRouterID }, sinceNs);
  return {
    to: takeover && sources.get(takeover.to),
    result: {
      family,
      takeoverMs: takeover?.durationMs,
      outageMs: longestOutageMs(observation, address, sinceNs),
      doubleAnswerMs: longestDoubleAnswerMs(observation, address, sinceNs),
      isDoubleAnswerLasting: isLastingDoubleAnswer(observation, address),
    },
  };
}
