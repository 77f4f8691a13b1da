/** `aloft installation`, against a real API server. Agents are played: what they report is written here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { apiVersion, releaseFinalizer } from "../../src/api/group.ts";
import { assignedCondition, cleanupFinalizer, loadBalancerClass, poolLabel, roleLabel, serviceLabel } from "../../src/api/service.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import { run } from "../support/command.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

const root = join(import.meta.dirname, "../..");
const namespace = "aloft-system";

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
  await plane.kubectl(["apply", "-f", join(root, "crds"), "-f", join(root, "deploy/rbac.yaml")]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
});
after(() => plane?.stop());

const apply = (object: object) => plane.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });

/** As the operator leaves them: n1 runs "web", which it guards. */
beforeEach(async () => {
  await plane.kubectl(["delete", "lease", "-n", namespace, "--all"]);
  await plane.kubectl(["delete", "nodeagent", "--all"]);
  const spec = { addresses: [{ address: "192.0.2.10/24" }] };
  await apply({ apiVersion, kind: "VirtualIP", metadata: { name: "web", finalizers: [releaseFinalizer] }, spec });
  await writeStatus("vip", "web", { activeNode: "n1", virtualRouterID: 7 });
  const operator = ["--server-side", "--field-manager=aloft-operator", "-f", "-"];
  const virtualRouters = [
    {
      virtualIP: "web",
      family: "IPv4",
      interface: "eth0",
      virtualRouterID: 7,
      version: 3,
      priority: 254,
      advertisementInterval: "100ms",
      preempt: true,
      preemptDelay: "0s",
      checksum: "Auto",
      addresses: [{ address: "192.0.2.10/24" }],
    },
  ];
  const agent = { apiVersion, kind: "NodeAgent", metadata: { name: "n1" }, spec: { virtualRouters } };
  await plane.kubectl(["apply", ...operator], { input: JSON.stringify(agent) });
});

