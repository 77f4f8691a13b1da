import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnvironment } from "../../../src/runtime/env.ts";

test("the environment of a pod", () => {
  const environment = readEnvironment({ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443", NODE_NAME: "n1" });
  assert.deepEqual(environment.inCluster, { host: "10.0.0.1", port: 6443 });
  assert.equal(environment.nodeName, "n1");
});

test("empty variables count as absent; KUBECONFIG may list several files", () => {
  const environment = readEnvironment({ NODE_NAME: "", KUBERNETES_SERVICE_HOST: "", KUBECONFIG: "/a::/b" });
  assert.equal(environment.nodeName, undefined);
  assert.equal(environment.inCluster, undefined);
  assert.deepEqual(environment.kubeconfigPaths, ["/a", "/b"]);
});
