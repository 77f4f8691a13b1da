/** Secrets and pods as an agent reads them from a real kube-apiserver: by one watch each, with no more rights than it needs. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { ApiClient } from "../../src/agent/cluster/apiClient.ts";
import { loadClusterAccess } from "../../src/agent/cluster/clusterAccess.ts";
import { ClusterSecrets } from "../../src/agent/cluster/clusterSecrets.ts";
import { PodWatch } from "../../src/agent/cluster/podWatch.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { readEnvironment } from "../../src/runtime/env.ts";
import { silentLogger as log } from "../../src/runtime/log.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { until } from "../support/waiting.ts";

const namespace = "aloft-system";
const one = { name: "vrrp", key: "password" };

let plane: ControlPlane;

before(async () => {
  plane = await startControlPlane({ users: [{ name: "agent" }] });
  const rights = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "agent", namespace },
    rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["vrrp"], verbs: ["list", "watch"] }],
  };
  const binding = {
    ...rights,
    kind: "RoleBinding",
    rules: undefined,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "agent" },
    subjects: [{ kind: "User", name: "agent" }],
  };
  await plane.kubectl(["create", "namespace", namespace]);
  await plane.kubectl(["apply", "-f", "-"], { input: [rights, binding].map((object) => JSON.stringify(object)).join("\n---\n") });
});
after(() => plane?.stop());

async function clientOf(context: TestContext, user: string): Promise<{ client: ApiClient; signal: AbortSignal }> {
  const client = new ApiClient(await loadClusterAccess(plane.kubeconfig(user), readEnvironment(), clock), clock);
  const stop = new AbortController();
  context.after(() => {
    stop.abort();
    client.close();
  });
  return { client, signal: stop.signal };
}

test("a Secret is read and followed by an agent that may see this one alone; another one is told as forbidden", async (context) => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "aloft-secrets-"));
  context.after(() => rmSync(stateDirectory, { recursive: true }));
  const secrets = new ClusterSecrets({ ...(await clientOf(context, "agent")), namespace, stateDirectory, clock, log, onChange: () => {} });
  await secrets.require([one, { name: "other", key: "password" }]);
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: false, message: "there is no Secret aloft-system/vrrp" });
  const other = secrets.lookUp("other", "password");
  assert.match(other.ok ? "" : other.message, /^Secret aloft-system\/other cannot be read: .*forbidden/);
  const set = (password: string) =>
    JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "vrrp", namespace }, stringData: { password } });
  const becomes = (value: string) =>
    until(`the value ${value}`, () => {
      const found = secrets.lookUp("vrrp", "password");
      return found.ok && found.value === value;
    });
  await plane.kubectl(["apply", "-f", "-"], { input: set("first") });
  await becomes("first");
  await plane.kubectl(["apply", "-f", "-"], { input: set("second") });
  await becomes("second");
  await plane.kubectl(["-n", namespace, "delete", "secret", "vrrp"]);
  await until("the loss to be told", () => secrets.problems.length > 0);
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "second" });
  await secrets.saved();
});

test("the ready pods of this node, and of no other", async (context) => {
  const pods = new PodWatch({ ...(await clientOf(context, "admin")), node: "n1", clock, log });
  pods.use(true);
  await until("the first list", () => pods.ready("default", {}) === false);
  const pod = (name: string, nodeName: string) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app: "web" } },
      spec: { nodeName, containers: [{ name: "web", image: "web" }] },
    });
  const ready = (name: string, status: string) =>
    plane.kubectl([
      "patch",
      "pod",
      name,
      "--subresource=status",
      "-p",
      JSON.stringify({ status: { conditions: [{ type: "Ready", status }] } }),
    ]);
  await plane.kubectl(["apply", "-f", "-"], { input: `${pod("here", "n1")}\n---\n${pod("there", "n2")}` });
  await ready("there", "True");
  await ready("here", "False");
  assert.equal(pods.ready("default", { app: "web" }), false);
  await ready("here", "True");
  await until("the pod to be ready", () => pods.ready("default", { app: "web" }) === true);
  assert.equal(pods.ready("kube-system", { app: "web" }), false);
  await plane.kubectl(["delete", "pod", "here", "--force", "--grace-period=0"]);
  await until("the pod to be gone", () => pods.ready("default", { app: "web" }) === false);
});
