import assert from "node:assert/strict";
import { test } from "node:test";
import { FixedSecrets } from "../../../../src/agent/credentials/secrets.ts";
import { parseStandaloneFile } from "../../../../src/agent/standalone/standaloneFile.ts";
import { planStandalone } from "../../../../src/agent/standalone/standalonePlan.ts";
import { link } from "../fixtures.ts";

const head = "apiVersion: aloft.dev/v1alpha1\nkind: VirtualIP\nmetadata: {name: web}\n";
const links = [
  link({ addresses: ["192.0.2.1/24", "fe80::1/64"] }),
  link({ index: 3, name: "eth1", addresses: ["198.51.100.1/24", "2001:db8::1/64"] }),
];

function plan(spec: string, fields: { name?: string; links?: typeof links } = {}, more = "") {
  const parsed = parseStandaloneFile(`${head}spec: ${spec}\n${more}`);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return planStandalone(parsed.objects, { name: "n1", links, ...fields });
}

function routers(...args: Parameters<typeof plan>) {
  const planned = plan(...args);
  assert.ok(planned.ok, JSON.stringify(planned));
  return planned.plan.spec.virtualRouters;
}

test("one router per family, each on the interface whose subnet holds the address, joined in a group", () => {
  const planned = routers("{addresses: [{address: 192.0.2.10/24}, {address: 2001:db8::10}], vrrp: {virtualRouterID: 51}}");
  assert.deepEqual(
    planned.map((router) => [router.family, router.interface, router.priority, router.group, router.deadMan, router.addresses]),
    [
      ["IPv4", "eth0", 100, "virtualip/web", true, [{ address: "192.0.2.10/24" }]],
      ["IPv6", "eth1", 100, "virtualip/web", true, [{ address: "2001:db8::10/128" }]],
    ],
  );
});

test("a family without a subnet of its own uses the interface of the other", () => {
  const planned = routers("{addresses: [{address: 192.0.2.10}, {address: 2001:db8:f::10}], vrrp: {virtualRouterID: 51}}");
  assert.deepEqual(
    planned.map((router) => router.interface),
    ["eth0", "eth0"],
  );
});

test("the longest subnet wins; a host address is no subnet", () => {
  const crowded = [
    link({ name: "wide", addresses: ["192.0.0.0/16"] }),
    link({ name: "host", addresses: ["192.0.2.10/32"] }),
    link({ name: "narrow", addresses: ["192.0.2.1/24"] }),
  ];
  assert.equal(routers("{addresses: [{address: 192.0.2.10}], vrrp: {virtualRouterID: 1}}", { links: crowded })[0]?.interface, "narrow");
});

test("an override of this node sets priority and interface; others do not count", () => {
  const spec = `{addresses: [{address: 192.0.2.10}], interface: eth7, vrrp: {virtualRouterID: 51},
    nodes: {overrides: [{name: n1, priority: 150, interface: eth9}, {name: n2, priority: 200}]}}`;
  const of = (name: string) => routers(spec, { name }).map((router) => [router.priority, router.interface]);
  assert.deepEqual([of("n1"), of("n2"), of("n3")], [[[150, "eth9"]], [[200, "eth7"]], [[100, "eth7"]]]);
});

test("version 2 takes a second by default, in both families, and IPv6 is version 3", () => {
  const planned = routers("{addresses: [{address: 192.0.2.10}, {address: 2001:db8::10}], vrrp: {version: 2, virtualRouterID: 51}}");
  assert.deepEqual(
    planned.map((router) => [router.version, router.advertisementInterval]),
    [
      [2, "1s"],
      [3, "1s"],
    ],
  );
});

const bad: [string, string, string, [number, RegExp]][] = [
  ["a missing VRID", "{addresses: [{address: 192.0.2.10}]}", "", [4, /^spec\.vrrp\.virtualRouterID: expected a VRID/]],
  ["no interface", "{addresses: [{address: 203.0.113.1}], vrrp: {virtualRouterID: 1}}", "", [4, /^spec\.interface: expected an interface/]],
  [
    "unicast without peers",
    "{addresses: [{address: 192.0.2.10}], vrrp: {virtualRouterID: 1, mode: Unicast}}",
    "",
    [4, /^spec\.vrrp\.unicastPeers: expected the IPv4 addresses of the other nodes/],
  ],
  [
    "a selector of nodes",
    "{addresses: [{address: 192.0.2.10}], vrrp: {virtualRouterID: 1}}",
    "---\napiVersion: aloft.dev/v1alpha1\nkind: AgentConfig\nmetadata: {name: all}\nspec:\n  nodeSelector: {matchLabels: {a: b}}\n",
    [10, /^spec\.nodeSelector: a node without Kubernetes has no labels/],
  ],
  [
    "sync daemons without a number",
    "{addresses: [{address: 192.0.2.10}], vrrp: {virtualRouterID: 1}}",
    "---\napiVersion: aloft.dev/v1alpha1\nkind: AgentConfig\nmetadata: {name: all}\nspec:\n  ipvs: {sync: {}}\n",
    [10, /^spec\.ipvs\.sync\.id: expected a number/],
  ],
];
for (const [name, spec, more, [line, message]] of bad) {
  test(`${name} is an error with its place`, () => {
    const planned = plan(spec, {}, more);
    assert.ok(!planned.ok);
    assert.match(planned.problems[0]?.message ?? "", message);
    assert.equal(planned.problems[0]?.line, line);
  });
}

test("Secrets, AgentConfigs and tracks, and the way back from an entry to its place in the file", () => {
  const more = `---
apiVersion: v1
kind: Secret
metadata: {name: vrrp}
data: {password: b25l, other: dHdv}
stringData: {password: three}
---
apiVersion: aloft.dev/v1alpha1
kind: AgentConfig
metadata: {name: all}
spec:
  static: {addresses: [{address: 192.0.2.99/24, interface: eth0}]}
  debugUnknownRouters: true
`;
  const planned = plan(
    `
  addresses: [{address: 192.0.2.10}]
  vrrp: {virtualRouterID: 51, version: 2, authentication: {type: PASS, secretRef: {name: vrrp}}}
  notify:
    programs:
      - {events: [MASTER], command: [/bin/a]}
      - {events: [BACKUP], command: [/bin/b]}
  track:
    - {name: uplink, interface: eth1}
    - {name: nginx, process: {name: nginx}}`,
    {},
    more,
  );
  assert.ok(planned.ok, JSON.stringify(planned));
  const { spec, secrets, problemOf } = planned.plan;
  assert.deepEqual(new FixedSecrets(secrets).lookUp("vrrp", "password"), { ok: true, value: "three" });
  assert.deepEqual(new FixedSecrets(secrets).lookUp("vrrp", "other"), { ok: true, value: "two" });
  assert.deepEqual(spec.virtualRouters[0]?.passwordRef, { name: "vrrp", key: "password" });
  assert.deepEqual(spec.virtualRouters[0]?.track, [
    { interface: "eth1", weight: 0, reverse: false },
    { check: "web.nginx", weight: 0, reverse: false },
  ]);
  assert.equal(spec.debugUnknownRouters, true);
  const places: [string, number][] = [
    ["virtualRouters[0]", 5],
    ["virtualRouters[0].notify.programs[1]", 10],
    ["checks[0]", 13],
    ["static.addresses[0]", 25],
    ["groups[7]", 1],
  ];
  for (const [path, line] of places) assert.equal(problemOf(path, "no").line, line, path);
});
