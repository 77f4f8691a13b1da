import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualServerView } from "../../../../src/operator/plan/cluster.ts";
import { agentConfig, clusterOf, type PlannedCluster, timeAt, virtualIP, virtualServer } from "../samples.ts";

const vip = (more: object = {}) =>
  virtualIP("gateway", {
    addresses: [{ address: "192.0.2.10/24" }, { address: "192.0.2.11/24" }],
    allowedNamespaces: ["web", "app"],
    ...more,
  });

function clusterWith(...servers: VirtualServerView[]): PlannedCluster {
  const cluster = clusterOf("n1", "n2");
  cluster.virtualIPs = [vip()];
  cluster.configs = [];
  cluster.virtualServers = servers;
  return cluster;
}

function accepted(cluster: PlannedCluster, key: string): string {
  const condition = cluster.server(key).status.conditions?.find(({ type }) => type === "Accepted");
  return `${condition?.reason}: ${condition?.message}`;
}

const on = (spec: object = {}) => ({ virtualIP: "gateway", ...spec });

test("servers: one on a VirtualIP that allows its namespace is accepted, on all its addresses or on those that it names", () => {
  const cluster = clusterWith(
    virtualServer("shop", on()),
    virtualServer("one", on({ addresses: ["192.0.2.11"], ports: [{ port: 443 }, { port: 8000, last: 8010 }] })),
  );
  cluster.settle();
  assert.equal(accepted(cluster, "web/shop"), "Accepted: it serves TCP/80 on 192.0.2.10; 192.0.2.11");
  assert.equal(accepted(cluster, "web/one"), "Accepted: it serves TCP/443,8000-8010 on 192.0.2.11");
  assert.deepEqual(cluster.server("web/one").status.summary, { addresses: "192.0.2.11", ports: "TCP/443,8000-8010" });
});

const refused: [name: string, view: VirtualServerView, says: RegExp][] = [
  [
    "no such VirtualIP",
    virtualServer("x", { virtualIP: "gatewey" }),
    /^VirtualIPNotFound: spec\.virtualIP: there is no VirtualIP "gatewey"/,
  ],
  [
    "a namespace that the VirtualIP does not name",
    virtualServer("x", on(), { namespace: "dev" }),
    /^NamespaceNotAllowed: spec\.allowedNamespaces of VirtualIP "gateway" does not name the namespace "dev"/,
  ],
  [
    "an address that the VirtualIP does not have",
    virtualServer("x", on({ addresses: ["192.0.2.12"] })),
    /^AddressNotOfVirtualIP: spec\.addresses: VirtualIP "gateway" has no 192\.0\.2\.12/,
  ],
  [
    "a server of a family that the VirtualIP does not have",
    virtualServer("x", on({ realServers: [{ address: "10.0.0.1" }, { address: "2001:db8::1" }] })),
    /^FamilyMismatch: spec\.realServers\[1\]\.address: 2001:db8::1 is IPv6, and VirtualIP "gateway" has no such address/,
  ],
  [
    "an address of a VirtualIP without naming it",
    virtualServer("x", { addresses: ["192.0.2.10"] }),
    /^AddressOfVirtualIP: spec\.addresses: 192\.0\.2\.10 belongs to VirtualIP "gateway"/,
  ],
  [
    "addresses of the nodes without permission",
    virtualServer("x", { addresses: ["192.0.2.1"] }),
    /^NotPermitted: no node has an AgentConfig with virtualServers\.allowAddresses for the namespace "web"/,
  ],
  [
    "a firewall mark without permission",
    virtualServer("x", { firewallMark: 7, ports: undefined }),
    /^NotPermitted: no node has an AgentConfig with virtualServers\.allowFirewallMarks for the namespace "web"/,
  ],
];

for (const [name, view, says] of refused) {
  test(`servers: refused with its reason: ${name}`, () => {
    const cluster = clusterWith(view);
    cluster.settle();
    assert.match(accepted(cluster, view.key), says);
    assert.equal(cluster.condition(view.key, "Ready"), "False/NotAccepted");
    assert.deepEqual([cluster.servers("n1"), cluster.servers("n2")], [[], []]);
  });
}

