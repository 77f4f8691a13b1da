import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualServer } from "../../samples.ts";
import { type ServedCluster, served, service, ten } from "../../servedCluster.ts";

const ipvs = { annotations: { "aloft.dev/dataplane": "ipvs" } };
const byKubeProxy = { "aloft.dev/dataplane": "kube-proxy" };
const local = { ...ipvs, isLocal: true };
const ready = (cluster: ServedCluster, name: string, ...nodes: string[]) => cluster.endpoints.set(`web/${name}`, new Set(nodes));

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

test("IPVS with externalTrafficPolicy Local: nodes with a ready endpoint may answer, and pods see the client whatever the pool says", () => {
  for (const forwarding of ["NAT", "DR"]) {
    const dataPlane = { mode: "IPVS", forwarding };
    const cluster = served({ ...ten, dataPlane }, service("shop", local), service("store", { ...local, annotations: byKubeProxy }));
    for (const name of ["shop", "store"]) ready(cluster, name, "n2", "n3");
    cluster.rest();
    assert.deepEqual([cluster.placeOf("192.0.2.100"), cluster.placeOf("192.0.2.101")], ["public-local-0", "public-local-0"]);
    assert.deepEqual(Object.keys(cluster.priorities("public-local-0")).sort(), ["n2", "n3"]);
    assert.deepEqual([cluster.servers("n1"), cluster.servers("n2"), cluster.servers("n3")], [[], ["web/shop-tcp-80"], ["web/shop-tcp-80"]]);
    const { spec } = cluster.server("web/shop-tcp-80");
    assert.deepEqual([spec?.forwarding, spec?.masquerade, spec?.service?.targets], ["DR", undefined, "Nodes"]);
    const entry = { namespace: "web", name: "shop-tcp-80", addresses: ["192.0.2.100"], translates: true };
    for (const { spec: agent } of cluster.agents) assert.deepEqual(agent.realServers, [entry]);
  }
});

test("IPVS with Local: its VirtualServer goes along when the last endpoint of a node goes, and goes when the last one of all does", () => {
  const cluster = served(ten, service("shop", local), service("store", local));
  for (const name of ["shop", "store"]) ready(cluster, name, "n1", "n2");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), "n1");
  ready(cluster, "shop", "n3");
  cluster.rest();
  assert.deepEqual([cluster.placeOf("192.0.2.100"), cluster.answers("192.0.2.100")], ["public-local-1", "n3"]);
  assert.deepEqual(cluster.servers("n3"), ["web/shop-tcp-80"]);
  assert.equal(cluster.condition("web/shop-tcp-80", "Accepted"), "True/Accepted");
  assert.deepEqual([cluster.answers("192.0.2.101"), cluster.servers("n1")], ["n1", ["web/store-tcp-80"]]);
  ready(cluster, "shop");
  cluster.rest();
  assert.equal(cluster.answers("192.0.2.100"), undefined);
  assert.deepEqual(
    cluster.virtualServers?.map(({ key }) => key),
    ["web/store-tcp-80"],
  );
  assert.match(cluster.told.at(-1) ?? "", /^web\/shop NoReadyEndpoint: nobody answers for 192\.0\.2\.100: /);
  ready(cluster, "shop", "n2");
  cluster.rest();
  assert.deepEqual([cluster.answers("192.0.2.100"), cluster.servers("n2").includes("web/shop-tcp-80")], ["n2", true]);
});

test("IPVS: from Cluster to Local and back the address stays, and packets go the pool's way again", () => {
  const cluster = served(ten, service("shop", ipvs));
  ready(cluster, "shop", "n3");
  const way = () => {
    const { spec } = cluster.server("web/shop-tcp-80");
    return [spec?.virtualIP?.replace(/[0-9]$/, ""), spec?.forwarding, spec?.masquerade, cluster.addresses("web/shop").join()];
  };
  cluster.rest();
  const before = way();
  assert.deepEqual(before, ["public-", "NAT", true, "192.0.2.100"]);
  cluster.change("web/shop", { isLocal: true });
  cluster.rest();
  assert.deepEqual(way(), ["public-local-", "DR", undefined, "192.0.2.100"]);
  assert.equal(cluster.condition("web/shop-tcp-80", "Accepted"), "True/Accepted");
  cluster.change("web/shop", { isLocal: false });
  cluster.rest();
  assert.deepEqual(way(), before);
});
