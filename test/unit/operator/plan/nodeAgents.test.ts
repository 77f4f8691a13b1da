import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, dual, node, virtualIP } from "../samples.ts";

test("plan: the VRID is recorded and the finalizer set before any node uses them", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual, { hasFinalizer: false })];
  const first = cluster.step();
  assert.deepEqual(
    first.virtualIPs.map(({ finalizer, status }) => [finalizer, status.virtualRouterID]),
    [["add", 1]],
  );
  assert.equal(first.nodeAgents.size, 0);
  assert.deepEqual([...cluster.step().nodeAgents.keys()], ["n1", "n2"]);
});

test("plan: neither a recorded VRID nor a finalizer alone is enough", () => {
  for (const more of [{ hasFinalizer: true }, { hasFinalizer: false, status: { virtualRouterID: 1 } }]) {
    const cluster = clusterOf("n1");
    cluster.virtualIPs = [virtualIP("web", dual, more)];
    assert.equal(cluster.step().nodeAgents.size, 0);
    assert.equal(cluster.step().nodeAgents.size, 1);
  }
});

test("plan: a node runs one virtual router per family, with everything that is by default", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const common = { virtualIP: "web", interface: "eth0", virtualRouterID: 1, version: 3, priority: 254, advertisementInterval: "100ms" };
  const rest = { preempt: true, preemptDelay: "0s", checksum: "Auto", group: "virtualip/web", conflicts: "Enforce" };
  assert.deepEqual(cluster.routers("n1"), [
    { ...common, ...rest, family: "IPv4", addresses: [{ address: "192.0.2.10/24" }] },
    { ...common, ...rest, family: "IPv6", addresses: [{ address: "2001:db8::10/128" }] },
  ]);
});

test("plan: with version 2 IPv6 is version 3, at the same interval of 1 s", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", { ...dual, vrrp: { version: 2 } })];
  cluster.settle();
  assert.deepEqual(
    cluster.routers("n1").map(({ family, version, advertisementInterval }) => [family, version, advertisementInterval]),
    [
      ["IPv4", 2, "1s"],
      ["IPv6", 3, "1s"],
    ],
  );
  assert.equal(cluster.view("web").status.advertisementInterval, "1s");
});

test("plan: a lost list withdraws nothing: neither without VirtualIPs nor without nodes", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const { virtualIPs, nodes } = cluster;
  cluster.virtualIPs = [];
  const withoutObjects = cluster.step();
  assert.equal(withoutObjects.nodeAgents.size, 0);
  assert.deepEqual(withoutObjects.unknown, ["web"]);
  cluster.virtualIPs = virtualIPs;
  cluster.nodes = [];
  const withoutNodes = cluster.step();
  assert.equal(withoutNodes.nodeAgents.size, 0);
  assert.equal(withoutNodes.virtualIPs.length, 0);
  cluster.nodes = nodes;
  assert.equal(cluster.step().nodeAgents.size, 0);
});

test("plan: what a node has from AgentConfigs stays while those cannot be read", () => {
  const cluster = clusterOf("n1");
  const settings = {
    notify: { vrrpFifo: "/run/fifo" },
    interfaces: [{ name: "eth0", downDelay: "1s" }],
    announcementPacing: [{ gratuitousARP: "1ms" }],
    debugUnknownRouters: true,
  };
  cluster.agents = cluster.agents.map((view) => ({ ...view, spec: { virtualRouters: [], ...settings } }));
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const { virtualRouters, ...rest } = cluster.agentOf("n1").spec;
  assert.equal(virtualRouters.length, 2);
  assert.deepEqual(rest, settings);
});

test("plan: an object that certainly no longer exists is withdrawn", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.virtualIPs = [];
  cluster.gone.add("web");
  assert.deepEqual(cluster.step().nodeAgents, new Map([["n1", { virtualRouters: [] }]]));
});

test("plan: a NodeAgent is made for every node, also with nothing to run", () => {
  const cluster = clusterOf();
  cluster.nodes = [node("n1")];
  assert.deepEqual(cluster.step().nodeAgents, new Map([["n1", { virtualRouters: [] }]]));
});

test("plan: the NodeAgent of a Node that was made anew under its old name changes its owner", () => {
  const cluster = clusterOf("n1");
  cluster.settle();
  cluster.nodes = [node("n1", { uid: "another" })];
  assert.deepEqual([...cluster.step().nodeAgents.keys()], ["n1"]);
});
