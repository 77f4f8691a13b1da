import assert from "node:assert/strict";
import { test } from "node:test";
import { agentConfig, clusterOf, type PlannedCluster, timeAt, virtualIP, virtualServer } from "../samples.ts";

const vip = (name: string, host: number, more: object = {}) =>
  virtualIP(name, { addresses: [{ address: `192.0.2.${host}/24` }], allowedNamespaces: ["web"], ...more });

function clusterWith(...nodes: string[]): PlannedCluster {
  const cluster = clusterOf(...nodes);
  cluster.virtualIPs = [vip("gateway", 10, { nodes: { maxCandidates: 2 } })];
  cluster.configs = [];
  cluster.virtualServers = [virtualServer("shop", { virtualIP: "gateway" })];
  return cluster;
}

const nodesWith = (cluster: PlannedCluster, key: string) =>
  cluster.agents.filter(({ name }) => cluster.servers(name).includes(key)).map(({ name }) => name);

test("node servers: every candidate of the VirtualIP has it, by name and addresses, and no other node anything of IPVS", () => {
  const cluster = clusterWith("n1", "n2", "n3");
  cluster.settle();
  assert.deepEqual(cluster.agentOf("n2").spec.virtualServers, [
    { namespace: "web", name: "shop", virtualIP: "gateway", addresses: ["192.0.2.10"] },
  ]);
  assert.deepEqual(nodesWith(cluster, "web/shop"), ["n1", "n2"]);
  assert.deepEqual(cluster.agentOf("n3").spec, { virtualRouters: [] });
  assert.deepEqual(cluster.agentOf("n1").spec.ipvs?.sysctls, { expire_nodest_conn: "1", expire_quiescent_template: "1", sloppy_tcp: "1" });
});

test("node servers: a list that is empty, or cannot be read, withdraws nothing; what is known to be gone goes", () => {
  const cluster = clusterWith("n1");
  cluster.settle();
  const before = cluster.agentOf("n1").spec;
  cluster.virtualServers = [];
  assert.deepEqual(cluster.step().unknownServers, ["web/shop"]);
  assert.deepEqual(cluster.agentOf("n1").spec, before);
  cluster.virtualServers = undefined;
  assert.deepEqual(cluster.step().unknownServers, []);
  assert.deepEqual(cluster.agentOf("n1").spec, before);
  cluster.virtualServers = [];
  cluster.gone.add("web/shop");
  cluster.settle();
  assert.deepEqual([cluster.servers("n1"), cluster.agentOf("n1").spec.ipvs], [[], undefined]);
});

test("node servers: a lost list of VirtualIPs withdraws neither those nor their servers", () => {
  const cluster = clusterWith("n1");
  cluster.settle();
  const before = cluster.agentOf("n1").spec;
  cluster.virtualIPs = [];
  cluster.settle();
  assert.deepEqual(cluster.agentOf("n1").spec, before);
  assert.equal(cluster.condition("web/shop", "Accepted"), "False/VirtualIPNotFound");
  cluster.gone.add("gateway");
  cluster.settle();
  assert.deepEqual(cluster.agentOf("n1").spec, { virtualRouters: [] });
});

test("node servers: one that is no longer valid goes on, one that is no longer allowed does not, one that is being deleted goes", () => {
  for (const [change, runs] of [
    [{ spec: undefined, problem: "spec.ports: is required" }, true],
    [{ deleting: true }, false],
  ] as const) {
    const cluster = clusterWith("n1");
    cluster.settle();
    cluster.virtualServers = cluster.virtualServers?.map((view) => ({ ...view, ...change }));
    cluster.settle();
    assert.deepEqual(cluster.servers("n1"), runs ? ["web/shop"] : []);
  }
  const cluster = clusterWith("n1");
  cluster.settle();
  cluster.virtualIPs = cluster.virtualIPs.map((view) => ({ ...view, spec: view.spec && { ...view.spec, allowedNamespaces: [] } }));
  cluster.settle();
  assert.deepEqual(cluster.servers("n1"), []);
});

test("node servers: without AgentConfigs that can be read what they permitted and set stays", () => {
  const cluster = clusterWith("n1");
  cluster.virtualServers?.push(virtualServer("local", { addresses: ["192.0.2.1"], ports: [{ port: 81 }] }));
  cluster.configs = [
    agentConfig("all", { ipvs: { sync: {}, timeouts: { udp: "9s" } }, virtualServers: { allowAddresses: true, namespaces: ["web"] } }),
  ];
  cluster.settle();
  const before = cluster.agentOf("n1").spec;
  assert.deepEqual(cluster.servers("n1"), ["web/local", "web/shop"]);
  cluster.configs = undefined;
  cluster.settle();
  assert.deepEqual(cluster.agentOf("n1").spec, before);
});

