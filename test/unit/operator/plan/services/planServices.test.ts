import assert from "node:assert/strict";
import { test } from "node:test";
import { timeAt } from "../../samples.ts";
import { dual, type ServedCluster, served, service, ten } from "../../servedCluster.ts";

test("a Service: recorded, given, answered for, and told in that order", () => {
  const cluster = served(ten, service("shop"));
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/shop" });
  assert.deepEqual(cluster.serviceOf("web/shop").ingress, [{ ip: "192.0.2.100", ipMode: "VIP" }]);
  assert.equal(cluster.serviceOf("web/shop").hasFinalizer, true);
  assert.equal(cluster.answers("192.0.2.100"), "n1");
  assert.deepEqual(cluster.told, [
    'web/shop Assigned: 192.0.2.100 of AddressPool "public"',
    "web/shop Answering: n1 answers for 192.0.2.100 (VirtualIP public-0)",
  ]);
});

test("at rest nothing is written, also not by another process that takes over", () => {
  const cluster = served(dual, ...Array.from({ length: 8 }, (_, index) => service(`s${index}`, { families: ["IPv4", "IPv6"] })));
  cluster.rest();
  const { writes } = cluster;
  const told = cluster.told.length;
  cluster.restart();
  cluster.rounds(5);
  assert.equal(cluster.writes, writes);
  assert.equal(cluster.told.length, told);
});

test("a Service that cannot have an address says why, and gets one as soon as it can", () => {
  const cluster = served({ addresses: ["192.0.2.100"] }, service("a"), service("b", { createdAt: timeAt(5) }));
  cluster.rest();
  assert.equal(cluster.reason("web/b"), "PoolExhausted");
  assert.ok(cluster.told.includes('web/b PoolExhausted: no IPv4 address of AddressPool "public" is free'), cluster.told.join("\n"));
  assert.equal(cluster.poolCondition("public", "Exhausted"), "True/NoFreeAddress");
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/b"), ["192.0.2.100"]);
});

test("deletion: the finalizer stays until every node has given the address up, and nobody gets it before", () => {
  const cluster = served({ addresses: ["192.0.2.100"] }, service("a"));
  cluster.rest();
  cluster.change("web/a", { deleting: true });
  cluster.services.push(service("b", { createdAt: timeAt(5) }));
  cluster.rounds(8, (node) => node !== "n2"); // n2 is slow to apply.
  assert.equal(cluster.serviceOf("web/a").hasFinalizer, true);
  assert.deepEqual(cluster.addresses("web/b"), []);
  cluster.rest();
  assert.throws(() => cluster.serviceOf("web/a"));
  assert.deepEqual(cluster.addresses("web/b"), ["192.0.2.100"]);
  assert.ok(cluster.told.includes("web/a Released: the nodes have given up 192.0.2.100"));
});

test("deletion: a node that no longer reports is not waited for", () => {
  const cluster = served(ten, service("a"));
  cluster.rest();
  cluster.dead.add("n2");
  cluster.rounds(2);
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.equal(cluster.services.length, 0);
  assert.deepEqual(cluster.assignments("public"), {});
  assert.deepEqual(cluster.virtualIPs, []);
});

/** Of two addresses, which stand on one VirtualIP, one is given back that another Service wants on a VirtualIP of its own. */
function givingBack(): ServedCluster {
  const cluster = served(
    { addresses: ["192.0.2.100-192.0.2.101"], virtualRouters: 1 },
    service("a"),
    service("b", { createdAt: timeAt(1) }),
  );
  cluster.rest();
  cluster.services.push(service("c", { createdAt: timeAt(5), isLocal: true }));
  cluster.endpoints.set("web/c", new Set(["n3"]));
  cluster.change("web/b", { deleting: true });
  return cluster;
}

test("deletion: another process that takes over waits as well for a node that is slow to give the address up", () => {
  const cluster = givingBack();
  cluster.rounds(8, (node) => node !== "n2");
  cluster.restart();
  cluster.rounds(8, (node) => node !== "n2");
  assert.deepEqual([cluster.assignments("public")["192.0.2.101"], cluster.addresses("web/c")], ["web/b", []]);
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/c"), ["192.0.2.101"]);
});

test("deletion: a node that reports again meanwhile is waited for, too", () => {
  const cluster = givingBack();
  cluster.dead.add("n2");
  cluster.rounds(8, (node) => node === "n1");
  cluster.dead.delete("n2");
  cluster.rounds(8, (node) => node !== "n2");
  assert.deepEqual([cluster.assignments("public")["192.0.2.101"], cluster.addresses("web/c")], ["web/b", []]);
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/c"), ["192.0.2.101"]);
});

