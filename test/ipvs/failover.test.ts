/** Two directors with the same table: connections outlive the one that carries them. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { IpvsService, IpvsState } from "../../src/agent/native/ipvsState.ts";
import { until } from "../support/waiting.ts";
import { Director } from "./director.ts";
import { TrafficLan, tally, virtualAddresses } from "./trafficLan.ts";

const count = 20;

describe("a pair of directors", () => {
  let bed: TrafficLan;
  let pair: Director[];

  before(async () => {
    bed = await TrafficLan.create({ directors: 2, servers: 3 });
    pair = await Promise.all(bed.directors.map((name) => Director.start(bed.lan, name)));
  });
  after(() => bed?.destroy());
  afterEach(async () => {
    await bed.client.ask({ do: "close" });
    for (const director of pair) await director.apply({ services: [], daemons: [] });
    for (const name of bed.directors)
      await bed.lan.exec(name, ["ip", "address", "flush", "dev", "eth0", "to", `${virtualAddresses.DR.IPv4}/32`]);
  });

  const sysctl = (...settings: string[]) =>
    Promise.all(bed.directors.map((name) => bed.lan.exec(name, ["sysctl", "-q", "-w", ...settings.map((text) => `net.ipv4.vs.${text}`)])));

  /** What the thread of a MASTER and that of a BACKUP both do, on both: whoever carries the address tells the other. */
  const serveOnBoth = (service: IpvsService, daemons: IpvsState["daemons"] = []) =>
    Promise.all(pair.map((director) => director.apply({ services: [service], daemons })));

  const address = `${virtualAddresses.DR.IPv4}/32`;
  async function move(from: number, to: number): Promise<void> {
    const [old = "", next = ""] = [bed.directors[from], bed.directors[to]];
    await bed.lan.exec(old, ["ip", "address", "del", address, "dev", "eth0"]);
    await bed.lan.exec(next, ["ip", "address", "add", address, "dev", "eth0"]);
    await bed.lan.exec("client", ["ip", "neighbor", "flush", "all"]);
  }

  const bothRoles: IpvsState["daemons"] = [
    { role: "Master", interface: "eth0", syncID: 7 },
    { role: "Backup", interface: "eth0", syncID: 7 },
  ];

  test("connections that the sync daemons told of survive, idle ones too", async () => {
    await serveOnBoth(bed.service("DR", "IPv4", [1, 1, 1], { scheduler: "rr" }), bothRoles);
    // Each connection is told of at once, and again every ten seconds.
    await sysctl("sync_threshold=0 1", "sync_refresh_period=10", "sync_retries=2");
    await bed.lan.exec(bed.directors[0] ?? "", ["ip", "address", "add", address, "dev", "eth0"]);
    const established = await bed.open("DR", "IPv4", count, { keep: true });
    assert.equal(Object.keys(tally(established)).length, 3);
    await until("all connections on the other director", async () => {
      const [service] = (await pair[1]?.snapshot())?.services ?? [];
      return service?.destinations.reduce((sum, { activeConnections }) => sum + activeConnections, 0) === count;
    });
    await move(0, 1);
    assert.deepEqual(await bed.client.ask({ do: "exchange" }), established);
  });

  test("with mh and port hashing they survive without any daemon, where connections may begin in the middle", async () => {
    await serveOnBoth(bed.service("DR", "IPv4", [1, 1, 1], { scheduler: "mh", schedulerFlags: ["Flag2"] }));
    await sysctl("sloppy_tcp=1");
    await bed.lan.exec(bed.directors[0] ?? "", ["ip", "address", "add", address, "dev", "eth0"]);
    const established = await bed.open("DR", "IPv4", count, { keep: true });
    assert.ok(Object.keys(tally(established)).length > 1);
    await move(0, 1);
    assert.deepEqual(await bed.client.ask({ do: "exchange" }), established);
    await sysctl("sloppy_tcp=0");
  });

  test("without either they are lost", async () => {
    await serveOnBoth(bed.service("DR", "IPv4", [1, 1, 1], { scheduler: "rr" }));
    await bed.lan.exec(bed.directors[0] ?? "", ["ip", "address", "add", address, "dev", "eth0"]);
    await bed.open("DR", "IPv4", count, { keep: true });
    await sleep(200);
    await move(0, 1);
    assert.deepEqual(tally(await bed.client.ask({ do: "exchange" })), { "": count });
  });
});
