/** The agent with its real core between a real kube-apiserver and the kernel: NodeAgent.spec → addresses → NodeAgent.status. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgent, VirtualRouterSpec, VirtualRouterStatus } from "../../src/api/nodeAgent.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";
import { plain, routerSpec } from "../unit/agent/fixtures.ts";

const repository = join(import.meta.dirname, "../..");
const crds = join(repository, "crds");
const web = routerSpec({ virtualIP: "web", virtualRouterID: 51, addresses: plain("198.51.100.200/24") });
const web6: VirtualRouterSpec = { ...web, family: "IPv6", addresses: plain("2001:db8:100::200/64") };
const db = routerSpec({ virtualIP: "db", virtualRouterID: 52, addresses: plain("198.51.100.201/24") });

let lan: Lan;
let plane: ControlPlane;
let started = 0;
const running = new Set<BackgroundProcess>();

before(async () => {
  lan = await Lan.create({ nodes: 2 });
  const users = ["n1", "n2"].map((node) => ({ name: `agent-${node}`, groups: ["aloft:agents"] }));
  plane = await startControlPlane({ netns: lan.namespace("fabric"), listenAddress: Lan.fabricAddress.IPv4, users });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
  await plane.kubectl(["apply", "-f", join(repository, "deploy/rbac.yaml")]);
});
after(async () => {
  await plane?.stop();
  await lan?.destroy();
});
beforeEach(async () => {
  await Promise.all([...running].map((agent) => agent.kill()));
  running.clear();
  await plane.startApiServer();
  await plane.kubectl(["delete", "nodeagents", "--all"]);
  await Promise.all(
    ["n1", "n2"].map((node) =>
      lan.exec(node, ["sh", "-c", "ip address flush dev eth0 to 198.51.100.200/31; ip -6 address flush dev eth0 to 2001:db8:100::200"]),
    ),
  );
});

function newStateDirectory(): string {
  const directory = join(lan.directory, `state-${started++}`);
  mkdirSync(directory);
  return directory;
}

function startAgent(node: string, stateDirectory: string, prefix: string[] = []): BackgroundProcess {
  const flags = [
    "--kubeconfig",
    plane.kubeconfig(`agent-${node}`),
    "--node",
    node,
    "--state-dir",
    stateDirectory,
    "--http",
    "127.0.0.1:9105",
  ];
  const agent = lan.spawn(node, `agent-${node}-${started++}`, [...prefix, aloftProgram, "agent", ...flags]);
  running.add(agent);
  return agent;
}

/** Writes the spec as the operator does: server-side apply by a manager of its own. */
async function apply(node: string, ...virtualRouters: VirtualRouterSpec[]): Promise<void> {
  const object = { apiVersion, kind: "NodeAgent", metadata: { name: node }, spec: { virtualRouters } };
  await plane.kubectl(["apply", "--server-side", "--field-manager=test-operator", "-f", "-"], { input: JSON.stringify(object) });
}

async function nodeAgent(node: string): Promise<NodeAgent> {
  return JSON.parse(await plane.kubectl(["get", "nodeagent", node, "-o", "json"]));
}

/** Waits until the status of a node fulfils `condition` and returns the object. */
async function reported(node: string, what: string, condition: (object: NodeAgent) => boolean, timeoutMs = 15_000): Promise<NodeAgent> {
  let last = "";
  const find = async () => {
    const object = await nodeAgent(node);
    last = JSON.stringify(object.status);
    return condition(object) ? object : undefined;
  };
  return until(`${what} in the status of ${node}`, find, { timeoutMs, everyMs: 100, hint: () => last });
}

/** The agent's clock is ours: what kubectl takes to read the report does not count. */
function assertSoon({ status }: NodeAgent, changed: number): void {
  const took = Date.parse(status?.lastReportTime ?? "") - changed;
  assert.ok(took < 1000, `reported ${took} ms after the change`);
}

const routerOf = ({ status }: NodeAgent, { virtualIP, family }: VirtualRouterSpec): VirtualRouterStatus | undefined =>
  status?.virtualRouters?.find((router) => router.virtualIP === virtualIP && router.family === family);
