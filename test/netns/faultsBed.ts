/** Two standalone agents on a LAN, what a client sees while something is done to them, and what must hold whatever that is. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../../src/api/ipAddress.ts";
import { activeDownInterval, skewTime } from "../e2e/bounds.ts";
import { Lan } from "../support/lan.ts";
import { longestDoubleAnswerMs, longestOutageMs, type Observation, Observer } from "../support/observer.ts";
import { untilHeldBy } from "../support/routers.ts";
import { type StandaloneAgent, type StandaloneOptions, startStandaloneAgent } from "../support/standaloneAgent.ts";
import { type Advert, advertsOf, elapsedMs, findTakeover, successions } from "../support/takeover.ts";
import type { RouterSettings } from "../support/vrrpRouter.ts";

export const intervalMs = 100;
export const priorities: Record<string, number> = { n1: 200, n2: 100 };
export const addresses: Record<Family, string> = { IPv4: "198.51.100.200", IPv6: "2001:db8:100::200" };
const virtualRouterID = 51;
/** What a machine that runs other tests besides may add. */
export const slackMs = 30;
export const activeDownMs = (node: string) => activeDownInterval(priorities[node] ?? 0, intervalMs);

const settings = (node: string): RouterSettings[] =>
  Object.entries(addresses).map(([family, address]) => ({
    virtualRouterID,
    family: family as Family,
    version: 3,
    priority: priorities[node] ?? 0,
    advertisementIntervalMs: intervalMs,
    addresses: [family === "IPv4" ? `${address}/24` : `${address}/64`],
  }));

export interface Seen {
  observation: Observation;
  /** When the fault began. */
  sinceNs: bigint;
  /** Nodes that were MASTER, in this order, by family. */
  masters: Record<Family, string[]>;
  /** Last advert of n1 to the first of n2. */
  takeoverMs: Record<Family, number | undefined>;
  /** In the order of time. */
  advertsBy(node: string, family: Family): Advert[];
}

export class FaultsBed {
  readonly lan: Lan;
  private readonly agents: StandaloneAgent[] = [];

  private constructor(lan: Lan) {
    this.lan = lan;
  }

  static async create(): Promise<FaultsBed> {
    return new FaultsBed(await Lan.create({ nodes: 2 }));
  }

  /** n1 is MASTER of both families, n2 stands by. */
  async elect(options: StandaloneOptions = {}): Promise<[one: StandaloneAgent, two: StandaloneAgent]> {
    for (const node of this.lan.nodes) {
      this.agents.push(await startStandaloneAgent(this.lan, node, settings(node), options));
      if (node === "n1") await this.heldBy("n1");
    }
    await sleep(2 * intervalMs);
    return this.agents as [StandaloneAgent, StandaloneAgent];
  }

  async heldBy(node: string, timeoutMs = 10_000): Promise<void> {
    for (const address of Object.values(addresses)) await untilHeldBy(this.lan, node, address, timeoutMs);
  }

  /** Ends the agents, however they are. */
  async clear(): Promise<void> {
    for (const agent of this.agents.splice(0)) {
      await agent.kill();
    }
    for (const node of this.lan.nodes) {
      await this.lan.exec(node, ["nft", "flush", "ruleset"]);
      for (const { address, prefixLength } of await this.lan.addresses(node)) {
        if (!Object.values(addresses).includes(address)) continue;
        await this.lan.exec(node, ["ip", "address", "delete", `${address}/${prefixLength}`, "dev", "eth0"]);
      }
    }
  }

  /** What the client sees from shortly before the fault until shortly after `fault` returns. */
  async watch(fault: () => Promise<void>): Promise<Seen> {
    const sources = new Map<string, string>();
    for (const node of this.lan.nodes) {
      sources.set(this.lan.nodeAddress(node).IPv4, node);
      sources.set(await this.lan.linkLocal(node), node);
    }
    const observer = await Observer.start(this.lan, Object.values(addresses));
    await sleep(3 * intervalMs);
    const sinceNs = process.hrtime.bigint();
    await fault();
    await sleep(3 * intervalMs);
    const observation = await observer.stop();
    const of = <Value>(tell: (family: Family) => Value) => ({ IPv4: tell("IPv4"), IPv6: tell("IPv6") });
    const election = (family: Family) => ({ family, virtualRouterID });
    return {
      observation,
      sinceNs,
      masters: of((family) =>
        successions(observation.adverts, election(family), intervalMs / 4).map((source) => sources.get(source) ?? source),
      ),
      takeoverMs: of((family) => findTakeover(observation.adverts, election(family), sinceNs)?.durationMs),
      advertsBy: (node, family) => advertsOf(observation.adverts, election(family)).filter(({ source }) => sources.get(source) === node),
    };
  }

  destroy(): Promise<void> {
    return this.lan.destroy();
  }
}

export function neverTwoAnswers({ observation }: Seen): void {
  for (const { address } of observation.summaries) {
    assert.equal(longestDoubleAnswerMs(observation, address, 0n), 0, `two nodes answered for ${address}`);
  }
}

/** One MASTER at a time, in this order. */
export function mastersWere({ masters }: Seen, ...nodes: string[]): void {
  assert.deepEqual(masters, { IPv4: nodes, IPv6: nodes });
}

export function takenOverInTime({ takeoverMs }: Seen): void {
  for (const [family, took = Infinity] of Object.entries(takeoverMs)) {
    const boundMs = activeDownMs("n2") + slackMs;
    assert.ok(took <= boundMs, `${family}: it took ${took} ms, the bound is ${boundMs} ms`);
    assert.ok(took >= skewTime(priorities.n2 ?? 0, intervalMs), `${family}: it took ${took} ms, which is no election`);
  }
}

/** The client's longest loss of answers. */
export function outageMs({ observation, sinceNs }: Seen): number {
  return Math.max(...observation.summaries.map(({ address }) => longestOutageMs(observation, address, sinceNs)));
}

export function longestGapMs(adverts: readonly Advert[]): number {
  return Math.max(...adverts.slice(1).map(({ atNs }, index) => elapsedMs(adverts[index]?.atNs ?? 0n, atNs)));
}

/** From a moment to the next advert of a node. */
export function silenceOf(node: string, { observation }: Seen, fromNs: bigint, lan: Lan): number {
  const own = lan.nodeAddress(node).IPv4;
  const next = advertsOf(observation.adverts, { family: "IPv4", virtualRouterID }).find(
    ({ atNs, source }) => atNs > fromNs && source === own,
  );
  return next ? elapsedMs(fromNs, next.atNs) : Infinity;
}
