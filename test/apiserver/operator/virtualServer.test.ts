/** VirtualServers: the operator against a real kube-apiserver, with played agents. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import type { VirtualServer } from "../../../src/api/virtualServer.ts";
import { agentConfigs, nodeAgents, virtualIPs, virtualServers } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import type { OperatorProcess } from "./operatorProcess.ts";
import { conditionOf, Testbed } from "./testbed.ts";

const gateway = { addresses: [{ address: "192.0.2.100/24" }], allowedNamespaces: ["default"], nodes: { maxCandidates: 2 } };
const onGateway = (port: number, more: object = {}) => ({
  virtualIP: "gateway",
  ports: [{ port }],
  realServers: [{ address: "10.0.0.1" }, { address: "10.0.0.2" }],
  ...more,
});

let bed: Testbed;
before(async () => {
  bed = await Testbed.start();
});
after(() => bed?.stop());
afterEach(() => bed.clear());

/** n1, n2, … and an operator; n1 and n2 are the candidates of the VirtualIP "gateway", n1 is active. */
async function startGateway(...nodes: string[]): Promise<OperatorProcess> {
  for (const [index, name] of nodes.entries()) await bed.lan.addNode(name, index + 1);
  const operator = await bed.startOperator("a");
  await bed.createVirtualIP("gateway", gateway);
  await bed.untilActive("gateway", "n1", 20_000);
  return operator;
}

async function specOf(node: string) {
  return nodeAgentSchema.parse(await bed.client.get(nodeAgents, { name: node })).spec;
}

async function serversOf(...nodes: string[]): Promise<string[][]> {
  const specs = await Promise.all(nodes.map(specOf));
  return specs.map(({ virtualServers: servers = [] }) => servers.map(({ name }) => name));
}

const isReady = (server: VirtualServer) =>
  conditionOf(server, "Ready") === "True/Serving" && conditionOf(server, "Programmed") === "True/Programmed";
const untilReady = (name: string) => bed.untilVirtualServer(name, "to be ready", isReady);
const untilReason = (name: string, type: string, reason: string) =>
  bed.untilVirtualServer(name, `to be ${reason}`, (server) => conditionOf(server, type).endsWith(`/${reason}`));

test("a VirtualServer goes from apply to every candidate of its VirtualIP, and its status tells what the active node sees", async () => {
  await startGateway("n1", "n2", "n3");
  await bed.createVirtualServer("shop", onGateway(80));
  const ready = await untilReady("shop");
  assert.equal(ready.metadata.finalizers, undefined);
  assert.deepEqual(await serversOf("n1", "n2", "n3"), [["shop"], ["shop"], []]);
  assert.deepEqual((await specOf("n2")).virtualServers, [
    { namespace: "default", name: "shop", virtualIP: "gateway", addresses: ["192.0.2.100"] },
  ]);
  assert.equal((await specOf("n3")).ipvs, undefined);
  assert.match(await bed.plane.kubectl(["get", "vs", "shop"]), /^shop +192\.0\.2\.100 +TCP\/80 +mh +NAT +2\/2 +True /m);
  const events = await bed.untilEvent("shop", /Programmed/);
  assert.ok(events.includes("Normal Programmed: n1; n2 have it"), events.join("\n"));
  bed.lan.node("n1").alive = false;
  await bed.untilActive("gateway", "n2");
  await bed.untilVirtualServer("shop", "to be served by n2", ({ status }) => status?.activeNode === "n2");
});

test("servers that go down, and a quorum that is lost and regained, stand in the status and in Events", async () => {
  await startGateway("n1", "n2");
  await bed.createVirtualServer("shop", onGateway(80));
  await untilReady("shop");
  const server = (host: number, up: boolean) => ({
    address: `10.0.0.${host}`,
    port: 80,
    up,
    weight: up ? 1 : 0,
    ...(!up && { message: "refused" }),
  });
  const sees = (first: boolean, second: boolean) => {
    const up = Number(first) + Number(second);
    bed.lan.sees("n1", {
      routers: {},
      servers: { "default/shop": { up, quorum: up > 0, servers: [server(1, first), server(2, second)] } },
    });
  };
  sees(true, true);
  await bed.untilVirtualServer("shop", "to name its servers", ({ status }) => status?.servers?.length === 2);
  sees(false, true);
  const degraded = await untilReason("shop", "Degraded", "ServersDown");
  assert.equal(degraded.status?.summary?.servers, "1/2");
  assert.equal(conditionOf(degraded, "Ready"), "True/Serving");
  sees(false, false);
  await untilReason("shop", "Ready", "QuorumLost");
  sees(true, true);
  await untilReady("shop");
  const events = await bed.untilEvent("shop", /QuorumRegained/);
  for (const told of ["Warning RealServerDown: 10.0.0.1:80 (refused)", "Warning QuorumLost: 0 of 2 servers up"]) {
    assert.ok(events.includes(told), events.join("\n"));
  }
});

