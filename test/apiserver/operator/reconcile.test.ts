/** The operator against a real kube-apiserver, with agents that the test plays. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { releaseFinalizer } from "../../../src/api/group.ts";
import type { NodeAgentSpec } from "../../../src/api/nodeAgent.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { nodeAgents, nodes, virtualIPs } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import { conditionOf, Testbed } from "./testbed.ts";

const dual = { addresses: [{ address: "192.0.2.100/24" }, { address: "2001:db8::100/64" }] };
const single = (host: number, more: object = {}) => ({ addresses: [{ address: `192.0.2.${host}` }], ...more });

let bed: Testbed;
before(async () => {
  bed = await Testbed.start();
});
after(() => bed?.stop());
afterEach(() => bed.clear());

async function addNodes(...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) await bed.lan.addNode(name, index + 1);
}

test("each Node gets a NodeAgent that it owns", async () => {
  await addNodes("n1", "n2");
  await bed.startOperator("a");
  const agent = await until("the NodeAgent of n2", () => bed.client.find(nodeAgents, { name: "n2" }), { timeoutMs: 20_000 });
  const { uid } = (await bed.client.get(nodes, { name: "n2" })).metadata;
  assert.deepEqual(agent.metadata.ownerReferences, [{ apiVersion: "v1", kind: "Node", name: "n2", uid }]);
  assert.deepEqual(agent.spec, { virtualRouters: [] });
});

test("a VirtualIP goes from apply to one node that answers, and on when that node dies", async () => {
  await addNodes("n1", "n2", "n3");
  await bed.createVirtualIP("web", dual);
  const operator = await bed.startOperator("a");
  const ready = await bed.untilActive("web", "n1", 20_000);
  assert.deepEqual(ready.metadata.finalizers, [releaseFinalizer]);
  assert.equal(ready.status?.virtualRouterID, 1);
  assert.equal(ready.status?.advertisementInterval, "100ms");
  const settled = await bed.untilVirtualIP("web", "to have two nodes that stand by", ({ status }) => status?.summary?.backups === "n2,n3");
  assert.equal(conditionOf(settled, "Degraded"), "False/Redundant");
  assert.equal(conditionOf(settled, "Accepted"), "True/Accepted");
  assert.equal(conditionOf(settled, "Ready"), "True/Active");
  assert.deepEqual(
    settled.status?.nodes?.map(({ name, priority, v4, v6 }) => `${name} ${priority} ${v4} ${v6}`),
    ["n1 254 MASTER MASTER", "n2 244 BACKUP BACKUP", "n3 234 BACKUP BACKUP"],
  );
  assert.match(await bed.plane.kubectl(["get", "vip", "web"]), /^web +192\.0\.2\.100,2001:db8::100 +n1 +Active +True /m);
  bed.lan.node("n1").alive = false;
  const moved = await bed.untilActive("web", "n2");
  const [move] = moved.status?.history ?? [];
  assert.deepEqual({ ...move, time: undefined }, { time: undefined, from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 312 });
  assert.equal(moved.status?.transitions, 1);
  const events = await bed.untilEvent("web", /FailedOver/);
  assert.ok(events.includes("Normal Announced: n1 answers: no other node was heard (FirstElection)"), events.join("\n"));
  assert.ok(events.includes("Normal FailedOver: n1 → n2 in 312 ms: n1 fell silent (AdvertTimeout)"), events.join("\n"));
  assert.equal(await operator.metric('aloft_virtualip_ready{virtualip="web"}'), 1);
  assert.equal(await operator.metric('aloft_virtualip_active{virtualip="web",node="n2"}'), 1);
  assert.equal(await operator.metric('aloft_virtualip_transitions_total{virtualip="web"}'), 1);
  assert.equal(await operator.metric("aloft_failover_duration_seconds_sum"), 0.312);
  assert.equal((await operator.get("/readyz")).status, 200);
});

test("heartbeats and quiet times write nothing", async () => {
  await addNodes("n1", "n2");
  await bed.createVirtualIP("web", dual);
  await bed.startOperator("a");
  await bed.untilRedundant("web");
  const before = await bed.virtualIP("web");
  const agent = await bed.client.get(nodeAgents, { name: "n1" });
  await until("several heartbeats", async () => {
    const now = await bed.client.get(nodeAgents, { name: "n1" });
    return Number(now.metadata.resourceVersion) - Number(agent.metadata.resourceVersion) > 8;
  });
  assert.equal((await bed.virtualIP("web"))?.metadata.resourceVersion, before?.metadata.resourceVersion);
  assert.equal((await bed.client.get(nodeAgents, { name: "n1" })).metadata.generation, agent.metadata.generation);
});

test("conflicts: the later object is not accepted and names the other; when that goes, it is accepted", async () => {
  await addNodes("n1");
  await bed.startOperator("a");
  await bed.createVirtualIP("first", single(100, { vrrp: { virtualRouterID: 51 } }));
  await bed.untilActive("first", "n1", 20_000);
  await bed.createVirtualIP("same-address", single(100));
  await bed.createVirtualIP("same-vrid", single(101, { vrrp: { virtualRouterID: 51 } }));
  const address = await bed.untilVirtualIP("same-address", "to be judged", ({ status }) => status?.conditions !== undefined);
  assert.equal(conditionOf(address, "Accepted"), "False/AddressConflict");
  assert.equal(address.status?.summary?.state, "Rejected");
  const vrid = await bed.untilVirtualIP("same-vrid", "to be judged", ({ status }) => status?.conditions !== undefined);
  assert.equal(conditionOf(vrid, "Accepted"), "False/VirtualRouterIDConflict");
  assert.match(vrid.status?.conditions?.[0]?.message ?? "", /"first"/);
  await bed.untilEvent("same-address", /^Warning AddressConflict: .*"first"/);
  assert.deepEqual(Object.keys(bed.lan.routersOf("same-vrid")), []);
  await bed.client.delete(virtualIPs, { name: "first" });
  await bed.untilGone("first");
  await bed.untilActive("same-address", "n1");
  assert.equal((await bed.untilActive("same-vrid", "n1")).status?.virtualRouterID, 51);
});

test("an object that the schema would refuse, in etcd beside good ones, is reported and disturbs nobody", async () => {
  await addNodes("n1");
  await bed.createVirtualIP("good", single(100));
  await withoutSchema(() => bed.createVirtualIP("bad", { addresses: [{ address: "not an address" }], vrrp: { version: 7 } }));
  await bed.startOperator("a");
  await bed.untilActive("good", "n1", 20_000);
  const read = () => bed.client.get(virtualIPs, { name: "bad" });
  const status = await until(
    "the verdict on the bad object",
    async () => (await read()).status as { conditions?: { reason: string; message: string }[] },
  );
  assert.equal(status.conditions?.[0]?.reason, "InvalidSpec");
  assert.match(status.conditions?.[0]?.message ?? "", /^spec\./);
  await bed.createVirtualIP("later", single(101));
  await bed.untilActive("later", "n1");
});

test("deletion: every node gives the addresses up before the object goes", async () => {
  await addNodes("n1", "n2");
  await bed.startOperator("a");
  await bed.createVirtualIP("web", dual);
  await bed.untilActive("web", "n1", 20_000);
  bed.lan.node("n2").alive = false; // It does not answer for a while, but not so long that it counts as dead.
  await bed.client.delete(virtualIPs, { name: "web" });
  await until("the specs to be empty", () => Object.keys(bed.lan.routersOf("web")).length === 0);
  const waiting = await bed.untilVirtualIP("web", "to be terminating", ({ status }) => status?.summary?.state === "Terminating");
  assert.equal(waiting.metadata.finalizers?.length, 1);
  bed.lan.node("n2").alive = true;
  await bed.untilGone("web");
  await bed.untilEvent("web", /^Normal Released: the nodes have given up 192\.0\.2\.100, 2001:db8::100/);
});

test("deletion: a dead node is waited for only for the stated time", async () => {
  await addNodes("n1", "n2");
  await bed.startOperator("a", { deadAfter: "3s" });
  await bed.createVirtualIP("web", dual);
  await bed.untilActive("web", "n1", 20_000);
  bed.lan.node("n1").alive = false;
  await bed.untilActive("web", "n2");
  await bed.client.delete(virtualIPs, { name: "web" });
  await bed.untilGone("web");
  await bed.untilEvent("web", /^Warning NodeSkipped: n1 /);
  await until("nobody to run it", () => Object.keys(bed.lan.routersOf("web")).length === 0);
});

test("a claim is void once its node is dead, and the node is named", async () => {
  await addNodes("n1", "n2");
  await bed.startOperator("a", { deadAfter: "3s" });
  await bed.createVirtualIP("web", single(100, { nodes: { maxCandidates: 1 } }));
  await bed.untilActive("web", "n1", 20_000);
  bed.lan.node("n1").alive = false;
  const lost = await bed.untilVirtualIP("web", "to be unanswered", ({ status }) => status?.activeNode === undefined);
  assert.equal(conditionOf(lost, "Ready"), "Unknown/NoReports");
  assert.equal(lost.status?.nodes?.[0]?.message, "the agent no longer reports");
  assert.equal(lost.status?.history?.[0]?.reason, "NodeSilent");
});

test("a node that is removed is withdrawn, and its place is taken", async () => {
  await addNodes("n1", "n2", "n3");
  await bed.startOperator("a");
  await bed.createVirtualIP("web", single(100, { nodes: { maxCandidates: 2 } }));
  await bed.untilActive("web", "n1", 20_000);
  bed.lan.forgetNode("n1");
  await bed.client.delete(nodes, { name: "n1" });
  await bed.untilActive("web", "n2");
  const vip = await bed.untilVirtualIP("web", "to have two candidates", ({ status }) => status?.nodes?.length === 2);
  assert.deepEqual(
    vip.status?.nodes?.map(({ name, priority }) => `${name} ${priority}`),
    ["n2 244", "n3 234"],
  );
  await until("n2 and n3 alone to run it", () => Object.keys(bed.lan.routersOf("web")).sort().join() === "n2,n3");
});

test("a VirtualIP whose finalizer somebody removed by force is withdrawn, once the API server says that it is gone", async () => {
  await addNodes("n1");
  await bed.startOperator("a");
  await bed.createVirtualIP("web", single(100));
  await bed.createVirtualIP("other", single(101));
  await bed.untilActive("web", "n1", 20_000);
  await bed.untilActive("other", "n1");
  await bed.client.patch(virtualIPs, { name: "web" }, { metadata: { finalizers: null } }, { fieldManager: "test" });
  await bed.client.delete(virtualIPs, { name: "web" });
  await until("web to be withdrawn", () => Object.keys(bed.lan.routersOf("web")).length === 0);
  assert.deepEqual(Object.keys(bed.lan.routersOf("other")), ["n1"]);
});

test("what somebody does to a NodeAgent by hand is undone: an entry that he adds, and the object that he deletes", async () => {
  await addNodes("n1", "n2");
  await bed.startOperator("a");
  await bed.createVirtualIP("web", dual);
  const { status } = await bed.untilRedundant("web");
  const ref = { name: "n2" };
  const read = () => bed.client.find<KubeObject & { spec: NodeAgentSpec }>(nodeAgents, ref);
  const before = await read();
  const planned = before?.spec.virtualRouters ?? [];
  const ghost = { ...planned[0], virtualIP: "ghost", virtualRouterID: 99, addresses: [{ address: "192.0.2.250/32" }] };
  await bed.client.patch(nodeAgents, ref, { spec: { virtualRouters: [...planned, ghost] } }, { fieldManager: "somebody" });
  await until("the entry to be gone", async () => isDeepStrictEqual((await read())?.spec.virtualRouters, planned));
  await bed.client.delete(nodeAgents, ref);
  const made = await until("a new NodeAgent", async () => {
    const found = await read();
    return found?.metadata.uid === before?.metadata.uid ? undefined : found;
  });
  // Whole from the start: a first version that asks for less would have withdrawn the addresses.
  assert.deepEqual([made.metadata.generation, made.spec.virtualRouters], [1, planned]);
  assert.equal((await bed.virtualIP("web"))?.status?.transitions, status?.transitions);
});

/** Runs `create` while the API server takes any VirtualIP, as an older release may have done. */
async function withoutSchema(create: () => Promise<void>): Promise<void> {
  const read = async () => JSON.parse(await bed.plane.kubectl(["get", "crd", "virtualips.aloft.dev", "-o", "json"]));
  const write = (crd: object) => bed.plane.kubectl(["replace", "-f", "-"], { input: JSON.stringify(crd) });
  const crd = await read();
  const strict = crd.spec;
  const open = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  await write({ ...crd, spec: { ...strict, versions: [{ ...strict.versions[0], schema: open, selectableFields: undefined }] } });
  await until("the open schema to take effect", async () => {
    await create();
    return true;
  });
  await write({ ...(await read()), spec: strict });
}
