import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelSettings } from "../../../../src/agent/kernelSettings/kernelSettings.ts";
import { planOf, routerSpec } from "../fixtures.ts";

const shop = { namespace: "web", name: "shop", virtualIP: "web", addresses: ["192.0.2.10"] };

test("a director owns what its AgentConfigs say of net.ipv4.vs, and sends no redirects where it serves", () => {
  const routers = [routerSpec(), routerSpec({ virtualIP: "db", interface: "eth1", virtualRouterID: 52 })];
  const settings = kernelSettings({ virtualRouters: routers, virtualServers: [shop], ipvs: { sysctls: { sloppy_tcp: "1" } } });
  assert.deepEqual(settings, {
    "net/ipv4/vs/sloppy_tcp": "1",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/eth0/send_redirects": "0",
  });
});

test("a node that neither directs nor serves has no settings of ours", () => {
  assert.deepEqual(kernelSettings({ virtualRouters: [routerSpec()] }), {});
});

test("what is no setting of net.ipv4.vs is refused, and nothing of it is set", () => {
  const { accepted, rejected } = planOf({ virtualRouters: [], ipvs: { sysctls: { "../../kernel/panic": "1" } } });
  assert.deepEqual(
    rejected.map(({ message }) => message),
    ['sysctls: "../../kernel/panic" is no name of a setting'],
  );
  assert.deepEqual(kernelSettings(accepted), {});
});

test("a real server's address may be a virtual router's, too; what is no address is refused", () => {
  const server = { namespace: "web", name: "shop", addresses: ["192.0.2.10", "2001:db8::10"] };
  const bad = { namespace: "web", name: "bad", addresses: ["192.0.2.300"] };
  const { desired, accepted, rejected } = planOf({ virtualRouters: [routerSpec()], realServers: [server, bad] });
  assert.deepEqual(desired.static?.addresses, [
    { address: "192.0.2.10/32", interface: "lo", scope: "host" },
    { address: "2001:db8::10/128", interface: "lo" },
  ]);
  assert.deepEqual([desired.routers.length, accepted.realServers?.length, desired.static?.keep], [1, 1, undefined]);
  assert.deepEqual(
    rejected.map(({ subject, message }) => [subject, message]),
    [["real server of web/bad", 'addresses: "192.0.2.300" is not an address']],
  );
  const stays = planOf({ virtualRouters: [], realServers: [server] }, { staysPrepared: true });
  assert.equal(stays.desired.static?.keep, true);
});
