/**
 * Virtual servers of an agent between a real kube-apiserver and the kernel: names in NodeAgent.spec, objects and endpoints from the API server,
 * what is known without it. True with a kernel that has IPVS and with one that has not.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgent } from "../../src/api/nodeAgent.ts";
import type { NodeVirtualServerStatus } from "../../src/api/virtualServerStatus.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";
import { plain, routerSpec } from "../unit/agent/fixtures.ts";

const repository = join(import.meta.dirname, "../..");
const crds = join(repository, "crds");
const address = "198.51.100.200";
const router = routerSpec({ virtualIP: "web", virtualRouterID: 51, addresses: plain(`${address}/24`) });

let lan: Lan;
let plane: ControlPlane;
let agent: BackgroundProcess;

before(async () => {
  lan = await Lan.create({ nodes: 1 });
  const users = [{ name: "agent-n1", groups: ["aloft:agents"] }];
  plane = await startControlPlane({ netns: lan.namespace("fabric"), listenAddress: Lan.fabricAddress.IPv4, users });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
  await plane.kubectl(["apply", "-f", join(repository, "deploy/rbac.yaml")]);
});
after(async () => {
  await agent?.kill();
  await plane?.stop();
  await lan?.destroy();
});

let started = 0;

function startAgent(stateDirectory: string): void {
  const http = `${lan.nodeAddress("n1").IPv4}:9105`;
  const flags = ["--kubeconfig", plane.kubeconfig("agent-n1"), "--node", "n1", "--state-dir", stateDirectory, "--http", http];
  agent = lan.spawn("n1", `agent-${started++}`, [aloftProgram, "agent", ...flags]);
}

async function apply(...objects: object[]): Promise<void> {
  const input = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join("");
  await plane.kubectl(["apply", "--server-side", "--force-conflicts", "--field-manager=test", "-f", "-"], { input });
}

const metadata = (name: string, labels: Record<string, string> = {}) => ({ name, namespace: "default", labels });

const virtualServer = (spec: object) => ({
  apiVersion,
  kind: "VirtualServer",
  metadata: metadata("web"),
  spec: { virtualIP: "web", ports: [{ port: 80 }], ...spec },
});

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata("nginx"),
  spec: { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: 8080 }] },
};

interface SliceFields {
  name?: string;
  family?: "IPv4" | "IPv6";
  port?: { name: string; port: number };
}

const sliceOf = ({ name = "nginx-1", family = "IPv4", port = { name: "http", port: 8080 } }: SliceFields, ...endpoints: object[]) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: metadata(name, { "kubernetes.io/service-name": "nginx" }),
  addressType: family,
  ports: [{ ...port, protocol: "TCP" }],
  endpoints,
});
const endpoint = (address: string, conditions: object = {}) => ({ addresses: [address], conditions });
const slice = (...addresses: string[]) => sliceOf({}, ...addresses.map((one) => endpoint(one, { ready: true })));

const nodeAgent = (...names: string[]) => ({
  apiVersion,
  kind: "NodeAgent",
  metadata: { name: "n1" },
  spec: {
    virtualRouters: [router],
    virtualServers: names.map((name) => ({ namespace: "default", name, virtualIP: "web", addresses: [address] })),
  },
});

async function reported(what: string, condition: (status: NodeVirtualServerStatus | undefined) => boolean): Promise<void> {
  let last = "";
  const find = async () => {
    const object: NodeAgent = JSON.parse(await plane.kubectl(["get", "nodeagent", "n1", "-o", "json"]));
    last = JSON.stringify(object.status?.virtualServers);
    return condition(object.status?.virtualServers?.find(({ name }) => name === "web"));
  };
  await until(what, find, { timeoutMs: 15_000, everyMs: 100, hint: () => `${last}\n${agent.logTail(8)}` });
}

const serversIn = (status: NodeVirtualServerStatus | undefined) => status?.servers ?? [];
const serversOf = (status: NodeVirtualServerStatus | undefined) =>
  serversIn(status)
    .map((server) => `${server.address}:${server.port}`)
    .join(" ");
const serves = (servers: string) => reported(`servers ${servers}`, (status) => serversOf(status) === servers);
const weighs = (servers: string) =>
  reported(
    `servers ${servers}`,
    (status) =>
      serversIn(status)
        .map(({ address: one, weight }) => `${one} ${weight}`)
        .join() === servers,
  );
const says = (message: RegExp) => reported(`${message}`, (status) => message.test(status?.message ?? ""));
/** The message of a kernel without IPVS may stand beside it. */
const saysNothingOf = (message: RegExp) =>
  reported(`nothing of ${message}`, (status) => status !== undefined && !message.test(status.message ?? ""));