test("of two on one port the older has it; deleted, it leaves every node, and the other one comes", async () => {
  await startGateway("n1", "n2");
  await bed.createVirtualServer("old", onGateway(80));
  await untilReady("old");
  // Ages are told apart by the second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await bed.createVirtualServer("another", onGateway(80));
  const loser = await untilReason("another", "Accepted", "ServiceConflict");
  assert.match(
    loser.status?.conditions?.[0]?.message ?? "",
    /TCP 192\.0\.2\.100:80 of VirtualServer default\/another belongs to VirtualServer default\/old/,
  );
  await bed.client.delete(virtualServers, { name: "old", namespace: "default" });
  await untilReady("another");
  assert.deepEqual(await serversOf("n1", "n2"), [["another"], ["another"]]);
  await bed.client.delete(virtualServers, { name: "another", namespace: "default" });
  await until("the last one to leave the nodes", async () => (await serversOf("n1", "n2")).flat().length === 0);
  assert.deepEqual([(await specOf("n1")).ipvs, (await specOf("n1")).virtualRouters.length], [undefined, 1]);
});

test("a VirtualIP is for the namespaces that it names, from when it names them until it no longer does", async () => {
  await startGateway("n1", "n2");
  const allow = (allowedNamespaces: string[]) =>
    bed.client.patch(virtualIPs, { name: "gateway" }, { spec: { allowedNamespaces } }, { fieldManager: "kubectl" });
  await allow(["other"]);
  await bed.createVirtualServer("shop", onGateway(80));
  await untilReason("shop", "Accepted", "NamespaceNotAllowed");
  await bed.untilEvent(
    "shop",
    /^Warning NamespaceNotAllowed: spec\.allowedNamespaces of VirtualIP "gateway" does not name the namespace "default"/,
  );
  await allow(["other", "default"]);
  await untilReady("shop");
  await allow([]);
  await untilReason("shop", "Accepted", "NamespaceNotAllowed");
  await until("it to leave the nodes", async () => (await serversOf("n1", "n2")).flat().length === 0);
});

test("an AgentConfig starts synchronisation under a number of its own, and permits firewall marks", async () => {
  await startGateway("n1", "n2");
  await bed.createVirtualServer("shop", onGateway(80));
  await bed.createVirtualServer("marked", { firewallMark: 7, realServers: [{ address: "10.0.0.1" }] });
  await untilReady("shop");
  await untilReason("marked", "Accepted", "NotPermitted");
  const spec = { ipvs: { sync: {} }, virtualServers: { allowFirewallMarks: true, namespaces: ["default"] } };
  await bed.client.create(agentConfigs, { metadata: { name: "directors" }, spec }, { fieldManager: "test" });
  await until("sync daemons", async () => (await specOf("n2")).ipvs?.sync);
  const { status } = (await bed.client.get(agentConfigs, { name: "directors" })) as { status?: { syncID?: number } };
  const { ipvs, virtualRouters } = await specOf("n2");
  assert.deepEqual(ipvs?.sync, { interface: "eth0", id: status?.syncID, role: "Both" });
  assert.equal(virtualRouters[0]?.preemptDelay, "15s");
  await untilReady("marked");
  assert.deepEqual(await serversOf("n1"), [["marked", "shop"]]);
  assert.match(await bed.plane.kubectl(["get", "vs", "marked"]), /^marked +mark 7 /m);
});

test("a restart of the operator writes nothing to 40 VirtualServers or to the nodes that run them", async () => {
  const first = await startGateway("n1", "n2");
  const names = Array.from({ length: 40 }, (_, index) => `v${index}`);
  for (const [index, name] of names.entries()) await bed.createVirtualServer(name, onGateway(1000 + index));
  for (const name of names) await untilReady(name);
  await bed.untilRedundant("gateway");
  const versions = async () => {
    const { items } = await bed.client.list(virtualServers);
    const specs = await Promise.all(["n1", "n2"].map((name) => bed.client.get(nodeAgents, { name })));
    return [...items.map(({ metadata }) => metadata.resourceVersion), ...specs.map(({ metadata }) => metadata.generation)];
  };
  const before = await versions();
  const next = await bed.startOperator("b");
  await first.stop();
  await next.untilLeading();
  await until("two passes", async () => (await next.total("aloft_reconcile_duration_seconds_count")) >= 2);
  assert.deepEqual(await versions(), before);
});
