import assert from "node:assert/strict";
import { test } from "node:test";
import { pool, ServedCluster, service } from "../../servedCluster.ts";

const cases: [vrrp: object, preemptDelay: string][] = [
  [{}, "15s"],
  [{ preemptDelay: "0s" }, "15s"],
  [{ preemptDelay: "1ms" }, "1ms"],
  [{ preemptDelay: "40s" }, "40s"],
  [{ preempt: false }, "0s"],
];
for (const [vrrp, preemptDelay] of cases) {
  test(`a node that returns to a pool with ${JSON.stringify(vrrp)} waits ${preemptDelay}`, () => {
    const cluster = new ServedCluster("n1", "n2");
    cluster.pools = [pool("public", { addresses: ["192.0.2.100"], virtualIP: { vrrp } })];
    cluster.services = [service("shop")];
    cluster.rest();
    assert.equal(cluster.view("public-0").spec?.vrrp.preemptDelay, preemptDelay);
  });
}
