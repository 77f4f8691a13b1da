/** What a director sets beside its services: sync daemons that hear only those of their number, and sysctls that are as they were in the end. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/waiting.ts";
import { Pair, type PairSettings } from "./pair.ts";
import { disperse } from "./pairDrill.ts";
import { ports, virtualAddresses } from "./trafficLan.ts";

const settings = (sync: object, sysctls: object = {}): PairSettings => ({
  services: [{ forwarding: "DR", servers: [0, 1], changes: { scheduler: "rr" } }],
  config: { ipvs: { sync, sysctls } },
});
/** Without a number there is no telling these directors from others: the operator gives one, a file has to. */
const count = 5;

describe("the settings of a director", () => {
  let pair: Pair;

  before(async () => {
    pair = await Pair.create(2);
  });
  after(() => pair?.destroy());

  const daemons = async (director: number) =>
    (await pair.bed.lan.exec(pair.name(director), ["ipvsadm", "-L", "--daemon"])).split("\n").filter(Boolean);
  /** Connections that a director knows. */
  const known = async (director: number) =>
    (await pair.bed.lan.exec(pair.name(director), ["cat", "/proc/net/ip_vs_conn"])).split("\n").filter((line) => line.startsWith("TCP"))
      .length;
  /** One socket for each of sync_ports. */
  const listeners = async (director: number) =>
    (await pair.bed.lan.exec(pair.name(director), ["ss", "-Huln"])).split("\n").filter((line) => line.includes("224.0.0.8")).length;

  /** As the kernel has them. */
  const kernelOwn = {
    sync_threshold: "3 50",
    sync_refresh_period: "0",
    sync_retries: "0",
    sync_ports: "1",
    sloppy_tcp: "0",
    expire_nodest_conn: "0",
  };
  const readAll = async (director: number) =>
    Object.fromEntries(await Promise.all(Object.keys(kernelOwn).map(async (name) => [name, await pair.sysctl(director, name)])));

  test("both daemons run, with the group, port, length and TTL that are asked for, in as many threads", async () => {
    const sync = { id: 7, interface: "eth0", group: "224.0.0.82", port: 8850, maxLength: 1000, ttl: 2 };
    await pair.startBoth(settings(sync, { sync_ports: 2 }));
    const own = (length: number) => `(mcast=eth0, syncid=7, maxlen=${length}, group=224.0.0.82, port=8850, ttl=2)`;
    for (const director of [0, 1]) {
      // They come a moment after the agent is ready.
      await until(
        "both daemons and their sockets",
        async () => (await daemons(director)).length === 2 && (await listeners(director)) === 2,
      );
      // The kernel hears messages of 1024 bytes in any case.
      assert.deepEqual(await daemons(director), [`master sync daemon ${own(1000)}`, `backup sync daemon ${own(1024)}`]);
      assert.equal(await pair.sysctl(director, "backup_only"), "0");
      const expected = {
        ...kernelOwn,
        sync_threshold: "0 1",
        sync_refresh_period: "10",
        sync_retries: "2",
        sync_ports: "2",
        expire_nodest_conn: "1",
      };
      assert.deepEqual(await readAll(director), expected);
    }
    assert.equal(readFileSync("/proc/sys/net/ipv4/vs/sync_threshold", "utf8").trim(), "3\t50", "other network namespaces have their own");
  });

  test("connections are told by that group and port, and to nobody with another number", async () => {
    const target = { address: virtualAddresses.DR.IPv4, port: ports.virtual };
    await pair.crowd.ask({ do: "gather", group: "idle", count, ...target });
    await until("the connections on the other director", async () => (await known(1)) === count);
    await disperse(pair);
    await until("their end", async () => (await known(1)) === 0 && (await known(0)) === 0, { timeoutMs: 30_000, everyMs: 500 });
    pair.agent(1).reload(pair.file(1, settings({ id: 8, group: "224.0.0.82", port: 8850 })));
    const isOther = async () => (await daemons(1)).filter((line) => line.includes("syncid=8")).length === 2;
    await until("another number", isOther);
    await pair.crowd.ask({ do: "gather", group: "idle", count, ...target });
    await sleep(5000);
    assert.equal(await known(0), count);
    assert.equal(await known(1), 0);
    // Silent as they are, whoever has the same number hears of them, if not at once: they are told of again every ten seconds.
    pair.agent(0).reload(pair.file(0, settings({ id: 8, group: "224.0.0.82", port: 8850 })));
    await until("the connections on the other director", async () => (await known(1)) === count, { timeoutMs: 20_000 });
    await disperse(pair);
  });

  test("in the end no daemon runs, and the settings are as they were", async () => {
    await pair.stop();
    for (const director of [0, 1]) {
      assert.deepEqual(await daemons(director), []);
      assert.deepEqual(await readAll(director), kernelOwn);
    }
  });
});
