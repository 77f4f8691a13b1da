/**
 * A standalone agent as director and `aloft realserver` on the real servers: what the guides of LVS have done by hand, on the real paths of
 * packets, and what clients notice when a server dies.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { healthPolicy, removalBounds } from "../../src/agent/healthChecks/healthState.ts";
import { healthCheckSchema } from "../../src/api/healthCheck.ts";
import type { VirtualServerInput } from "../../src/api/virtualServer.ts";
import { yamlFile } from "../netns/agentStandaloneProcess.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { Lan } from "../support/lan.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";
import { everyPath, lineOf, markedAddresses, quickCheck, serviceOn, virtualIP, virtualServer } from "./agentFile.ts";
import { FileDirector } from "./fileDirector.ts";
import { refuse, setRules } from "./packetFilter.ts";
import type { Answers, Attempt, Request } from "./steadyClient.ts";
import { TrafficLan, tally, virtualAddresses } from "./trafficLan.ts";

const steadyClient = fileURLToPath(new URL("./steadyClient.ts", import.meta.url));
/** What a machine with one slow processor may add to a bound. */
const slackMs = 1_000;
/** How long an attempt that goes well may take there. */
const inFlightMs = 100;
const sorryPort = 81;
/** What eight connections of one client make with weights 1 and 3; without numbers all go to one server. */
const shares: [
  scheduler: NonNullable<VirtualServerInput["scheduler"]>,
  counts: [number, number] | undefined,
  changes: Partial<VirtualServerInput>,
][] = [
  ["rr", [4, 4], {}],
  ["wrr", [2, 6], {}],
  ["fo", [0, 8], {}],
  ["sh", undefined, {}],
  ["dh", undefined, {}],
  ["lblc", undefined, {}],
  ["rr", undefined, { persistence: {} }],
];
const firstPort = 8001;

