/**
 * Virtual servers of an agent between a real kube-apiserver and the kernel: names in NodeAgent.spec, objects and endpoints from the API server,
 * what is known without it. True with a kernel that has IPVS and with one that has not.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
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
  const flags = ["--kubeconfig", plane.kubeconfig("agent-n1"), "--node", "n1", "--state-dir", stateDirectory, "--http", "127.0.0.1:9105"];
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

const slice = (...addresses: string[]) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: metadata("nginx-1", { "kubernetes.io/service-name": "nginx" }),
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  endpoints: addresses.map((one) => ({ addresses: [one], conditions: { ready: true } })),
});

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

const serversOf = (status: NodeVirtualServerStatus | undefined) =>
  (status?.servers ?? []).map((server) => `${server.address}:${server.port}`).join(" ");
const serves = (servers: string) => reported(`servers ${servers}`, (status) => serversOf(status) === servers);

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
  const metrics = () => lan.exec("n1", ["curl", "-s", "http://127.0.0.1:9105/metrics"]).catch(() => "");
  await until("its real server without API server", async () =>
    /aloft_realserver_up\{namespace="default",virtualserver="web",server="10\.0\.1\.2:8080"\} 1/.test(await metrics()),
  );
  await plane.startApiServer();
  await serves("10.0.1.2:8080");
  await plane.kubectl(["delete", "virtualserver", "web"]);
  await reported("it has ended", (status) => status === undefined);
  assert.ok(agent.running);
});
