/** Several operators, restarts of operator and API server: exactly one acts, and nothing that is decided changes. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { VirtualIPStatus } from "../../../src/api/virtualIP.ts";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";
import { nodeAgents, nodes, virtualIPs } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import type { OperatorProcess } from "./operatorProcess.ts";
import { Testbed } from "./testbed.ts";

const single = (host: number) => ({ addresses: [{ address: `192.0.2.${host}` }] });
const accessReviews: Resource = {
  apiVersion: "authorization.k8s.io/v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  namespaced: false,
};
const passes = 'aloft_reconcile_duration_seconds_count{controller="plan",result="requeue"}';

let bed: Testbed;
before(async () => {
  bed = await Testbed.start();
});
after(() => bed?.stop());
afterEach(() => bed.clear());

async function addNodes(...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) await bed.lan.addNode(name, index + 1);
}

/** The one that leads, and the other. */
async function leaderOf(...operators: OperatorProcess[]): Promise<[leader: OperatorProcess, others: OperatorProcess[]]> {
  const leader = await until(
    "one of the operators to lead",
    async () => {
      const leading = await Promise.all(operators.map((operator) => operator.leads()));
      return operators.find((_, index) => leading[index]);
    },
    { timeoutMs: 30_000 },
  );
  return [leader, operators.filter((operator) => operator !== leader)];
}

test("of two operators exactly one acts; when it is killed the other takes over and changes nothing", async () => {
  await addNodes("n1", "n2");
  await bed.createVirtualIP("web", single(100));
  const operators = await Promise.all(["a", "b"].map((name) => bed.startOperator(name)));
  const [leader, [standby]] = await leaderOf(...operators);
  assert.ok(standby);
  await bed.untilRedundant("web");
  await until("the standby to see the leader", async () => (await standby.get("/readyz")).status === 200);
  assert.equal(await standby.leads(), false);
  assert.ok((await leader.metric(passes)) > 0);
  assert.equal(await standby.metric(passes), 0);
  const before = await bed.virtualIP("web");
  await leader.kill();
  await standby.untilLeading();
  await until("a pass of the new leader", async () => (await standby.metric(passes)) > 0);
  assert.equal((await bed.virtualIP("web"))?.metadata.resourceVersion, before?.metadata.resourceVersion);
  await bed.createVirtualIP("next", single(101));
  assert.equal((await bed.untilActive("next", "n2")).status?.virtualRouterID, 2);
});

test("an operator may touch no Lease but that of its election", async () => {
  const may = async (verb: string, name: string) => {
    const resourceAttributes = { group: "coordination.k8s.io", resource: "leases", namespace: "aloft-system", name, verb };
    const spec = { user: "operator", groups: ["aloft:operators"], resourceAttributes };
    const { status } = await bed.client.create<KubeObject & { status?: { allowed: boolean } }>(
      accessReviews,
      { metadata: { name: "" }, spec },
      { fieldManager: "test" },
    );
    return status?.allowed;
  };
  for (const verb of ["get", "update"]) {
    assert.equal(await may(verb, "aloft-operator"), true, verb);
    assert.equal(await may(verb, "somebody-elses"), false, verb);
  }
});

test("SIGTERM hands the leadership over long before the lease ends", async () => {
  const operators = await Promise.all(["a", "b"].map((name) => bed.startOperator(name, { leaseDuration: "30s" })));
  const [leader, [standby]] = await leaderOf(...operators);
  assert.ok(standby);
  await until("the standby to see the leader", async () => (await standby.get("/readyz")).status === 200);
  const started = performance.now();
  assert.deepEqual(await leader.stop(), { code: 0, signal: null });
  await standby.untilLeading();
  // A standby looks every 4 to 8.8 s at this duration.
  assert.ok(performance.now() - started < 20_000);
});

test("a restart of the operator keeps every VRID, every priority and every spec of 50 VirtualIPs", async () => {
  await addNodes("n1", "n2", "n3");
  const names = Array.from({ length: 50 }, (_, index) => `v${index}`);
  await Promise.all(names.map((name, index) => bed.createVirtualIP(name, single(10 + index))));
  const first = await bed.startOperator("a");
  const isSettled = async () => {
    const { items } = await bed.client.list(virtualIPs);
    const summaries = items.map(({ status }) => (status as VirtualIPStatus | undefined)?.summary);
    return summaries.length === names.length && summaries.every((one) => one?.state === "Active" && one.backups?.split(",").length === 2);
  };
  await until("all VirtualIPs to have a MASTER and two BACKUPs", isSettled, { timeoutMs: 90_000, everyMs: 300 });
  const before = await versions();
  assert.deepEqual(new Set(Object.values(before.virtualRouterIDs)), new Set(names.map((_, index) => index + 1)));
  assert.ok(
    Object.values(before.leads).every((count) => count >= 16),
    JSON.stringify(before.leads),
  );
  await first.kill();
  const second = await bed.startOperator("b");
  await second.untilLeading();
  await until("three passes", async () => (await second.metric(passes)) >= 3, { timeoutMs: 20_000 });
  assert.deepEqual(await versions(), before);
});

