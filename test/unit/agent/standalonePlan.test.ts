import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStandaloneFile } from "../../../src/agent/standaloneFile.ts";
import { planStandalone } from "../../../src/agent/standalonePlan.ts";
import { link } from "./fixtures.ts";

const head = "apiVersion: aloft.dev/v1alpha1\nkind: VirtualIP\nmetadata: {name: web}\n";
const links = [
  link({ addresses: ["192.0.2.1/24", "fe80::1/64"] }),
  link({ index: 3, name: "eth1", addresses: ["198.51.100.1/24", "2001:db8::1/64"] }),
];

function plan(spec: string, fields: { name?: string; links?: typeof links } = {}, more = "") {
  const parsed = parseStandaloneFile(`${head}spec: ${spec}\n${more}`);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return planStandalone(parsed.virtualIPs, { name: "n1", links, ...fields });
}

function routers(...args: Parameters<typeof plan>) {
  const planned = plan(...args);
  assert.ok(planned.ok, JSON.stringify(planned));
  return planned.spec.virtualRouters;
}

test("one router per family, each on the interface whose subnet holds the address", () => {
  assert.deepEqual(routers("{addresses: [{address: 192.0.2.10/24}, {address: 2001:db8::10}], vrrp: {virtualRouterID: 51}}"), [
    {
      virtualIP: "web",
      family: "IPv4",
      interface: "eth0",
      virtualRouterID: 51,
      version: 3,
      priority: 100,
      advertisementInterval: "100ms",
      preempt: true,
      preemptDelay: "0s",
      checksum: "Auto",
      addresses: ["192.0.2.10/24"],
    },
    {
      virtualIP: "web",
      family: "IPv6",
      interface: "eth1",
      virtualRouterID: 51,
      version: 3,
      priority: 100,
      advertisementInterval: "100ms",
      preempt: true,
      preemptDelay: "0s",
      checksum: "Auto",
      addresses: ["2001:db8::10"],
    },
  ]);
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
    "a VRID that another document has on that interface",
    "{addresses: [{address: 192.0.2.10}], vrrp: {virtualRouterID: 1}}",
    `---\n${head.replace("web", "db")}spec: {addresses: [{address: 192.0.2.11}], vrrp: {virtualRouterID: 1}}\n`,
    [9, /^spec: virtualRouterID: 1 on eth0 is used by web\/IPv4$/],
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
