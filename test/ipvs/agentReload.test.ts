/** A standalone agent whose file changes while it runs, or while it is away: the kernel's table, and the connections that are established. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { yamlFile } from "../netns/agentStandaloneProcess.ts";
import { until } from "../support/waiting.ts";
import { lineOf, serviceOn, virtualIP } from "./agentFile.ts";
import { FileDirector } from "./fileDirector.ts";
import { type Forwarding, TrafficLan, tally, virtualAddresses } from "./trafficLan.ts";

/** What a machine with one slow processor may add. */
const slackMs = 1_500;

describe("a file that changes", () => {
  let bed: TrafficLan;
  let director: FileDirector;
  let node: string;

  before(async () => {
    bed = await TrafficLan.create({ directors: 1, servers: 3 });
    [node = ""] = bed.directors;
    director = await FileDirector.start(bed.lan, node, "aloft", file(at("DR", [1, 1]), at("NAT", [1, 1])), { ending: "yaml" });
    const isMaster = async () => (await bed.lan.allAddresses(node)).includes(virtualAddresses.TUN.IPv4);
    await until("the addresses on the director", isMaster, { timeoutMs: 20_000, hint: () => director.process.logTail() });
  });
  after(() => bed?.destroy());
  afterEach(() => bed.client.ask({ do: "close" }));

  const file = (...services: object[]) => yamlFile(virtualIP(node), ...services);
  type Changes = Parameters<typeof serviceOn>[3];

  /** A service on the first servers, with these weights; -1: not on this one. */
  function at(way: Forwarding, weights: readonly number[], changes: Changes = {}): object {
    const servers = weights.flatMap((weight, index) => (weight < 0 ? [] : [{ address: addressOf(index), weight }]));
    return serviceOn(way, "IPv4", servers, { scheduler: "rr", ...changes });
  }

  const addressOf = (index: number) => bed.lan.nodeAddress(bed.servers[index] ?? "").IPv4;
  const words = { NAT: "Masq", DR: "Route", TUN: "Tunnel" } as const;

  /** Its servers as the kernel's table has them. */
  const lines = (way: Forwarding, weights: readonly number[]) =>
    weights.flatMap((weight, index) => (weight < 0 ? [] : `${addressOf(index)}:${way === "NAT" ? 8080 : 80} ${words[way]} ${weight}`));

  const named = (counts: readonly number[]) =>
    Object.fromEntries(counts.flatMap((count, index) => (count === 0 ? [] : [[bed.servers[index], count]])));

  /** Connections that the service has scheduled: kept by what is changed in place, lost by what is made anew. */
  async function scheduled(way: Forwarding): Promise<number> {
    const shown = await bed.lan.exec(node, ["ipvsadm", "-Ln", "--stats", "--exact", "-t", `${virtualAddresses[way].IPv4}:80`]);
    const [, , count] =
      shown
        .split("\n")
        .find((line) => line.startsWith("TCP"))
        ?.split(/\s+/) ?? [];
    return Number(count);
  }

  const exchange = () => bed.client.ask({ do: "exchange" });

  test("SIGHUP: what is new in the file is changed in place, what is not stays untouched, and connections go on", async () => {
    const established = [...(await bed.open("DR", "IPv4", 4, { keep: true })), ...(await bed.open("NAT", "IPv4", 4, { keep: true }))];
    assert.deepEqual(tally(established), named([4, 4]));
    for (const way of ["DR", "NAT"] as const) await until("the counters", async () => (await scheduled(way)) === 4, { timeoutMs: 6_000 });
    await director.reload(file(at("DR", [1, 5, 2], { scheduler: "wrr" }), at("NAT", [1, 1]), at("TUN", [1])));
    await director.has(`${lineOf("DR")} wrr`, lines("DR", [1, 5, 2]));
    await director.has(`${lineOf("TUN")} rr`, lines("TUN", [1]));
    await director.has(`${lineOf("NAT")} rr`, lines("NAT", [1, 1]));
    assert.deepEqual(await exchange(), established);
    assert.deepEqual([await scheduled("DR"), await scheduled("NAT")], [4, 4]);
    assert.deepEqual(tally(await bed.open("DR", "IPv4", 8)), named([1, 5, 2]));
  });

  test("SIGHUP with a bad file: it is told where it is wrong, and everything goes on as it was", async () => {
    const before = await director.saved();
    const told = director.logged("reload refused").length;
    void director.reload(file(at("DR", [1]), at("NAT", [1], { forwarding: "Teleport" as never }))).catch(() => {});
    await until("the refusal", () => director.logged("reload refused").length > told);
    assert.match(director.remarks().at(-1) ?? "", /^\S+\.yaml:\d+:\d+: error: .*forwarding/);
    assert.deepEqual(await director.saved(), before);
  });

  test("a server that leaves the file gets no new connections, keeps those it has, and is gone at the deadline", async () => {
    const drainTimeout = "4s";
    await director.reload(file(at("DR", [1, 1], { drainTimeout })));
    await director.has(`${lineOf("DR")} rr`, lines("DR", [1, 1]));
    const established = await bed.open("DR", "IPv4", 4, { keep: true });
    assert.deepEqual(tally(established), named([2, 2]));
    const earliest = performance.now();
    await director.reload(file(at("DR", [-1, 1], { drainTimeout })));
    const latest = await director.has(`${lineOf("DR")} rr`, lines("DR", [0, 1]));
    assert.deepEqual(tally(await bed.open("DR", "IPv4", 4)), named([0, 4]));
    assert.deepEqual(await exchange(), established);
    const gone = await director.has(`${lineOf("DR")} rr`, lines("DR", [-1, 1]));
    const [longest, shortest] = [gone - earliest, gone - latest];
    assert.ok(longest >= 4_000 && shortest <= 4_000 + slackMs, `gone after ${shortest} to ${longest} ms`);
  });

  test("SIGKILL: the table and the connections stay while nobody is there, and the next start makes exactly what the file says then", async () => {
    await bed.lan.exec(node, ["ipvsadm", "-A", "-f", "99", "-s", "rr"]);
    await director.reload(file(at("DR", [1, 1]), at("NAT", [1, 1])));
    await director.has(`${lineOf("NAT")} rr`, lines("NAT", [1, 1]));
    const established = await bed.open("DR", "IPv4", 4, { keep: true });
    const before = await director.saved();
    await director.process.kill();
    assert.deepEqual(await director.saved(), before);
    assert.deepEqual(await exchange(), established);
    assert.deepEqual(tally(await bed.open("NAT", "IPv4", 4)), named([2, 2]), "new ones, too");
    const text = file(at("DR", [1, 1, 1], { scheduler: "wlc" }), at("TUN", [1, 1]));
    director = await FileDirector.start(bed.lan, node, "aloft", text, { ending: "yaml", after: director });
    await director.has(`${lineOf("TUN")} rr`, lines("TUN", [1, 1]));
    const expected: Record<string, string[]> = {
      [`${lineOf("DR")} wlc`]: lines("DR", [1, 1, 1]),
      [`${lineOf("TUN")} rr`]: lines("TUN", [1, 1]),
      "FWM 99 rr": [],
    };
    const isExact = () => JSON.stringify([...director.table()].sort()) === JSON.stringify(Object.entries(expected).sort());
    await until("exactly that", isExact).catch(() => {});
    assert.deepEqual(Object.fromEntries(director.table()), expected);
    assert.deepEqual(await exchange(), established);
  });

  test("SIGTERM: its own services go, another's stays", async () => {
    assert.equal((await director.process.stop()).code, 0);
    assert.deepEqual(await director.saved(), { "-f 99": ["-A -s rr"] });
  });
});
