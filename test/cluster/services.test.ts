/** Services of type LoadBalancer on a real cluster, as its users make them and as clients outside see them. The tests build on each other. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KubeCluster } from "../support/kubeCluster.ts";
import { spread } from "../support/table.ts";
import { until } from "../support/waiting.ts";
import { losses, ServiceFleet } from "./serviceFleet.ts";
import { addressesOf, addressPool, loadBalancer, ServiceUser } from "./serviceUser.ts";
import type { Asking } from "./silences.ts";
import { namespace, User } from "./user.ts";

const client = "172.30.0.100";
/** Of the pool, in the order in which they are given. */
const [first, second, third, requested] = ["172.30.1.1", "172.30.1.2", "172.30.1.3", "172.30.1.77"];
const firstOfIPv6 = "fd00:30::1:1";

/** Three adverts of 100 ms, the skew of the best backup, and 50 ms: pods on a kernel with cgroup v1 get no real-time class. */
const takeoverMs = 300 + 5 + 50;
/** Until the pods answer by way of the new node, to a client that had the address of the old one. */
const answerMs = 500;

let cluster: KubeCluster;
let user: User;
let desk: ServiceUser;
let fleet: ServiceFleet;
before(async () => {
  cluster = await KubeCluster.up();
  user = new User(cluster);
  desk = new ServiceUser(cluster);
  await Promise.all([user.install(), desk.startPods("shop", cluster.nodes)]);
});
after(() => cluster?.down());

const describe = ({ asked, lost, silences }: Asking) => {
  const longest = Math.max(0, ...silences.map(({ fromMs, toMs }) => toMs - fromMs));
  return `${lost} of ${asked} questions lost, the longest silence ${Math.round(longest)} ms`;
};

function spreadOf(values: number[]) {
  const { min = 0, median = 0, max = 0 } = spread(values) ?? {};
  return { min, max, text: [min, median, max].map((ms) => ms.toFixed(0)).join(" / ") };
}

test("an AddressPool and a Service: an address of each family that answers from one node over TCP and UDP, and an Event names it", async (context) => {
  await cluster.apply(addressPool("lan", ["172.30.1.1-172.30.1.255", "172.30.2.0/24", "fd00:30::1:1-fd00:30::1:99"]));
  const startedAt = performance.now();
  const passed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  await desk.create([loadBalancer("shop", { spec: { ipFamilyPolicy: "RequireDualStack" } })]);
  assert.deepEqual(await desk.untilAssigned("shop", 2), [first, firstOfIPv6]);
  context.diagnostic(`kubectl create to status.loadBalancer: ${passed()}`);
  await desk.untilAnswered(first);
  context.diagnostic(`to the first answer: ${passed()}`);
  await desk.untilAnswered(firstOfIPv6);
  for (const address of [first, firstOfIPv6]) await desk.askWithoutPause([address], async () => {});
  const node = await desk.untilHeld(first);
  assert.deepEqual(await desk.holders(firstOfIPv6), [node], "both families are on one node");
  await desk.untilEvent("shop", new RegExp(`^Normal Assigned: ${first},.* of AddressPool "lan"`));
  await desk.untilEvent("shop", new RegExp(`^Normal Answering: ${node} answers for ${first}`));
  assert.deepEqual((await desk.service("shop")).status.loadBalancer.ingress, [
    { ip: first, ipMode: "VIP" },
    { ip: firstOfIPv6, ipMode: "VIP" },
  ]);
});

test("a Service without node ports, and one that asks for its address", async () => {
  await desk.create([
    loadBalancer("bare", { app: "shop", spec: { allocateLoadBalancerNodePorts: false } }),
    loadBalancer("asking", { app: "shop", annotations: { "aloft.dev/addresses": requested } }),
    loadBalancer("late", { app: "shop", annotations: { "aloft.dev/addresses": first } }),
  ]);
  assert.deepEqual(await desk.untilAssigned("asking"), [requested]);
  assert.deepEqual(await desk.untilAssigned("bare"), [second]);
  await desk.untilAnswered(requested);
  await desk.untilAnswered(second);
  assert.deepEqual(
    (await desk.service("bare")).spec.ports.map(({ nodePort }) => nodePort),
    [undefined, undefined],
  );
  await desk.untilPending("late", "AddressTaken");
  await desk.untilEvent("late", new RegExp(`^Warning AddressTaken: ${first} belongs to Service default/shop`));
  await desk.delete("late");
});