test("type changed away: status and finalizer go, and the address when the nodes have given it up", () => {
  const cluster = served(ten, service("a"));
  cluster.rest();
  cluster.change("web/a", { isLoadBalancer: false, loadBalancerClass: undefined });
  cluster.rest();
  const { ingress, conditions, hasFinalizer } = cluster.serviceOf("web/a");
  assert.deepEqual({ ingress, conditions, hasFinalizer }, { ingress: [], conditions: [], hasFinalizer: false });
  assert.deepEqual(cluster.assignments("public"), {});
});

test("class changed before any node was asked to answer: the status goes all the same", () => {
  const cluster = served(ten, service("a"));
  cluster.generationTakes = 2;
  cluster.serve();
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.100"]);
  cluster.restart();
  cluster.change("web/a", { loadBalancerClass: "other" });
  cluster.rest();
  const { ingress, conditions } = cluster.serviceOf("web/a");
  assert.deepEqual({ ingress, conditions }, { ingress: [], conditions: [] });
});

test("a Service has its address before the nodes are asked to answer for it, and gives none back while they are", () => {
  const cluster = served({ addresses: ["192.0.2.100"] }, service("a"));
  cluster.generationTakes = 3;
  cluster.serve();
  assert.deepEqual([cluster.addresses("web/a"), cluster.virtualIPs.length], [["192.0.2.100"], 0]);
  cluster.change("web/a", { deleting: true });
  cluster.services.push(service("b", { createdAt: timeAt(5) }));
  cluster.serve();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/a" });
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/b"), ["192.0.2.100"]);
});

test("class changed to another controller's: the finalizer is left to him", () => {
  const cluster = served(ten, service("a"));
  cluster.rest();
  cluster.change("web/a", { loadBalancerClass: "other" });
  cluster.rest();
  assert.equal(cluster.serviceOf("web/a").hasFinalizer, true);
  assert.deepEqual(cluster.assignments("public"), {});
  assert.deepEqual(cluster.virtualIPs, []);
});

test("Services of other classes are not looked at; those without a class only where Aloft is the default", () => {
  const cluster = served(
    ten,
    service("other", { loadBalancerClass: "other", hasFinalizer: true, deleting: true }),
    service("plain", { loadBalancerClass: undefined }),
  );
  cluster.rest();
  assert.equal(cluster.writes, 1); // The status of the pool.
  cluster.isDefault = true;
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/plain"), ["192.0.2.100"]);
  cluster.isDefault = false;
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/plain"), []);
  assert.equal(cluster.serviceOf("web/plain").hasFinalizer, false);
  assert.equal(cluster.serviceOf("web/other").hasFinalizer, true);
});

test("a Service that a list lacks keeps its address until the API server says that it is gone", () => {
  const cluster = served(ten, service("a"), service("b"));
  cluster.rest();
  cluster.confirms = false;
  const [a] = cluster.services;
  cluster.services = cluster.services.slice(1);
  cluster.restart();
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/a", "192.0.2.101": "web/b" });
  assert.equal(cluster.answers("192.0.2.100") !== undefined, true);
  cluster.services = a ? [a, ...cluster.services] : [];
  cluster.rest();
  cluster.services = cluster.services.slice(1);
  cluster.confirms = true;
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.101": "web/b" });
});

test("sharing: one address for two Services, which stays while one of them goes, and goes with the last", () => {
  const key = { annotations: { "aloft.dev/sharing-key": "k" } };
  const cluster = served(ten, service("a", key), service("b", { ...key, ports: [{ protocol: "TCP", port: 443 }] }));
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/a web/b" });
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/b" });
  assert.equal(cluster.view("public-0").status.transitions, 0);
  cluster.change("web/b", { deleting: true });
  cluster.rest();
  assert.deepEqual([cluster.assignments("public"), cluster.virtualIPs], [{}, []]);
});

for (const [what, change] of [
  ["wants another key", { annotations: { "aloft.dev/sharing-key": "other" } }],
  ["wants a key no more", { annotations: {} }],
  ["wants a port that another one has", { ports: [80, 443].map((port) => ({ protocol: "TCP" as const, port })) }],
] as const) {
  test(`sharing: who ${what} goes elsewhere, though it is the oldest, and those that changed nothing stay`, () => {
    const sharer = (name: string, age: number, port: number) =>
      service(name, {
        annotations: { "aloft.dev/sharing-key": "k" },
        ports: [{ protocol: "TCP", port }],
        createdAt: timeAt(age),
      });
    const cluster = served(ten, sharer("a", 0, 80), sharer("b", 1, 443), sharer("c", 2, 444));
    cluster.rest();
    cluster.change("web/a", change);
    cluster.rest();
    const given = ["a", "b", "c"].map((name) => cluster.addresses(`web/${name}`).join());
    assert.deepEqual(given, ["192.0.2.101", "192.0.2.100", "192.0.2.100"]);
  });
}
