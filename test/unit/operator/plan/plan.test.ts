import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clusterOf, type PlannedCluster, timeAt, virtualIP } from "../samples.ts";

test("plan: a settled plan does not change by itself, and a restarted operator, which remembers nothing, changes nothing", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  cluster.virtualIPs = Array.from({ length: 50 }, (_, index) =>
    virtualIP(`v${index}`, { addresses: [{ address: `192.0.2.${index + 10}` }] }, { createdAt: timeAt(index % 7) }),
  );
  cluster.settle();
  cluster.memory = new Map();
  cluster.virtualIPs.reverse();
  cluster.nodes.reverse();
  const plan = cluster.step();
  assert.equal(plan.nodeAgents.size, 0);
  assert.deepEqual(
    plan.virtualIPs.filter(({ changed }) => changed).map(({ view }) => view.name),
    [],
  );
});

test("plan property: in any cluster, however it changes, VRIDs and priorities are distinct and only what must change does", () => {
  const names = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1 });
  const wishes = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined })), {
    selector: ([number]) => number,
    maxLength: 12,
  });
  const scenario = fc.record({ nodes: names, later: names, wishes, more: wishes });
  const build = (all: [number, number | undefined][], created: number) =>
    all.map(([number, virtualRouterID]) => {
      const spec = { addresses: [{ address: `192.0.2.${100 + number}` }], vrrp: { virtualRouterID }, nodes: { maxCandidates: 3 } };
      return virtualIP(`v${number}`, spec, { createdAt: timeAt(created) });
    });
  fc.assert(
    fc.property(scenario, ({ nodes, later, wishes, more }) => {
      const cluster = clusterOf(...nodes.map((number) => `n${number}`));
      cluster.virtualIPs = build(wishes, 0);
      cluster.settle();
      assertSound(cluster);
      const before = new Map(cluster.virtualIPs.map(({ name, status }) => [name, status]));
      const known = new Set(cluster.virtualIPs.map(({ name }) => name));
      cluster.virtualIPs.unshift(...build(more, -100).filter(({ name }) => !known.has(name)));
      cluster.addNodes(...later.filter((number) => !nodes.includes(number)).map((number) => `n${number}`));
      cluster.settle();
      assertSound(cluster);
      for (const { name, status } of cluster.virtualIPs) {
        const old = before.get(name);
        if (old?.conditions?.[0]?.status !== "True") continue;
        assert.equal(status.virtualRouterID, old.virtualRouterID);
        const now = cluster.priorities(name);
        for (const { name: candidate, priority } of old.nodes ?? []) assert.equal(now[candidate], priority);
      }
    }),
    { numRuns: 60 },
  );
});

function assertSound(cluster: PlannedCluster): void {
  const accepted = cluster.virtualIPs.filter(({ status }) => status.conditions?.[0]?.status === "True");
  const numbers = accepted.map(({ status }) => status.virtualRouterID);
  assert.equal(new Set(numbers).size, numbers.length, "VRIDs");
  for (const { status } of accepted) {
    const priorities = (status.nodes ?? []).map(({ priority }) => priority);
    assert.equal(new Set(priorities).size, priorities.length, "priorities");
    assert.deepEqual(
      priorities,
      [...priorities].sort((a, b) => b - a),
      "highest first",
    );
  }
  for (const { spec } of cluster.agents) {
    const onNode = spec.virtualRouters.map(({ interface: device, family, virtualRouterID }) => `${device} ${family} ${virtualRouterID}`);
    assert.equal(new Set(onNode).size, onNode.length, "routers of one node");
  }
}