describe("an agent as director", () => {
  let bed: TrafficLan;
  let director: FileDirector;
  let node: string;
  let servers: readonly string[];
  const prepared: BackgroundProcess[] = [];

  before(async () => {
    bed = await TrafficLan.create({ directors: 1, servers: 2, byHand: false });
    [node = ""] = bed.directors;
    servers = bed.servers;
    await bed.answer(node, sorryPort);
    director = await FileDirector.start(bed.lan, node, "aloft", file(), { ending: "yaml" });
    const all = Object.values(virtualAddresses).flatMap(({ IPv4, IPv6 }) => [IPv4, IPv6]);
    const hasAll = async () => {
      const held = await bed.lan.allAddresses(node);
      return all.every((address) => held.includes(address));
    };
    await until("the addresses on the director", hasAll, { timeoutMs: 20_000, hint: () => director.process.logTail() });
  });
  after(() => bed?.destroy());

  function file(): string {
    const targets = (family: "IPv4" | "IPv6") =>
      servers.map((server, index) => ({ address: bed.lan.nodeAddress(server)[family], weight: index === 0 ? 1 : 3 }));
    const plain = targets("IPv4").map(({ address }) => ({ address }));
    return yamlFile(
      virtualIP(node),
      ...everyPath.map(([way, family]) => serviceOn(way, family, targets(family), { healthChecks: [quickCheck] })),
      ...shares.map(([scheduler, , changes], index) =>
        serviceOn("NAT", "IPv4", targets("IPv4"), { ports: [{ port: firstPort + index }], scheduler, ...changes }, `share-${index}`),
      ),
      virtualServer("marked", { firewallMark: 3, scheduler: "rr", forwarding: "DR", realServers: plain }),
      // Nobody listens there but the director.
      virtualServer("sorry", {
        virtualIP: "front",
        addresses: [virtualAddresses.DR.IPv4],
        ports: [{ port: sorryPort }],
        scheduler: "rr",
        forwarding: "DR",
        realServers: plain,
        healthChecks: [quickCheck],
        sorryServer: { address: "127.0.0.1" },
      }),
    );
  }

  const named = (counts: readonly number[]) =>
    Object.fromEntries(counts.flatMap((count, index) => (count === 0 ? [] : [[servers[index], count]])));
  const setting = async (host: string, key: string) => (await bed.lan.exec(host, ["sysctl", "-n", key])).trim();

  async function realServer(host: string): Promise<void> {
    const stateDirectory = join(bed.lan.directory, `realserver-${host}`);
    mkdirSync(stateDirectory);
    const addresses = [...Object.values(virtualAddresses.DR), ...Object.values(virtualAddresses.TUN), ...markedAddresses];
    const flags = [...addresses.flatMap((address) => ["--address", address]), "--tunnel", "ipip", "--state-dir", stateDirectory];
    // The devices come with their modules, which are the administrator's to load.
    for (const module of ["ipip", "ip6_tunnel"]) await bed.lan.exec(host, ["sh", "-c", `"$(cat /proc/sys/kernel/modprobe)" ${module}`]);
    const running = bed.lan.spawn(host, `realserver-${host}`, [aloftProgram, "realserver", ...flags], { cwd: "/" });
    prepared.push(running);
    await until(`${host} prepared`, () => running.log().includes('"msg":"ready"'), { timeoutMs: 20_000, hint: () => running.logTail() });
  }

  test("real servers that are not prepared give no answer by DR and TUN", async () => {
    const answers = await Promise.all((["DR", "TUN"] as const).map((way) => bed.open(way, "IPv4", 1)));
    assert.deepEqual(tally(answers.flat()), { "": 2 });
    await Promise.all(servers.map(realServer));
  });

  for (const [way, family] of everyPath) {
    test(`${way} over ${family} through an agent: shared by weight, the client's address kept`, async () => {
      const answers = await bed.open(way, family, 8);
      assert.deepEqual(tally(answers), named([2, 6]), director.process.logTail(5));
      assert.deepEqual([...new Set(answers.map(({ seenAs }) => seenAs))], [Lan.clientAddress[family]]);
    });
  }

  for (const [index, [scheduler, counts, changes]] of shares.entries()) {
    test(`${[scheduler, ...Object.keys(changes)].join(", ")}: eight connections of a client go ${counts ? counts.join(" : ") : "to one server"}`, async () => {
      const address = virtualAddresses.NAT.IPv4;
      const answers = tally(await bed.client.ask({ do: "open", address, port: firstPort + index, count: 8 }));
      if (counts) assert.deepEqual(answers, named(counts));
      else assert.deepEqual(Object.values(answers), [8]);
    });
  }

  test("connections and packets of each service and real server are counted, as the kernel counts them", async () => {
    const of = async (name: string) => {
      const values = await director.metric(`aloft_ipvs_${name}`);
      return [...values].filter(([labels]) => labels.includes('virtualserver="nat-ipv6"'));
    };
    const counts = async () => (await of("server_connections_total")).map(([, count]) => count).sort();
    const ofService = async (name: string) => (await of(name)).map(([, count]) => count);
    // The kernel adds up what it has counted every two seconds, of a service and of its servers not at once.
    const isCounted = async () => (await counts()).join() === "2,6" && (await ofService("service_connections_total")).join() === "8";
    await until("the counters", isCounted, { timeoutMs: 6_000 });
    const hasPackets = async () => {
      const packets = await ofService("service_packets_total");
      return packets.length > 0 && packets.every((count) => count > 16);
    };
    await until("the packets", hasPackets, { timeoutMs: 6_000 });
  });

  test("the director sends no redirects while it serves, and has the kernel's IPVS loaded", async () => {
    for (const link of ["all", "eth0"]) assert.equal(await setting(node, `net.ipv4.conf.${link}.send_redirects`), "0", link);
    assert.ok(director.table().size > 0);
  });

  test("two addresses share one service by the mark that a rule of the node gives their packets", async () => {
    await setRules(
      bed.lan,
      node,
      "mangle",
      markedAddresses.map((address) => `-d ${address} -p tcp --dport 80 -j MARK --set-mark 3`),
    );
    for (const address of markedAddresses) {
      const answers = await bed.client.ask({ do: "open", address, port: 80, count: 4 });
      assert.deepEqual(tally(answers), named([2, 2]), address);
    }
  });

  test("without real servers the director answers itself, as the sorry server", async () => {
    await director.has(`TCP ${virtualAddresses.DR.IPv4}:${sorryPort}`, [`127.0.0.1:${sorryPort} Route 1`]);
    const answers = await bed.client.ask({ do: "open", address: virtualAddresses.DR.IPv4, port: sorryPort, count: 3 });
    assert.deepEqual(tally(answers), { [node]: 3 });
  });

  const losses: [how: string, attemptMs: number, lose: (server: string) => Promise<unknown>][] = [
    ["refuses", 0, (server) => setRules(bed.lan, server, "filter", refuse("--dport 8080"))],
    ["is cut off the LAN", 300, (server) => bed.lan.cut(server)],
  ];
  for (const [how, attemptMs, lose] of losses) {
    test(`a real server that ${how} is out of the table within the bound of its check, and no connection that begins later fails`, async () => {
      // The one that gets three of four connections: of those at the other one few may begin meanwhile.
      const lost = servers[1] ?? "";
      const client = new RemoteControl<Request, Answers>(bed.lan, "client", steadyClient);
      await client.ask({ do: "begin", address: virtualAddresses.NAT.IPv4, port: 80, everyMs: 25 });
      await sleep(500);
      const began = Date.now();
      await lose(lost);
      const lostAt = Date.now();
      const { mostMs } = removalBounds(healthPolicy(healthCheckSchema.parse(quickCheck)), attemptMs);
      const without = director.servers(lineOf("NAT"))?.filter((line) => !line.startsWith(bed.lan.nodeAddress(lost).IPv4));
      await director.has(lineOf("NAT"), without, mostMs + slackMs);
      const goneAt = Date.now();
      await sleep(1_000);
      const attempts = await client.ask({ do: "end" });
      await client.kill();
      assert.ok(goneAt - lostAt <= mostMs + slackMs, `gone after ${goneAt - lostAt} ms`);
      const failed = (after: number, before: number) => attempts.filter(({ at, server }) => at >= after && at < before && server === "");
      const said = ({ at, server }: Attempt) => `${at - lostAt} ms: ${server || "failed"}`;
      // Those of the last moment may meet with the loss.
      assert.deepEqual(failed(0, began - inFlightMs).map(said), [], "before");
      assert.ok(failed(began, goneAt).length > 0, "meanwhile the loss is noticed");
      assert.deepEqual(failed(goneAt, Number.POSITIVE_INFINITY).map(said), [], "afterwards");
      assert.ok(attempts.filter(({ at }) => at >= goneAt).length > 10);
      await setRules(bed.lan, lost, "filter", []);
      await bed.lan.heal(lost);
      await until("its return", () => director.servers(lineOf("NAT"))?.length === servers.length);
    });
  }

  test("at the end everything is as it was: on the director and on the real servers", async () => {
    const ends = await Promise.all([director.process, ...prepared].map((running) => running.stop(15_000)));
    assert.deepEqual(
      ends.map(({ code }) => code),
      ends.map(() => 0),
    );
    assert.equal(director.table().size, 0);
    assert.deepEqual(Object.keys(await director.saved()), []);
    for (const link of ["all", "eth0"]) assert.equal(await setting(node, `net.ipv4.conf.${link}.send_redirects`), "1", link);
    for (const server of servers) {
      const held = await bed.lan.exec(server, ["ip", "-o", "address", "show", "dev", "lo"]);
      assert.doesNotMatch(held, /198\.51\.100\.|2001:/);
      assert.deepEqual(
        [await setting(server, "net.ipv4.conf.all.arp_ignore"), await setting(server, "net.ipv4.conf.all.arp_announce")],
        ["0", "0"],
      );
      for (const tunnel of ["tunl0", "ip6tnl0"])
        assert.doesNotMatch(await bed.lan.exec(server, ["ip", "link", "show", tunnel]), /[<,]UP[,>]/);
    }
  });
});
