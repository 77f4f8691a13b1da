import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualRouterStatus } from "../../../../src/api/nodeAgent.ts";
import { clusterOf, dual, PlannedCluster, report, timeAt, virtualIP } from "../samples.ts";

const families = ["IPv4", "IPv6"] as const;

/** "web" with an address of each family on n1, n2 and n3, planned but not yet run by anybody. */
function webOnThreeNodes(): PlannedCluster {
  const cluster = new PlannedCluster();
  cluster.addNodes("n1", "n2", "n3");
  cluster.virtualIPs = [virtualIP("web", { addresses: [{ address: "192.0.2.10/24" }, { address: "2001:db8::10/64" }] })];
  cluster.settle();
  return cluster;
}

function both(more: Partial<VirtualRouterStatus> = {}): VirtualRouterStatus[] {
  return families.map((family) => report("web", { ...more, family }));
}

/** n1 is MASTER since second 1, the others stand by. */
function webOnN1(): PlannedCluster {
  const cluster = webOnThreeNodes();
  cluster.reports("n1", both({ state: "MASTER", since: timeAt(1), reason: "FirstElection" }));
  for (const name of ["n2", "n3"]) cluster.reports(name, both());
  cluster.settle();
  return cluster;
}

const takeover = (seconds: number, silenceMs = 312) =>
  both({ state: "MASTER", since: timeAt(seconds), reason: "AdvertTimeout", silenceMs });
const statusOf = (cluster: PlannedCluster) => cluster.view("web").status;

test("status: before the first election", () => {
  const cluster = webOnThreeNodes();
  assert.equal(cluster.condition("web", "Accepted"), "True/Accepted");
  assert.equal(cluster.condition("web", "Ready"), "False/NoMaster");
  assert.equal(statusOf(cluster).summary?.state, "Pending");
  assert.equal(statusOf(cluster).activeNode, undefined);
});

test("status: one node answers and two stand by", () => {
  const cluster = webOnN1();
  const { activeNode, nodes, summary, transitions, history, advertisementInterval } = statusOf(cluster);
  assert.equal(activeNode, "n1");
  assert.equal(advertisementInterval, "100ms");
  assert.deepEqual(nodes?.[0], {
    name: "n1",
    priority: 254,
    effectivePriority: 254,
    interface: "eth0",
    v4: "MASTER",
    v6: "MASTER",
    since: timeAt(1),
  });
  assert.deepEqual(
    nodes?.map(({ name, v4, v6 }) => `${name} ${v4} ${v6}`),
    ["n1 MASTER MASTER", "n2 BACKUP BACKUP", "n3 BACKUP BACKUP"],
  );
  assert.deepEqual(summary, {
    addresses: "192.0.2.10,2001:db8::10",
    state: "Active",
    interface: "eth0",
    priority: 254,
    backups: "n2,n3",
    reason: "FirstElection",
  });
  assert.equal(transitions, 0);
  assert.deepEqual(history, [{ time: timeAt(1), from: "", to: "n1", reason: "FirstElection" }]);
  assert.equal(cluster.condition("web", "Ready"), "True/Active");
  assert.equal(cluster.condition("web", "Degraded"), "False/Redundant");
});

test("status: a failover from a node that died is known from the new one alone, and told once", () => {
  const cluster = webOnN1();
  cluster.nowMs = 60_000;
  cluster.reports("n2", takeover(60));
  const [plan] = cluster.step().virtualIPs;
  assert.deepEqual(plan?.move, { time: timeAt(60), from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 312 });
  assert.deepEqual(plan?.notices, [{ type: "Normal", reason: "FailedOver", message: "n1 → n2 in 312 ms: n1 fell silent (AdvertTimeout)" }]);
  assert.equal(statusOf(cluster).activeNode, "n2");
  assert.deepEqual(
    statusOf(cluster).nodes?.map(({ v4 }) => v4),
    [undefined, "MASTER", "BACKUP"],
  );
  assert.equal(statusOf(cluster).transitions, 1);
  assert.equal(statusOf(cluster).summary?.lastFailover, timeAt(60));
  assert.deepEqual(cluster.step().virtualIPs[0]?.notices, []);
});

