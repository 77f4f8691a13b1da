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

test("a node that shall lead does so at once where nobody has led before, and the delay stays when nobody leads any more", () => {
  const cluster = new ServedCluster("n1", "n2");
  cluster.pools = [pool("public", { addresses: ["192.0.2.100"] })];
  cluster.services = [service("shop")];
  const delays = Array.from({ length: 20 }, () => {
    cluster.rounds(1);
    return cluster.virtualIPs[0]?.spec?.vrrp.preemptDelay;
  });
  assert.deepEqual([...new Set(delays)].filter(Boolean), ["0s", "15s"]);
  for (const name of ["n1", "n2"]) cluster.dead.add(name);
  cluster.rounds(20);
  assert.equal(cluster.view("public-0").status.activeNode, undefined);
  assert.equal(cluster.view("public-0").spec?.vrrp.preemptDelay, "15s");
});
