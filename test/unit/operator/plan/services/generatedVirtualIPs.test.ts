import assert from "node:assert/strict";
import { test } from "node:test";
import { findLostLabels } from "../../../../../src/operator/plan/services/lostLabels.ts";
import { timeAt, virtualIP } from "../../samples.ts";
import { dual, served, service, ten } from "../../servedCluster.ts";

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

test("a VirtualIP of somebody else that is called as one of the pool is left alone", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.virtualIPs = [virtualIP("public-0", { addresses: [{ address: "192.0.2.50" }] })];
  cluster.rest();
  assert.equal(cluster.placeOf("192.0.2.100"), "public-1");
  assert.equal(cluster.placeOf("192.0.2.50"), "public-0");
});

for (const [what, generated] of [
  ["have gone", undefined],
  ["say something else", { pool: "public", role: "local" as const }],
] as const) {
  test(`a VirtualIP of a pool whose labels ${what} is labelled again, and its Services go on and go`, () => {
    const cluster = served({ ...ten, virtualRouters: 1 }, service("a"), service("b"));
    cluster.rest();
    cluster.virtualIPs = cluster.virtualIPs.map(({ generated: _before, ...view }) => ({ ...view, ...(generated && { generated }) }));
    cluster.rest();
    assert.deepEqual(cluster.view("public-0").generated, { pool: "public", role: "shared" });
    cluster.change("web/a", { deleting: true });
    cluster.services.push(service("c", { createdAt: timeAt(9) }));
    cluster.rest();
    assert.deepEqual(Object.values(cluster.assignments("public")), ["web/b", "web/c"]);
    assert.equal(cluster.view("public-0").status.transitions, 0);
    assert.equal(cluster.poolCondition("public", "Accepted"), "True/Accepted");
  });
}

test("a VirtualIP of another segment with a Service's address and such a name is somebody else's", () => {
  const cluster = served({ ...ten, virtualRouters: 1 }, service("a"));
  cluster.rest();
  const other = virtualIP("public-7", { addresses: [{ address: "192.0.2.100" }], segment: "other" });
  const routers = new Map([["public-7", new Map([["n1", []]])]]);
  assert.equal(findLostLabels({ virtualIPs: [other], pools: cluster.pools }, routers).names.size, 0);
  // Whatever else somebody has put there.
  const same = virtualIP("public-7", { addresses: [{ address: "192.0.2.77" }, { address: "192.0.2.100" }] });
  assert.equal(findLostLabels({ virtualIPs: [same], pools: cluster.pools }, routers).names.size, 1);
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
