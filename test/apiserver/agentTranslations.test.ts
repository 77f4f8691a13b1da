/**
 * A node that translates for its own pods, between a real kube-apiserver and the kernel: what a director passes on by DR reaches pods, which
 * see the client. The director is played by a route: what leaves one by DR is the client's packet with another MAC address.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeRealServer } from "../../src/api/nodeAgent.ts";
import type { Answers, Request } from "../ipvs/clientHost.ts";
import { families, tally } from "../ipvs/trafficLan.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { Lan } from "../support/lan.ts";
import { type Pod, podPort, startPod } from "../support/pods.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

const repository = join(import.meta.dirname, "../..");
const crds = join(repository, "crds");
const clientHost = fileURLToPath(new URL("../ipvs/clientHost.ts", import.meta.url));
const address = { IPv4: "192.0.2.50", IPv6: "2001:db8:2::50" } as const;
const port = 80;

let lan: Lan;
let plane: ControlPlane;
let pods: [Pod, Pod];
let client: RemoteControl<Request, Answers>;
let agent: BackgroundProcess;
let started = 0;

before(async () => {
  lan = await Lan.create({ nodes: 2 });
  const users = [{ name: "agent-n2", groups: ["aloft:agents"] }];
  plane = await startControlPlane({ netns: lan.namespace("fabric"), listenAddress: Lan.fabricAddress.IPv4, users });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
  await plane.kubectl(["apply", "-f", join(repository, "deploy/rbac.yaml")]);
  pods = [await startPod(lan, "n2", 1), await startPod(lan, "n2", 2)];
  for (const family of families) await lan.exec("client", ["ip", "route", "add", address[family], "via", lan.nodeAddress("n2")[family]]);
  client = new RemoteControl(lan, "client", clientHost);
  mkdirSync(join(lan.directory, "state"));
});
after(async () => {
  await client?.kill();
  await agent?.kill();
  await plane?.stop();
  await lan?.destroy();
});

function startAgent(): void {
  const flags = [
    "--kubeconfig",
    plane.kubeconfig("agent-n2"),
    "--node",
    "n2",
    "--state-dir",
    join(lan.directory, "state"),
    "--http",
    "off",
  ];
  agent = lan.spawn("n2", `agent-${started++}`, [aloftProgram, "agent", ...flags]);
}

async function apply(...objects: object[]): Promise<void> {
  const input = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join("");
  await plane.kubectl(["apply", "--server-side", "--force-conflicts", "--field-manager=test", "-f", "-"], { input });
}

const metadata = (name: string, labels: Record<string, string> = {}) => ({ name, namespace: "default", labels });
const nodeAgent = (...realServers: NodeRealServer[]) => ({
  apiVersion,
  kind: "NodeAgent",
  metadata: { name: "n2" },
  spec: { virtualRouters: [], realServers },
});
const translated = { namespace: "default", name: "web", addresses: Object.values(address), translates: true };
const objects = [
  {
    apiVersion,
    kind: "VirtualServer",
    metadata: metadata("web"),
    spec: { virtualIP: "web", ports: [{ port }], forwarding: "DR", service: { name: "nginx", targets: "Nodes" } },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata("nginx"),
    spec: { clusterIP: "None", ports: [{ name: "http", port, targetPort: podPort }] },
  },
  nodeAgent(translated),
];

/** The endpoints: these pods of the node, and one of another. */
const slices = (...here: Pod[]) =>
  families.map((family) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: metadata(`nginx-${family.toLowerCase()}`, { "kubernetes.io/service-name": "nginx" }),
    addressType: family,
    ports: [{ name: "http", port: podPort, protocol: "TCP" }],
    endpoints: [
      ...here.map((pod) => ({ addresses: [pod[family]], conditions: { ready: true }, nodeName: pod.node })),
      { addresses: [family === "IPv4" ? "10.244.9.9" : "fd00:244::99"], conditions: { ready: true }, nodeName: "n1" },
    ],
  }));

const open = (family: (typeof families)[number], count: number, keep = false) =>
  client.ask({ do: "open", address: address[family], port, count, keep });
const table = () => lan.exec("n2", ["nft", "list", "tables"]);
const lists = async (pod: Pod) => (await lan.exec("n2", ["nft", "list", "ruleset"])).includes(`: ${pod.IPv4} . ${podPort}`);
const has = (what: string, condition: () => Promise<boolean>) =>
  until(what, condition, { timeoutMs: 15_000, everyMs: 20, hint: () => agent.logTail(8) });

test("what comes for the address goes to the pods of the node that are ready, which see the client", async () => {
  await apply(...objects, ...slices(...pods));
  startAgent();
  await has("both pods in the table", async () => (await lists(pods[0])) && lists(pods[1]));
  for (const family of families) {
    const answers = await open(family, 24);
    assert.deepEqual(Object.keys(tally(answers)).sort(), ["pod1", "pod2"]);
    assert.deepEqual([...new Set(answers.map(({ seenAs }) => seenAs))], [Lan.clientAddress[family]]);
  }
  const standing = await lan.exec("n2", ["ip", "-o", "address"]);
  for (const family of families) assert.ok(!standing.includes(address[family]), "no address stands anywhere");
});

test("a table that somebody removed comes back, with all others left as they are", async () => {
  await lan.exec("n2", ["nft", "add", "table", "inet", "theirs"]);
  await lan.exec("n2", ["nft", "delete", "table", "inet", "aloft"]);
  await has("the table", async () => (await table()).includes("inet aloft"));
  assert.deepEqual(tally(await open("IPv4", 1)) && (await table()).trim().split("\n").sort(), ["table inet aloft", "table inet theirs"]);
  await lan.exec("n2", ["nft", "flush", "ruleset"]);
  await has("the table", async () => (await table()).includes("inet aloft"));
  assert.notEqual((await open("IPv6", 1))[0]?.server, "");
});

test("connections outlive an update of the agent, and its death; what it knew serves without the API server; an endpoint that goes gets no new ones", async () => {
  const kept = tally(await open("IPv4", 6, true));
  await agent.stop();
  assert.deepEqual(tally(await open("IPv4", 1)) && tally(await client.ask({ do: "exchange" })), kept);
  await lan.exec("n2", ["ip", "route", "add", "blackhole", Lan.fabricAddress.IPv4]);
  startAgent();
  await has("a configuration", async () => agent.log().includes("configuration applied"));
  assert.ok((await lists(pods[0])) && (await lists(pods[1])), "what was known last");
  assert.deepEqual(tally(await client.ask({ do: "exchange" })), kept);
  await lan.exec("n2", ["ip", "route", "del", "blackhole", Lan.fabricAddress.IPv4]);
  await agent.kill();
  startAgent();
  await apply(...slices(pods[1]));
  await has("one pod less", async () => (await lists(pods[1])) && !(await lists(pods[0])));
  assert.deepEqual(tally(await client.ask({ do: "exchange" })), kept);
  assert.deepEqual(tally(await open("IPv4", 4)), { pod2: 4 });
  await client.ask({ do: "close" });
});

test("nothing is left when the node has nothing to translate any more", async () => {
  await apply(nodeAgent());
  await has("no table", async () => (await table()).trim() === "");
});
