import assert from "node:assert/strict";
import { test } from "node:test";
import { timeAt, virtualIP, virtualServer } from "../../samples.ts";
import { pool, ServedCluster, service } from "../../servedCluster.ts";

const ten = { addresses: ["192.0.2.100-192.0.2.109"] };
const dual = { addresses: ["192.0.2.100-192.0.2.109", "2001:db8::100-2001:db8::109"] };

function served(poolSpec: object, ...services: ReturnType<typeof service>[]): ServedCluster {
  const cluster = new ServedCluster("n1", "n2", "n3");
  cluster.pools = [pool("public", poolSpec)];
  cluster.services = services;
  return cluster;
}

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

test("many Services spread over the virtual routers of the pool, and those over the nodes", () => {
  const cluster = served(
    { addresses: ["192.0.2.0/24"], virtualRouters: 3 },
    ...Array.from({ length: 30 }, (_, index) => service(`s${index}`)),
  );
  cluster.rest();
  assert.deepEqual(
    cluster.virtualIPs.map(({ name, spec }) => `${name} ${(spec?.addresses.length ?? 0) + (spec?.excludedAddresses?.length ?? 0)}`).sort(),
    ["public-0 10", "public-1 10", "public-2 10"],
  );
  assert.deepEqual(new Set(cluster.virtualIPs.map(({ name }) => cluster.active(name))), new Set(["n1", "n2", "n3"]));
});

test("what comes and goes does not change the adverts of the others, nor their VRID", () => {
  const names = Array.from({ length: 9 }, (_, index) => `s${index}`);
  const cluster = served({ ...ten, virtualRouters: 1 }, ...names.map((name) => service(name)));
  cluster.rest();
  const advertised = () => cluster.view("public-0").spec?.addresses.map(({ address }) => address);
  const before = advertised();
  cluster.change("web/s7", { deleting: true });
  cluster.rest();
  assert.deepEqual(advertised(), before);
  assert.equal(before?.length, 4);
  cluster.change("web/s0", { deleting: true });
  cluster.rest();
  const after = advertised();
  cluster.services.push(service("later", { createdAt: timeAt(9) }));
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/later"), ["192.0.2.100"]);
  assert.deepEqual(advertised(), after);
  assert.equal(before?.filter((address) => after?.includes(address)).length, 3);
  assert.equal(cluster.view("public-0").status.transitions, 0);
});

