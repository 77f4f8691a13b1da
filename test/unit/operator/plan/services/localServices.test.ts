import assert from "node:assert/strict";
import { test } from "node:test";
import { timeAt } from "../../samples.ts";
import { pool, ServedCluster, served, service, ten } from "../../servedCluster.ts";

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
