/** A node that is a real server, between a real kube-apiserver and the kernel; and what the doctor tells of it. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgent, NodeAgentSpec } from "../../src/api/nodeAgent.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

const repository = join(import.meta.dirname, "../..");
const crds = join(repository, "crds");
const shop = { namespace: "web", name: "shop", addresses: ["198.51.100.210", "2001:db8:100::210"] };
const standing = ["198.51.100.210/32", "2001:db8:100::210/128"];

let lan: Lan;
let plane: ControlPlane;
let stateDirectory: string;
let started = 0;

before(async () => {
  lan = await Lan.create({ nodes: 1 });
  const users = [{ name: "agent-n1", groups: ["aloft:agents"] }];
  plane = await startControlPlane({ netns: lan.namespace("fabric"), listenAddress: Lan.fabricAddress.IPv4, users });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
  await plane.kubectl(["apply", "-f", join(repository, "deploy/rbac.yaml")]);
  stateDirectory = join(lan.directory, "state");
  mkdirSync(stateDirectory);
});
after(async () => {
  await plane?.stop();
  await lan?.destroy();
});

function startAgent() {
  const flags = ["--kubeconfig", plane.kubeconfig("agent-n1"), "--node", "n1", "--state-dir", stateDirectory, "--http", "off"];
  return lan.spawn("n1", `agent-${started++}`, [aloftProgram, "agent", ...flags]);
}

async function apply(spec: Partial<NodeAgentSpec>): Promise<void> {
  const object = { apiVersion, kind: "NodeAgent", metadata: { name: "n1" }, spec: { virtualRouters: [], ...spec } };
  await plane.kubectl(["apply", "--server-side", "--field-manager=test-operator", "-f", "-"], { input: JSON.stringify(object) });
}

async function reported(what: string, condition: (status: NonNullable<NodeAgent["status"]>) => boolean): Promise<void> {
  let last = "";
  const find = async () => {
    const { status } = JSON.parse(await plane.kubectl(["get", "nodeagent", "n1", "-o", "json"])) as NodeAgent;
    last = JSON.stringify(status);
    return status !== undefined && condition(status);
  };
  await until(what, find, { timeoutMs: 15_000, everyMs: 100, hint: () => last });
}

async function prepared(): Promise<string> {
  const lines = (await lan.exec("n1", ["ip", "-o", "address", "show", "dev", "lo"])).split("\n");
  const addresses = lines.flatMap((line) => / inet6? (\S+)/.exec(line)?.[1] ?? []).filter((address) => !/^(127\.|::1)/.test(address));
  const ignore = await lan.exec("n1", ["sysctl", "-n", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce"]);
  return [...addresses, ...ignore.trim().split("\n")].join(" ");
}

const becomes = (expected: string) => until(expected, async () => (await prepared()) === expected, { timeoutMs: 15_000, everyMs: 50 });
const all = `${standing.join(" ")} 1 2`;

test("a node that is a real server is prepared, stays so while its agent is updated, and is as before when it is none any more", async () => {
  await apply({ realServers: [shop] });
  const first = startAgent();
  await becomes(all);
  assert.deepEqual(await first.stop(), { code: 0, signal: null });
  assert.equal(await prepared(), all);
  const second = startAgent();
  await reported("a report of the second agent", ({ state }) => state === "Running");
  assert.equal(await prepared(), all);
  await apply({});
  await becomes("0 0");
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
});

test("kubectl vip doctor tells what agents have found, with the fix, and ends with status 1", async () => {
  await apply({ virtualServers: [{ ...shop, virtualIP: "web" }] });
  const agent = startAgent();
  await reported("what the doctor has found", ({ findings = [] }) => findings.length > 0);
  const script = `${aloftProgram} vip doctor --kubeconfig ${plane.kubeconfig()}; echo "status $?"`;
  const printed = await lan.exec("fabric", ["sh", "-c", script]);
  assert.match(printed, /^ERROR +node n1: The (module ip_vs is not loaded|kernel has no module ip_vs)\.$/m);
  assert.match(printed, /^ +fix: .*modules/m);
  assert.match(printed, /status 1\n$/);
  await agent.stop();
});