test("both families of a Service stand on one VirtualIP, with one election", () => {
  const cluster = served(dual, service("shop", { families: ["IPv6", "IPv4"], familyPolicy: "RequireDualStack" }));
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/shop"), ["2001:db8::100", "192.0.2.100"]);
  assert.equal(cluster.placeOf("2001:db8::100"), cluster.placeOf("192.0.2.100"));
  assert.deepEqual(
    cluster.routers("n1").map(({ family, addresses }) => `${family} ${addresses.map(({ address }) => address).join(" ")}`),
    ["IPv4 192.0.2.100/32 2001:db8::100/128"],
  );
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

test("pools that a list lacks: nothing is taken away; once they are gone, all is", () => {
  const cluster = served(ten, service("a"));
  cluster.rest();
  const { pools, writes } = cluster;
  cluster.pools = [];
  cluster.confirms = false;
  cluster.rounds(5);
  assert.equal(cluster.writes, writes);
  cluster.pools = pools;
  cluster.rest();
  assert.equal(cluster.writes, writes);
  cluster.pools = [];
  cluster.confirms = true;
  cluster.rest();
  assert.deepEqual([cluster.virtualIPs, cluster.addresses("web/a"), cluster.reason("web/a")], [[], [], "NoPool"]);
});

test("a pool whose status was lost gives everybody what his own status says", () => {
  const cluster = served(ten, service("a", { createdAt: timeAt(9) }), service("b", { createdAt: timeAt(5) }));
  cluster.rest();
  const before = ["a", "b"].map((name) => cluster.addresses(`web/${name}`));
  cluster.pools = [pool("public", ten)];
  cluster.services.push(service("c", { createdAt: timeAt(1) }));
  cluster.rest();
  assert.deepEqual(
    ["a", "b"].map((name) => cluster.addresses(`web/${name}`)),
    before,
  );
  assert.deepEqual(cluster.addresses("web/c"), ["192.0.2.102"]);
});

test("a pool whose status is from a backup: everybody keeps what his own status says", () => {
  const cluster = served({ addresses: ["192.0.2.100-192.0.2.102"] }, service("a"), service("b", { createdAt: timeAt(5) }));
  cluster.rest();
  const [backup] = cluster.pools;
  cluster.change("web/a", { annotations: { "aloft.dev/addresses": "192.0.2.102" } });
  cluster.rest();
  cluster.change("web/a", { annotations: {} });
  cluster.change("web/b", { deleting: true });
  cluster.rest();
  for (const name of ["c", "d"]) cluster.services.push(service(name, { createdAt: timeAt(9) }));
  cluster.rest();
  const given = () => Object.fromEntries(cluster.services.map(({ key }) => [key, cluster.addresses(key).join()]));
  const before = given();
  assert.deepEqual(before, { "web/a": "192.0.2.102", "web/c": "192.0.2.100", "web/d": "192.0.2.101" });
  cluster.pools = cluster.pools.map((view) => ({ ...view, status: backup?.status ?? {} }));
  cluster.restart();
  cluster.rest();
  assert.deepEqual(given(), before);
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/c", "192.0.2.101": "web/d", "192.0.2.102": "web/a" });
});

test("a pool in use that is deleted goes with the last of its Services, and gives nothing meanwhile", () => {
  const cluster = served(ten, service("a"));
  cluster.rest();
  cluster.deletePool("public");
  cluster.services.push(service("b"));
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.100"]);
  assert.equal(cluster.reason("web/b"), "PoolNotAccepted");
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.deepEqual([cluster.pools, cluster.virtualIPs], [[], []]);
});

test("a pool that shrinks below what is in use says so and takes nothing away", () => {
  const cluster = served(ten, service("a"), service("b"));
  cluster.rest();
  cluster.changePool("public", { addresses: ["192.0.2.101-192.0.2.109"] });
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.100"]);
  assert.equal(cluster.poolCondition("public", "OutOfRange"), "True/PoolShrunk");
  assert.ok(
    cluster.told.some((text) => /^public PoolShrunk: 1 address given .*192\.0\.2\.100 \(web\/a\)/.test(text)),
    cluster.told.join("\n"),
  );
  assert.deepEqual(cluster.pools[0]?.status.ipv4, { total: 9, used: 2, free: 8 });
});

test("pools that overlap: the older has the addresses, the other one gives none and names both", () => {
  const cluster = served(ten, service("a"));
  cluster.pools.push(pool("another", { addresses: ["192.0.2.109-192.0.2.120"] }, { createdAt: timeAt(5) }));
  cluster.pools.push(pool("elsewhere", { ...ten, virtualIP: { segment: "dmz" } }, { createdAt: timeAt(5) }));
  cluster.rest();
  assert.equal(cluster.poolCondition("public", "Accepted"), "True/Accepted");
  assert.equal(cluster.poolCondition("elsewhere", "Accepted"), "True/Accepted");
  assert.equal(cluster.poolCondition("another", "Accepted"), "False/PoolOverlap");
  assert.ok(
    cluster.told.includes('another PoolOverlap: spec.addresses: 192.0.2.109 of AddressPool "another" is in AddressPool "public", too'),
    cluster.told.join("\n"),
  );
});

test("a pool with the address of a VirtualIP, and a VirtualIP with one of a pool: who came later is refused", () => {
  const cluster = served(ten, service("a"));
  cluster.virtualIPs = [virtualIP("gateway", { addresses: [{ address: "192.0.2.50" }] }, { hasFinalizer: false })];
  cluster.rest();
  cluster.pools.push(pool("later", { addresses: ["192.0.2.40-192.0.2.60"] }, { createdAt: timeAt(5) }));
  cluster.virtualIPs.push(virtualIP("thief", { addresses: [{ address: "192.0.2.105" }] }, { createdAt: timeAt(5) }));
  cluster.rest();
  assert.equal(cluster.poolCondition("later", "Accepted"), "False/VirtualIPOverlap");
  assert.equal(cluster.condition("thief", "Accepted"), "False/AddressConflict");
  const { message = "" } = cluster.view("thief").status.conditions?.find(({ type }) => type === "Accepted") ?? {};
  assert.match(message, /192\.0\.2\.105 of VirtualIP "thief" belongs to AddressPool "public"/);
  assert.equal(cluster.condition("gateway", "Accepted"), "True/Accepted");
});

test("a VirtualIP of somebody else that is called as one of the pool is left alone", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.virtualIPs = [virtualIP("public-0", { addresses: [{ address: "192.0.2.50" }] })];
  cluster.rest();
  assert.equal(cluster.placeOf("192.0.2.100"), "public-1");
  assert.equal(cluster.placeOf("192.0.2.50"), "public-0");
});

test("a node with the exclude label answers for no Service, one that gets it hands over", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  const exclude = (name: string, labels: Record<string, string>) => {
    cluster.nodes = cluster.nodes.map((view) => (view.name === name ? { ...view, labels } : view));
  };
  exclude("n1", { "node.kubernetes.io/exclude-from-external-load-balancers": "" });
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n2");
  assert.deepEqual(Object.keys(cluster.priorities("public-0")), ["n2", "n3"]);
});