const conditionOf = ({ status }: NodeAgent, type: string) => status?.conditions?.find((condition) => condition.type === type);
const reports = (node: string, router: VirtualRouterSpec, state: string) =>
  reported(node, `${state} of ${router.virtualIP}/${router.family}`, (object) => routerOf(object, router)?.state === state);

async function has(node: string, router: VirtualRouterSpec): Promise<boolean> {
  const standing = new Set((await lan.addresses(node)).map(({ address, prefixLength }) => `${address}/${prefixLength}`));
  return router.addresses.every(({ address }) => standing.has(address));
}
const namesOf = ({ addresses }: VirtualRouterSpec) => addresses.map(({ address }) => address).join(" ");
const holds = (node: string, router: VirtualRouterSpec) => until(`${namesOf(router)} on ${node}`, () => has(node, router));
const lacks = (node: string, router: VirtualRouterSpec) =>
  until(`no ${namesOf(router)} on ${node}`, async () => !(await has(node, router)));

test("a NodeAgent's spec runs, and its status says so within a second", async () => {
  await apply("n1", { ...web, priority: 200 }, web6);
  const agent = startAgent("n1", newStateDirectory());
  await holds("n1", web);
  await holds("n1", web6);
  await reports("n1", web, "MASTER");
  const object = await reports("n1", web6, "MASTER");
  const { status, metadata } = object;
  assert.equal(status?.state, "Running");
  assert.equal(status?.observedGeneration, metadata.generation);
  assert.deepEqual([status?.masters, status?.backups, status?.faults], [2, 0, 0]);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: holdsTrue }) => `${type}=${holdsTrue}`),
    ["RealTime=True", "Preflight=True", "ConfigurationApplied=True", "DeadManSwitch=False"],
  );
  const [eth0, ...others] = status?.interfaces ?? [];
  assert.deepEqual(others, []);
  assert.equal(eth0?.name, "eth0");
  assert.ok(eth0?.addresses.includes("198.51.100.11/24"));
  assert.ok(!eth0?.addresses.includes("198.51.100.200/24"), "Aloft's own addresses are no addresses of the interface");

  await plane.kubectl(["patch", "nodeagent", "n1", "--type=json", "-p", '[{"op":"remove","path":"/spec/virtualRouters/0"}]']);
  const patched = Date.now();
  assertSoon(await reported("n1", "one virtual router", (now) => now.status?.virtualRouters?.length === 1), patched);
  await lacks("n1", web);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  const { status: last } = await nodeAgent("n1");
  assert.deepEqual([last?.state, last?.masters, last?.virtualRouters?.[0]?.state], ["Stopped", 0, "INIT"]);
  await lacks("n1", web6);
});

test("an agent that was there before its NodeAgent reports as soon as there is one", async () => {
  const agent = startAgent("n1", newStateDirectory());
  await until("a failed report", () => agent.log().includes("the status cannot be reported"));
  // By then the retries are seconds apart.
  await delay(6000);
  await apply("n1");
  const applied = Date.now();
  assertSoon(await reported("n1", "Running", ({ status }) => status?.state === "Running"), applied);
});

test("two agents elect; when the active one is killed the other one's status tells of the takeover", async () => {
  await apply("n1", { ...web, priority: 200 });
  await apply("n2", web);
  const n1 = startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  startAgent("n2", newStateDirectory());
  await reports("n2", web, "BACKUP");
  await n1.kill();
  const router = routerOf(await reports("n2", web, "MASTER"), web);
  assert.equal(router?.reason, "AdvertTimeout");
  assert.ok((router?.silenceMs ?? 0) > 300 && (router?.silenceMs ?? 0) < 500, `${router?.silenceMs} ms`);
});

test("without the API server it fails over, and tells of it when the API server is back", async () => {
  await apply("n1", { ...web, priority: 200 });
  await apply("n2", web);
  const n1 = startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  const n2 = startAgent("n2", newStateDirectory());
  await reports("n2", web, "BACKUP");
  await plane.killApiServer();
  await delay(1000);
  await n1.kill();
  await holds("n2", web);
  const get = (path: string) => lan.exec("n2", ["curl", "--silent", "--max-time", "5", `http://127.0.0.1:9105${path}`]);
  assert.match(await get("/healthz"), /^ok$/m, "liveness does not depend on the API server");
  assert.match(await get("/readyz"), /^ok$/m);
  await delay(3000);
  assert.ok(n2.running);
  await plane.startApiServer();
  await reports("n2", web, "MASTER");
  await apply("n2", web, db);
  await reports("n2", db, "MASTER");
});

