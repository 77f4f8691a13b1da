import assert from "node:assert/strict";
import { test } from "node:test";
import { planDesired, type RawSpec } from "../../../../src/agent/desired/desired.ts";
import { plain, routerSpec } from "../fixtures.ts";

function plan(spec: RawSpec) {
  const secrets = { lookUp: () => ({ ok: false as const, message: "there is none" }) };
  const { desired, rejected, adjusted } = planDesired(spec, { realTime: true, secrets });
  const told = [...rejected, ...adjusted].map(({ path, subject, message }) => `${path} ${subject}: ${message}`);
  return { interfaces: desired.interfaces, told };
}

test("interfaces have their delays in milliseconds, and none is 0", () => {
  assert.deepEqual(plan({}), { interfaces: undefined, told: [] });
  assert.deepEqual(
    plan({
      interfaces: [
        { name: "eth0", downDelay: "1.5s" },
        { name: "eth1", upDelay: "1m" },
      ],
    }),
    {
      interfaces: [
        { name: "eth0", downDelayMs: 1500, upDelayMs: 0 },
        { name: "eth1", downDelayMs: 0, upDelayMs: 60_000 },
      ],
      told: [],
    },
  );
});

test("a delay ends before peers of the routers of its interface take over", () => {
  const router = routerSpec({ interface: "eth0", advertisementInterval: "1s", downTimerAdverts: 4 });
  const faster = routerSpec({
    virtualIP: "db",
    virtualRouterID: 52,
    interface: "eth0",
    advertisementInterval: "500ms",
    addresses: plain("192.0.2.11/24"),
  });
  const interfaces = [
    { name: "eth0", downDelay: "5s", upDelay: "900ms" },
    { name: "eth1", downDelay: "5s" },
  ];
  const lowered = (limit: number) => [
    `interfaces[0] interface eth0: downDelay lowered from 5s to ${limit}ms: a peer would take over before`,
  ];
  const alone = plan({ virtualRouters: [router], interfaces });
  assert.deepEqual([alone.interfaces?.[0], alone.told], [{ name: "eth0", downDelayMs: 2996, upDelayMs: 900 }, lowered(2996)]);
  const both = plan({ virtualRouters: [router, faster], interfaces });
  assert.deepEqual([both.interfaces?.[0]?.downDelayMs, both.told], [998, lowered(998)]);
  assert.equal(both.interfaces?.[1]?.downDelayMs, 5000, "nobody elects there");
  const hasty = plan({ virtualRouters: [{ ...router, downTimerAdverts: 1 }], interfaces });
  assert.equal(hasty.interfaces?.[0]?.downDelayMs, 0);
});

test("an interface that is named twice, or a delay that is too long, is refused, and the others count", () => {
  const { interfaces, told } = plan({
    interfaces: [{ name: "eth0" }, { name: "eth0", upDelay: "1s" }, { name: "eth1", downDelay: "1001s" }, { name: "eth2", upDelay: "5" }],
  });
  assert.deepEqual(
    interfaces?.map(({ name }) => name),
    ["eth0"],
  );
  assert.deepEqual(
    told.map((text) => text.split(",")[0]),
    [
      "interfaces[1] interface eth0: is listed twice",
      "interfaces[2] interface eth1: downDelay: must be at most 1000s",
      'interfaces[3] interface eth2: upDelay: must be a duration such as "100ms"',
    ],
  );
});
