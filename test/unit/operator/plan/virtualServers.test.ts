import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeVirtualServerStatus } from "../../../../src/api/virtualServerStatus.ts";
import type { Plan } from "../../../../src/operator/plan/plan.ts";
import { clusterOf, type PlannedCluster, report, serverReport, virtualIP, virtualServer } from "../samples.ts";

const key = "web/shop";

/** n1 is MASTER, n2 stands by; both have the VirtualServer and report the given. */
function serving(...reports: Partial<NodeVirtualServerStatus>[]): PlannedCluster {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("gateway", { addresses: [{ address: "192.0.2.10/24" }], allowedNamespaces: ["web"] })];
  cluster.configs = [];
  cluster.virtualServers = [virtualServer("shop", { virtualIP: "gateway" })];
  cluster.settle();
  cluster.reports("n1", [report("gateway", { state: "MASTER", reason: "FirstElection" })]);
  cluster.reports("n2", [report("gateway")]);
  for (const [index, more] of reports.entries()) cluster.reportsServers(`n${index + 1}`, [serverReport("shop", more)]);
  return cluster;
}

const conditions = (cluster: PlannedCluster) => ["Accepted", "Programmed", "Ready", "Degraded"].map((type) => cluster.condition(key, type));
const message = (cluster: PlannedCluster, type: string) =>
  cluster.server(key).status.conditions?.find((condition) => condition.type === type)?.message;
const notices = ({ virtualServers }: Plan) =>
  virtualServers.flatMap((plan) => plan.notices.map(({ type, reason, message }) => `${type} ${reason}: ${message}`));

const down = (...hosts: number[]): Partial<NodeVirtualServerStatus> => {
  const servers = [1, 2, 3].map((host) => ({
    address: `10.0.0.${host}`,
    port: 80,
    up: !hosts.includes(host),
    weight: hosts.includes(host) ? 0 : 1,
    ...(hosts.includes(host) && { message: "connection refused" }),
  }));
  return { up: 3 - hosts.length, total: 3, quorum: hosts.length < 3, servers };
};

test("status: served by the active node, and ready on the other one", () => {
  const cluster = serving({}, {});
  const told = notices(cluster.step());
  const { conditions: _, ...status } = cluster.server(key).status;
  assert.deepEqual(status, {
    observedGeneration: 1,
    addresses: ["192.0.2.10"],
    activeNode: "n1",
    up: 1,
    total: 1,
    servers: [{ address: "10.0.0.1", port: 80, up: true, weight: 1 }],
    nodes: [
      { name: "n1", programmed: true, up: 1 },
      { name: "n2", programmed: true, up: 1 },
    ],
    summary: { addresses: "192.0.2.10", ports: "TCP/80", servers: "1/1" },
  });
  assert.deepEqual(conditions(cluster), ["True/Accepted", "True/Programmed", "True/Serving", "False/AllUp"]);
  assert.deepEqual(told, ["Normal Programmed: n1; n2 have it"]);
});

test("status: nothing is written again while nothing changes, also by an operator that has just started", () => {
  const cluster = serving({}, {});
  cluster.settle();
  cluster.memory = new Map();
  const plan = cluster.step();
  assert.deepEqual([plan.virtualServers[0]?.changed, notices(plan)], [false, []]);
});

test("status: it waits for the nodes, for the newest generation, and names what is wrong with one", () => {
  const cluster = serving({}, { programmed: false });
  cluster.step();
  assert.deepEqual(conditions(cluster), ["True/Accepted", "False/Pending", "True/Serving", "True/NodesNotReady"]);
  assert.equal(message(cluster, "Programmed"), "waiting for n2");
  cluster.reportsServers("n2", [serverReport("shop", { programmed: false, message: "scheduler mh: No such file or directory" })]);
  assert.deepEqual(notices(cluster.step()), ["Warning NodesFailed: n2: scheduler mh: No such file or directory"]);
  cluster.virtualServers = cluster.virtualServers?.map((view) => ({ ...view, generation: 2 }));
  cluster.reportsServers("n2", [serverReport("shop", { observedGeneration: 2 })]);
  cluster.step();
  assert.deepEqual(conditions(cluster), ["True/Accepted", "False/Pending", "False/NotProgrammed", "True/NodesNotReady"]);
  assert.equal(message(cluster, "Programmed"), "waiting for n1");
});