async function kubectlVip(...args: string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: plane.kubeconfig() };
  return lan.exec("fabric", ["sh", "-c", `"${join(repository, "bin/kubectl-vip")}" ${args.join(" ")} 2>&1; echo "status $?"`], { env });
}

test("objects, endpoints and their changes reach the node, a start without API server, and the end of the object", async () => {
  const stateDirectory = join(lan.directory, "state");
  mkdirSync(stateDirectory);
  await apply(nodeAgent("web"), virtualServer({ realServers: [{ address: "10.0.0.1" }] }));
  startAgent(stateDirectory);
  await serves("10.0.0.1:80");
  await apply(service, slice("10.0.1.2", "10.0.1.1"), virtualServer({ service: { name: "nginx" } }));
  await serves("10.0.1.1:8080 10.0.1.2:8080");
  await apply(slice("10.0.1.2"));
  await serves("10.0.1.2:8080");
  // It is written down within a second.
  await until("the endpoints are on the disk", async () =>
    (await lan.exec("n1", ["cat", join(stateDirectory, "last-known-servers.json")])).includes("10.0.1.2"),
  );
  await agent.kill();
  await plane.stopApiServer();
  startAgent(stateDirectory);
  const metrics = () => lan.exec("n1", ["curl", "-s", `http://${lan.nodeAddress("n1").IPv4}:9105/metrics`]).catch(() => "");
  await until("its real server without API server", async () =>
    /aloft_realserver_up\{namespace="default",virtualserver="web",server="10\.0\.1\.2:8080"\} 1/.test(await metrics()),
  );
  await plane.startApiServer();
  // It is watched again: a deletion that is not seen is no deletion.
  await apply(virtualServer({ service: { name: "nginx" }, weight: 7 }));
  await weighs("10.0.1.2 7");
  await plane.kubectl(["delete", "virtualserver", "web"]);
  await reported("it has ended", (status) => status === undefined);
  assert.ok(agent.running);
});

test("endpoints of a dual-stack Service in several slices: by the port's name, ready unless they say otherwise, until the Service goes", async () => {
  const named = (name: string, ...endpoints: object[]) => sliceOf({ name, port: { name: "admin", port: 9000 } }, ...endpoints);
  const ports = [
    { name: "http", port: 80 },
    { name: "admin", port: 81, targetPort: "admin" },
  ];
  const spec = { clusterIP: "None", ipFamilyPolicy: "PreferDualStack", ports };
  await apply(
    { ...service, spec },
    named("nginx-1", endpoint("10.0.1.1"), endpoint("10.0.1.2", { ready: false })),
    named("nginx-2", endpoint("10.0.2.1", { ready: false, serving: true, terminating: true }), endpoint("10.0.2.2", { ready: true })),
    sliceOf({ name: "nginx-3", family: "IPv6", port: { name: "admin", port: 9000 } }, endpoint("2001:db8::1")),
    sliceOf({ name: "nginx-4" }, endpoint("10.0.4.1")),
    virtualServer({ service: { name: "nginx", port: "admin" } }),
  );
  await weighs("10.0.1.1 1,10.0.2.1 0,10.0.2.2 1");
  await reported("its ports", (status) => serversIn(status).every(({ port }) => port === 9000));
  // All are going away: they serve until others come.
  await apply(
    named("nginx-1"),
    named("nginx-2", endpoint("10.0.2.1", { ready: false, serving: true, terminating: true }), endpoint("10.0.2.2", { ready: false })),
  );
  await weighs("10.0.2.1 1");
  // A port that is not there changes nothing, and neither does a Service that never was.
  await apply(virtualServer({ service: { name: "nginx", port: "gopher" } }));
  await says(/Service "nginx" has no port gopher of protocol TCP; what it had goes on/);
  await weighs("10.0.2.1 1");
  await apply(virtualServer({ service: { name: "apache" } }));
  await says(/there is no Service "apache"; what it had goes on/);
  await apply(virtualServer({ service: { name: "nginx", port: "81" } }));
  await saysNothingOf(/Service/);
  await plane.kubectl(["delete", "service", "nginx"]);
  await reported("no server", (status) => status?.total === 0);
  await apply({ ...service, spec });
  await weighs("10.0.2.1 1");
});

