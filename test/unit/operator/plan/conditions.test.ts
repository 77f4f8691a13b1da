import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, report, timeAt, virtualIP } from "../samples.ts";

function webOn(...nodes: string[]) {
  const cluster = clusterOf(...nodes);
  cluster.virtualIPs = [virtualIP("web", { addresses: [{ address: "192.0.2.10" }] })];
  cluster.settle();
  return cluster;
}

const eth1 = { name: "eth1", up: true, addresses: ["198.51.100.1/24"] };
const master = { state: "MASTER", reason: "FirstElection" } as const;
const messageOf = (cluster: ReturnType<typeof webOn>, type: string) =>
  cluster.view("web").status.conditions?.find((condition) => condition.type === type)?.message;

test("conditions: while nobody is MASTER nothing is called redundant, however many stand by", () => {
  const cluster = webOn("n1", "n2");
  for (const node of ["n1", "n2"]) cluster.reports(node, [report("web")]);
  cluster.nowMs += 60_000;
  cluster.settle();
  assert.equal(cluster.condition("web", "Ready"), "False/NoMaster");
  assert.equal(cluster.condition("web", "Degraded"), "Unknown/NoMaster");
});

test("conditions: the priority after tracking is told, with what it would be", () => {
  const cluster = webOn("n1", "n2");
  cluster.reports("n1", [report("web", { ...master, priority: 234 })]);
  cluster.reports("n2", [report("web")]);
  cluster.settle();
  const [n1, n2] = cluster.view("web").status.nodes ?? [];
  assert.deepEqual([n1?.priority, n1?.effectivePriority, n2?.effectivePriority], [254, 234, 244]);
  assert.equal(n1?.message, "what is tracked makes the priority 234 instead of 254");
  assert.equal(n2?.message, undefined);
});

test("conditions: claims of several nodes are joined; those of a silent one are forgotten; nobody looks when it is disabled", () => {
  const cluster = webOn("n1", "n2");
  const conflict = { address: "192.0.2.10", mac: "02:00:00:00:00:09", time: timeAt(0) };
  assert.equal(cluster.condition("web", "AddressConflict"), "False/NoConflict");
  cluster.reports("n1", [report("web", { ...master, conflict })]);
  cluster.reports("n2", [report("web", { conflict })]);
  const [planned] = cluster.step().virtualIPs;
  assert.equal(cluster.condition("web", "AddressConflict"), "True/ForeignClaim");
  assert.equal(messageOf(cluster, "AddressConflict"), "192.0.2.10 is claimed by 02:00:00:00:00:09 (seen by n1, n2)");
  assert.ok(planned?.notices.some(({ type, reason }) => type === "Warning" && reason === "ForeignClaim"));
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: true }));
  cluster.settle();
  assert.equal(cluster.condition("web", "AddressConflict"), "False/NoConflict");
  const off = clusterOf("n1");
  off.virtualIPs = [virtualIP("web", { addresses: [{ address: "192.0.2.10" }], conflictDetection: "Disabled" })];
  off.settle();
  assert.equal(off.condition("web", "AddressConflict"), "Unknown/Disabled");
});

test("conditions: a candidate that is seen as foreign while it changes is no foreign router", () => {
  const cluster = webOn("n1", "n2");
  const seen = (address: string) => ({ ...master, foreignRouter: { address, reason: "AddressList", time: timeAt(0) } });
  cluster.reports("n2", [report("web", seen("192.0.2.1"))]);
  cluster.settle();
  assert.equal(cluster.condition("web", "ForeignRouter"), "False/NotHeard");
  cluster.reports("n2", [report("web", seen("192.0.2.99"))]);
  cluster.settle();
  assert.equal(messageOf(cluster, "ForeignRouter"), "192.0.2.99 uses VRID 1 as well (heard by n2): AddressList");
});

test("conditions: an address outside the subnets of its interface is told with the nodes, and nothing else comes of it", () => {
  const cluster = clusterOf("n1", "n2");
  const addresses = [
    { address: "192.0.2.10" },
    { address: "198.51.100.9/24" },
    { address: "203.0.113.9", interface: "eth9" },
    { address: "fe80::9" },
  ];
  cluster.virtualIPs = [virtualIP("web", { addresses, interface: "eth0", excludedAddresses: [{ address: "198.51.100.8" }] })];
  cluster.agents = cluster.agents.map((view) => ({
    ...view,
    status: { ...view.status, interfaces: [...(view.status.interfaces ?? []), eth1] },
  }));
  const [planned] = cluster.step().virtualIPs;
  assert.deepEqual(
    planned?.notices.map(({ reason }) => reason),
    ["NoSubnet"],
  );
  cluster.reports(
    "n1",
    ["IPv4" as const, "IPv6" as const].map((family) => report("web", { ...master, family })),
  );
  cluster.reports(
    "n2",
    ["IPv4" as const, "IPv6" as const].map((family) => report("web", { family })),
  );
  cluster.settle();
  assert.equal(
    messageOf(cluster, "OutsideSubnet"),
    "198.51.100.9 is in no subnet of eth0 (n1, n2); 198.51.100.8 is in no subnet of eth0 (n1, n2)",
  );
  for (const [type, state] of Object.entries({ OutsideSubnet: "True/NoSubnet", Ready: "True/Active", Degraded: "False/Redundant" }))
    assert.equal(cluster.condition("web", type), state);
  cluster.virtualIPs = [virtualIP("web", { addresses: [{ address: "192.0.2.10" }, { address: "198.51.100.9", interface: "eth1" }] })];
  cluster.settle();
  assert.equal(cluster.condition("web", "OutsideSubnet"), "False/InSubnet");
});