test("status: servers that are down degrade it and are named; all of one look are one Event", () => {
  const cluster = serving(down(), down());
  cluster.step();
  cluster.reportsServers("n1", [serverReport("shop", down(1, 2))]);
  assert.deepEqual(notices(cluster.step()), ["Warning RealServerDown: 10.0.0.1:80 (connection refused); 10.0.0.2:80 (connection refused)"]);
  assert.deepEqual(conditions(cluster), ["True/Accepted", "True/Programmed", "True/Serving", "True/ServersDown"]);
  assert.equal(cluster.server(key).status.summary?.servers, "1/3");
  cluster.reportsServers("n1", [serverReport("shop", down(2))]);
  assert.deepEqual(notices(cluster.step()), ["Normal RealServerUp: 10.0.0.1:80"]);
});

test("status: a lost quorum and its return are told, and whether the sorry server serves", () => {
  const cluster = serving(down(), down());
  cluster.step();
  cluster.reportsServers("n1", [serverReport("shop", { ...down(1, 2, 3), sorryServer: true })]);
  assert.equal(notices(cluster.step())[0], "Warning QuorumLost: 0 of 3 servers up; the sorry server serves");
  assert.equal(cluster.condition(key, "Ready"), "False/QuorumLost");
  cluster.reportsServers("n1", [serverReport("shop", down())]);
  assert.equal(notices(cluster.step())[0], "Normal QuorumRegained: n1 serves it, 3 of 3 servers up");
});

test("status: after a failover it is as the new active node sees it, and what it sees otherwise is no Event", () => {
  const cluster = serving(down(), down(1));
  cluster.step();
  assert.equal(cluster.server(key).status.summary?.servers, "3/3");
  cluster.nowMs = 10_000;
  cluster.reports("n1", [report("gateway")]);
  cluster.reports("n2", [report("gateway", { state: "MASTER", reason: "PeerResigned" })]);
  assert.deepEqual(notices(cluster.step()), []);
  const { activeNode, summary } = cluster.server(key).status;
  assert.deepEqual([activeNode, summary?.servers], ["n2", "2/3"]);
});

test("status: while nobody answers it is not ready, but its servers are known from any node", () => {
  const cluster = serving({}, {});
  cluster.reports("n1", [report("gateway")]);
  cluster.step();
  cluster.nowMs = 10_000;
  cluster.step();
  assert.equal(cluster.condition(key, "Ready"), "False/NoActiveNode");
  assert.equal(cluster.server(key).status.summary?.servers, "1/1");
});

test("status: of nodes that no longer report the last known stays", () => {
  const cluster = serving({}, {});
  cluster.step();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: true }));
  cluster.step();
  assert.deepEqual(conditions(cluster), ["True/Accepted", "Unknown/NoReports", "Unknown/NoReports", "Unknown/NotRunning"]);
  assert.equal(cluster.server(key).status.summary?.servers, "1/1");
  assert.equal(cluster.server(key).status.nodes?.[0]?.message, "the agent no longer reports");
});

test("status: a list of nodes that went wrong changes nothing", () => {
  const cluster = serving({}, {});
  cluster.settle();
  cluster.nodes = [];
  assert.deepEqual(cluster.step().virtualServers, []);
});

test("status: one that is refused says so once", () => {
  const cluster = serving();
  cluster.virtualServers = [virtualServer("shop", { virtualIP: "other" })];
  assert.deepEqual(notices(cluster.step()), ['Warning VirtualIPNotFound: spec.virtualIP: there is no VirtualIP "other"']);
  cluster.settle();
  assert.deepEqual(notices(cluster.step()), []);
});
