import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, clusterOf, dual, type PlannedCluster, report, timeAt, virtualIP } from "../samples.ts";

const deletion = (cluster: PlannedCluster) => {
  cluster.virtualIPs = cluster.virtualIPs.map((view) => ({ ...view, deleting: true }));
  return cluster.step().virtualIPs[0];
};

test("deletion: the finalizer goes when every candidate has reported the router gone", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  for (const name of ["n1", "n2"]) cluster.reports(name, [report("web")]);
  assert.equal(deletion(cluster)?.finalizer, "keep");
  assert.deepEqual(cluster.routers("n1"), []);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "keep");
  cluster.reports("n1", []);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "keep", "n2 still runs it");
  assert.equal(cluster.view("web").status.summary?.state, "Terminating");
  cluster.reports("n2", []);
  const [last] = cluster.step().virtualIPs;
  assert.equal(last?.finalizer, "remove");
  assert.deepEqual(last?.notices, [{ type: "Normal", reason: "Released", message: "the nodes have given up 192.0.2.10, 2001:db8::10" }]);
});

test("deletion: a report older than the spec without the router does not count", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  // The agent has not seen any spec yet: it reports no router, but might start one.
  deletion(cluster);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "keep");
  cluster.reports("n1", []);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "remove");
});

test("deletion: a dead node is skipped with a warning, and finds nothing to run should it return", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  for (const name of ["n1", "n2"]) cluster.reports(name, [report("web")]);
  deletion(cluster);
  cluster.reports("n2", []);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "keep");
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: view.name === "n1" }));
  const [last] = cluster.step().virtualIPs;
  assert.equal(last?.finalizer, "remove");
  assert.deepEqual(
    last?.notices.map(({ type, reason }) => `${type} ${reason}`),
    ["Warning NodeSkipped", "Normal Released"],
  );
  assert.match(last?.notices[0]?.message ?? "", /^n1 /);
  assert.deepEqual(cluster.routers("n1"), []);
});

test("deletion: a candidate whose NodeAgent somebody deleted is asked by a new one first", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  for (const name of ["n1", "n2"]) cluster.reports(name, [report("web")]);
  const { agents } = cluster;
  cluster.agents = agents.filter(({ name }) => name === "n1");
  deletion(cluster);
  cluster.reports("n1", []);
  const plan = cluster.step();
  assert.equal(plan.virtualIPs[0]?.finalizer, "keep");
  assert.deepEqual(plan.nodeAgents.get("n2"), { virtualRouters: [] });
  cluster.agents.push(agent("n2"));
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "remove");
});

test("deletion: also the entry of a dead node is taken out before the object goes", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: true }));
  assert.equal(deletion(cluster)?.finalizer, "keep");
  assert.deepEqual(cluster.routers("n1"), []);
  assert.equal(cluster.step().virtualIPs[0]?.finalizer, "remove");
});

test("deletion: an object that is being deleted asks for nothing new", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const spec = { ...dual, vrrp: { virtualRouterID: 9 } };
  const next = { addresses: [{ address: "192.0.2.11" }], vrrp: { virtualRouterID: 9 } };
  cluster.virtualIPs = [
    virtualIP("web", spec, { generation: 2, deleting: true, status: cluster.view("web").status }),
    virtualIP("next", next, { createdAt: timeAt(5) }),
  ];
  cluster.step();
  assert.equal(cluster.condition("next", "Accepted"), "True/Accepted");
});

test("deletion: addresses and VRID are not free until the object is gone", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.reports("n1", [report("web")]);
  deletion(cluster);
  cluster.virtualIPs.push(virtualIP("next", { addresses: [{ address: "192.0.2.10" }] }, { createdAt: timeAt(5) }));
  cluster.virtualIPs.push(virtualIP("more", { addresses: [{ address: "192.0.2.11" }] }, { createdAt: timeAt(6) }));
  cluster.step();
  assert.equal(cluster.condition("next", "Accepted"), "False/AddressConflict");
  assert.equal(cluster.view("more").status.virtualRouterID, 2);
});
