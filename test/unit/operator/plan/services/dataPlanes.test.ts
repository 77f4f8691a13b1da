import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualServer } from "../../samples.ts";
import { served, service, ten } from "../../servedCluster.ts";

const ipvs = { annotations: { "aloft.dev/dataplane": "ipvs" } };

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