test("Services that share an address by key: each answers on its ports, and the one goes on when the other goes", async () => {
  const annotations = { "aloft.dev/sharing-key": "edge" };
  await desk.create([
    loadBalancer("plain", { app: "shop", annotations }),
    loadBalancer("secure", { app: "shop", annotations, ports: [443] }),
  ]);
  assert.deepEqual([await desk.untilAssigned("plain"), await desk.untilAssigned("secure")], [[third], [third]]);
  await desk.untilAnswered(third, 80);
  await desk.untilAnswered(third, 443);
  await desk.delete("plain");
  await desk.untilRefused(third);
  await desk.untilAnswered(third, 443);
});

test("externalTrafficPolicy Local: only nodes with a ready pod are candidates, pods see the client, and it moves when the last one goes", async (context) => {
  await desk.startPods("local", ["n2", "n3"]);
  await desk.create([loadBalancer("local", { spec: { externalTrafficPolicy: "Local" } })]);
  const [address = ""] = await desk.untilAssigned("local");
  await desk.untilAnswered(address);
  const node = await user.settled("lan-local-0", 1);
  assert.deepEqual(await desk.ask(address), { node, client });
  await desk.untilCandidates(address, ["n2", "n3"]);
  const next = node === "n2" ? "n3" : "n2";
  const asking = await desk.askWithoutPause([address], async () => {
    await desk.endPod("local", node);
    await until(`${next} to have it`, async () => (await desk.holders(address)).includes(next), { timeoutMs: 20_000 });
  });
  context.diagnostic(`${node} → ${next}: ${describe(asking)}`);
  assert.deepEqual(await desk.untilAnswered(address), { node: next, client });
  await desk.untilEvent("local", new RegExp(`^Normal Answering: ${next} answers for ${address}`));
  await desk.endPod("local", next);
  await desk.untilEvent("local", new RegExp(`^Warning NoReadyEndpoint: nobody answers for ${address}`));
  assert.deepEqual(await desk.holders(address), []);
  assert.deepEqual(addressesOf(await desk.service("local")), [address], "it keeps its address");
  await desk.startPods("local", ["n1"]);
  assert.deepEqual(await desk.untilAnswered(address), { node: "n1", client });
  await desk.delete("local");
});

test("another policy: the address stays, and any node may answer", async () => {
  await desk.startPods("policy", ["n1"]);
  await desk.create([loadBalancer("policy", { spec: { externalTrafficPolicy: "Local" } })]);
  const [address = ""] = await desk.untilAssigned("policy");
  assert.deepEqual(await desk.untilAnswered(address), { node: "n1", client });
  await desk.patch("policy", { spec: { externalTrafficPolicy: "Cluster" } });
  await desk.untilCandidates(address, cluster.nodes);
  assert.notEqual((await desk.untilAnswered(address)).client, "");
  assert.deepEqual(addressesOf(await desk.service("policy")), [address]);
  await desk.delete("policy");
});

test("a pool for some nodes: they answer, others do when labels change, and none with the exclude label does", async () => {
  const edge = (addresses: string[]) =>
    addressPool("edge", addresses, { autoAssign: false, virtualIP: { nodes: { selector: { matchLabels: { role: "edge" } } } } });
  const [address, address6] = ["172.30.3.1", "fd00:30::3:1"];
  await desk.label("n2", "role=edge");
  await cluster.apply(edge([address]));
  const annotations = { "aloft.dev/pool": "edge" };
  await desk.create([loadBalancer("edge", { app: "shop", annotations, spec: { ipFamilyPolicy: "PreferDualStack" } })]);
  await desk.untilAnswered(address);
  await desk.untilCandidates(address, ["n2"]);
  assert.deepEqual(await desk.holders(address), ["n2"]);
  await cluster.apply(edge([address, address6]));
  assert.deepEqual(await desk.untilAssigned("edge", 2), [address, address6], "the other family as soon as the pool has it");
  await desk.label("n3", "role=edge");
  await desk.untilCandidates(address, ["n2", "n3"]);
  await desk.label("n2", "role-");
  await desk.untilCandidates(address, ["n3"]);
  assert.equal(await desk.untilHeld(address), "n3");
  await desk.untilAnswered(address6);
  await desk.label("n1", "role=edge");
  await desk.label("n3", "node.kubernetes.io/exclude-from-external-load-balancers=");
  await desk.untilCandidates(address, ["n1"]);
  await desk.untilAnswered(address);
  await desk.label("n3", "node.kubernetes.io/exclude-from-external-load-balancers-");
  await desk.untilCandidates(address, ["n1", "n3"]);
});

