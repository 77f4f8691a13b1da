import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, report, timeAt, virtualIP } from "../samples.ts";

const web = (more: object = {}) => ({ addresses: [{ address: "192.0.2.10" }], ...more });
const heard = (virtualRouterID: number, address: string, device = "eth0") => {
  return { interface: device, family: "IPv4" as const, virtualRouterID, address, time: timeAt(0) };
};

function hears(cluster: ReturnType<typeof clusterOf>, node: string, ...unknownRouters: ReturnType<typeof heard>[]): void {
  cluster.agents = cluster.agents.map((view) => (view.name === node ? { ...view, status: { ...view.status, unknownRouters } } : view));
}

const numberOf = (cluster: ReturnType<typeof clusterOf>, name: string) => cluster.view(name).status.virtualRouterID;

test("foreign: nobody is given a VRID that a router outside uses; one of our own nodes is no such router", () => {
  const cluster = clusterOf("n1", "n2");
  hears(cluster, "n1", heard(1, "192.0.2.9"), heard(2, "192.0.2.1"));
  cluster.virtualIPs = [virtualIP("web", web())];
  cluster.settle();
  assert.equal(numberOf(cluster, "web"), 2);
});

test("foreign: who asks for it gets it, and what a silent agent has heard counts no more", () => {
  const cluster = clusterOf("n1", "n2");
  hears(cluster, "n1", heard(1, "192.0.2.9"), heard(7, "192.0.2.9"));
  cluster.virtualIPs = [virtualIP("web", web({ vrrp: { virtualRouterID: 7 } }))];
  cluster.settle();
  assert.equal(numberOf(cluster, "web"), 7);
  cluster.agents = cluster.agents.map((view) => ({ ...view, silent: view.name === "n1" }));
  cluster.virtualIPs.push(virtualIP("db", web({ addresses: [{ address: "192.0.2.11" }] })));
  cluster.settle();
  assert.equal(numberOf(cluster, "db"), 1);
});

test("foreign: what is heard on an interface counts for the segments that it carries, and for all where it carries none", () => {
  const cluster = clusterOf("n1");
  cluster.virtualIPs = [virtualIP("web", web({ segment: "a" }))];
  cluster.settle();
  hears(cluster, "n1", heard(2, "192.0.2.9"), heard(3, "203.0.113.9", "eth5"));
  const more = (name: string, host: number, segment: string) =>
    virtualIP(name, web({ addresses: [{ address: `192.0.2.${host}` }], segment }));
  cluster.virtualIPs.push(more("a2", 11, "a"), more("a3", 12, "a"), more("b1", 13, "b"), more("b2", 14, "b"), more("b3", 15, "b"));
  cluster.step();
  assert.deepEqual(
    ["a2", "a3"].map((name) => numberOf(cluster, name)),
    [4, 5],
  );
  assert.deepEqual(
    ["b1", "b2", "b3"].map((name) => numberOf(cluster, name)),
    [1, 2, 4],
  );
});

test("foreign: a VRID that nobody has answered with yet is given up for another; one in use stays", () => {
  const rival = { address: "192.0.2.9", reason: "AddressList", time: timeAt(0) };
  const fresh = clusterOf("n1", "n2");
  fresh.virtualIPs = [virtualIP("web", web())];
  fresh.settle();
  fresh.reports("n1", [report("web", { foreignRouter: rival })]);
  fresh.settle();
  assert.equal(numberOf(fresh, "web"), 2);
  const used = clusterOf("n1", "n2");
  used.virtualIPs = [virtualIP("web", web())];
  used.settle();
  used.reports("n1", [report("web", { state: "MASTER", reason: "FirstElection" })]);
  used.settle();
  used.reports("n1", [report("web", { state: "MASTER", reason: "FirstElection", foreignRouter: rival })]);
  used.settle();
  assert.equal(numberOf(used, "web"), 1);
  assert.equal(used.condition("web", "ForeignRouter"), "True/VRIDInUse");
});
