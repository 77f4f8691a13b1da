import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, clusterOf, dual, node, report, timeAt, virtualIP } from "../samples.ts";

test("plan: what is recorded counts before any node runs it", () => {
  const cluster = clusterOf("n2", "n3");
  cluster.virtualIPs = [virtualIP("web", dual, { hasFinalizer: false })];
  cluster.step();
  assert.deepEqual(cluster.routers("n2"), []);
  cluster.addNodes("n1");
  cluster.settle();
  assert.deepEqual(cluster.priorities("web"), { n2: 254, n3: 244, n1: 234 });
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
    cluster.routers("n2").map(({ virtualIP, virtualRouterID, priority }) => `${virtualIP} ${virtualRouterID} ${priority}`),
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

test("plan: a node that was removed gives everything up, and another one takes its place below the leader", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  cluster.virtualIPs = [virtualIP("web", { ...dual, nodes: { maxCandidates: 2 } })];
  cluster.settle();
  assert.deepEqual(cluster.priorities("web"), { n1: 254, n2: 244 });
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== "n1");
  cluster.settle();
  assert.deepEqual(cluster.priorities("web"), { n2: 244, n3: 234 });
  assert.deepEqual(cluster.routers("n1"), []);
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
  assert.deepEqual(cluster.priorities("web"), { n2: 244 });
});

const unreported = (name: string) => agent(name, { status: { interfaces: undefined } });

test("plan: without candidates it says why for each node", () => {
  const cluster = clusterOf();
  cluster.nodes = [node("n1"), node("n2")];
  cluster.agents = [agent("n1", { status: { interfaces: [{ name: "eth0", up: true, addresses: [] }] } }), unreported("n2")];
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.nowMs = 3000;
  const [plan] = cluster.step().virtualIPs;
  const ready = plan?.status.conditions?.find(({ type }) => type === "Ready");
  assert.equal(ready?.reason, "NoCandidates");
  assert.equal(ready?.message, "no node can take part: n1: no interface holds 192.0.2.10; n2: no agent has reported");
  assert.deepEqual(
    plan?.notices.map(({ reason }) => reason),
    ["NoCandidates"],
  );
});

test("plan: a new VirtualIP waits up to 3 s for agents that have just become known, so that not the first one leads everything", () => {
  const cluster = clusterOf("n2");
  cluster.nodes.push(node("n1"));
  cluster.agents.push(unreported("n1"));
  cluster.virtualIPs = [virtualIP("web", dual)];
  const [plan] = cluster.step().virtualIPs;
  assert.equal(cluster.condition("web", "Ready"), "False/WaitingForAgents");
  assert.deepEqual(plan?.notices, []);
  const late = structuredClone(cluster.virtualIPs);
  cluster.agents = [agent("n1"), agent("n2")];
  cluster.settle();
  assert.deepEqual(cluster.priorities("web"), { n1: 254, n2: 244 });
  cluster.virtualIPs = late;
  cluster.agents = [unreported("n1"), agent("n2")];
  cluster.nowMs = 2999;
  cluster.step();
  assert.deepEqual(cluster.priorities("web"), {});
  cluster.nowMs = 3000;
  cluster.step();
  assert.deepEqual(cluster.priorities("web"), { n2: 254 });
});

test("plan: a VirtualIP that runs somewhere waits for nobody, and a NodeAgent that is missing holds nobody up", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("old", dual)];
  cluster.settle();
  cluster.nodes.push(node("n2"), node("n3"));
  cluster.agents.push(unreported("n2"));
  cluster.step();
  assert.deepEqual(cluster.priorities("old"), { n1: 254 });
  cluster.agents.pop();
  cluster.virtualIPs.push(virtualIP("new", { addresses: [{ address: "192.0.2.11" }] }));
  cluster.step();
  assert.deepEqual(cluster.priorities("new"), { n1: 254 });
});

test("plan: a NodeAgent that somebody deleted is made again with all that its node runs, be it one or all of them", () => {
  const cluster = clusterOf("n1", "n2", "n3");
  const split = [
    { name: "eth0", up: true, addresses: ["192.0.2.1/24"] },
    { name: "eth1", up: true, addresses: ["2001:db8::1/64"] },
  ];
  cluster.agents[1] = agent("n2", { status: { interfaces: split } });
  cluster.virtualIPs = [
    virtualIP("web", dual),
    virtualIP("v4", { addresses: [{ address: "192.0.2.11" }] }),
    virtualIP("v6", { addresses: [{ address: "2001:db8::11" }] }),
  ];
  cluster.settle();
  assert.deepEqual(
    cluster.routers("n2").map((router) => `${router.virtualIP} ${router.family} ${router.interface}`),
    ["v4 IPv4 eth0", "v6 IPv6 eth1", "web IPv4 eth0", "web IPv6 eth1"],
  );
  const standing = cluster.agents;
  for (const lost of [["n2"], ["n1", "n2", "n3"]]) {
    cluster.agents = standing.filter(({ name }) => !lost.includes(name));
    const made = cluster.step().nodeAgents;
    for (const { name, spec } of standing) assert.deepEqual(made.get(name), lost.includes(name) ? spec : undefined, name);
    cluster.agents = standing;
    cluster.settle();
  }
});