const writeStatus = (kind: string, name: string, status: object) =>
  plane.kubectl(["patch", kind, name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);

/** What the agent of n1 says, so long ago, of that generation. */
const report = (secondsAgo: number, observedGeneration: number, virtualRouters: object[]) =>
  writeStatus("na", "n1", {
    state: "Running",
    lastReportTime: new Date(Date.now() - secondsAgo * 1000).toISOString(),
    observedGeneration,
    virtualRouters,
  });
const holding = [
  {
    virtualIP: "web",
    family: "IPv4",
    state: "MASTER",
    reason: "FirstElection",
    priority: 254,
    since: new Date().toISOString(),
    transitions: 1,
  },
];

async function installation(...args: string[]): Promise<{ status: number; text: string }> {
  const command = [aloftProgram, "installation", "--namespace", namespace, "--kubeconfig", plane.kubeconfig(), ...args];
  const text = await run("sh", ["-c", `${command.join(" ")} 2>&1; echo status $?`], { timeoutMs: 60_000 });
  return { status: Number(/status ([0-9]+)\n$/.exec(text)?.[1]), text };
}

interface ServiceObject {
  metadata: { finalizers?: string[] };
  status: { loadBalancer: { ingress?: object[] } };
}
const service = async (name: string) => JSON.parse(await plane.kubectl(["get", "service", name, "-o", "json"])) as ServiceObject;

const virtualIP = async () =>
  JSON.parse(await plane.kubectl(["get", "vip", "web", "-o", "json"])) as VirtualIP & { metadata: { finalizers?: string[] } };

test("withdraw: an agent that has not given up is waited for and named, and what is guarded stays so", async () => {
  await report(0, 1, holding);
  const { status, text } = await installation("withdraw", "--timeout=2s");
  assert.equal(status, 1);
  assert.match(text, /not given up yet: n1/);
  assert.deepEqual((await virtualIP()).metadata.finalizers, [releaseFinalizer]);
  const spec = await plane.kubectl(["get", "na", "n1", "-o", "jsonpath={.spec}"]);
  assert.equal(spec, '{"virtualRouters":[]}');
});

test("withdraw: once all have, objects can be deleted, and their statuses say that nobody answers", async () => {
  await report(0, 2, []);
  const { status, text } = await installation("withdraw", "--timeout=5s");
  assert.equal(status, 0, text);
  const { metadata, status: left } = await virtualIP();
  assert.deepEqual([metadata.finalizers, left?.activeNode, left?.virtualRouterID], [undefined, undefined, 7]);
  assert.equal(left?.conditions?.find(({ type }) => type === "Ready")?.reason, "Withdrawn");
  await plane.kubectl(["delete", "vip", "web", "--timeout=5s"]);
});

/** What the operator leaves of a Service with an address; another controller puts the same finalizer there. */
async function applyService(name: string, loadBalancerClass: string, manager: string, conditions: object[]): Promise<void> {
  const spec = { type: "LoadBalancer", loadBalancerClass, ports: [{ port: 80 }] };
  await apply({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default", finalizers: [cleanupFinalizer] }, spec });
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.100", ipMode: "VIP" }] }, conditions };
  const serverSide = ["apply", "--server-side", "--subresource=status", `--field-manager=${manager}`, "-f", "-"];
  const object = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, status };
  await plane.kubectl(serverSide, { input: JSON.stringify(object) });
}

const assigned = {
  type: assignedCondition,
  status: "True",
  reason: "Assigned",
  message: "192.0.2.100",
  lastTransitionTime: new Date().toISOString(),
};

test("withdraw: Services and pools stay and can be deleted, what was made for them goes, and Services of others are not touched", async () => {
  await report(0, 2, []);
  await applyService("ours", loadBalancerClass, "aloft-operator", [assigned]);
  await applyService("theirs", "example.com/other", "other", []);
  const pool = { addresses: ["192.0.2.100-192.0.2.109"] };
  await apply({ apiVersion, kind: "AddressPool", metadata: { name: "public", finalizers: [releaseFinalizer] }, spec: pool });
  await writeStatus("pool", "public", { assignments: [{ address: "192.0.2.100", services: ["default/ours"] }] });
  const made = { name: "public-0", finalizers: [releaseFinalizer], labels: { [poolLabel]: "public", [roleLabel]: "shared" } };
  await apply({ apiVersion, kind: "VirtualIP", metadata: made, spec: { addresses: [{ address: "192.0.2.100/24" }] } });
  const server = { virtualIP: "public-0", ports: [{ port: 80 }], service: { name: "ours", port: "80" } };
  const labels = { [serviceLabel]: "ours" };
  await apply({ apiVersion, kind: "VirtualServer", metadata: { name: "ours-tcp-80", namespace: "default", labels }, spec: server });

  const { status, text } = await installation("withdraw", "--timeout=5s");
  assert.equal(status, 0, text);
  assert.match(text, /^services released: 1\nvirtualservers released: 1\nvirtualips released: 2\naddresspools released: 1$/m);
  const [ours, theirs] = [await service("ours"), await service("theirs")];
  assert.deepEqual([ours.metadata.finalizers, ours.status], [undefined, { loadBalancer: {} }]);
  assert.deepEqual([theirs.metadata.finalizers, theirs.status.loadBalancer.ingress?.length], [[cleanupFinalizer], 1]);
  assert.equal(await plane.kubectl(["get", "vip,vs", "-A", "-o", "name"]), "virtualip.aloft.dev/web\n");
  const recorded = await plane.kubectl([
    "get",
    "pool",
    "public",
    "-o",
    "jsonpath={.metadata.finalizers} {.status.assignments[*].services}",
  ]);
  assert.equal(recorded, ' ["default/ours"]', "a later installation gives it the same address");
  await plane.kubectl(["delete", "pool/public", "service/ours", "--timeout=5s"]);
  await plane.kubectl(["patch", "service", "theirs", "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
  await plane.kubectl(["delete", "service", "theirs", "--timeout=5s"]);
});

test("withdraw: an agent that has been silent for a minute is not waited for", async () => {
  await report(70, 1, holding);
  assert.equal((await installation("withdraw", "--timeout=5s")).status, 0);
});

test("withdraw: an operator that holds its Lease is waited for, and nothing is taken from the nodes before", async () => {
  const spec = { holderIdentity: "another", leaseDurationSeconds: 15, renewTime: new Date().toISOString().replace("Z", "000Z") };
  await apply({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "aloft-operator", namespace }, spec });
  const { status, text } = await installation("withdraw", "--timeout=1s");
  assert.equal(status, 1);
  assert.match(text, /the operator does not end/);
  assert.match(await plane.kubectl(["get", "na", "n1", "-o", "jsonpath={.spec}"]), /"virtualIP":"web"/);
});

test("withdraw: the operator's pods are not waited for, such as one on a node that is lost; that Lease is not renewed any more", async () => {
  await report(0, 2, []);
  const spec = { holderIdentity: "lost", leaseDurationSeconds: 2, renewTime: new Date().toISOString().replace("Z", "000Z") };
  await apply({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "aloft-operator", namespace }, spec });
  const template = { metadata: { labels: { app: "operator" } }, spec: { containers: [{ name: "operator", image: "none" }] } };
  const deployment = { selector: { matchLabels: { app: "operator" } }, template };
  await apply({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "aloft-operator", namespace }, spec: deployment });
  const { status, text } = await installation("withdraw", "--timeout=10s");
  assert.equal(status, 0, text);
  assert.equal(await plane.kubectl(["get", "deployment", "-n", namespace, "-o", "name"]), "");
});

test("withdraw: no operator leads while the Lease is held here, and it is given back", async () => {
  await report(0, 1, holding);
  const withdrawing = installation("withdraw", "--timeout=3s");
  const holder = () => plane.kubectl(["get", "lease", "-n", namespace, "-o", "jsonpath={.items[*].spec.holderIdentity}"]);
  await until("a withdrawal that holds the Lease", async () => (await holder()).startsWith("withdraw_"));
  await withdrawing;
  assert.equal(await holder(), "");
});

test("withdraw: without the namespace there is nobody to end", async () => {
  await report(0, 2, []);
  const { status, text } = await installation("withdraw", "--timeout=5s", "--namespace=gone");
  assert.equal(status, 0, text);
});

test("verify: no operator, an agent that is silent", async () => {
  await report(70, 1, []);
  const { status, text } = await installation("verify", "--timeout=1s");
  assert.equal(status, 1);
  assert.match(text, /operator: none leads\nagent of n1: Running, silent\n/);
});

test("verify: all well", async () => {
  const spec = { holderIdentity: "one", leaseDurationSeconds: 15 };
  await apply({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "aloft-operator", namespace }, spec });
  await report(0, 1, []);
  const { status, text } = await installation("verify", "--timeout=1s");
  assert.equal(status, 0);
  assert.match(text, /operator: one leads\nagent of n1: Running\n/);
});

test("withdraw: kinds that somebody has deleted first keep nothing else from being released", async () => {
  await plane.kubectl(["delete", "crd", "nodeagents.aloft.dev", "virtualservers.aloft.dev", "--timeout=20s"]);
  const { status, text } = await installation("withdraw", "--timeout=5s");
  assert.equal(status, 0, text);
  await plane.kubectl(["delete", "crd", "virtualips.aloft.dev", "--timeout=10s"]);
});