test("it starts from the last-known configuration without the API server", async () => {
  const state = newStateDirectory();
  await apply("n1", web);
  const first = startAgent("n1", state);
  await reports("n1", web, "MASTER");
  await plane.killApiServer();
  await first.kill();
  const second = startAgent("n1", state);
  await until("MASTER again", () => second.log().includes('"to":"MASTER"'), { hint: () => second.logTail() });
  await holds("n1", web);
  assert.ok(second.log().includes("starting from the last-known configuration"));
  await plane.startApiServer();
  await reported("n1", "the new agent", ({ status }) => status?.state === "Running");
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
});

test("a second start with the same state directory says so and nothing else, and leaves the files of the first, which runs nothing", async () => {
  const directory = newStateDirectory();
  await apply("n1");
  startAgent("n1", directory);
  await until("an agent that runs nothing", async () => (await nodeAgent("n1")).status?.observedGeneration === 1);
  const second = startAgent("n2", directory);
  assert.equal((await second.exited).code, 1);
  assert.match(second.log(), /^\{.*"msg":"starting"\}\naloft: another agent is running with the state directory .*\n$/);
  assert.ok(readdirSync(directory).includes("lock"));
});

test("a damaged last-known file is set aside and told, and the API server's word is waited for", async () => {
  const state = newStateDirectory();
  await apply("n1", web);
  const first = startAgent("n1", state);
  await reports("n1", web, "MASTER");
  await plane.killApiServer();
  await first.kill();
  const file = join(state, "last-known.json");
  writeFileSync(file, readFileSync(file, "utf8").replace("198.51.100.200", "198.51.100.202"));
  const second = startAgent("n1", state);
  await lacks("n1", web);
  const get = (path: string) => lan.exec("n1", ["curl", "--silent", "--max-time", "5", `http://127.0.0.1:9105${path}`]);
  await until("/readyz to say what is missing", async () => /no configuration has been applied yet/.test(await get("/readyz")));
  assert.ok(second.running);
  assert.equal(readdirSync(state).filter((name) => name.startsWith("last-known.json.damaged-")).length, 1);
  await plane.startApiServer();
  await holds("n1", web);
  const object = await reported("n1", "a failed preflight", (now) => conditionOf(now, "Preflight")?.status === "False");
  assert.match(conditionOf(object, "Preflight")?.message ?? "", /last-known\.json was damaged \(does not match its checksum\)/);
});

test("a NodeAgent that is deleted keeps what runs; an empty one withdraws", async () => {
  await apply("n1", web);
  const agent = startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  await plane.kubectl(["delete", "nodeagent", "n1"]);
  await until("the agent to notice", () => agent.log().includes("there is no NodeAgent of this node"));
  await delay(1000);
  assert.ok(await has("n1", web));
  await apply("n1", web, db);
  await reports("n1", db, "MASTER");
  assert.equal(agent.log().split('"to":"INIT"').length - 1, 0, "the virtual router that stayed was not restarted");
  await apply("n1");
  await lacks("n1", web);
  // Server-side apply leaves an empty list out.
  await reported("n1", "nothing", ({ status }) => (status?.virtualRouters ?? []).length === 0 && status?.state === "Running");
});