test("status: lastTransitionTime stays while the status of a condition does", () => {
  const cluster = webOnN1();
  cluster.nowMs = 60_000;
  cluster.reports("n2", takeover(60));
  cluster.settle();
  const ready = statusOf(cluster).conditions?.find(({ type }) => type === "Ready");
  assert.equal(ready?.lastTransitionTime, timeAt(0));
  assert.match(ready?.message ?? "", /^n2 answers/);
});

test("status: while the families move one after the other nothing is told, then one move", () => {
  const cluster = webOnN1();
  cluster.nowMs = 60_000;
  const [v4, v6] = takeover(60);
  cluster.reports(
    "n2",
    [v4, report("web", { family: "IPv6" })].flatMap((each) => each ?? []),
  );
  const first = cluster.step();
  assert.equal(first.virtualIPs[0]?.move, undefined);
  assert.equal(first.recheckInMs, 2400);
  assert.equal(statusOf(cluster).activeNode, "n1");
  assert.equal(cluster.condition("web", "Ready"), "True/Active");
  cluster.nowMs += 50;
  cluster.reports(
    "n2",
    [v4, v6].flatMap((each) => each ?? []),
  );
  assert.equal(cluster.step().virtualIPs[0]?.move?.to, "n2");
});

test("status: while a change is under way redundancy is what it was, without another standby", () => {
  const cluster = webOnN1();
  cluster.reports("n3", both({ state: "INIT" }));
  cluster.settle();
  assert.equal(cluster.condition("web", "Degraded"), "False/Redundant");
  cluster.reports("n2", [report("web", { state: "MASTER", since: timeAt(60) }), report("web", { family: "IPv6" })]);
  cluster.step();
  assert.equal(cluster.condition("web", "Degraded"), "False/Redundant");
});

test("status: families that stay apart are a split", () => {
  const cluster = webOnN1();
  cluster.nowMs = 60_000;
  cluster.reports("n2", [report("web", { state: "MASTER", since: timeAt(60) }), report("web", { family: "IPv6" })]);
  cluster.step();
  cluster.nowMs += 2400;
  const [plan] = cluster.step().virtualIPs;
  assert.equal(statusOf(cluster).activeNode, undefined);
  assert.equal(cluster.condition("web", "Degraded"), "True/FamilySplit");
  assert.equal(cluster.condition("web", "Ready"), "False/FamilySplit");
  assert.equal(statusOf(cluster).summary?.state, "Split");
  assert.deepEqual(
    plan?.notices.map(({ type, reason }) => `${type} ${reason}`),
    ["Warning FamilySplit"],
  );
  assert.deepEqual(cluster.step().virtualIPs[0]?.notices, []);
});

test("status: two nodes that go on claiming are several MASTERs, until one gives way", () => {
  const cluster = webOnN1();
  cluster.nowMs = 60_000;
  cluster.reports("n2", takeover(60));
  cluster.settle();
  cluster.nowMs = 90_000;
  cluster.reports("n1", both({ state: "MASTER", since: timeAt(1), reason: "FirstElection" }));
  cluster.reports("n2", takeover(60));
  cluster.settle();
  assert.equal(cluster.condition("web", "Ready"), "False/MultipleMasters");
  assert.equal(statusOf(cluster).activeNode, undefined);
  assert.deepEqual(
    statusOf(cluster).nodes?.map(({ v4 }) => v4),
    ["MASTER", "MASTER", "BACKUP"],
  );
  cluster.nowMs = 100_000;
  cluster.reports("n2", both({ since: timeAt(99), reason: "HigherPriority" }));
  cluster.settle();
  assert.equal(cluster.condition("web", "Ready"), "True/Active");
  assert.equal(statusOf(cluster).activeNode, "n1");
  assert.deepEqual(statusOf(cluster).history?.[0], { time: timeAt(99), from: "n2", to: "n1", reason: "HigherPriority" });
});