test("a map of labels that has become empty is left out: applied, it would take none of them away", () => {
  const cluster = served({ ...ten, virtualIP: { nodes: { selector: { matchLabels: {} } } } }, service("a"));
  cluster.rest();
  assert.deepEqual(Object.keys(cluster.view("public-0").spec?.nodes.selector ?? {}), ["matchExpressions"]);
});

test("kubectl vip move of a VirtualIP of the pool stays", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.rest();
  cluster.prefer("public-0", "n3");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n3");
  cluster.services.push(service("b"));
  cluster.rest();
  assert.equal(
    cluster.view("public-0").spec?.nodes.preferred,
    undefined,
    "the fields of this model are not owned; server-side apply keeps it",
  );
});

const ready = (cluster: ServedCluster, name: string, ...nodes: string[]) => cluster.endpoints.set(`web/${name}`, new Set(nodes));

test("externalTrafficPolicy Local: only nodes with a ready endpoint are candidates", () => {
  const cluster = served(ten, service("a", { isLocal: true }), service("b", { isLocal: true }), service("c"));
  ready(cluster, "a", "n2", "n3");
  ready(cluster, "b", "n2", "n3");
  cluster.rest();
  assert.deepEqual(Object.keys(cluster.priorities("public-local-0")).sort(), ["n2", "n3"]);
  assert.deepEqual(
    [cluster.placeOf("192.0.2.100"), cluster.placeOf("192.0.2.101"), cluster.placeOf("192.0.2.102")],
    ["public-local-0", "public-local-0", "public-0"],
  );
});

test("Local: it moves when the last endpoint of the node goes, and nobody answers when the last one of all does", () => {
  const cluster = served(ten, service("a", { isLocal: true }));
  ready(cluster, "a", "n1", "n2");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n1");
  ready(cluster, "a", "n2");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n2");
  ready(cluster, "a");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), undefined);
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.100"]);
  assert.equal(
    cluster.told.at(-1),
    "web/a NoReadyEndpoint: nobody answers for 192.0.2.100: no node has a ready endpoint, and externalTrafficPolicy is Local",
  );
  ready(cluster, "a", "n3");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n3");
});

test("Local: one that changes leaves the set of the others, whose adverts go on", () => {
  const cluster = served(ten, service("a", { isLocal: true }), service("b", { isLocal: true }));
  for (const name of ["a", "b"]) ready(cluster, name, "n1", "n2");
  cluster.rest();
  ready(cluster, "b", "n3");
  cluster.rest();
  assert.deepEqual([cluster.placeOf("192.0.2.100"), cluster.placeOf("192.0.2.101")], ["public-local-0", "public-local-1"]);
  assert.equal(cluster.view("public-local-0").status.transitions, 0);
  assert.equal(cluster.answers("192.0.2.101"), "n3");
});

