import assert from "node:assert/strict";
import { test } from "node:test";
import { planRealServer } from "../../../../src/plan/realServer.ts";
import { clusterOf, node, type PlannedCluster, virtualIP, virtualServer } from "../samples.ts";

const addressOf = { n1: "192.0.2.1", n2: "192.0.2.2", n3: "192.0.2.3" };

function clusterWith(spec: object): PlannedCluster {
  const cluster = clusterOf();
  for (const [name, address] of Object.entries(addressOf)) {
    cluster.addNodes(name);
    const interfaces = [{ name: "eth0", up: true, addresses: [`${address}/24`, `2001:db8::${name.slice(1)}/64`] }];
    cluster.agents = cluster.agents.map((view) => (view.name === name ? { ...view, status: { ...view.status, interfaces } } : view));
  }
  const addresses = [{ address: "192.0.2.10/24" }, { address: "2001:db8::10/64" }];
  cluster.virtualIPs = [virtualIP("gateway", { addresses, allowedNamespaces: ["web"], nodes: { maxCandidates: 2 } })];
  cluster.configs = [];
  cluster.virtualServers = [virtualServer("shop", { virtualIP: "gateway", scheduler: "wlc", ...spec })];
  cluster.settle();
  return cluster;
}

const prepared = (cluster: PlannedCluster) =>
  Object.fromEntries(
    cluster.agents.flatMap(({ name, spec }) =>
      (spec.realServers ?? []).map((entry) => [name, [...entry.addresses, ...(entry.tunnels ?? [])].join(" ")]),
    ),
  );

test("real servers: a node whose address is listed with DR takes packets to the addresses of its family", () => {
  const cluster = clusterWith({
    forwarding: "DR",
    realServers: [{ address: "192.0.2.2" }, { address: "2001:db8::3" }, { address: "10.0.0.9" }],
  });
  assert.deepEqual(prepared(cluster), { n2: "192.0.2.10", n3: "2001:db8::10" });
  assert.deepEqual(cluster.agentOf("n2").spec.realServers?.[0], { namespace: "web", name: "shop", addresses: ["192.0.2.10"] });
});

test("real servers: a candidate of the VirtualIP may be one, and so may the sorry server; with NAT nothing is needed", () => {
  const realServers = [{ address: "192.0.2.1", forwarding: "DR" }, { address: "192.0.2.2" }];
  assert.deepEqual(prepared(clusterWith({ realServers })), { n1: "192.0.2.10" });
  const sorryServer = { address: "192.0.2.3", forwarding: "DR" };
  assert.deepEqual(prepared(clusterWith({ realServers: [], sorryServer })), { n3: "192.0.2.10" });
});

test("real servers: TUN names the devices by which packets come", () => {
  const realServers = [{ address: "192.0.2.2" }, { address: "2001:db8::3", tunnel: { type: "GRE" } }];
  assert.deepEqual(prepared(clusterWith({ forwarding: "TUN", realServers })), {
    n2: "192.0.2.10 2001:db8::10 sit0 tunl0",
    n3: "192.0.2.10 2001:db8::10 ip6gre0",
  });
});

test("real servers: nodes that are chosen by labels, as they come and go", () => {
  const cluster = clusterWith({ forwarding: "DR", realServers: undefined, nodes: { selector: { matchLabels: { pool: "a" } } } });
  assert.deepEqual(prepared(cluster), {});
  cluster.nodes = cluster.nodes.map((view) => (view.name === "n3" ? node("n3", { labels: { pool: "a" } }) : view));
  cluster.settle();
  assert.deepEqual(prepared(cluster), { n3: "192.0.2.10 2001:db8::10" });
  cluster.nodes = cluster.nodes.map((view) => node(view.name));
  cluster.settle();
  assert.deepEqual(prepared(cluster), {});
});

test("real servers: who only has one of a VirtualServer that nobody serves any more is asked for, too", () => {
  const cluster = clusterWith({ forwarding: "DR", realServers: [{ address: "192.0.2.2" }] });
  cluster.virtualServers = [];
  cluster.agents = cluster.agents.map((view) => ({ ...view, spec: { ...view.spec, virtualServers: undefined } }));
  assert.deepEqual(cluster.step().unknownServers, ["web/shop"]);
});

test("real servers: where nodes translate for their own pods every node does, and no address stands anywhere", () => {
  const cluster = clusterWith({ forwarding: "DR", realServers: undefined, service: { name: "shop", targets: "Nodes" } });
  const entry = { namespace: "web", name: "shop", addresses: ["192.0.2.10", "2001:db8::10"], translates: true };
  for (const name of Object.keys(addressOf)) assert.deepEqual(cluster.agentOf(name).spec.realServers, [entry], name);
  assert.deepEqual(planRealServer([entry]), { addresses: [], settings: {} });
});

test("real servers: what is merely unknown withdraws nothing, what is gone does", () => {
  const cluster = clusterWith({ forwarding: "DR", realServers: [{ address: "192.0.2.2" }] });
  const before = prepared(cluster);
  const known = cluster.virtualServers;
  cluster.virtualServers = undefined;
  cluster.settle();
  assert.deepEqual(prepared(cluster), before, "VirtualServers cannot be read");
  cluster.virtualServers = [];
  cluster.settle();
  assert.deepEqual(prepared(cluster), before, "the list is empty");
  cluster.virtualServers = known?.map(({ spec: _spec, ...view }) => ({ ...view, problem: "spec.ports: is required" }));
  cluster.settle();
  assert.deepEqual(prepared(cluster), before, "it is no longer valid");
  cluster.virtualServers = known;
  const statuses = cluster.agents;
  cluster.agents = statuses.map((view) => ({ ...view, status: { ...view.status, interfaces: [] } }));
  cluster.settle();
  assert.deepEqual(prepared(cluster), before, "the agent has not reported its addresses yet");
  cluster.virtualServers = [];
  cluster.gone.add("web/shop");
  cluster.settle();
  assert.deepEqual(prepared(cluster), {});
});
