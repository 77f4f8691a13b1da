/**
 * Aloft and keepalived as peers on one LAN: in both roles, in both versions, over both families. Each must accept the other's adverts
 * and farewells, follow within its own timers, and give way to the other's higher priority.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../../src/api/ipAddress.ts";
import { activeDownInterval, skewTime } from "../e2e/bounds.ts";
import { Lan } from "../support/lan.ts";
import { type Observation, Observer } from "../support/observer.ts";
import { type Make, startRouter, untilHeldBy } from "../support/routers.ts";
import { findTakeover, masters } from "../support/takeover.ts";
import type { RouterSettings, VrrpRouter } from "../support/vrrpRouter.ts";

/** What a machine under load may add to the protocol's times. */
const slackMs = 60;
const virtualRouterID = 51;
const virtualAddress: Record<Family, string> = { IPv4: "198.51.100.200", IPv6: "2001:db8:100::200" };

interface Setting {
  version: 2 | 3;
  family: Family;
  intervalMs: number;
}

const settings: Setting[] = [
  { version: 2, family: "IPv4", intervalMs: 1000 },
  { version: 3, family: "IPv4", intervalMs: 100 },
  { version: 3, family: "IPv6", intervalMs: 100 },
];

/** Two nodes: n1 leads with the higher priority, n2 stands by. */
class Pair {
  readonly lan: Lan;
  private readonly setting: Setting;
  private readonly makes: Record<string, Make>;
  private readonly routers = new Map<string, VrrpRouter>();
  private readonly sources = new Map<string, string>();

  private constructor(lan: Lan, setting: Setting, leader: Make) {
    this.lan = lan;
    this.setting = setting;
    this.makes = { n1: leader, n2: leader === "aloft" ? "keepalived" : "aloft" };
  }

  static async create(setting: Setting, leader: Make): Promise<Pair> {
    const pair = new Pair(await Lan.create({ nodes: 2 }), setting, leader);
    for (const node of pair.lan.nodes) {
      for (const { address } of await pair.lan.addresses(node)) pair.sources.set(address, node);
    }
    return pair;
  }

  get address(): string {
    return virtualAddress[this.setting.family];
  }

  priority(node: string): number {
    return node === "n1" ? 200 : 150;
  }

  skew(node: string): number {
    return skewTime(this.priority(node), this.setting.intervalMs, this.setting.version);
  }

  activeDown(node: string): number {
    return activeDownInterval(this.priority(node), this.setting.intervalMs, this.setting.version);
  }

  async start(node: string): Promise<void> {
    const { family, version, intervalMs } = this.setting;
    const prefixLength = family === "IPv4" ? 24 : 64;
    const router: RouterSettings = {
      virtualRouterID,
      family,
      version,
      priority: this.priority(node),
      advertisementIntervalMs: intervalMs,
      addresses: [`${this.address}/${prefixLength}`],
    };
    this.routers.set(node, await startRouter(this.makes[node] ?? "aloft", this.lan, node, router));
  }

  router(node: string): VrrpRouter {
    const router = this.routers.get(node);
    assert(router, `nothing runs on ${node}`);
    return router;
  }

  /** Waits until a node that has just been started, or healed, leads. */
  async leads(node: string): Promise<void> {
    await untilHeldBy(this.lan, node, this.address, this.activeDown(node) + 5_000);
  }

  /** Nodes that advert in a stretch of time that is long enough for a rival to be heard. */
  async whoAdverts(): Promise<string[]> {
    const { observation } = await this.observe(async () => {}, this.activeDown("n2") + slackMs);
    return masters(observation.adverts, this.election, 0n).map((source) => this.sources.get(source) ?? source);
  }

  /** Does something under the client's eyes and goes on watching for `tailMs`. */
  async observe(disturb: () => Promise<void>, tailMs: number): Promise<{ observation: Observation; sinceNs: bigint }> {
    const observer = await Observer.start(this.lan, [this.address]);
    await sleep(2 * this.setting.intervalMs + 50);
    const sinceNs = process.hrtime.bigint();
    await disturb();
    await sleep(tailMs);
    const observation = await observer.stop();
    assert.deepEqual(
      observation.adverts.filter(({ discard }) => discard !== ""),
      [],
      "adverts that every receiver must discard",
    );
    return { observation, sinceNs };
  }

  /** n1 goes; n2 must follow within `limitMs` of n1's last advert. */
  async expectTakeover(disturb: () => Promise<void>, limitMs: number): Promise<void> {
    const { observation, sinceNs } = await this.observe(disturb, limitMs + slackMs + 300);
    const takeover = findTakeover(observation.adverts, this.election, sinceNs);
    assert(takeover, `n2 did not take over; its log ends:\n${this.router("n2").logTail()}`);
    assert.equal(this.sources.get(takeover.from), "n1");
    assert.equal(this.sources.get(takeover.to), "n2");
    assert(takeover.durationMs <= limitMs + slackMs, `it took ${takeover.durationMs} ms, allowed are ${limitMs} + ${slackMs} ms`);
  }

  private get election() {
    return { family: this.setting.family, virtualRouterID };
  }
}

const missing = existsSync("/usr/sbin/keepalived") || existsSync("/usr/bin/keepalived") ? false : "keepalived is not installed";

// Each pair has a LAN of its own; the slow ones come first and beside the others.
describe("keepalived as a peer", { skip: missing, concurrency: 3 }, () => {
  for (const setting of settings) for (const leader of ["aloft", "keepalived"] as const) describePair(setting, leader);
});

function describePair(setting: Setting, leader: Make): void {
  const follower = leader === "aloft" ? "keepalived" : "aloft";
  const title = `version ${setting.version} over ${setting.family}: ${leader} leads, ${follower} stands by`;
  describe(title, { concurrency: 1 }, () => {
    let pair: Pair;

    before(async () => {
      pair = await Pair.create(setting, leader);
      await pair.start("n2");
      await pair.leads("n2");
    });
    after(() => pair?.lan.destroy());

    test("the higher priority takes over from the living lower one, and then exactly one adverts", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      assert.deepEqual(await pair.whoAdverts(), ["n1"]);
    });

    test("a farewell is followed after the skew", async () => {
      await pair.expectTakeover(async () => pair.router("n1").terminate(), pair.skew("n2"));
      await pair.router("n1").stop();
      await pair.leads("n2");
    });

    test("a leader that is killed is followed after the down interval", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      await pair.expectTakeover(() => pair.router("n1").kill(), pair.activeDown("n2"));
    });

    test("the killed one leads again when it is back, whatever its kernel still holds", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      assert.deepEqual(await pair.whoAdverts(), ["n1"]);
    });

    test("after a cut has healed, the one of the higher priority leads alone", async () => {
      await pair.expectTakeover(() => pair.lan.cut("n1"), pair.activeDown("n2"));
      await pair.lan.heal("n1");
      await pair.leads("n1");
      assert.deepEqual(await pair.whoAdverts(), ["n1"]);
    });
  });
}