test("a pool on an interface that no node has: the Service keeps its address, and says that nobody answers", async () => {
  const address = "172.30.3.9";
  await cluster.apply(addressPool("nowhere", [address], { autoAssign: false, virtualIP: { interface: "eth9" } }));
  await desk.create([loadBalancer("nowhere", { app: "shop", annotations: { "aloft.dev/pool": "nowhere" } })]);
  assert.deepEqual(await desk.untilAssigned("nowhere"), [address]);
  await desk.untilEvent("nowhere", new RegExp(`^Warning Unanswered: nobody answers for ${address}`));
  for (const name of ["edge", "nowhere"]) await desk.delete(name);
});

test("deleted, of another type, or of another class: nobody answers any more, and the address is free", async () => {
  await desk.create([loadBalancer("a", { app: "shop" }), loadBalancer("b", { app: "shop" })]);
  const [[ofA = ""], [ofB = ""]] = [await desk.untilAssigned("a"), await desk.untilAssigned("b")];
  for (const address of [ofA, ofB]) await desk.untilAnswered(address);
  await desk.delete("a");
  assert.deepEqual(await desk.holders(ofA), [], "it goes when the nodes have given its address up");
  const plain = { type: "ClusterIP", loadBalancerClass: null, externalTrafficPolicy: null, allocateLoadBalancerNodePorts: null };
  await desk.patch("b", { spec: { ...plain, ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: null }] } });
  const plainly = async () => (await desk.service("b")).metadata.finalizers === undefined;
  await until("b to be plain", plainly, { timeoutMs: 20_000, everyMs: 100 });
  assert.deepEqual([await desk.holders(ofB), addressesOf(await desk.service("b"))], [[], []]);
  await desk.untilRefused(ofB);
  await desk.patch("b", { spec: { type: "LoadBalancer", loadBalancerClass: "example.com/other" } });
  const again = ["c", "d"].map((name) => loadBalancer(name, { app: "shop" }));
  await desk.create(again);
  assert.deepEqual([await desk.untilAssigned("c"), await desk.untilAssigned("d")].flat().sort(), [ofA, ofB].sort());
  assert.deepEqual(addressesOf(await desk.service("b")), [], "of another class it is another controller's");
  for (const name of ["b", "c", "d"]) await desk.delete(name);
});

test("all pods of Aloft end at once: every Service has the address that it had, and answers again", {
  timeout: 120_000,
}, async (context) => {
  const names = ["shop", "bare", "asking", "secure"];
  const addresses = async () => (await Promise.all(names.map((name) => desk.service(name)))).map(addressesOf);
  const had = await addresses();
  const asking = await desk.askWithoutPause([first, second, requested], async () => {
    await cluster.kubectl(["-n", namespace, "delete", "pods", "--all", "--timeout=60s"], { timeoutMs: 70_000 });
    await cluster.kubectl(["-n", namespace, "rollout", "status", "daemonset/aloft-agent", "--timeout=60s"], { timeoutMs: 70_000 });
    await cluster.kubectl(["-n", namespace, "rollout", "status", "deployment/aloft-operator", "--timeout=60s"], { timeoutMs: 70_000 });
    for (const address of [first, firstOfIPv6, second, requested]) await desk.untilAnswered(address);
  });
  context.diagnostic(describe(asking));
  assert.deepEqual(await addresses(), had);
  await desk.untilAnswered(third, 443);
  const { status } = await desk.pool("lan");
  assert.deepEqual([status?.summary?.ipv4, status?.summary?.ipv6], ["4/511", "1/153"]);
});

test("200 Services have addresses", { timeout: 120_000 }, async () => {
  fleet = new ServiceFleet(cluster);
  await fleet.start(200);
});

for (const withApi of [true, false]) {
  for (const loss of losses) {
    const title = `${loss}, ${withApi ? "with" : "without"} an API server: 200 Services answer again in time, and never do two nodes`;
    test(title, { timeout: 120_000 }, async (context) => {
      const untilTakenBack = loss === "power cut" && withApi;
      const { silentMs, returnSilentMs, unownedMs, doubleAnswers } = await fleet.lose(loss, { withApi, untilTakenBack });
      const [silent, unowned] = [spreadOf(silentMs), spreadOf(unownedMs)];
      const taken = untilTakenBack ? `; while it was taken back: ${spreadOf(returnSilentMs).text}` : "";
      context.diagnostic(`without an answer of the pods: ${silent.text} ms; of a node that has the address: ${unowned.text} ms${taken}`);
      assert.ok(silent.min > 100 && unowned.min > 100, "every Service was on the node");
      assert.ok(unowned.max <= takeoverMs, `${unowned.max} ms`);
      assert.ok(silent.max <= answerMs, `${silent.max} ms`);
      assert.ok(spreadOf(returnSilentMs).max <= answerMs, `${spreadOf(returnSilentMs).max} ms`);
      assert.equal(doubleAnswers, 0);
    });
  }
}
