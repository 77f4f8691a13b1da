import assert from "node:assert/strict";
import { test } from "node:test";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import { mergeConfigs } from "../../../src/plan/nodeAgentSpec.ts";
import { holdPreemption, planIpvs } from "../../../src/plan/nodeIpvs.ts";

const settings = (...ipvs: object[]) =>
  mergeConfigs(ipvs.map((each, index) => ({ name: `c${index}`, spec: agentConfigSpecSchema.parse({ ipvs: each }) }))).ipvs;
const plan = (...ipvs: object[]) => planIpvs({ settings: settings(...ipvs), interface: "eth0", usesMaglev: true });

test("ipvs: without any AgentConfig nothing is synchronised, and a server that is gone keeps no client", () => {
  assert.deepEqual(planIpvs({ usesMaglev: false }), { sysctls: { expire_nodest_conn: "1", expire_quiescent_template: "1" } });
  assert.equal(planIpvs({ usesMaglev: true }).sysctls?.sloppy_tcp, "1");
});

test("ipvs: sync tells connections at once and again while idle, and lets every node forward", () => {
  const { sync, sysctls } = plan({ sync: { id: 7 } });
  assert.deepEqual(sync, { interface: "eth0", id: 7, role: "Both" });
  assert.deepEqual(
    [sysctls?.sync_threshold, sysctls?.sync_refresh_period, sysctls?.sync_retries, sysctls?.backup_only],
    ["0 1", "10", "2", "0"],
  );
});

test("ipvs: with both daemons backup_only is 0, whatever another AgentConfig says", () => {
  assert.equal(plan({ sync: { id: 7 } }, { sysctls: { backup_only: 1 } }).sysctls?.backup_only, "0");
  assert.equal(plan({ sync: { id: 7, role: "Backup" } }, { sysctls: { backup_only: 1 } }).sysctls?.backup_only, "1");
});

test("ipvs: what the user says replaces each default by itself", () => {
  const { sysctls } = plan({ sync: { id: 7 }, sysctls: { sync_refresh_period: 60, sloppy_tcp: 0 } });
  assert.deepEqual([sysctls?.sync_refresh_period, sysctls?.sloppy_tcp, sysctls?.sync_retries], ["60", "0", "2"]);
});

test("ipvs: there is no sync without a number or an interface", () => {
  assert.equal(plan({ sync: {} }).sync, undefined);
  assert.equal(planIpvs({ settings: settings({ sync: { id: 7 } }), usesMaglev: false }).sync, undefined);
  assert.equal(plan({ sync: { id: 7, interface: "eth1" } }).sync?.interface, "eth1");
});

test("ipvs: of several AgentConfigs the first counts, for each sysctl and each time-out by itself", () => {
  const merged = settings(
    { sysctls: { sloppy_tcp: 0 } },
    { sync: { id: 1 }, timeouts: { tcp: "60s" } },
    { sync: { id: 2 }, timeouts: { tcp: "90s", udp: "9s" }, sysctls: { sloppy_tcp: 1, conntrack: 1 } },
  );
  assert.deepEqual(merged, {
    sysctls: { sloppy_tcp: 0, conntrack: 1 },
    sync: { id: 1, role: "Both" },
    timeouts: { tcp: "60s", udp: "9s" },
  });
});

test("ipvs: preemption waits until all connections have been told of while sync runs, unless the user says when or never", () => {
  const router = (more: Partial<VirtualRouterSpec>) => ({ preempt: true, preemptDelay: "0s", ...more }) as VirtualRouterSpec;
  const delay = (more: Partial<VirtualRouterSpec>, ...ipvs: object[]) => holdPreemption(router(more), plan(...ipvs)).preemptDelay;
  assert.equal(delay({}, { sync: { id: 7 } }), "15s");
  assert.equal(delay({}, { sync: { id: 7 }, sysctls: { sync_refresh_period: 0 } }), "15s", "the kernel's own refresh is something else");
  assert.equal(delay({ preemptDelay: "1ms" }, { sync: { id: 7 } }), "1ms");
  assert.equal(delay({ preempt: false }, { sync: { id: 7 } }), "0s");
  assert.equal(delay({}, { sync: { id: 7, role: "Master" } }), "0s", "who hears nothing waits for nothing");
  assert.equal(delay({}), "0s");
});