test("nodes by their labels, with weights; a Node that is not ready keeps its connections alone", async () => {
  const node = (name: string, host: number, ready: string) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { role: "web" } },
    status: {
      addresses: [{ type: "InternalIP", address: `10.0.9.${host}` }],
      conditions: [{ type: "Ready", status: ready, reason: "Test", message: "" }],
    },
  });
  await apply(node("w1", 1, "True"), node("w2", 2, "True"));
  const patch = async (name: string, host: number, ready: string) =>
    plane.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify(node(name, host, ready))]);
  await patch("w1", 1, "True");
  await patch("w2", 2, "True");
  await apply(virtualServer({ nodes: { selector: { matchLabels: { role: "web" } }, port: 8080 }, weight: 3 }));
  await weighs("10.0.9.1 3,10.0.9.2 3");
  await patch("w1", 1, "Unknown");
  await weighs("10.0.9.1 0,10.0.9.2 3");
  await plane.kubectl(["label", "node", "w2", "role-"]);
  await weighs("10.0.9.1 3");
  await plane.kubectl(["delete", "node", "w1", "w2"]);
  await reported("no server", (status) => status?.total === 0);
});

test("kubectl vip ipvs asks the agent by way of the API server: its table with counters, or why there is none", async () => {
  const object: NodeAgent = JSON.parse(await plane.kubectl(["get", "nodeagent", "n1", "-o", "json"]));
  assert.equal(object.status?.http, `${lan.nodeAddress("n1").IPv4}:9105`);
  await apply(virtualServer({ realServers: [{ address: "10.0.0.1" }] }));
  await serves("10.0.0.1:80");
  assert.match(await kubectlVip("ipvs"), /^no services\n\nAttention:\n {2}n1: its agent cannot be asked: .*not found.*\nstatus 1\n$/s);
  await apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
  const address = JSON.stringify({ status: { addresses: [{ type: "InternalIP", address: lan.nodeAddress("n1").IPv4 }] } });
  await plane.kubectl(["patch", "node", "n1", "--subresource=status", "--type=merge", "-p", address]);
  const local = await lan.exec("n1", ["sh", "-c", `${aloftProgram} ipvs --http ${object.status.http} 2>&1; echo "status $?"`]);
  const hasIpvs = existsSync("/proc/net/ip_vs");
  const table = /^n1 +TCP 198\.51\.100\.200:80 +default\/web +mh .*\n.*-> 10\.0\.0\.1:80 .*\nstatus 0\n$/ms;
  const none = /^no services\n\nAttention:\n {2}n1: find IPVS: .*the kernel has no IPVS: module ip_vs\)\nstatus 1\n$/;
  for (const printed of [await kubectlVip("ipvs"), local]) assert.match(printed, hasIpvs ? table : none);
  assert.match(await kubectlVip("ipvs", "--node", "n9"), /there is no NodeAgent "n9"\nstatus 1/);
  const report: NodeAgent = JSON.parse(await plane.kubectl(["get", "nodeagent", "n1", "-o", "json"]));
  const status = report.status?.virtualServers?.find(({ name }) => name === "web");
  assert.deepEqual([status?.programmed, /has no IPVS/.test(status?.message ?? "")], [hasIpvs, !hasIpvs]);
});
