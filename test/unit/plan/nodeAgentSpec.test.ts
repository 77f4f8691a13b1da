import assert from "node:assert/strict";
import { test } from "node:test";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import { nodeAgentSpecSchema } from "../../../src/api/nodeAgent.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { mergeNodePlans } from "../../../src/plan/nodeAgentSpec.ts";
import { planVirtualRouters } from "../../../src/plan/virtualRouters.ts";

const config = (name: string, spec: object) => ({ name, spec: agentConfigSpecSchema.parse(spec) });

function planned(name: string, spec: object = {}) {
  const whole = virtualIPSpecSchema.parse({ addresses: [{ address: "192.0.2.10" }, { address: "2001:db8::10" }], ...spec });
  return planVirtualRouters(name, whole, {
    node: "n1",
    priority: 254,
    interfaces: { IPv4: "eth0", IPv6: "eth0" },
    virtualRouterID: 1,
    liveOthers: false,
  });
}

test("merge: nothing to run is an empty list and nothing else", () => {
  assert.deepEqual(mergeNodePlans([]), { virtualRouters: [] });
});

test("merge: the order does not depend on that of the plans, and each check stands once", () => {
  const [a, b] = [planned("a", { track: [{ name: "x", tcp: { port: 80 } }] }), planned("b", { track: [{ name: "x", tcp: { port: 81 } }] })];
  const merged = mergeNodePlans([b, a, a].map((plan) => ({ ...plan, virtualRouters: plan === a ? [] : plan.virtualRouters })));
  assert.deepEqual(
    merged.checks?.map(({ name }) => name),
    ["a.x", "b.x"],
  );
  assert.deepEqual(mergeNodePlans([b, a]), mergeNodePlans([a, b]));
  assert.deepEqual(
    mergeNodePlans([b, a]).virtualRouters.map(({ virtualIP, family }) => `${virtualIP} ${family}`),
    ["a IPv4", "a IPv6", "b IPv4", "b IPv6"],
  );
});

test("merge: lists of AgentConfigs are joined; of single values the one of the lowest name counts", () => {
  const mail = (server: string) => ({ server, from: "a@example.com", to: ["b@example.com"] });
  const spec = mergeNodePlans(
    [],
    [
      config("b", {
        mail: mail("b"),
        notifyFifo: "/run/b",
        static: {
          addresses: [{ address: "192.0.2.1/32", interface: "lo" }],
          routes: [{ destination: "198.51.100.0/24", type: "blackhole" }],
        },
      }),
      config("a", { mail: mail("a"), debugUnknownRouters: true, static: { addresses: [{ address: "192.0.2.2/32", interface: "lo" }] } }),
      config("c", { static: { addresses: [{ address: "192.0.2.1/32", interface: "lo" }], rules: [{ from: "192.0.2.1", table: 9 }] } }),
    ],
  );
  assert.deepEqual(nodeAgentSpecSchema.parse(spec), spec);
  assert.deepEqual(spec.notify, { fifo: "/run/b", mail: { ...mail("a"), timeout: "30s" } });
  assert.equal(spec.debugUnknownRouters, true);
  assert.deepEqual(
    spec.static?.addresses.map(({ address }) => address),
    ["192.0.2.2/32", "192.0.2.1/32"],
  );
  assert.deepEqual([spec.static?.routes.length, spec.static?.rules.length], [1, 1]);
});

test("merge: of two that name an interface the one of the lower name counts; paces stand one behind the other", () => {
  const [a, b] = ["1ms", "2ms"].map((gratuitousARP) => ({ interfaces: ["eth0"], gratuitousARP }));
  const spec = mergeNodePlans(
    [],
    [
      config("b", { interfaces: [{ name: "eth0", downDelay: "2s" }, { name: "eth1" }], announcementPacing: [b], vrrpNotifyFifo: "/run/v" }),
      config("a", { interfaces: [{ name: "eth0", upDelay: "1s" }], announcementPacing: [a], notifyStatesOnReload: true }),
    ],
  );
  assert.deepEqual(nodeAgentSpecSchema.parse(spec), spec);
  assert.deepEqual(spec.interfaces, [{ name: "eth0", upDelay: "1s" }, { name: "eth1" }]);
  assert.deepEqual(spec.announcementPacing, [a, b]);
  assert.deepEqual(spec.notify, { vrrpFifo: "/run/v", statesOnReload: true });
});

test("merge: the start-up delay of the node holds where the VirtualIP has none", () => {
  const plans = [planned("a"), planned("b", { vrrp: { startupDelay: "1s" } })];
  assert.deepEqual(
    mergeNodePlans(plans, [config("x", { startupDelay: "30s" })]).virtualRouters.map(({ startupDelay }) => startupDelay),
    ["30s", "30s", "1s", "1s"],
  );
});
