/** What a user asks of a cluster, through the real API server, operator, agents and kernels: one cluster, one VirtualIP or two per story. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgent } from "../../src/api/nodeAgent.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import { startKeepalived } from "../support/keepalived.ts";
import { longestDoubleAnswerMs, longestOutageMs, Observer } from "../support/observer.ts";
import { spread } from "../support/table.ts";
import { advertsOf } from "../support/takeover.ts";
import { until } from "../support/waiting.ts";
import { Cluster } from "./cluster.ts";

let cluster: Cluster;
const created = new Set<string>();
before(async () => {
  cluster = await Cluster.create({ nodes: 2 });
  await cluster.startControlPlane();
  await cluster.installAloft();
  await cluster.startAloft();
});
afterEach(async () => {
  if (created.size > 0) await cluster.kubectl(["delete", "vip", ...created, "--wait"]);
  created.clear();
});
after(() => cluster?.destroy());

const apply = (object: object) => cluster.kubectl(["apply", "-f", "-"], JSON.stringify(object));

async function createVirtualIP(name: string, host: number, spec: object = {}): Promise<string> {
  const address = `198.51.100.${host}`;
  created.add(name);
  const overrides = cluster.lan.nodes.map((node, index) => ({ name: node, priority: 200 - 10 * index }));
  await apply({ apiVersion, kind: "VirtualIP", metadata: { name }, spec: { addresses: [{ address }], nodes: { overrides }, ...spec } });
  return address;
}

function becomes(name: string, what: string, isTrue: (virtualIP: VirtualIP) => boolean): Promise<VirtualIP> {
  const probe = async () => {
    const virtualIP = await cluster.virtualIP(name);
    return isTrue(virtualIP) && virtualIP;
  };
  return until(`VirtualIP ${name} ${what}`, probe, { timeoutMs: 20_000, everyMs: 100, hint: () => cluster.logHint() });
}

const isOn = (name: string, node: string) => becomes(name, `on ${node}`, ({ status }) => status?.activeNode === node);
const conditionOf = ({ status }: VirtualIP, type: string) => status?.conditions?.find((condition) => condition.type === type);

async function routerOf(node: string, name: string) {
  const agent = JSON.parse(await cluster.kubectl(["get", "nodeagent", node, "-o", "json"])) as NodeAgent;
  return agent.spec.virtualRouters.find(({ virtualIP }) => virtualIP === name);
}

test("planned moves to and fro: two nodes never answer, and the median outage is at most 5 ms", async (context) => {
  const address = await createVirtualIP("web", 201);
  await cluster.settled("web");
  const outages: number[] = [];
  for (const target of ["n2", "n1", "n2", "n1", "n2"]) {
    const observer = await Observer.start(cluster.lan, [address]);
    await sleep(300);
    assert.match(await cluster.vip(["move", "web", "--to", target]), new RegExp(`^web: n[12] → ${target}$`, "m"));
    await sleep(500);
    const observation = await observer.stop();
    assert.equal(longestDoubleAnswerMs(observation, address, 0n), 0);
    outages.push(longestOutageMs(observation, address, 0n));
  }
  const { median = Infinity } = spread(outages) ?? {};
  context.diagnostic(`client outages: ${outages.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  assert.ok(median <= 5, `the median of ${outages} ms`);
});

test("drain: the node hands over and is no candidate until it may be again", async () => {
  await createVirtualIP("web", 201);
  await cluster.settled("web");
  assert.match(await cluster.vip(["drain", "n1"]), /^n1 holds nothing any more$/m);
  assert.deepEqual(
    (await isOn("web", "n2")).status?.nodes?.map(({ name }) => name),
    ["n2"],
  );
  await cluster.vip(["undrain", "n1"]);
  await becomes("web", "with n1 again", ({ status }) => status?.nodes?.length === 2);
});

test("two VirtualIPs of one group are on one node, move together and fail over together", async () => {
  await createVirtualIP("inside", 202, { group: "gateway" });
  await createVirtualIP("outside", 203, { group: "gateway" });
  for (const name of ["inside", "outside"]) await cluster.settled(name);
  await cluster.vip(["move", "inside", "--to", "n2"]);
  for (const name of ["inside", "outside"]) await isOn(name, "n2");
  cluster.agent("n2").signal("SIGKILL");
  for (const name of ["inside", "outside"]) await isOn(name, "n1");
  await cluster.agent("n2").exited;
  cluster.startAgent("n2");
  for (const name of ["inside", "outside"]) await isOn(name, "n2");
});

test("unicast: the operator names the peers, one node answers, and nobody else hears an advert", async () => {
  const address = await createVirtualIP("web", 204, { vrrp: { mode: "Unicast" } });
  const { virtualRouterID } = await cluster.settled("web");
  assert.deepEqual((await routerOf("n1", "web"))?.unicastPeers, [cluster.lan.nodeAddress("n2").IPv4]);
  const observer = await Observer.start(cluster.lan, [address]);
  await sleep(500);
  cluster.agent("n1").signal("SIGTERM");
  await isOn("web", "n2");
  const observation = await observer.stop();
  assert.equal(longestDoubleAnswerMs(observation, address, 0n), 0);
  assert.deepEqual(advertsOf(observation.adverts, { family: "IPv4", virtualRouterID }), []);
  await cluster.agent("n1").exited;
  cluster.startAgent("n1");
  await isOn("web", "n1");
});

test("a password from a Secret: without it no election, with it one MASTER, and it is nowhere to be read", async () => {
  const secretRef = { name: "vrrp-web" };
  await createVirtualIP("web", 205, { vrrp: { version: 2, authentication: { type: "PASS", secretRef } } });
  await sleep(1_500);
  assert.equal((await cluster.virtualIP("web")).status?.activeNode, undefined);
  const metadata = { name: "vrrp-web", namespace: "aloft-system" };
  await apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { password: "open5ame" } });
  await cluster.settled("web");
  const objects = await cluster.kubectl(["get", "vip,nodeagents,events", "-A", "-o", "yaml"]);
  assert.doesNotMatch(objects, /open5ame/);
  for (const node of cluster.lan.nodes) assert.doesNotMatch(cluster.agent(node).log(), /open5ame/);
});

test("a file on the node takes it out of the election", async () => {
  const path = join(cluster.lan.directory, "maintenance");
  await createVirtualIP("web", 206, { track: [{ name: "maintenance", file: { path, present: "Down" }, interval: "100ms" }] });
  await cluster.settled("web");
  // Both agents see one file system, so that both are out: nobody answers, and both come back.
  writeFileSync(path, "");
  await becomes("web", "on no node", ({ status }) => status?.activeNode === undefined);
  await cluster.lan.exec("n1", ["rm", path]);
  await isOn("web", "n1");
});

test("a pod that is not Ready on its node costs priority", async () => {
  const labels = { app: "ingress" };
  const track = [{ name: "ingress", podReady: { namespace: "default", selector: labels }, weight: 50, interval: "200ms" }];
  await createVirtualIP("web", 207, { track });
  await cluster.settled("web");
  const spec = { nodeName: "n2", containers: [{ name: "ingress", image: "example.com/ingress" }] };
  await apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "ingress", namespace: "default", labels }, spec });
  const patch = (status: string) =>
    cluster.kubectl([
      ...["patch", "pod", "ingress", "--subresource=status", "--type=merge", "-p"],
      JSON.stringify({ status: { phase: "Running", conditions: [{ type: "Ready", status }] } }),
    ]);
  await patch("True");
  await isOn("web", "n2");
  await patch("False");
  await isOn("web", "n1");
});

/** A gratuitous ARP for an address from the sender's own MAC address, as a host sends it that has the same address. */
const claim = `
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0x0806))
mac = s.getsockname()[4]; ip = socket.inet_aton(sys.argv[1])
for _ in range(3):
  s.send(b"\\xff" * 6 + mac + b"\\x08\\x06\\0\\1\\x08\\0\\6\\4\\0\\1" + mac + ip + bytes(6) + ip)
  time.sleep(0.3)`;

