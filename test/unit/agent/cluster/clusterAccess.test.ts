import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadClusterAccess } from "../../../../src/agent/cluster/clusterAccess.ts";
import type { Environment } from "../../../../src/runtime/env.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const environment: Environment = { kubeconfigPaths: [], home: "/", hostName: "host" };

function kubeconfig(cluster: object, user: object, more: object = {}): string {
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: "https://192.0.2.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
    ...more,
  });
}

function write(context: TestContext, text: string): string {
  const path = join(temporaryDirectory(context), "config");
  writeFileSync(path, text);
  return path;
}

test("a token and an authority in the file", async (context) => {
  const data = Buffer.from("CA").toString("base64");
  const path = write(context, kubeconfig({ "certificate-authority-data": data, "tls-server-name": "kubernetes" }, { token: "T" }));
  const access = await loadClusterAccess(path, environment, new VirtualClock());
  assert.equal(access.server.href, "https://192.0.2.1:6443/");
  assert.equal(access.token(), "T");
  assert.deepEqual(access.tls(), { ca: "CA", cert: undefined, key: undefined, servername: "kubernetes", rejectUnauthorized: true });
});

test("files are relative to the kubeconfig and are read again after a minute; a file that is gone keeps its last content", async (context) => {
  const clock = new VirtualClock();
  const path = write(context, kubeconfig({}, { tokenFile: "token", "client-certificate": "cert", "client-key": "key" }));
  const file = (name: string) => join(path, "..", name);
  for (const name of ["token", "cert", "key"]) writeFileSync(file(name), `${name} 1\n`);
  const access = await loadClusterAccess(path, environment, clock);
  assert.equal(access.token(), "token 1");
  writeFileSync(file("token"), "token 2\n");
  assert.equal(access.token(), "token 1");
  await clock.advance(60_000);
  assert.equal(access.token(), "token 2");
  assert.equal(access.tls().cert, "cert 1\n");
});

test("the namespace: that of the pod, else of the kubeconfig's context, else where Aloft is installed", async (context) => {
  const of = async (more: object, podNamespace?: string) => {
    const path = write(context, kubeconfig({}, {}, more));
    return (await loadClusterAccess(path, { ...environment, podNamespace }, new VirtualClock())).namespace();
  };
  const contexts = [{ name: "c", context: { cluster: "k", user: "u", namespace: "lab" } }];
  assert.deepEqual([await of({ contexts }, "pod"), await of({ contexts }), await of({})], ["pod", "lab", "aloft-system"]);
});

test("KUBECONFIG counts when no flag is given", async (context) => {
  const path = write(context, kubeconfig({}, { token: "T" }));
  const access = await loadClusterAccess(undefined, { ...environment, kubeconfigPaths: [path] }, new VirtualClock());
  assert.equal(access.token(), "T");
});

test("a pod's service account counts last, with brackets around an IPv6 address", async () => {
  const access = await loadClusterAccess(undefined, { ...environment, inCluster: { host: "fd00::1", port: 443 } }, new VirtualClock());
  assert.equal(access.server.hostname, "[fd00::1]");
});

const bad: [string, string, RegExp][] = [
  ["no YAML", "{", /^kubeconfig .*config: /],
  ["no server", kubeconfig({ server: 7 }, {}), /clusters\.0\.cluster\.server: /],
  ["a missing context", kubeconfig({}, {}, { "current-context": "d" }), /there is no context "d"/],
  ["a missing user", kubeconfig({}, {}, { users: [] }), /there is no user "u"/],
  ["a plugin", kubeconfig({}, { exec: { command: "x" } }), /exec is not supported/],
];
for (const [name, text, message] of bad) {
  test(`${name}: a sentence that names the file`, async (context) => {
    await assert.rejects(loadClusterAccess(write(context, text), environment, new VirtualClock()), { code: "ALOFT_KUBECONFIG", message });
  });
}

test("nothing given: a sentence that says what to give", async () => {
  await assert.rejects(
    loadClusterAccess(undefined, environment, new VirtualClock()),
    /give --kubeconfig FILE, set KUBECONFIG, or run in a pod/,
  );
});
