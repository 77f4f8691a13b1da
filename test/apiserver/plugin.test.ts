/** `kubectl vip` as it is packed, beside a real kubectl, against a real API server; what it looks at was written by hand. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { type BuiltPlugin, buildPlugin } from "../../scripts/build-plugin.ts";
import { apiVersion } from "../../src/api/group.ts";
import type { PlacedFinding } from "../../src/cli/findingView.ts";
import { run } from "../support/command.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";

const root = join(import.meta.dirname, "../..");

let plane: ControlPlane;
let plugin: BuiltPlugin;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "aloft-plugin-"));
  plugin = buildPlugin();
  plane = await startControlPlane();
  await plane.kubectl(["apply", "-f", join(root, "crds")]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
  await writeObjects();
});
after(async () => {
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: new Date().toISOString(),
});

/** Two nodes that are deaf to each other, one of them with a clock that is ahead, a third without an agent, and kube-proxy without strictARP. */
async function writeObjects(): Promise<void> {
  const apply = (object: object) => plane.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });
  const tell = (kind: string, name: string, status: object) =>
    plane.kubectl(["patch", kind, name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
  for (const name of ["n1", "n2", "n3"]) await apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
  for (const [index, name] of ["n1", "n2"].entries()) {
    await apply({ apiVersion, kind: "NodeAgent", metadata: { name }, spec: { virtualRouters: [] } });
    await tell("na", name, { state: "Running", version: "0.1.0", lastReportTime: new Date(Date.now() + index * 60_000).toISOString() });
  }
  await apply({ apiVersion, kind: "VirtualIP", metadata: { name: "web" }, spec: { addresses: [{ address: "192.0.2.10/24" }] } });
  const ready = condition("Ready", "False", "MultipleMasters", "IPv4: n1 and n2 answer at the same time");
  await tell("vip", "web", { virtualRouterID: 7, conditions: [ready] });
  const config = "kind: KubeProxyConfiguration\nmode: ipvs\nipvs: {strictARP: false}\n";
  await apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-proxy", namespace: "kube-system" },
    data: { "config.conf": config },
  });
}

/** Unpacks it, and links its program into a folder of programs, as krew does. */
async function install(path: string): Promise<string> {
  const store = join(folder, basename(path));
  const programs = join(store, "programs");
  mkdirSync(programs, { recursive: true });
  await run("tar", ["--extract", "--gzip", `--file=${path}`, `--directory=${store}`]);
  symlinkSync(join(store, "kubectl-vip"), join(programs, "kubectl-vip"));
  return programs;
}

/** kubectl finds the plugin in PATH, which holds no Node but for `others`. */
async function kubectl(programs: string, args: string[], ...others: string[]): Promise<{ status: number; text: string }> {
  const tools = join(folder, "tools");
  mkdirSync(tools, { recursive: true });
  for (const tool of ["dirname", "readlink"]) await run("ln", ["--symbolic", "--force", `/usr/bin/${tool}`, tools]);
  const path = [programs, dirname(plane.kubectlPath), tools, ...others].join(":");
  const script = `"$@" 2>&1; echo status $?`;
  const environment = [`PATH=${path}`, `KUBECONFIG=${plane.kubeconfig()}`, `HOME=${folder}`];
  const text = await run("env", ["-i", ...environment, "/bin/sh", "-c", script, "sh", plane.kubectlPath, ...args], { timeoutMs: 30_000 });
  return { status: Number(/status ([0-9]+)\n$/.exec(text)?.[1]), text: text.replace(/status [0-9]+\n$/, "") };
}

test("the archive of this system needs nothing: kubectl vip lists what there is, and explains", async () => {
  const programs = await install(plugin.archives[0].path);
  const { status, text } = await kubectl(programs, ["vip", "status"]);
  assert.equal(status, 0, text);
  assert.match(text, /^web +192\.0\.2\.10\/24 /m);
  const explained = await kubectl(programs, ["vip", "explain", "web"]);
  assert.match(explained.text, /No node is MASTER: nothing can be lost\./);
});

test("the archive without Node takes one from PATH, and refuses one that is too old, or none", async () => {
  const programs = await install(plugin.archives[1].path);
  const own = await kubectl(programs, ["vip", "status"], dirname(process.execPath));
  assert.match(own.text, /^web +192\.0\.2\.10\/24 /m);
  const none = await kubectl(programs, ["vip", "status"]);
  assert.deepEqual([none.status, none.text.split("\n")[0]], [1, "kubectl vip: needs Node.js 22.19 or newer in PATH"]);
  const old = join(folder, "old");
  mkdirSync(old);
  writeFileSync(join(old, "node"), '#!/bin/sh\n[ "$1" = --version ] && echo v20.20.2\nexit 1\n', { mode: 0o755 });
  const { status, text } = await kubectl(programs, ["vip", "status"], old);
  assert.deepEqual([status, text.split("\n")[0]], [1, `kubectl vip: needs Node.js 22.19 or newer, and ${old}/node is v20.20.2`]);
});

test("krew's manifest names both with their sums, for each system once", () => {
  const { metadata, spec } = parse(readFileSync(plugin.manifest, "utf8")) as {
    metadata: { name: string };
    spec: {
      version: string;
      platforms: { selector: { matchLabels: { os: string; arch: string } }; uri: string; sha256: string; bin: string }[];
    };
  };
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.deepEqual([metadata.name, spec.version], ["vip", `v${version}`]);
  const systems = spec.platforms.map(({ selector }) => `${selector.matchLabels.os}/${selector.matchLabels.arch}`);
  assert.deepEqual(systems.toSorted(), ["darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64"]);
  for (const { uri, sha256 } of spec.platforms) {
    const bytes = readFileSync(join(dirname(plugin.manifest), basename(uri)));
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
  }
});

test("kubectl vip doctor: the whole cluster at once", async () => {
  const { status, text } = await kubectl(join(folder, basename(plugin.archives[0].path), "programs"), ["vip", "doctor", "-o", "json"]);
  assert.equal(status, 1);
  const found = (JSON.parse(text) as PlacedFinding[]).map(({ severity, where, what }) => `${severity} ${where}: ${what}`);
  // Both clocks are told to the second: 60 s are 61 where a second ends in between.
  const told = found.map((finding) => finding.replace("clock is 61 s", "clock is 60 s"));
  assert.deepEqual(told.toSorted(), [
    "Error VirtualIP web: Nodes do not hear each other's adverts: IPv4: n1 and n2 answer at the same time.",
    "Error node n3: It has no agent that reports.",
    "Warning kube-proxy: It runs in IPVS mode without strictARP.",
    "Warning node n2: Its clock is 60 s ahead of the API server's.",
  ]);
});