/** What must not change. The version of a VirtualIP grows with each write to it, the generation of a NodeAgent with each of its spec. */
async function versions() {
  const vips = (await bed.client.list(virtualIPs)).items.map((object) => ({
    ...object,
    status: object.status as { virtualRouterID: number; nodes: { name: string }[] },
  }));
  const agents = (await bed.client.list(nodeAgents)).items;
  const leaders = vips.map(({ status }) => status.nodes[0]?.name ?? "");
  return {
    virtualRouterIDs: Object.fromEntries(vips.map(({ metadata, status }) => [metadata.name, status.virtualRouterID])),
    versions: Object.fromEntries(vips.map(({ metadata }) => [metadata.name, metadata.resourceVersion])),
    generations: Object.fromEntries(agents.map(({ metadata }) => [metadata.name, metadata.generation])),
    leads: Object.fromEntries(["n1", "n2", "n3"].map((node) => [node, leaders.filter((leader) => leader === node).length])),
  };
}

const outages = [
  { name: "that outlasts the lease", leaseDuration: "3s", outageMs: 5000 },
  { name: "that the lease outlasts", leaseDuration: "30s", outageMs: 2000 },
];
for (const { name, leaseDuration, outageMs } of outages) {
  test(`an outage of the API server ${name}: the operator lives, learns what happened meanwhile, and decides nothing anew`, async () => {
    await addNodes("n1", "n2");
    const operator = await bed.startOperator("a", { leaseDuration });
    await bed.createVirtualIP("web", single(100));
    await bed.untilActive("web", "n1", 20_000);
    const generation = (await bed.client.get(nodeAgents, { name: "n2" })).metadata.generation;
    await bed.plane.killApiServer();
    bed.lan.node("n1").alive = false;
    await sleep(outageMs);
    assert.equal((await operator.get("/healthz")).status, 200);
    await bed.plane.startApiServer();
    const moved = await bed.persist("the status after the outage", () => bed.untilActive("web", "n2", 30_000));
    assert.equal(moved.status?.virtualRouterID, 1);
    assert.deepEqual(
      moved.status?.history?.map(({ from, to }) => `${from}>${to}`),
      ["n1>n2", ">n1"],
    );
    assert.equal((await bed.client.get(nodeAgents, { name: "n2" })).metadata.generation, generation);
    await bed.createVirtualIP("next", single(101));
    await bed.untilActive("next", "n2");
    // The versions that the watches knew are older than the restarted server's memory: 410, and a new list.
    assert.ok((await operator.metric('aloft_informer_relists_total{resource="virtualips"}')) >= 2);
  });
}

test("nothing is written before all lists are complete: an operator that may not list Nodes withdraws nothing", async () => {
  await addNodes("n1");
  const first = await bed.startOperator("a");
  await bed.createVirtualIP("web", single(100));
  await bed.untilActive("web", "n1", 20_000);
  const before = (await bed.client.get(nodeAgents, { name: "n1" })).metadata.generation;
  await first.stop();
  await allowAllButNodes("limited");
  bed.lan.forgetNode("n1");
  await bed.client.delete(nodes, { name: "n1" });
  const second = await bed.startOperator("b", { user: "limited" });
  await second.untilLeading();
  await until("readiness to tell that Nodes alone are missing", async () => {
    const { status, text } = await second.get("/readyz");
    return status === 503 && /waiting for the lists of nodes$/m.test(text);
  });
  await sleep(1500);
  assert.equal((await bed.client.get(nodeAgents, { name: "n1" })).metadata.generation, before);
  assert.equal((await second.get("/healthz")).status, 200);
});

async function allowAllButNodes(user: string): Promise<void> {
  const rules = [
    { apiGroups: ["aloft.dev"], resources: ["*"], verbs: ["*"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["*"] },
    { apiGroups: [""], resources: ["events"], verbs: ["*"] },
  ];
  const metadata = { name: `all-but-nodes-${user}` };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata, rules };
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name };
  const binding = { ...role, rules: undefined, kind: "ClusterRoleBinding", roleRef, subjects: [{ kind: "User", name: user }] };
  for (const object of [role, binding]) await bed.plane.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
}
