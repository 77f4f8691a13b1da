/** `aloft ipvs` on a director whose agent serves a VirtualServer: what it prints is what the kernel has counted. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import type { IpvsReport } from "../../src/api/ipvsReport.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";
import { TrafficLan, virtualAddresses } from "./trafficLan.ts";

/** Longer than the kernel takes to add up what it has counted. */
const seconds = 5;

let bed: TrafficLan;
let director: string;

before(async () => {
  bed = await TrafficLan.create({ directors: 1, servers: 2 });
  [director = ""] = bed.directors;
  await bed.setAddresses(director, ["NAT"]);
});
after(() => bed?.destroy());

const aloft = (...args: string[]) => bed.lan.exec(director, [aloftProgram, ...args]);
const report = async (...flags: string[]): Promise<IpvsReport> => JSON.parse(await aloft("ipvs", "-o", "json", ...flags));

test("aloft ipvs: services and servers with the kernel's counters, others' only when asked for, and what happens per second", async () => {
  const address = virtualAddresses.NAT.IPv4;
  const service = bed.service("NAT", "IPv4", [1, 3]);
  const realServers = service.destinations.map(({ address: server, port, weight }) => ({ address: server, port, weight }));
  const spec = { addresses: [address], ports: [{ port: 80 }], scheduler: "wrr", realServers };
  const stateDirectory = join(bed.lan.directory, "state");
  mkdirSync(stateDirectory);
  const file = join(bed.lan.directory, "shop.yaml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ apiVersion, kind: "VirtualServer", metadata: { name: "shop", namespace: "web" }, spec }));
  await bed.lan.exec(director, ["ipvsadm", "-A", "-u", "198.51.100.99:53", "-s", "rr"]);
  const flags = ["--standalone", "--config", file, "--state-dir", stateDirectory, "--node", director];
  const agent = bed.lan.spawn(director, "agent", [aloftProgram, "agent", ...flags]);
  const isServing = async () => (await report().catch(() => undefined))?.services[0]?.servers.length === 2;
  await until("the service", isServing, { timeoutMs: 20_000, hint: () => agent.logTail() });
  await bed.open("NAT", "IPv4", 16);
  // The kernel adds up what it has counted every two seconds, of a service and of its servers not at once.
  const counted = await until("the counters", async () => {
    const found = await report();
    const { statistics, servers = [] } = found.services[0] ?? {};
    const ofServers = servers.reduce((sum, server) => sum + server.statistics.connections, 0);
    return statistics?.connections === 16 && ofServers === 16 && found;
  });
  assert.deepEqual(
    counted.services.map(({ service: text, virtualServer, scheduler, servers }) => [
      text,
      virtualServer,
      scheduler,
      servers.map((server) => [server.forwarding, server.weight, server.statistics.connections]),
    ]),
    [
      [
        `TCP ${address}:80`,
        "web/shop",
        "wrr",
        [
          ["NAT", 1, 4],
          ["NAT", 3, 12],
        ],
      ],
    ],
  );
  assert.ok(counted.services[0]?.servers.every(({ statistics }) => statistics.inPackets > 0 && statistics.outBytes > 0));
  assert.match(
    await aloft("ipvs", "web/shop"),
    new RegExp(`^${director} +TCP ${address.replaceAll(".", "\\.")}:80 +web/shop +wrr .* 16 `, "m"),
  );
  assert.match(await aloft("ipvs", "web/other"), /^no services\n$/);
  assert.match(await aloft("ipvs", "--all"), /^\S+ +UDP 198\.51\.100\.99:53 +- +rr /m);
  let isTold = false;
  const told = report("--interval", `${seconds}s`).finally(() => {
    isTold = true;
  });
  let opened = 0;
  for (; !isTold; opened += 5) await bed.open("NAT", "IPv4", 5);
  const perSecond = (await told).services[0]?.statistics.connections ?? 0;
  assert.ok(perSecond > 0 && perSecond <= opened / seconds + 1, `${perSecond} connections a second, of ${opened} in all`);
  await agent.stop();
  assert.match(await bed.lan.exec(director, ["ipvsadm", "-Sn"]), /^-A -u 198\.51\.100\.99:53 -s rr\s*$/m);
  await assert.rejects(aloft("ipvs"), /no agent tells of its table at http:\/\/127\.0\.0\.1:9105\/ipvs/);
});
