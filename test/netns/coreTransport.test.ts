/** How adverts travel, and what changes them: unicast, groups, virtual router MAC addresses, checks, and VRIDs that nobody configured. */
import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lan } from "../support/lan.ts";
import { Observer } from "../support/observer.ts";
import { until } from "../support/waiting.ts";
import { CorePeer, desiredRouter, type PeerOptions } from "./corePeer.ts";

const v4 = "198.51.100.50";
const v6 = "2001:db8:100::50";

let lan: Lan;
const peers: CorePeer[] = [];
before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
afterEach(async () => {
  for (const peer of peers.splice(0)) {
    if (peer.running) await peer.stop();
    await peer.kill();
  }
});
after(() => lan.destroy());

async function start(node: string, options?: PeerOptions): Promise<CorePeer> {
  const peer = await CorePeer.start(lan, node, options);
  peers.push(peer);
  return peer;
}

const startBoth = () => Promise.all([start("n1"), start("n2")]);

suite("adverts", () => {
  for (const family of ["IPv4", "IPv6"] as const) {
    test(`by unicast over ${family} reach the peer alone, in both directions`, async () => {
      const key = `vip/${family}`;
      const of = (node: string) => lan.nodeAddress(node)[family];
      // An IPv6 advert comes from a link-local address unless another source is given.
      const unicast = (node: string, peer: string) => ({ family, sourceAddress: of(node), unicastPeers: [of(peer)] });
      const [one, two] = await startBoth();
      const observer = await Observer.start(lan, []);
      await one.apply(desiredRouter({ ...unicast("n1", "n2"), priority: 254 }));
      await one.becomes("MASTER", key);
      await two.apply(desiredRouter({ ...unicast("n2", "n1"), priority: 244 }));
      await until("adverts", async () => (await two.router(key)).counters.advertsReceived > 3);
      assert.equal((await two.router(key)).peer, of("n1"));
      await two.apply(desiredRouter({ ...unicast("n2", "n1"), priority: 255 }));
      await two.becomes("MASTER", key);
      await one.becomes("BACKUP", key);
      const { adverts } = await observer.stop();
      assert.deepEqual(adverts, [], "nobody else hears them");
    });
  }

  test("by unicast through a router count where their TTL is expected, and else are counted and told of", async () => {
    // n2 is behind the fabric, in a network of its own.
    await lan.exec("fabric", ["ip", "link", "add", "n2-far", "type", "veth", "peer", "name", "far", "netns", lan.namespace("n2")]);
    await lan.exec("fabric", ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    for (const [host, ...commands] of [
      ["fabric", "address add 203.0.113.1/24 dev n2-far", "link set n2-far up"],
      ["n1", "route add 203.0.113.0/24 via 198.51.100.1"],
      ["n2", "address add 203.0.113.2/24 dev far", "link set far up", "route add 198.51.100.11 via 203.0.113.1"],
    ] as const)
      for (const command of commands) await lan.exec(host, ["ip", ...command.split(" ")]);

    const near = { sourceAddress: lan.nodeAddress("n1").IPv4, unicastPeers: ["203.0.113.2"] };
    const far = { interface: "far", sourceAddress: "203.0.113.2", unicastPeers: [lan.nodeAddress("n1").IPv4] };
    const routed = { peerTTLs: [{ minimum: 254, maximum: 254 }] };
    const [one, two] = await startBoth();
    await one.apply(desiredRouter({ ...near, ...routed, priority: 254 }));
    await one.becomes("MASTER");
    await two.apply(desiredRouter({ ...far, ...routed, priority: 244 }));
    await until("adverts", async () => (await two.router()).counters.advertsReceived > 3);
    assert.deepEqual([(await two.router()).state, (await two.router()).peer], ["BACKUP", near.sourceAddress]);

    const discarded = async () => (await two.snapshot()).discarded.TtlNot255 ?? 0;
    assert.equal(await discarded(), 0);
    await one.apply(desiredRouter({ ...near, ...routed, unicastTTL: 64, priority: 254 }));
    await two.becomes("MASTER");
    await until("a sample", async () => (await discarded()) > 0, { timeoutMs: 60_000 });
    assert.equal((await discarded()) % 64, 0);
    // Another virtual router hears those from 1 on: then the filter passes what the engine refuses.
    const other = { key: "other/IPv4", virtualRouterID: 77, addresses: [{ address: "203.0.113.77/24" }] };
    await two.apply(
      desiredRouter({ ...far, ...routed, priority: 244 }),
      desiredRouter({ ...far, ...other, peerTTLs: [{ minimum: 1, maximum: 64 }] }),
    );
    await until("a notice", async () => two.notices().some(({ notice }) => notice === "ForeignRouter"));
    assert.deepEqual((await two.router()).foreignRouter?.reason, "TtlNot255");
    await two.apply(desiredRouter({ ...far, peerTTLs: [{ minimum: 63, maximum: 63 }], priority: 244 }));
    await two.becomes("BACKUP");
  });

  test("of another multicast group are another world", async () => {
    const [one, two] = await startBoth();
    const elsewhere = { multicastGroup: "224.0.100.19" };
    await one.apply(desiredRouter({ ...elsewhere, priority: 254 }));
    await two.apply(desiredRouter({ priority: 244, addresses: [{ address: "198.51.100.51/24" }] }));
    await Promise.all([one.becomes("MASTER"), two.becomes("MASTER")]);
    await two.apply(desiredRouter({ ...elsewhere, priority: 244 }));
    await two.becomes("BACKUP");
    assert.equal((await two.router()).peer, lan.nodeAddress("n1").IPv4);
    assert.equal((await one.router()).state, "MASTER");
  });

  test("carry the priority that the checks leave, and a peer takes over by it", async () => {
    const [one, two] = await startBoth();
    const checks = [{ check: "web", weight: -20, reverse: false }];
    await one.setChecks({ name: "web", up: true });
    await one.apply(desiredRouter({ priority: 254, checks }));
    await one.becomes("MASTER");
    await two.apply(desiredRouter({ priority: 200 }));
    await until("adverts", async () => (await two.router()).counters.advertsReceived > 0);
    const observer = await Observer.start(lan, [], { stream: true });
    await one.setChecks({ name: "web", up: false });
    await until("a lower priority on the wire", () => observer.latestAdvert()?.priority === 234);
    assert.deepEqual([(await one.router()).priority, (await one.router()).basePriority], [234, 254]);
    await two.apply(desiredRouter({ priority: 240 }));
    await two.becomes("MASTER");
    await one.becomes("BACKUP");
    await one.setChecks({ name: "web", up: true });
    await one.becomes("MASTER");
    await observer.stop();
  });

  test("stop with a check of weight 0 that fails, and the router says which", async () => {
    const [one, two] = await startBoth();
    await one.apply(desiredRouter({ priority: 254, checks: [{ check: "web", weight: 0, reverse: false }] }));
    await one.becomes("MASTER");
    await two.apply(desiredRouter({ priority: 200 }));
    await until("adverts", async () => (await two.router()).counters.advertsReceived > 0);
    await one.setChecks({ name: "web", up: false });
    const fault = await one.becomes("FAULT");
    assert.deepEqual([fault.reason, fault.message], ["CheckFailed", "tracked check down: web"]);
    assert.equal((await two.becomes("MASTER")).reason, "PeerResigned");
    await one.setChecks({ name: "web", up: true });
    assert.equal((await one.becomes("MASTER")).transitions > 2, true);
  });

  test("of a virtual router with a virtual MAC address have it on the wire, and so have its answers", async () => {
    const [one, two] = await startBoth();
    const routers = (priority: number) => [
      desiredRouter({ priority, virtualMACInterface: "vrrp4.51" }),
      desiredRouter({ priority, family: "IPv6", virtualMACInterface: "vrrp6.51" }),
    ];
    await one.apply(...routers(254));
    for (const key of ["vip/IPv4", "vip/IPv6"]) await one.becomes("MASTER", key);
    await two.apply(...routers(244));
    for (const key of ["vip/IPv4", "vip/IPv6"]) await until("adverts", async () => (await two.router(key)).counters.advertsReceived > 2);
    const observer = await Observer.start(lan, [v4, v6]);
    await sleep(200);
    await one.kill();
    for (const key of ["vip/IPv4", "vip/IPv6"]) await two.becomes("MASTER", key);
    await sleep(500);
    const { owners } = await observer.stop();
    const macs = (address: string) => [...new Set(owners.filter((owner) => owner.address === address).flatMap((owner) => owner.macs))];
    assert.deepEqual(macs(v4), ["00:00:5e:00:01:33"]);
    assert.deepEqual(macs(v6), ["00:00:5e:00:02:33"]);
    for (const key of ["vip/IPv4", "vip/IPv6"]) {
      assert.equal((await two.router(key)).message, "");
      assert.deepEqual(two.notices(key), [], "its own adverts that come back confuse nobody");
    }
  });

  test("of VRIDs that nobody configured are listed on demand, else counted by a sample", async () => {
    const [one, two] = await startBoth();
    await one.applyState({ routers: [desiredRouter()], debugUnknownRouters: true });
    await two.apply(desiredRouter({ virtualRouterID: 77, advertisementIntervalMs: 10, addresses: [{ address: "198.51.100.51/24" }] }));
    await two.becomes("MASTER");
    const [unknown] = await until("the unknown router", async () => {
      const { unknownRouters } = await one.snapshot();
      return unknownRouters.length > 0 && unknownRouters;
    });
    assert.ok(Math.abs((unknown?.at ?? 0) - Date.now()) < 10_000);
    const { at: _, ...rest } = unknown ?? { at: 0 };
    assert.deepEqual(rest, { interface: "eth0", family: "IPv4", virtualRouterID: 77, address: lan.nodeAddress("n2").IPv4 });

    await one.applyState({ routers: [desiredRouter()] });
    const unknownCount = async () => (await one.snapshot()).discarded.UnknownVirtualRouter ?? 0;
    await until("the list to go", async () => (await one.snapshot()).unknownRouters.length === 0);
    const before = await unknownCount();
    const counted = await until("a sample", async () => (await unknownCount()) - before, { timeoutMs: 30_000 });
    assert.equal(counted % 64, 0);
  });
});
