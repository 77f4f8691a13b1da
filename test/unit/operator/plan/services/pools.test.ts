import assert from "node:assert/strict";
import { test } from "node:test";
import { timeAt, virtualIP } from "../../samples.ts";
import { pool, served, service, ten } from "../../servedCluster.ts";

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

test("a Service whose namespace is new waits until it is known: an address of a pool for all would be its for good", () => {
  const tenant = { addresses: ["192.0.2.200"], priority: 1, namespaceSelector: { matchLabels: { tenant: "acme" } } };
  const cluster = served(ten, service("a"));
  cluster.pools.push(pool("acme", tenant));
  cluster.rest();
  assert.deepEqual([cluster.addresses("web/a"), cluster.reason("web/a")], [[], "NamespaceUnknown"]);
  cluster.namespaces = [{ name: "web", labels: { tenant: "acme" } }];
  cluster.rest();
  assert.deepEqual(cluster.addresses("web/a"), ["192.0.2.200"]);
});

test("a VirtualIP made later with an address that a Service has takes it from nobody, also when the pool holds it no longer", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.rest();
  cluster.virtualIPs.push(virtualIP("thief", { addresses: [{ address: "192.0.2.100" }] }, { createdAt: timeAt(9) }));
  cluster.rest();
  const stays = () => {
    assert.deepEqual(
      cluster.routers("n1").map((router) => `${router.virtualIP} ${router.addresses.map(({ address }) => address)}`),
      ["public-0 192.0.2.100/32"],
    );
    assert.equal(cluster.active("public-0"), "n1");
  };
  stays();
  cluster.changePool("public", { addresses: ["192.0.2.101-192.0.2.109"], virtualRouters: 1 });
  cluster.rest();
  stays();
});

test("a VirtualIP made between an address that is given and the one that is to hold it is refused, and keeps nobody from answering", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.rest();
  cluster.generationTakes = 3;
  cluster.services.push(service("b", { createdAt: timeAt(5) }));
  cluster.serve();
  assert.deepEqual(cluster.addresses("web/b"), ["192.0.2.101"]);
  cluster.virtualIPs.push(virtualIP("thief", { addresses: [{ address: "192.0.2.101" }] }, { createdAt: timeAt(9) }));
  cluster.rest();
  assert.equal(cluster.active("public-0"), "n1");
  assert.deepEqual(
    cluster.routers("n1").flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    ["192.0.2.100/32", "192.0.2.101/32"],
  );
});

test("a pool that is deleted goes with the last of its Services, also when a VirtualIP waits for its address", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.rest();
  cluster.virtualIPs.push(virtualIP("heir", { addresses: [{ address: "192.0.2.100" }] }, { createdAt: timeAt(9) }));
  cluster.deletePool("public");
  cluster.rest();
  assert.equal(cluster.active("public-0"), "n1");
  cluster.change("web/a", { deleting: true });
  cluster.rest();
  assert.deepEqual([cluster.pools, cluster.services], [[], []]);
  assert.equal(cluster.active("heir"), "n1");
});