test("sync: its number is recorded before any node uses it, and the interface is that of the virtual routers", () => {
  const cluster = clusterWith("n1");
  cluster.configs = [agentConfig("all", { ipvs: { sync: {} } })];
  cluster.step();
  cluster.step();
  assert.equal(cluster.configs?.[0]?.status.syncID, 1);
  const early = clusterWith("n1");
  early.configs = [agentConfig("all", { ipvs: { sync: {} } })];
  early.virtualIPs = [vip("gateway", 10), vip("other", 11)];
  const first = early.step().nodeAgents.get("n1")?.ipvs;
  assert.deepEqual([first?.sync, early.configs[0]?.status.syncID], [undefined, 1]);
  early.settle();
  assert.deepEqual(early.agentOf("n1").spec.ipvs?.sync, { interface: "eth0", id: 1, role: "Both" });
});

test("sync: AgentConfigs have numbers of their own, unless they are given one", () => {
  const cluster = clusterWith("n1");
  cluster.configs = [
    agentConfig("a", { ipvs: { sync: { id: 1 } } }),
    agentConfig("b", { ipvs: { sync: {} } }),
    agentConfig("c", { ipvs: { sync: {} } }),
    agentConfig("d", {}, { status: { syncID: 9 } }),
  ];
  cluster.settle();
  assert.deepEqual(
    cluster.configs.map(({ status }) => status.syncID),
    [undefined, 2, 3, undefined],
  );
});

test("sync: while it runs, who comes back takes nothing over before it can know the connections", () => {
  const cluster = clusterWith("n1", "n2");
  cluster.virtualIPs = [vip("gateway", 10), vip("patient", 11, { vrrp: { preemptDelay: "60s" } }), vip("plain", 12)];
  cluster.virtualServers?.push(virtualServer("patient", { virtualIP: "patient" }));
  const delays = () => Object.fromEntries(cluster.routers("n1").map(({ virtualIP: name, preemptDelay }) => [name, preemptDelay]));
  cluster.settle();
  assert.deepEqual(delays(), { gateway: "0s", patient: "60s", plain: "0s" });
  cluster.configs = [agentConfig("all", { ipvs: { sync: {} } })];
  cluster.settle();
  assert.deepEqual(delays(), { gateway: "15s", patient: "60s", plain: "0s" });
});

test("sync: the interface that serves most, and the one in use as long as it serves any", () => {
  const cluster = clusterOf("n1");
  const interfaces = ["eth0", "eth1"].map((name, index) => ({ name, up: true, addresses: [`192.0.${index + 2}.1/24`] }));
  cluster.agents = cluster.agents.map((view) => ({ ...view, status: { ...view.status, interfaces } }));
  cluster.virtualIPs = [vip("a", 10), virtualIP("b", { addresses: [{ address: "192.0.3.10/24" }], allowedNamespaces: ["web"] })];
  cluster.configs = [agentConfig("all", { ipvs: { sync: {} } })];
  const server = (name: string, virtualIP: string, port: number) => virtualServer(name, { virtualIP, ports: [{ port }] });
  cluster.virtualServers = [server("a1", "a", 1), server("b1", "b", 1), server("b2", "b", 2)];
  cluster.settle();
  assert.equal(cluster.agentOf("n1").spec.ipvs?.sync?.interface, "eth1");
  cluster.virtualServers.push(server("a2", "a", 2), server("a3", "a", 3));
  cluster.settle();
  assert.equal(cluster.agentOf("n1").spec.ipvs?.sync?.interface, "eth1");
  for (const name of ["b1", "b2"]) cluster.gone.add(`web/${name}`);
  cluster.virtualServers = cluster.virtualServers.filter(({ name }) => name.startsWith("a"));
  cluster.settle();
  assert.equal(cluster.agentOf("n1").spec.ipvs?.sync?.interface, "eth0");
});

test("node servers: no node gets more than NodeAgent takes; those that are left out are the youngest", () => {
  const cluster = clusterWith("n1");
  cluster.virtualServers = Array.from({ length: 4097 }, (_, index) =>
    virtualServer(`v${index}`, { virtualIP: "gateway", ports: [{ port: index + 1 }] }, { createdAt: timeAt(-index) }),
  );
  cluster.step();
  cluster.step();
  assert.equal(cluster.servers("n1").length, 4096);
  assert.ok(!cluster.servers("n1").includes("web/v0"));
});
