/** Defaults; the verdicts on good and bad objects are in test/apiserver/schema.test.ts, next to kube-apiserver's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import { virtualServerSpecSchema } from "../../../src/api/virtualServer.ts";

const base = { virtualIP: "gateway", ports: [{ port: 80 }], realServers: [{ address: "10.0.0.1" }] };

test("a VirtualServer needs a VirtualIP, a port and real servers; the rest is by default", () => {
  assert.deepEqual(virtualServerSpecSchema.parse(base), {
    ...base,
    protocol: "TCP",
    scheduler: "mh",
    onePacket: false,
    forwarding: "NAT",
    weight: 1,
    onFailure: "Remove",
    quorum: 1,
    hysteresis: 0,
    drainTimeout: "5m",
    suspendWithoutAddress: false,
  });
});

test("a health check needs nothing but its kind", () => {
  const { healthChecks } = virtualServerSpecSchema.parse({ ...base, healthChecks: [{ http: {} }] });
  const timing = { interval: "2s", timeout: "1s", retries: 1, retryDelay: "1s", rise: 1, fall: 1, initial: "Up" };
  const requests = [{ path: "/", method: "GET", statuses: ["200-299"] }];
  assert.deepEqual(healthChecks, [{ http: { scheme: "HTTP", version: "1.1", requests }, ...timing }]);
});

test("an AgentConfig says nothing of IPVS by itself, and permits nothing", () => {
  assert.deepEqual(agentConfigSpecSchema.parse({}), {});
  assert.deepEqual(agentConfigSpecSchema.parse({ ipvs: { sync: {} }, virtualServers: {} }), {
    ipvs: { sync: { role: "Both" } },
    virtualServers: { allowAddresses: false, allowFirewallMarks: false },
  });
});
