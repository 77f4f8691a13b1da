/** Aloft and another router on one LAN: n1 leads with the higher priority, n2 stands by. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../../src/api/ipAddress.ts";
import { activeDownInterval, skewTime } from "../e2e/bounds.ts";
import { virtualMac } from "../support/frr.ts";
import { Lan } from "../support/lan.ts";
import { longestDoubleAnswerMs, type Observation, Observer } from "../support/observer.ts";
import { startRouter, untilHeldBy } from "../support/routers.ts";
import type { Form } from "../support/standaloneAgent.ts";
import { advertsOf, findTakeover, masters } from "../support/takeover.ts";
import type { RouterSettings, VrrpRouter } from "../support/vrrpRouter.ts";

/** What a machine under load may add to the protocol's times. */
const slackMs = 150;
const virtualRouterID = 51;
const virtualAddress: Record<Family, string> = { IPv4: "198.51.100.200", IPv6: "2001:db8:100::200" };
const priorities: Record<string, number> = { n1: 200, n2: 150 };

export interface Setting {
  version: 2 | 3;
  family: Family;
  intervalMs: number;
  form: Form;
  /** Whether adverts go by unicast. */
  unicast?: boolean;
  /** What Aloft takes of them at least. */
  minimumTTL?: number;
  password?: string;
  /** Whether Aloft, and what can choose, has the virtual router's own MAC address. */
  virtualMAC?: boolean;
}

type Make = VrrpRouter["make"];

export class Pair {
  readonly lan: Lan;
  private readonly setting: Setting;
  private readonly makes: Record<string, Make>;
  private readonly routers = new Map<string, VrrpRouter>();
  /** Whose address each is that adverts came from. */
  private readonly sources = new Map<string, string>();

  private constructor(lan: Lan, setting: Setting, makes: [n1: Make, n2: Make]) {
    this.lan = lan;
    this.setting = setting;
    this.makes = { n1: makes[0], n2: makes[1] };
  }

  static async create(setting: Setting, makes: [n1: Make, n2: Make]): Promise<Pair> {
    const lan = await Lan.create({ nodes: 2 });
    // A hub: the client hears what one node sends to the other.
    if (setting.unicast) await lan.exec("fabric", ["ip", "link", "set", "br0", "type", "bridge", "ageing_time", "0"]);
    return new Pair(lan, setting, makes);
  }

  get address(): string {
    return virtualAddress[this.setting.family];
  }

  skew(node: string): number {
    return skewTime(priorities[node] ?? 0, this.setting.intervalMs, this.setting.version);
  }

  activeDown(node: string): number {
    return activeDownInterval(priorities[node] ?? 0, this.setting.intervalMs, this.setting.version);
  }

  private settings(node: string): RouterSettings {
    const { family, version, intervalMs, unicast, minimumTTL, password, virtualMAC } = this.setting;
    const peer = node === "n1" ? "n2" : "n1";
    return {
      virtualRouterID,
      family,
      version,
      priority: priorities[node] ?? 0,
      advertisementIntervalMs: intervalMs,
      addresses: [`${this.address}/${family === "IPv4" ? 24 : 64}`],
      ...(unicast && { unicast: { source: this.lan.nodeAddress(node)[family], peer: this.lan.nodeAddress(peer)[family] } }),
      ...(minimumTTL !== undefined && { minimumTTL }),
      ...(password !== undefined && { password }),
      ...(virtualMAC !== undefined && { virtualMAC }),
    };
  }

  async start(node: string): Promise<void> {
    this.routers.set(node, await startRouter(this.make(node), this.lan, node, this.settings(node), this.setting.form));
  }

  private make(node: string): Make {
    return this.makes[node] ?? "aloft";
  }

  router(node: string): VrrpRouter {
    const router = this.routers.get(node);
    assert(router, `nothing runs on ${node}`);
    return router;
  }

