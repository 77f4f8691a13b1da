/** `aloft installation`, against a real API server. Agents are played: what they report is written here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { apiVersion, releaseFinalizer } from "../../src/api/group.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import { run } from "../support/command.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";

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
  const command = [aloftProgram, "installation", ...args, "--namespace", namespace, "--kubeconfig", plane.kubeconfig()];
  const text = await run("sh", ["-c", `${command.join(" ")} 2>&1; echo status $?`], { timeoutMs: 60_000 });
  return { status: Number(/status ([0-9]+)\n$/.exec(text)?.[1]), text };
}

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