test("servers: of two that ask for one port the older has it, and the other one once that is gone", () => {
  const cluster = clusterWith(
    virtualServer("young", on(), { namespace: "app", createdAt: timeAt(-1) }),
    virtualServer("old", on({ addresses: ["192.0.2.11"] }), { createdAt: timeAt(-9) }),
  );
  cluster.settle();
  assert.equal(
    accepted(cluster, "app/young"),
    "ServiceConflict: TCP 192.0.2.11:80 of VirtualServer app/young belongs to VirtualServer web/old, which is older",
  );
  assert.deepEqual(cluster.servers("n1"), ["web/old"]);
  cluster.virtualServers = cluster.virtualServers?.filter(({ name }) => name !== "old");
  cluster.gone.add("web/old");
  cluster.settle();
  assert.deepEqual(cluster.servers("n1"), ["app/young"]);
});

test("servers: an older one that comes later takes its port from the one that runs", () => {
  const cluster = clusterWith(virtualServer("young", on(), { createdAt: timeAt(-1) }));
  cluster.settle();
  cluster.virtualServers?.push(virtualServer("old", on(), { createdAt: timeAt(-9) }));
  cluster.settle();
  assert.deepEqual(cluster.servers("n1"), ["web/old"]);
  assert.equal(cluster.condition("web/young", "Accepted"), "False/ServiceConflict");
});

test("servers: one firewall mark is one service per family, whatever the ports", () => {
  const cluster = clusterWith(
    virtualServer("a", { firewallMark: 7, ports: undefined }, { createdAt: timeAt(-9) }),
    virtualServer("b", { firewallMark: 7, ports: undefined }),
    virtualServer("c", { firewallMark: 7, firewallMarkFamilies: ["IPv6"], ports: undefined, realServers: [] }),
  );
  cluster.configs = [agentConfig("all", { virtualServers: { allowFirewallMarks: true, namespaces: ["web"] } })];
  cluster.settle();
  assert.deepEqual(cluster.servers("n1"), ["web/a", "web/c"]);
  assert.match(accepted(cluster, "web/b"), /IPv4 mark 7 of VirtualServer web\/b belongs to VirtualServer web\/a/);
});

test("servers: without a VirtualIP it runs on the nodes whose AgentConfig permits it to the namespace, each permission by itself", () => {
  const cluster = clusterWith(
    virtualServer("local", { addresses: ["192.0.2.1"] }),
    virtualServer("marked", { firewallMark: 7, ports: undefined }),
  );
  cluster.nodes = cluster.nodes.map((view) => ({ ...view, labels: { host: view.name } }));
  const selecting = (host: string) => ({ nodeSelector: { matchLabels: { host } } });
  cluster.configs = [
    agentConfig("a", { ...selecting("n1"), virtualServers: { allowFirewallMarks: true, namespaces: ["web"] } }),
    agentConfig("b", { ...selecting("n2"), virtualServers: { allowAddresses: true, namespaces: ["dev"] } }),
    agentConfig("c", { ...selecting("n2"), virtualServers: { allowAddresses: true, namespaces: ["web"] } }),
  ];
  cluster.settle();
  assert.deepEqual([cluster.servers("n1"), cluster.servers("n2")], [["web/marked"], ["web/local"]]);
  assert.deepEqual(cluster.agentOf("n2").spec.virtualServers, [{ namespace: "web", name: "local", addresses: ["192.0.2.1"] }]);
  assert.equal(cluster.server("web/marked").status.summary?.ports, "mark 7");
});

test("servers: a link-local address is served only when it is named, and more than 64 addresses must be", () => {
  const addresses = [{ address: "fe80::10" }, { address: "2001:db8::10" }];
  const cluster = clusterWith(virtualServer("x", on({ realServers: [] })), virtualServer("many", { virtualIP: "many", realServers: [] }));
  cluster.virtualIPs = [
    vip({ addresses }),
    virtualIP("many", {
      addresses: Array.from({ length: 65 }, (_, index) => ({ address: `192.0.2.${index + 100}` })),
      allowedNamespaces: ["web"],
    }),
  ];
  cluster.settle();
  assert.deepEqual(cluster.server("web/x").status.addresses, ["2001:db8::10"]);
  assert.match(accepted(cluster, "web/many"), /^TooManyAddresses: VirtualIP "many" has 65 addresses: name at most 64 of them/);
});