test("a NodeAgent with a deletionTimestamp withdraws", async () => {
  await apply("n1", web);
  startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  await plane.kubectl(["patch", "nodeagent", "n1", "--type=merge", "-p", '{"metadata":{"finalizers":["test.aloft.dev/hold"]}}']);
  await plane.kubectl(["delete", "nodeagent", "n1", "--wait=false"]);
  await lacks("n1", web);
  await plane.kubectl(["patch", "nodeagent", "n1", "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
});

test("an entry that cannot run is refused with its reason, and the others go on", async () => {
  const missing = { ...db, interface: "eth7" };
  await apply(
    "n1",
    web,
    { ...routerSpec({ virtualIP: "slow", virtualRouterID: 9 }), advertisementInterval: "15ms", addresses: plain("198.51.100.209/24") },
    missing,
  );
  startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  const object = await reports("n1", missing, "FAULT");
  assert.equal(object.status?.state, "Degraded");
  const slow = routerOf(object, { ...web, virtualIP: "slow" });
  assert.equal(slow?.reason, "Rejected");
  assert.match(slow?.message ?? "", /^advertisementInterval: version 3 allows 10ms to 40\.95s in steps of 10ms, not 15ms$/);
  assert.match(conditionOf(object, "ConfigurationApplied")?.message ?? "", /slow\/IPv4: advertisementInterval/);
  assert.match(conditionOf(object, "Preflight")?.message ?? "", /Interface eth7 does not exist on this node\./);
});

/** The kind of a later version, which takes whatever an operator of that version writes. */
async function asLater(happen: () => Promise<void>): Promise<void> {
  const crd = "nodeagents.aloft.dev";
  const spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
  const open = [{ op: "replace", path: spec, value: { type: "object", "x-kubernetes-preserve-unknown-fields": true } }];
  await plane.kubectl(["patch", "crd", crd, "--type=json", "-p", JSON.stringify(open)]);
  try {
    await happen();
  } finally {
    await plane.kubectl(["delete", "nodeagents", "--all"]);
    await plane.kubectl(["replace", "-f", join(crds, "aloft.dev_nodeagents.yaml")]);
  }
}

test("a NodeAgent of a later operator: what is not known has no effect and is told, what cannot be read changes nothing", async () => {
  await apply("n1", web);
  const agent = startAgent("n1", newStateDirectory());
  await reports("n1", web, "MASTER");
  await asLater(async () => {
    // The open kind takes effect a moment later, and watches of before go on without it: until then the field is pruned.
    let quorum = 0;
    const told = await until("the unknown field in the status", async () => {
      await apply("n1", { ...web, quorum: ++quorum } as VirtualRouterSpec);
      await delay(500);
      const object = await nodeAgent("n1");
      return routerOf(object, web)?.message !== undefined && object;
    });
    assert.match(routerOf(told, web)?.message ?? "", /quorum: not known to this version of the agent, without effect/);
    assert.equal(conditionOf(told, "ConfigurationApplied")?.status, "True");
    const unreadable = { ...web, checksum: "Sum" as "Auto" };
    await apply("n1", unreadable, db);
    await reports("n1", db, "MASTER");
    const kept = await reported("n1", "what goes on", (object) => conditionOf(object, "ConfigurationApplied")?.status === "False");
    assert.match(conditionOf(kept, "ConfigurationApplied")?.message ?? "", /web\/IPv4: checksum: .*; what ran before goes on/);
    const { state, since } = routerOf(kept, web) ?? {};
    assert.deepEqual([state, since], ["MASTER", routerOf(told, web)?.since]);
    assert.ok(await has("n1", web));
    assert.equal(agent.log().split('"to":"INIT"').length - 1, 0, "nothing was restarted");
  });
});

test("without CAP_SYS_NICE it says so and raises short intervals", async () => {
  await apply("n1", { ...web, advertisementInterval: "20ms" });
  startAgent("n1", newStateDirectory(), ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", "--"]);
  const object = await reports("n1", web, "MASTER");
  assert.equal(conditionOf(object, "RealTime")?.status, "False");
  assert.match(routerOf(object, web)?.message ?? "", /raised from 20ms to 100ms/);
  assert.equal(object.status?.state, "Running");
});

test("without CAP_NET_ADMIN it says what does not work", async () => {
  await apply("n1", web);
  startAgent("n1", newStateDirectory(), ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "--"]);
  const object = await reported("n1", "Degraded", (now) => now.status?.state === "Degraded");
  assert.match(conditionOf(object, "Preflight")?.message ?? "", /The agent lacks CAP_NET_ADMIN: it cannot add or remove addresses\./);
});

test("an address that stands statically is told", async () => {
  await lan.exec("n1", ["ip", "address", "add", "198.51.100.201/24", "dev", "eth0"]);
  await apply("n1", db);
  startAgent("n1", newStateDirectory());
  const object = await reported("n1", "a failed preflight", (now) => conditionOf(now, "Preflight")?.status === "False");
  assert.match(conditionOf(object, "Preflight")?.message ?? "", /198\.51\.100\.201 is configured statically on eth0/);
});
