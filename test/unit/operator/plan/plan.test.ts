import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { agent, node, PlannedCluster, report, timeAt, virtualIP } from "../samples.ts";

const dual = { addresses: [{ address: "192.0.2.10/24" }, { address: "2001:db8::10" }] };

function clusterOf(...names: string[]): PlannedCluster {
  const cluster = new PlannedCluster();
  cluster.addNodes(...names);
  return cluster;
}

function routers(cluster: PlannedCluster, node: string): VirtualRouterSpec[] {
  return cluster.agentOf(node).spec.virtualRouters;
}

const prioritiesOf = (cluster: PlannedCluster, name: string) =>
  Object.fromEntries((cluster.view(name).status.nodes ?? []).map((each) => [each.name, each.priority]));

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

test("plan: what is recorded counts before any node runs it", () => {
  const cluster = clusterOf("n2", "n3");
  cluster.virtualIPs = [virtualIP("web", dual, { hasFinalizer: false })];
  cluster.step();
  assert.deepEqual(routers(cluster, "n2"), []);
  cluster.addNodes("n1");
  cluster.settle();
  assert.deepEqual(prioritiesOf(cluster, "web"), { n2: 254, n3: 244, n1: 234 });
});

test("plan: a node runs one virtual router per family, with everything that is by default", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const common = { virtualIP: "web", interface: "eth0", virtualRouterID: 1, version: 3, priority: 254, advertisementInterval: "100ms" };
  const rest = { preempt: true, preemptDelay: "0s", checksum: "Auto" };
  assert.deepEqual(routers(cluster, "n1"), [
    { ...common, ...rest, family: "IPv4", addresses: ["192.0.2.10/24"] },
    { ...common, ...rest, family: "IPv6", addresses: ["2001:db8::10/128"] },
  ]);
});

test("plan: with version 2 IPv6 is version 3, at the same interval of 1 s", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", { ...dual, vrrp: { version: 2 } })];
  cluster.settle();
  assert.deepEqual(
    routers(cluster, "n1").map(({ family, version, advertisementInterval }) => [family, version, advertisementInterval]),
    [
      ["IPv4", 2, "1s"],
      ["IPv6", 3, "1s"],
    ],
  );
  assert.equal(cluster.view("web").status.advertisementInterval, "1s");
});

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

test("plan: when all statuses are lost, what the nodes run is what it was", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  cluster.virtualIPs = [virtualIP("b", { addresses: [{ address: "192.0.2.11" }] })];
  cluster.settle();
  // An older object that comes later and a node that leaves: planned anew, everything would be different.
  cluster.virtualIPs.push(virtualIP("a", { addresses: [{ address: "192.0.2.10" }] }, { createdAt: timeAt(-5) }));
  cluster.settle();
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== "n1");
  cluster.settle();
  const before = cluster.agents.map(({ spec }) => spec);
  assert.deepEqual(
    routers(cluster, "n2").map(({ virtualIP, virtualRouterID, priority }) => `${virtualIP} ${virtualRouterID} ${priority}`),
    ["a 2 254", "b 1 244"],
  );
  cluster.virtualIPs = cluster.virtualIPs.map((view) => ({ ...view, status: {} })).reverse();
  cluster.settle();
  assert.deepEqual(
    cluster.agents.map(({ spec }) => spec),
    before,
  );
});

test("plan: the leaders of several VirtualIPs spread over the nodes", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  cluster.virtualIPs = Array.from({ length: 9 }, (_, index) =>
    virtualIP(`v${index}`, { addresses: [{ address: `192.0.2.${index + 10}` }] }),
  );
  cluster.settle();
  const leaders = cluster.virtualIPs.map(({ status }) => status.nodes?.[0]?.name ?? "");
  assert.deepEqual(
    Object.entries(Object.groupBy(leaders, (leader) => leader))
      .map(([name, all]) => `${name} ${all?.length}`)
      .sort(),
    ["n1 3", "n2 3", "n3 3"],
  );
});

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
  assert.deepEqual(new Set(routers(cluster, "n1").map((router) => router.virtualIP)), new Set(["good"]));
});