test("Local: an address goes to its new VirtualIP once every node has given it up", () => {
  const cluster = served(ten, service("a", { isLocal: true }), service("b", { isLocal: true }));
  for (const name of ["a", "b"]) ready(cluster, name, "n1", "n2");
  cluster.rest();
  ready(cluster, "b", "n3");
  cluster.rounds(6, (node) => node !== "n1"); // n1 is slow to apply.
  assert.equal(cluster.placeOf("192.0.2.101"), undefined);
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.101"), "n3");
});

test("Local: beyond the limit of sets it says so", () => {
  const cluster = served({ ...ten, maxLocalVirtualRouters: 1 }, service("a", { isLocal: true }), service("b", { isLocal: true }));
  ready(cluster, "a", "n1");
  ready(cluster, "b", "n2");
  cluster.rest();
  assert.ok(
    cluster.told.some((text) => /^web\/b TooManyCandidateSets: nobody answers for 192\.0\.2\.101: /.test(text)),
    cluster.told.join("\n"),
  );
});

test("Local: beyond 64 sets those that were there go on, others make do with a node of theirs that has a set, or say so", () => {
  const names = Array.from({ length: 72 }, (_, index) => `n${index}`);
  const cluster = new ServedCluster(...names);
  cluster.pools = [pool("public", { addresses: ["192.0.2.0/24"] })];
  for (const [index, node] of names.slice(0, 64).entries()) {
    cluster.services.push(service(`s${index}`, { isLocal: true }));
    ready(cluster, `s${index}`, node);
  }
  cluster.rest();
  const before = cluster.virtualIPs.map(({ name, generation }) => `${name} ${generation}`);
  assert.equal(before.length, 64);
  for (const [name, ...own] of [
    ["two", "n3", "n70"],
    ["late", "n71"],
  ]) {
    cluster.services.push(service(name ?? "", { isLocal: true, createdAt: timeAt(9) }));
    ready(cluster, name ?? "", ...own);
  }
  cluster.rest();
  const [two = "", late = ""] = ["two", "late"].flatMap((name) => cluster.addresses(`web/${name}`));
  assert.deepEqual([cluster.answers(two), cluster.answers(late)], ["n3", undefined]);
  const others = cluster.virtualIPs
    .filter(({ name }) => name !== cluster.placeOf(two))
    .map(({ name, generation }) => `${name} ${generation}`);
  assert.ok(others.length === 63 && others.every((each) => before.includes(each)));
  assert.ok(cluster.told.some((text) => /^web\/late TooManyCandidateSets: .*: raise spec\.maxLocalVirtualRouters/.test(text)));
  assert.ok(!cluster.told.some((text) => text.startsWith("web/two TooMany")));
});

test("VRIDs that are used up: the Service says that its VirtualIP is not accepted", () => {
  const cluster = served(ten, service("a"));
  for (let index = 0; index < 255; index += 1) {
    const spec = { addresses: [{ address: `198.51.100.${index}/24` }], vrrp: { virtualRouterID: index + 1 } };
    cluster.virtualIPs.push(virtualIP(`own-${index}`, spec));
  }
  cluster.rest();
  assert.ok(
    cluster.told.includes(
      "web/a NotAccepted: nobody answers for 192.0.2.100 (VirtualIP public-0): its VirtualIP is not accepted; its conditions say why",
    ),
    cluster.told.slice(-3).join("\n"),
  );
});

test("from Cluster to Local and back: the address stays, and moves from one VirtualIP to the other", () => {
  const cluster = served(ten, service("a"), service("b"));
  ready(cluster, "a", "n3");
  cluster.rest();
  cluster.change("web/a", { isLocal: true });
  cluster.rest();
  assert.deepEqual([cluster.placeOf("192.0.2.100"), cluster.answers("192.0.2.100")], ["public-local-0", "n3"]);
  cluster.change("web/a", { isLocal: false });
  cluster.rest();
  assert.equal(cluster.placeOf("192.0.2.100")?.startsWith("public-local"), false);
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.100"]);
});