test("status: a node that no longer reports loses its claim; with no other it is a move to nobody", () => {
  const cluster = webOnN1();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: view.name === "n1" }));
  cluster.step();
  assert.equal(statusOf(cluster).activeNode, "n1");
  cluster.nowMs += 2000;
  const [plan] = cluster.step().virtualIPs;
  assert.equal(statusOf(cluster).activeNode, undefined);
  assert.equal(plan?.move?.reason, "NodeSilent");
  assert.deepEqual(
    plan?.notices.map(({ type, reason }) => `${type} ${reason}`),
    ["Warning Unanswered"],
  );
  assert.equal(statusOf(cluster).nodes?.[0]?.message, "the agent no longer reports");
  assert.equal(statusOf(cluster).nodes?.[0]?.v4, undefined);
});

test("status: when no candidate reports, Ready is Unknown rather than False", () => {
  const cluster = webOnN1();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: true }));
  cluster.step();
  cluster.nowMs += 2000;
  cluster.step();
  assert.equal(cluster.condition("web", "Ready"), "Unknown/NoReports");
});

test("status: without a standby it is degraded", () => {
  const cluster = webOnN1();
  for (const name of ["n2", "n3"]) cluster.reports(name, both({ state: "INIT" }));
  cluster.settle();
  assert.equal(cluster.condition("web", "Degraded"), "True/NoStandby");
  assert.equal(statusOf(cluster).summary?.state, "Degraded");
});

test("status: giving the addresses up because the object is deleted is no move", () => {
  const cluster = webOnN1();
  cluster.virtualIPs = [{ ...cluster.view("web"), deleting: true }];
  for (const name of ["n1", "n2"]) cluster.reports(name, both({ state: "INIT", reason: "Stopped" }));
  cluster.step();
  cluster.nowMs += 2000;
  cluster.step();
  assert.equal(statusOf(cluster).activeNode, undefined);
  assert.equal(statusOf(cluster).history?.length, 1);
});

test("status: a node that no longer reports is no standby", () => {
  const cluster = webOnN1();
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: view.name !== "n1" }));
  cluster.settle();
  assert.equal(cluster.condition("web", "Degraded"), "True/NoStandby");
  assert.equal(statusOf(cluster).summary?.backups, undefined);
});

test("status: a router in FAULT degrades it and is named", () => {
  const cluster = webOnN1();
  const [v4, v6] = both();
  const fault = { state: "FAULT", reason: "InterfaceDown", message: "eth0 is down" } as const;
  cluster.reports(
    "n3",
    [{ ...v4, ...fault }, v6].flatMap((each) => (each ? [each as VirtualRouterStatus] : [])),
  );
  cluster.settle();
  const degraded = statusOf(cluster).conditions?.find(({ type }) => type === "Degraded");
  assert.equal(degraded?.reason, "RouterFault");
  assert.equal(degraded?.message, "n3: IPv4 is in FAULT (InterfaceDown): eth0 is down");
  assert.equal(statusOf(cluster).nodes?.[2]?.message, "IPv4 is in FAULT (InterfaceDown); eth0 is down");
});

test("status: the report of a restarted agent, or a heartbeat, changes nothing that is written", () => {
  const cluster = webOnN1();
  cluster.nowMs += 30_000;
  cluster.reports("n1", both({ state: "MASTER", since: timeAt(1), reason: "FirstElection" }));
  assert.equal(cluster.step().virtualIPs[0]?.changed, false);
});

test("status: a condition that somebody else added is left to him", () => {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [virtualIP("web", dual)];
  cluster.settle();
  const foreign = { type: "Audited", status: "True" as const, reason: "Fine", message: "", lastTransitionTime: timeAt(0) };
  const [view] = cluster.virtualIPs;
  assert.ok(view);
  cluster.virtualIPs = [{ ...view, status: { ...view.status, conditions: [...(view.status.conditions ?? []), foreign] } }];
  assert.deepEqual(
    cluster.step().virtualIPs.map(({ changed }) => changed),
    [false],
  );
});