  /** Waits until a node that has just been started, or healed, leads. */
  async leads(node: string): Promise<void> {
    await untilHeldBy(this.lan, node, this.address, this.activeDown(node) + 5_000).catch((error) => {
      const logs = [...this.routers.values()].map((router) => `${router.make} on ${router.node}:\n${router.logTail()}`);
      throw new Error(`${error.message}\n${logs.join("\n")}`, { cause: error });
    });
  }

  /** In a stretch of time that is long enough for a rival to be heard, a node adverts and answers, and the other does neither. */
  async leadsAlone(node: string): Promise<void> {
    const { observation, sinceNs } = await this.observe(async () => {}, this.activeDown("n2") + slackMs);
    const senders = masters(observation.adverts, this.election, sinceNs).map((source) => this.sources.get(source) ?? source);
    assert.deepEqual(senders, [node], "who adverts");
    assert.deepEqual(await this.answering(observation, sinceNs), [await this.mac(node)], "which MAC addresses answer");
  }

  /** MAC addresses that answered for the address after a moment. */
  private async answering({ owners, doubleAnswers, ...observation }: Observation, sinceNs: bigint): Promise<string[]> {
    const mine = owners.filter(({ address, timeNs }) => address === this.address && timeNs <= observation.endNs);
    const first = mine.findLastIndex(({ timeNs }) => timeNs <= sinceNs);
    const doubles = doubleAnswers.filter(({ address, toNs }) => address === this.address && toNs > sinceNs);
    return [...new Set([...mine.slice(Math.max(first, 0)), ...doubles].flatMap(({ macs }) => macs))];
  }

  private async mac(node: string): Promise<string> {
    const virtual = this.make(node) === "frr" || this.setting.virtualMAC;
    return virtual ? virtualMac(this.settings(node)) : this.lan.mac(node);
  }

  /** Does something under the client's eyes and goes on watching for `tailMs`. */
  private async observe(disturb: () => Promise<void>, tailMs: number): Promise<{ observation: Observation; sinceNs: bigint }> {
    await this.learnSources();
    const observer = await Observer.start(this.lan, [this.address], { echoEvery: "20ms", askEvery: "4ms" });
    await sleep(2 * this.setting.intervalMs + 100);
    const sinceNs = process.hrtime.bigint();
    await disturb();
    await sleep(tailMs);
    const observation = await observer.stop();
    await this.learnSources();
    assert.deepEqual(
      observation.adverts.filter(({ discard }) => discard !== ""),
      [],
      "adverts that every receiver must discard",
    );
    const versions = advertsOf(observation.adverts, this.election).map(({ version }) => version);
    assert.deepEqual([...new Set(versions)], [this.setting.version], "versions on the wire");
    return { observation, sinceNs };
  }

  /** Link-local addresses of macvlans come and go with their routers. */
  private async learnSources(): Promise<void> {
    for (const node of this.lan.nodes)
      for (const address of await this.lan.allAddresses(node)) if (address !== this.address) this.sources.set(address, node);
  }

  /** n1 goes; n2 must follow within `limitMs` of n1's last advert. Where Aloft went, nobody else answers then. */
  async expectTakeover(disturb: () => Promise<void>, limitMs: number): Promise<void> {
    const { observation, sinceNs } = await this.observe(disturb, limitMs + slackMs + 300);
    const takeover = findTakeover(observation.adverts, this.election, sinceNs);
    assert(takeover, `n2 did not take over; its log ends:\n${this.router("n2").logTail()}`);
    assert.equal(this.sources.get(takeover.from), "n1");
    assert.equal(this.sources.get(takeover.to), "n2");
    assert(takeover.durationMs <= limitMs + slackMs, `it took ${takeover.durationMs} ms, allowed are ${limitMs} + ${slackMs} ms`);
    assert.deepEqual(masters(observation.adverts, this.election, takeover.atNs - 1n), [takeover.to], "who adverts after the takeover");
    if (this.make("n1") === "aloft") assert.equal(longestDoubleAnswerMs(observation, this.address, sinceNs), 0, "time of double answers");
  }

  private get election() {
    return { family: this.setting.family, virtualRouterID };
  }
}