test("sharing: one address for two Services, which stays while one of them goes", () => {
  const key = { annotations: { "aloft.dev/sharing-key": "k" } };
  const cluster = served(ten, service("a", key), service("b", { ...key, ports: [{ protocol: "TCP", port: 443 }] }));
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/a web/b" });
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.deepEqual(cluster.assignments("public"), { "192.0.2.100": "web/b" });
  assert.equal(cluster.view("public-0").status.transitions, 0);
});

const ipvs = { annotations: { "aloft.dev/dataplane": "ipvs" } };

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

test("IPVS: a VirtualServer for each port, accepted for what is the namespace's own, and ipMode Proxy", () => {
  const ports = [
    { protocol: "TCP" as const, port: 80 },
    { protocol: "UDP" as const, port: 53 },
  ];
  const cluster = served(ten, service("shop", { ...ipvs, ports, affinitySeconds: 600 }));
  cluster.virtualServers?.push(
    virtualServer("thief", { virtualIP: "public-0", addresses: ["192.0.2.100"], ports: [{ port: 81 }] }, { namespace: "other" }),
  );
  cluster.rest();
  assert.deepEqual(cluster.serviceOf("web/shop").ingress, [{ ip: "192.0.2.100", ipMode: "Proxy" }]);
  assert.deepEqual(cluster.servers("n1"), ["web/shop-tcp-80", "web/shop-udp-53"]);
  const { spec } = cluster.server("web/shop-udp-53");
  assert.deepEqual(
    [
      spec?.virtualIP,
      spec?.addresses,
      spec?.protocol,
      spec?.ports,
      spec?.service?.name,
      spec?.service?.port,
      spec?.forwarding,
      spec?.persistence?.timeout,
    ],
    ["public-0", ["192.0.2.100"], "UDP", [{ port: 53 }], "shop", "53", "NAT", "600s"],
  );
  assert.equal(cluster.condition("other/thief", "Accepted"), "False/NamespaceNotAllowed");
  cluster.change("web/shop", { annotations: {} });
  cluster.rest();
  assert.deepEqual(cluster.servers("n1"), []);
  assert.deepEqual(cluster.serviceOf("web/shop").ingress, [{ ip: "192.0.2.100", ipMode: "VIP" }]);
});

test("IPVS: with NAT the answers of pods come back through masquerading; with DR every node translates for its own pods", () => {
  const cluster = served(ten, service("shop", ipvs));
  cluster.rest();
  const { spec } = cluster.server("web/shop-tcp-80");
  assert.deepEqual([spec?.masquerade, spec?.service?.targets], [true, undefined]);
  assert.equal(cluster.agentOf("n1").spec.ipvs?.sysctls?.conntrack, "1");
  const direct = served({ ...ten, dataPlane: { mode: "IPVS", forwarding: "DR" } }, service("shop"));
  direct.rest();
  const own = direct.server("web/shop-tcp-80").spec;
  assert.deepEqual([own?.forwarding, own?.masquerade, own?.service?.targets], ["DR", undefined, "Nodes"]);
  const entry = { namespace: "web", name: "shop-tcp-80", addresses: ["192.0.2.100"], translates: true };
  for (const { spec: agent } of direct.agents) assert.deepEqual(agent.realServers, [entry]);
});

test("IPVS: by the pool; not with source ranges, which only kube-proxy keeps; and not under a name that is taken", () => {
  const cluster = served({ ...ten, dataPlane: { mode: "IPVS" } }, service("limited", { limitsSources: true }), service("shop"));
  cluster.virtualServers?.push(virtualServer("shop-tcp-80", { virtualIP: "other" }));
  cluster.rest();
  assert.equal(cluster.reason("web/limited"), "PoolNotAllowed");
  assert.equal(cluster.reason("web/shop"), "NameTaken");
  cluster.change("web/shop", { limitsSources: true });
  cluster.virtualServers = [];
  cluster.rest();
  assert.equal(cluster.reason("web/shop"), "SourceRangesNotSupported");
  assert.deepEqual(cluster.virtualServers, []);
});

test("IPVS: with externalTrafficPolicy Local, too, any node may answer", () => {
  const cluster = served(ten, service("shop", { ...ipvs, isLocal: true }));
  cluster.rest();
  assert.equal(cluster.placeOf("192.0.2.100"), "public-0");
});
