import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, dual, timeAt, virtualIP } from "../samples.ts";

test("plan: a rejected object names why, and the others go on", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [
    virtualIP("good", dual),
    virtualIP("late", { addresses: [{ address: "192.0.2.10" }] }, { createdAt: timeAt(1) }),
    { ...virtualIP("bad", dual, { createdAt: timeAt(2) }), spec: undefined, problem: "spec.vrrp.version: Invalid input" },
  ];
  cluster.settle();
  assert.deepEqual(
    ["good", "late", "bad"].map((name) => cluster.condition(name, "Accepted")),
    ["True/Accepted", "False/AddressConflict", "False/InvalidSpec"],
  );
  const messages = cluster.virtualIPs.map(({ status }) => status.conditions?.[0]?.message);
  assert.equal(messages[1], 'spec.addresses[0].address: 192.0.2.10 belongs to VirtualIP "good"');
  assert.equal(messages[2], "spec.vrrp.version: Invalid input");
  assert.deepEqual(new Set(cluster.routers("n1").map((router) => router.virtualIP)), new Set(["good"]));
});

test("plan: an object that is edited into a bad one goes on running as it was, and keeps its VRID and its addresses", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const before = cluster.routers("n1");
  cluster.virtualIPs = [
    { ...cluster.view("web"), generation: 2, spec: undefined, problem: "spec.addresses: Required" },
    virtualIP("thief", { addresses: [{ address: "192.0.2.10" }], vrrp: { virtualRouterID: 1 } }, { createdAt: timeAt(-9) }),
    virtualIP("other", { addresses: [{ address: "192.0.2.11" }] }, { createdAt: timeAt(-9) }),
  ];
  cluster.settle();
  assert.deepEqual(
    cluster.routers("n1").filter(({ virtualIP }) => virtualIP === "web"),
    before,
  );
  assert.equal(cluster.condition("web", "Accepted"), "False/InvalidSpec");
  assert.equal(cluster.condition("thief", "Accepted"), "False/AddressConflict");
  assert.equal(cluster.view("other").status.virtualRouterID, 2);
});

test("plan: an older object that is edited to take another's address does not get it", () => {
  const cluster = clusterOf("n1");
  const old = virtualIP("old", { addresses: [{ address: "192.0.2.11" }] });
  cluster.virtualIPs = [old, virtualIP("young", { addresses: [{ address: "192.0.2.10" }] }, { createdAt: timeAt(9) })];
  cluster.settle();
  const before = cluster.routers("n1");
  const edited = virtualIP("old", { addresses: [{ address: "192.0.2.10" }] }, { generation: 2, status: cluster.view("old").status });
  cluster.virtualIPs = [edited, cluster.view("young")];
  cluster.settle();
  assert.equal(cluster.condition("old", "Accepted"), "False/AddressConflict");
  assert.equal(cluster.condition("young", "Accepted"), "True/Accepted");
  assert.deepEqual(cluster.routers("n1"), before);
});

test("plan: a node that was removed also gives up what goes on for a rejected object", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.virtualIPs = [{ ...cluster.view("web"), generation: 2, spec: undefined, problem: "spec: bad" }];
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== "n1");
  cluster.settle();
  assert.deepEqual([cluster.routers("n1").length, cluster.routers("n2").length], [0, 2]);
});

test("plan: an object that moves to another segment does not take the VRID of one that lives there", () => {
  const cluster = clusterOf("n1", "n2");
  const address = (last: number, segment: string) => ({ addresses: [{ address: `192.0.2.${last}` }], segment });
  cluster.virtualIPs = [virtualIP("mover", address(10, "dmz")), virtualIP("young", address(11, "default"), { createdAt: timeAt(5) })];
  cluster.settle();
  assert.equal(cluster.view("young").status.virtualRouterID, 1);
  const { status } = cluster.view("mover");
  cluster.virtualIPs = [virtualIP("mover", address(10, "default"), { generation: 2, status }), cluster.view("young")];
  cluster.settle();
  assert.equal(cluster.view("young").status.virtualRouterID, 1);
  assert.equal(cluster.view("mover").status.virtualRouterID, 2);
});