test("a host that claims the address is told by condition, with its MAC address", async () => {
  const address = await createVirtualIP("web", 208);
  await cluster.settled("web");
  await sleep(500);
  await cluster.lan.exec("client", ["python3", "-c", claim, address]);
  const virtualIP = await becomes("web", "in conflict", (vip) => conditionOf(vip, "AddressConflict")?.status === "True");
  const mac = await cluster.lan.mac("client");
  assert.match(conditionOf(virtualIP, "AddressConflict")?.message ?? "", new RegExp(mac));
});

test("a router outside with our VRID is told by condition, with its address", async () => {
  await createVirtualIP("web", 209, { vrrp: { virtualRouterID: 77 } });
  await cluster.settled("web");
  const keepalived = await startKeepalived(cluster.lan, "client", [
    { virtualRouterID: 77, family: "IPv4", version: 3, priority: 50, advertisementIntervalMs: 1000, addresses: ["198.51.100.250/24"] },
  ]);
  try {
    // keepalived hears ours, which is better: it becomes MASTER on its own only where it does not.
    await cluster.lan.exec("client", [
      "nft",
      "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; add rule inet deaf in meta l4proto 112 drop",
    ]);
    const virtualIP = await becomes("web", "beside a foreign router", (vip) => conditionOf(vip, "ForeignRouter")?.status === "True");
    assert.match(conditionOf(virtualIP, "ForeignRouter")?.message ?? "", /198\.51\.100\.100/);
    assert.equal(virtualIP.status?.activeNode, "n1");
  } finally {
    await keepalived.stop();
    await cluster.lan.exec("client", ["nft", "flush", "ruleset"]);
  }
});

test("deadManSwitch: armed where another node is there, and not where it is Disabled", async () => {
  await createVirtualIP("web", 210);
  await createVirtualIP("free", 211, { deadManSwitch: "Disabled" });
  for (const name of ["web", "free"]) await cluster.settled(name);
  assert.deepEqual([(await routerOf("n1", "web"))?.deadMan, (await routerOf("n1", "free"))?.deadMan], [true, undefined]);
  const seen = await Observer.start(cluster.lan, ["198.51.100.210", "198.51.100.211"]);
  await sleep(200);
  await cluster.agent("n1").kill();
  cluster.agent("n2").signal("SIGSTOP");
  await sleep(1_000);
  const observation = await seen.stop();
  cluster.agent("n2").signal("SIGCONT");
  cluster.startAgent("n1");
  assert.ok(longestOutageMs(observation, "198.51.100.210", 0n) > 500, "the gate shut");
  assert.equal(longestOutageMs(observation, "198.51.100.211", 0n), 0);
  for (const name of ["web", "free"]) await isOn(name, "n1");
});
