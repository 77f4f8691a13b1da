/** A node with 200 Services is lost: how long until clients have answers again, with an API server and without one. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KubeCluster } from "../support/kubeCluster.ts";
import { spread } from "../support/table.ts";
import { losses, ServiceFleet } from "./serviceFleet.ts";
import { User } from "./user.ts";

const count = 200;
/** Three adverts of 100 ms, the skew of the best backup, and 50 ms: pods on a kernel with cgroup v1 get no real-time class. */
const takeoverMs = 300 + 5 + 50;
/** Until the pods answer through the new node: kube-proxy is set up on it, the client follows its announcement. */
const answerMs = 500;

let cluster: KubeCluster;
let fleet: ServiceFleet;
before(async () => {
  cluster = await KubeCluster.up();
  await new User(cluster).install();
  fleet = new ServiceFleet(cluster);
  await fleet.start(count);
});
after(() => cluster?.down());

for (const withApi of [true, false]) {
  for (const loss of losses) {
    const title = `${loss}, ${withApi ? "with" : "without"} an API server: all Services answer again in time, and never do two nodes`;
    test(title, { timeout: 120_000 }, async (context) => {
      const { silentMs, unownedMs, doubleAnswers } = await fleet.lose(loss, { withApi });
      const of = (values: number[]) => {
        const { min = 0, median = 0, max = 0 } = spread(values) ?? {};
        return { min, max, text: [min, median, max].map((ms) => ms.toFixed(0)).join(" / ") };
      };
      const [silent, unowned] = [of(silentMs), of(unownedMs)];
      context.diagnostic(`without an answer of the pods: ${silent.text} ms; of a node that has the address: ${unowned.text} ms`);
      assert.ok(silent.min > 100 && unowned.min > 100, "every Service was on the node");
      assert.ok(unowned.max <= takeoverMs, `${unowned.max} ms`);
      assert.ok(silent.max <= answerMs, `${silent.max} ms`);
      assert.equal(doubleAnswers, 0);
    });
  }
}
