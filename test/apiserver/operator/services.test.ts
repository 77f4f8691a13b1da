/** AddressPools and Services of type LoadBalancer against a real kube-apiserver, with agents that the test plays. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { cleanupFinalizer, loadBalancerClass } from "../../../src/api/service.ts";
import { ServiceBed } from "./serviceBed.ts";
import { Testbed } from "./testbed.ts";

let bed: Testbed;
let desk: ServiceBed;
before(async () => {
  bed = await Testbed.start();
  desk = new ServiceBed(bed);
});
after(() => bed?.stop());
afterEach(async () => {
  await desk.clear();
  await bed.clear();
});

async function start(...names: string[]) {
  for (const [index, name] of names.entries()) await bed.lan.addNode(name, index + 1);
  return bed.startOperator("a");
}

test("a Service gets an address of the pool, a node answers for it, and both are told", async () => {
  await start("n1", "n2");
  await desk.createPool("public", { addresses: ["192.0.2.100-192.0.2.109"], virtualRouters: 2 });
  await desk.createService("shop", {});
  const service = await desk.untilAddresses("shop", ["192.0.2.100"]);
  assert.deepEqual(service.status?.loadBalancer, { ingress: [{ ip: "192.0.2.100", ipMode: "VIP" }] });
  assert.deepEqual(service.metadata.finalizers, [cleanupFinalizer]);
  assert.equal(service.spec.loadBalancerClass, loadBalancerClass);
  await bed.untilActive("public-0", "n1", 20_000);
  const events = await bed.untilEvent("shop", /Answering/);
  assert.ok(events.includes('Normal Assigned: 192.0.2.100 of AddressPool "public"'), events.join("\n"));
  assert.ok(events.includes("Normal Answering: n1 answers for 192.0.2.100 (VirtualIP public-0)"), events.join("\n"));
  const pool = await desk.pool("public");
  assert.deepEqual(pool.status?.assignments, [{ address: "192.0.2.100", services: ["default/shop"] }]);
  assert.deepEqual(pool.status?.ipv4, { total: 10, used: 1, free: 9 });
  assert.match(await bed.plane.kubectl(["get", "pool", "public"]), /^public +192\.0\.2\.100-192\.0\.2\.109 +1\/10 +1 +True /m);
});