test("plan: an object that is edited into a bad one goes on running as it was, and keeps its VRID and its addresses", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const before = routers(cluster, "n1");
  cluster.virtualIPs = [
    { ...cluster.view("web"), generation: 2, spec: undefined, problem: "spec.addresses: Required" },
    virtualIP("thief", { addresses: [{ address: "192.0.2.10" }], vrrp: { virtualRouterID: 1 } }, { createdAt: timeAt(-9) }),
    virtualIP("other", { addresses: [{ address: "192.0.2.11" }] }, { createdAt: timeAt(-9) }),
  ];
  cluster.settle();
  assert.deepEqual(
    routers(cluster, "n1").filter(({ virtualIP }) => virtualIP === "web"),
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
  const before = routers(cluster, "n1");
  const edited = virtualIP("old", { addresses: [{ address: "192.0.2.10" }] }, { generation: 2, status: cluster.view("old").status });
  cluster.virtualIPs = [edited, cluster.view("young")];
  cluster.settle();
  assert.equal(cluster.condition("old", "Accepted"), "False/AddressConflict");
  assert.equal(cluster.condition("young", "Accepted"), "True/Accepted");
  assert.deepEqual(routers(cluster, "n1"), before);
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

test("plan: an object that certainly no longer exists is withdrawn", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.virtualIPs = [];
  cluster.gone.add("web");
  assert.deepEqual(cluster.step().nodeAgents, new Map([["n1", { virtualRouters: [] }]]));
});

test("plan: a node that was removed gives everything up, and another one takes its place below the leader", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  cluster.virtualIPs = [virtualIP("web", { ...dual, nodes: { maxCandidates: 2 } })];
  cluster.settle();
  assert.deepEqual(prioritiesOf(cluster, "web"), { n1: 254, n2: 244 });
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== "n1");
  cluster.settle();
  assert.deepEqual(prioritiesOf(cluster, "web"), { n2: 244, n3: 234 });
  assert.deepEqual(routers(cluster, "n1"), []);
});

test("plan: when fewer candidates are wanted the active node stays", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", { addresses: [{ address: "192.0.2.10" }], vrrp: { preempt: false } })];
  cluster.settle();
  cluster.reports("n2", [report("web", { state: "MASTER", reason: "FirstElection" })]);
  cluster.settle();
  const spec = { addresses: [{ address: "192.0.2.10" }], vrrp: { preempt: false }, nodes: { maxCandidates: 1 } };
  cluster.virtualIPs = [virtualIP("web", spec, { generation: 2, status: cluster.view("web").status })];
  cluster.settle();
  assert.deepEqual(prioritiesOf(cluster, "web"), { n2: 244 });
});

test("plan: without candidates it says why for each node", () => {
  const cluster = clusterOf("n1");
  cluster.nodes.push(node("n2"));
  cluster.agents = [agent("n1", { status: { interfaces: [{ name: "eth0", up: true, addresses: [] }] } })];
  cluster.virtualIPs = [virtualIP("web", dual)];
  const [plan] = cluster.step().virtualIPs;
  const ready = plan?.status.conditions?.find(({ type }) => type === "Ready");
  assert.equal(ready?.reason, "NoCandidates");
  assert.equal(ready?.message, "no node can take part: n1: no interface holds 192.0.2.10; n2: no agent has reported");
  assert.deepEqual(
    plan?.notices.map(({ reason }) => reason),
    ["NoCandidates"],
  );
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

test("plan: a node that was removed also gives up what goes on for a rejected object", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.virtualIPs = [{ ...cluster.view("web"), generation: 2, spec: undefined, problem: "spec: bad" }];
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== "n1");
  cluster.settle();
  assert.deepEqual([routers(cluster, "n1").length, routers(cluster, "n2").length], [0, 2]);
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
  assert.deepEqual(routers(cluster, "n1"), []);
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
  assert.deepEqual(routers(cluster, "n1"), []);
});

test("deletion: also the entry of a dead node is taken out before the object goes", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: true }));
  assert.equal(deletion(cluster)?.finalizer, "keep");
  assert.deepEqual(routers(cluster, "n1"), []);
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
        const now = prioritiesOf(cluster, name);
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
