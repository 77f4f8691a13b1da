import assert from "node:assert/strict";
import { test } from "node:test";
import { PlayedCluster } from "../playedCluster.ts";
import { timeAt, virtualIP } from "../samples.ts";

const address = (host: number, more: object = {}) => ({ addresses: [{ address: `192.0.2.${host}` }], group: "gateway", ...more });

function groupOn(names: string[], ...specs: object[]): PlayedCluster {
  const cluster = new PlayedCluster(...names);
  cluster.virtualIPs = specs.map((spec, index) => virtualIP(`v${index}`, spec, { createdAt: timeAt(index) }));
  cluster.rest();
  cluster.model.costs.length = 0;
  return cluster;
}

test("group: all members have the same candidates with the same priorities, and one node holds them", () => {
  const cluster = groupOn(["n1", "n2", "n3"], address(10), address(11), address(12, { segment: "other" }));
  assert.deepEqual(cluster.priorities("v1"), cluster.priorities("v0"));
  assert.deepEqual(cluster.priorities("v2"), cluster.priorities("v0"));
  assert.deepEqual(
    [0, 1, 2].map((index) => cluster.active(`v${index}`)),
    ["n1", "n1", "n1"],
  );
});

test("group: who joins takes the order of those that run", () => {
  const cluster = groupOn(["n1", "n2", "n3"], address(10), { ...address(11), group: undefined });
  assert.notDeepEqual(cluster.priorities("v1"), cluster.priorities("v0"));
  const spec = cluster.view("v1").spec;
  assert.ok(spec);
  cluster.virtualIPs = cluster.virtualIPs.map((view) => (view.name === "v1" ? { ...view, spec: { ...spec, group: "gateway" } } : view));
  cluster.rest();
  assert.deepEqual(cluster.priorities("v1"), cluster.priorities("v0"));
});

test("group: a node that cannot take part in one of them takes part in none, and says in which", () => {
  const cluster = groupOn(["n1", "n2"], address(10), { addresses: [{ address: "198.51.100.10" }], group: "gateway" });
  assert.equal(cluster.condition("v0", "Ready"), "False/NoCandidates");
  const ready = cluster.view("v0").status.conditions?.find(({ type }) => type === "Ready");
  assert.equal(ready?.message, "no node can take part: n1: v1: no interface holds 198.51.100.10; n2: v1: no interface holds 198.51.100.10");
});

test("group: whose nodes differ is not accepted, and what ran before goes on", () => {
  const cluster = groupOn(["n1", "n2"], address(10), address(11));
  const before = cluster.routers("n1");
  cluster.virtualIPs = cluster.virtualIPs.map((view) =>
    view.name === "v1" && view.spec
      ? { ...view, generation: 2, spec: { ...view.spec, nodes: { ...view.spec.nodes, overrides: [{ name: "n2", priority: 255 }] } } }
      : view,
  );
  cluster.rest();
  assert.equal(cluster.condition("v1", "Accepted"), "False/GroupMismatch");
  const accepted = cluster.view("v1").status.conditions?.find(({ type }) => type === "Accepted");
  assert.match(
    accepted?.message ?? "",
    /^the priorities in spec\.nodes\.overrides differ from what VirtualIP "v0" of the group "gateway" has/,
  );
  assert.deepEqual(cluster.routers("n1"), before);
  assert.equal(cluster.condition("v0", "Accepted"), "True/Accepted");
});

test("group: one wish moves all of it; two different ones move nothing and are told", () => {
  const cluster = groupOn(["n1", "n2", "n3"], address(10), address(11));
  cluster.prefer("v1", "n3");
  cluster.rest();
  assert.deepEqual([cluster.active("v0"), cluster.active("v1")], ["n3", "n3"]);
  cluster.prefer("v0", "n2");
  cluster.rest();
  assert.deepEqual([cluster.active("v0"), cluster.active("v1")], ["n3", "n3"]);
  assert.match(
    cluster.move("v0"),
    /^Waiting n3→ the VirtualIPs of the group name different nodes in spec\.nodes\.preferred: v0 n2, v1 n3$/,
  );
  cluster.prefer("v1", "n2");
  cluster.rest();
  assert.deepEqual([cluster.active("v0"), cluster.active("v1")], ["n2", "n2"]);
  assert.deepEqual(cluster.model.costs, []);
});
