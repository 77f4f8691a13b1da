/** The address of a control plane, from a static Pod, while there is no API server. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeCluster } from "../support/kubeCluster.ts";
import { until } from "../support/waiting.ts";
import { User } from "./user.ts";

const [address, address6] = ["172.30.0.250", "fd00:30::250"];
/** Three adverts of 100 ms, the skew at priority 50, and 50 ms. */
const takeoverMs = 300 + 80 + 50;

let cluster: KubeCluster;
let user: User;
before(async () => {
  cluster = await KubeCluster.up();
  user = new User(cluster);
  await user.startEcho();
});
after(() => cluster?.down());

test("aloft manifest control-plane: nodes share the address before there is an API server", { timeout: 180_000 }, async (context) => {
  const pod = await cluster.aloft(["manifest", "control-plane", "--address", address, "--address", address6]);
  await cluster.api("kill");
  for (const node of cluster.nodes) writeFileSync(join(cluster.manifests(node), "aloft-control-plane.yaml"), pod);
  await user.answersWithin(address, 60_000);
  const oneHolds = async () => {
    const holders = await Promise.all(cluster.nodes.map(async (node) => ((await cluster.addresses(node)).includes(address) ? node : [])));
    return holders.flat().length === 1 && holders.flat()[0];
  };
  // Those that come later find one that leads; of equals that begin at once the higher address does.
  await sleep(5000);
  const holder = await until("one holder", oneHolds, { timeoutMs: 30_000, everyMs: 200 });
  assert.equal(await user.answers(address), holder);
  assert.equal(await user.answers(address6), holder);

  const { outages } = await user.probe(address, async () => {
    await cluster.node("kill", holder);
    await sleep(1500);
  });
  const [move] = outages.filter(({ from, to }) => from !== to);
  context.diagnostic(`${move?.from} → ${move?.to} in ${move?.ms} ms`);
  assert.equal(move?.from, holder);
  assert.ok((move?.ms ?? Infinity) <= takeoverMs, `${move?.ms} ms`);

  await cluster.api("start");
  const mirrored = async () =>
    (await cluster.kubectl(["-n", "kube-system", "get", "pods", "-o", "name"])).match(/aloft-control-plane-n/g)?.length;
  await until("two mirrored pods", async () => ((await mirrored()) ?? 0) >= 2, { timeoutMs: 60_000, everyMs: 500 });
});
