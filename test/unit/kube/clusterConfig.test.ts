import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ClusterConfig } from "../../../src/kube/clusterConfig.ts";
import { KubeError } from "../../../src/kube/kubeError.ts";

const variables = ["KUBECONFIG", "HOME", "KUBERNETES_SERVICE_HOST"];
let folder: string;
let saved: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aloft-kubeconfig-"));
  saved = { ...process.env };
  for (const variable of variables) delete process.env[variable];
  process.env.HOME = folder;
});

afterEach(() => {
  for (const variable of variables) {
    if (saved[variable] === undefined) delete process.env[variable];
    else process.env[variable] = saved[variable];
  }
  rmSync(folder, { recursive: true });
});

function write(path: string, server: string, cluster: object = {}, user: object = {}): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  const config = {
    clusters: [{ name: "c", cluster: { server, ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "x", context: { cluster: "c", user: "u" } },
      { name: "y", context: { cluster: "c", user: "u", namespace: "other" } },
    ],
    "current-context": "x",
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test("an explicit file counts before $KUBECONFIG, and that before the home directory", () => {
  const explicit = write("explicit", "https://explicit:6443");
  write(".kube/config", "https://home:6443");
  assert.equal(new ClusterConfig().server, "https://home:6443");
  process.env.KUBECONFIG = write("environment", "https://environment:6443");
  assert.equal(new ClusterConfig().server, "https://environment:6443");
  assert.equal(new ClusterConfig({ kubeconfig: explicit }).server, "https://explicit:6443");
});

test("the context gives the namespace", () => {
  const kubeconfig = write("config", "https://c:6443");
  assert.equal(new ClusterConfig({ kubeconfig }).namespace, "default");
  assert.equal(new ClusterConfig({ kubeconfig, context: "y" }).namespace, "other");
});

const bad: [string, () => ConstructorParameters<typeof ClusterConfig>[0]][] = [
  ["no configuration anywhere", () => ({})],
  ["a file that is missing", () => ({ kubeconfig: join(folder, "missing") })],
  ["a context that is missing", () => ({ kubeconfig: write("config", "https://c:6443"), context: "z" })],
  ["a server that is no URL", () => ({ kubeconfig: write("config", "c") })],
  [
    "a file that is no kubeconfig",
    () => {
      writeFileSync(join(folder, "text"), "just text");
      return { kubeconfig: join(folder, "text") };
    },
  ],
];

for (const [name, options] of bad) {
  test(`${name} is a Configuration error and not localhost:8080`, () => {
    assert.throws(
      () => new ClusterConfig(options()),
      (error) => error instanceof KubeError && error.code === "Configuration",
    );
  });
}

test("plain HTTP needs the word of the administrator", async () => {
  const kubeconfig = write("config", "http://c:8080");
  await assert.rejects(new ClusterConfig({ kubeconfig }).credentials(), /HTTP protocol is not allowed/);
});

test("certificates are read relative to the file, and a change changes the fingerprint", async () => {
  const data = (text: string) => Buffer.from(text).toString("base64");
  writeFileSync(join(folder, "ca.crt"), "authority");
  const user = { "client-certificate-data": data("certificate"), "client-key-data": data("key") };
  const config = new ClusterConfig({ kubeconfig: write("config", "https://c:6443", { "certificate-authority": "ca.crt" }, user) });
  const first = await config.credentials();
  assert.ok(first.connection.type === "agent");
  assert.deepEqual([first.connection.connect.ca, first.connection.connect.cert, first.connection.connect.key].map(String), [
    "authority",
    "certificate",
    "key",
  ]);
  assert.equal((await config.credentials()).fingerprint, first.fingerprint);
  writeFileSync(join(folder, "ca.crt"), "another authority");
  assert.notEqual((await config.credentials()).fingerprint, first.fingerprint);
});

test("user name and password become a header", async () => {
  const config = new ClusterConfig({ kubeconfig: write("config", "https://c:6443", {}, { username: "u", password: "p" }) });
  assert.equal((await config.credentials()).headers.authorization, "Basic dTpw");
});
