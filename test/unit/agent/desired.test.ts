import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planDesired } from "../../../src/agent/desired.ts";
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import { routerSpec } from "./fixtures.ts";

const realTime = { realTime: true };
const plan = (...virtualRouters: unknown[]) => planDesired({ virtualRouters }, realTime);

test("a router in the core's form: milliseconds, canonical addresses without repetition", () => {
  const { desired, rejected } = plan(
    routerSpec({
      family: "IPv6",
      advertisementInterval: "1s",
      preemptDelay: "1m30s",
      addresses: ["2001:DB8:0::10/64", "2001:db8::10/64", "2001:db8::11"],
    }),
  );
  assert.deepEqual(rejected, []);
  assert.deepEqual(desired.routers, [
    {
      key: "web/IPv6",
      family: "IPv6",
      interface: "eth0",
      virtualRouterID: 51,
      version: 3,
      priority: 100,
      advertisementIntervalMs: 1000,
      preempt: true,
      preemptDelayMs: 90_000,
      checksum: "Auto",
      addresses: ["2001:db8::10/64", "2001:db8::11/128"],
    },
  ]);
});

const refusals: [string, Partial<Record<keyof VirtualRouterSpec, unknown>>, RegExp][] = [
  ["no VRID", { virtualRouterID: 0 }, /^virtualRouterID: /],
  ["an unknown version", { version: 4 }, /^version: /],
  ["IPv6 in version 2", { family: "IPv6", version: 2 }, /^version: IPv6 needs VRRP version 3$/],
  ["an unknown checksum", { checksum: "Sum" }, /^checksum: /],
  ["5 ms", { advertisementInterval: "5ms" }, /^advertisementInterval: version 3 allows 10ms to 40.95s in steps of 10ms, not 5ms$/],
  ["15 ms", { advertisementInterval: "15ms" }, /^advertisementInterval: version 3 allows/],
  ["41 s", { advertisementInterval: "41s" }, /^advertisementInterval: version 3 allows/],
  ["no interval", { advertisementInterval: "soon" }, /^advertisementInterval: must be a duration/],
  ["100 ms in version 2", { version: 2 }, /^advertisementInterval: version 2 allows whole seconds from 1s to 255s, not 100ms$/],
  ["256 s in version 2", { version: 2, advertisementInterval: "256s" }, /^advertisementInterval: version 2/],
  ["a long preemptDelay", { preemptDelay: "1001s" }, /^preemptDelay: must be at most 1000s/],
  ["no addresses", { addresses: [] }, /^addresses: /],
  ["an address that is none", { addresses: ["192.0.2.300/24"] }, /^addresses: "192.0.2.300\/24" is not an address$/],
  ["an address of the other family", { addresses: ["2001:db8::1/64"] }, /^addresses: 2001:db8::1\/64 is IPv6, the virtual router is IPv4$/],
  ["a long interface name", { interface: "sixteen-letters-" }, /^interface: /],
];

for (const [name, fields, message] of refusals) {
  test(`${name}: refused with the field's name, and the others go on`, () => {
    const good = routerSpec({ virtualIP: "good", virtualRouterID: 9, addresses: ["192.0.2.9/24"] });
    const { desired, rejected } = plan({ ...routerSpec(), ...fields }, good);
    assert.deepEqual(
      desired.routers.map(({ key }) => key),
      ["good/IPv4"],
    );
    assert.equal(rejected.length, 1);
    assert.match(rejected[0]?.message ?? "", message);
    assert.deepEqual([rejected[0]?.index, rejected[0]?.virtualIP], [0, "web"]);
  });
}

test("entries that are no objects are refused", () => {
  for (const entry of [null, 7, "web", []]) assert.equal(plan(entry).rejected.length, 1);
  assert.deepEqual(planDesired({ virtualRouters: "none" }, realTime).desired.routers, []);
});

const clashes: [string, Partial<VirtualRouterSpec>, RegExp][] = [
  ["the same name and family", { virtualRouterID: 52, addresses: ["192.0.2.11/24"] }, /^is listed twice$/],
  [
    "the same VRID on the same interface",
    { virtualIP: "db", addresses: ["192.0.2.11/24"] },
    /^virtualRouterID: 51 on eth0 is used by web\/IPv4$/,
  ],
  ["the same address", { virtualIP: "db", virtualRouterID: 52, interface: "eth1" }, /^addresses: 192.0.2.10\/24 belongs to web\/IPv4$/],
];
for (const [name, fields, message] of clashes) {
  test(`${name}: the first one keeps it`, () => {
    const { desired, rejected } = plan(routerSpec(), routerSpec(fields));
    assert.deepEqual(
      desired.routers.map(({ key }) => key),
      ["web/IPv4"],
    );
    assert.match(rejected[0]?.message ?? "", message);
  });
}

test("the families of one VirtualIP share the VRID", () => {
  const { desired } = plan(routerSpec(), routerSpec({ family: "IPv6", addresses: ["2001:db8::10/64"] }));
  assert.deepEqual(
    desired.routers.map(({ key }) => key),
    ["web/IPv4", "web/IPv6"],
  );
});

test("without real time shorter intervals are raised to 100 ms, and that is told", () => {
  const spec = {
    virtualRouters: [
      routerSpec({ advertisementInterval: "10ms" }),
      routerSpec({ virtualIP: "db", virtualRouterID: 2, addresses: ["192.0.2.2/24"] }),
    ],
  };
  const { desired, adjusted } = planDesired(spec, { realTime: false });
  assert.deepEqual(
    desired.routers.map((router) => router.advertisementIntervalMs),
    [100, 100],
  );
  assert.deepEqual(
    adjusted.map(({ virtualIP }) => virtualIP),
    ["web"],
  );
  assert.match(adjusted[0]?.message ?? "", /raised from 10ms to 100ms/);
  assert.equal(planDesired(spec, realTime).desired.routers[0]?.advertisementIntervalMs, 10);
});

test("whatever the entries are, each is either planned or refused, and no two planned ones clash", () => {
  const entry = fc.oneof(
    fc.anything(),
    fc
      .record({
        virtualIP: fc.constantFrom("a", "b", "c"),
        family: fc.constantFrom("IPv4", "IPv6"),
        virtualRouterID: fc.integer({ min: 0, max: 3 }),
        version: fc.constantFrom(2, 3),
        advertisementInterval: fc.constantFrom("10ms", "15ms", "1s", "300s"),
        addresses: fc.array(fc.constantFrom("192.0.2.1/24", "192.0.2.2", "2001:db8::1/64", "x"), { maxLength: 2 }),
      })
      .map((fields) => ({ ...routerSpec(), ...fields })),
  );
  fc.assert(
    fc.property(fc.array(entry), (virtualRouters) => {
      const { desired, rejected } = planDesired({ virtualRouters }, realTime);
      assert.equal(desired.routers.length + rejected.length, virtualRouters.length);
      const unique = (keys: string[]) => assert.equal(new Set(keys).size, keys.length);
      unique(desired.routers.map(({ key }) => key));
      unique(desired.routers.map(({ family, virtualRouterID }) => `${family} ${virtualRouterID}`));
    }),
  );
});
