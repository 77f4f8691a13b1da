/**
 * VirtualServers by the hundred in a whole cluster: real API server, operator and agents. True with kernels that have IPVS and with those that
 * have not: the traffic is shown where there surely is one.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgent } from "../../src/api/nodeAgent.ts";
import type { VirtualServer } from "../../src/api/virtualServer.ts";
import { until } from "../support/waiting.ts";
import { Cluster } from "./cluster.ts";

const nodes = ["n1", "n2"];
const namespace = "shop";
/** A multiple of the workers of the churn. */
const serviceCount = 40;
const serversPerService = 7;
const extraServers = 20;
const total = serviceCount * serversPerService + extraServers;
const changeCount = 3000;
const churn = fileURLToPath(new URL("endpointChurn.ts", import.meta.url));

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.create({ nodes: nodes.length });
  await cluster.startControlPlane();
  await cluster.installAloft();
  await cluster.startAloft();
});
after(() => cluster?.destroy());

const apply = (...items: object[]) =>
  cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));

const metadata = (name: string, labels: Record<string, string> = {}) => ({ name, namespace, labels });

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata(name),
  spec: { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: 8080 }] },
});

const slice = (name: string) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: metadata(name, { "kubernetes.io/service-name": name }),
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
});

const virtualServer = (name: string, port: number, spec: object) => ({
  apiVersion,
  kind: "VirtualServer",
  metadata: metadata(name),
  spec: { virtualIP: "web", ports: [{ port }], ...spec },
});

async function nodeAgent(node: string): Promise<NodeAgent> {
  return JSON.parse(await cluster.kubectl(["get", "nodeagent", node, "-o", "json"]));
}

async function virtualServers(): Promise<VirtualServer[]> {
  return JSON.parse(await cluster.kubectl(["get", "vs", "-n", namespace, "-o", "json"])).items;
}

const conditionOf = ({ status }: VirtualServer, type: string) => status?.conditions?.find((condition) => condition.type === type);

/** Writes that the API server has taken, by kind: of the status, or of the rest. */
async function writes(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of (await cluster.kubectl(["get", "--raw", "/metrics"])).split("\n")) {
    const found = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line);
    const labels = Object.fromEntries([...(found?.[1] ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    if (!/^(APPLY|PATCH|PUT|POST)$/.test(labels.verb ?? "") || labels.group !== "aloft.dev") continue;
    const what = labels.subresource ? `${labels.resource}/${labels.subresource}` : (labels.resource ?? "");
    counts[what] = (counts[what] ?? 0) + Number(found?.[2]);
  }
  return counts;
}

async function writesDuring(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const earlier = await writes();
  await work();
  const later = await writes();
  return Object.fromEntries(Object.entries(later).map(([what, count]) => [what, count - (earlier[what] ?? 0)]));
}

/** Nothing is written for a while but heartbeats, of which each agent may have one. */
async function quiet(): Promise<void> {
  const isQuiet = async () => {
    const { "nodeagents/status": reports = 0, ...rest } = await writesDuring(() => sleep(3000));
    return reports <= nodes.length && Object.values(rest).every((count) => count === 0);
  };
  await until("nothing more to be written", isQuiet, { timeoutMs: 60_000 });
}

test(`${total} VirtualServers go from apply to every node, and each says whether the kernels have it`, async (context) => {
  await cluster.kubectl(["create", "namespace", namespace]);
  const overrides = nodes.map((name, index) => ({ name, priority: 200 - 10 * index }));
  const spec = { addresses: [{ address: "198.51.100.201" }], nodes: { overrides }, allowedNamespaces: [namespace] };
  await apply({ apiVersion, kind: "VirtualIP", metadata: { name: "web" }, spec });
  await cluster.settled("web");
  const names = Array.from({ length: serviceCount }, (_, index) => `s${index}`);
  await apply(...names.map(service), ...names.map(slice));
  const onServices = names.flatMap((name, index) =>
    Array.from({ length: serversPerService }, (_, at) =>
      virtualServer(`${name}-${at}`, 1000 + index * serversPerService + at, { service: { name, port: "http" } }),
    ),
  );
  const listed = Array.from({ length: extraServers }, (_, index) =>
    virtualServer(`l${index}`, 100 + index, { realServers: [{ address: "10.0.0.1" }, { address: "10.0.0.2" }] }),
  );
  const begin = performance.now();
  const written = await writesDuring(async () => {
    await apply(...onServices, ...listed);
    const isTold = async () => {
      const found = await virtualServers();
      return (
        found.length === total &&
        found.every((server) => server.status?.nodes?.length === nodes.length && server.status.total !== undefined)
      );
    };
    await until("all statuses", isTold, { timeoutMs: 60_000, everyMs: 500, hint: () => cluster.logHint() });
  });
  context.diagnostic(`${total} VirtualServers in ${Math.round(performance.now() - begin)} ms; writes: ${JSON.stringify(written)}`);
  await quiet();
  const [first] = await virtualServers();
  assert.ok(first);
  assert.equal(conditionOf(first, "Accepted")?.status, "True");
  const programmed = conditionOf(first, "Programmed");
  if (programmed?.status === "True") {
    assert.match(await cluster.vip(["ipvs", `${namespace}/l0`]), /^n1 +TCP 198\.51\.100\.201:100 +shop\/l0 +mh /m);
  } else {
    assert.match(`${programmed?.reason}: ${programmed?.message}`, /^NodesFailed: n1: find IPVS: .*the kernel has no IPVS: module ip_vs/);
    await assert.rejects(cluster.vip(["ipvs"]), /n1: find IPVS: .*\n.*n2: find IPVS: /);
  }
});

test(`${changeCount} changes of endpoints: all nodes have the last one soon, and what is written is less than that`, async (context) => {
  let churnMs = 0;
  let lagMs = 0;
  const written = await writesDuring(async () => {
    const kubeconfig = cluster.controlPlane.kubeconfig();
    const command = [process.execPath, churn, kubeconfig, namespace, String(serviceCount), String(changeCount)];
    churnMs = Number(await cluster.lan.exec("fabric", command, { timeoutMs: 120_000 }));
    const end = performance.now();
    const isCurrent = async () => {
      const agents = await Promise.all(nodes.map(nodeAgent));
      return agents.every(({ status }) => {
        const onServices = (status?.virtualServers ?? []).filter(({ name }) => name.startsWith("s"));
        return onServices.length === total - extraServers && onServices.every((server) => server.total === 5 && server.up === 5);
      });
    };
    await until("the last endpoints on all nodes", isCurrent, { timeoutMs: 30_000, everyMs: 100, hint: () => cluster.logHint() });
    lagMs = performance.now() - end;
  });
  context.diagnostic(`${changeCount} changes in ${churnMs} ms, all told ${Math.round(lagMs)} ms later; writes: ${JSON.stringify(written)}`);
  assert.ok(lagMs < 10_000, `${lagMs} ms`);
  assert.ok((written["nodeagents/status"] ?? 0) < changeCount, "reports are collapsed");
  await quiet();
  const told = (await virtualServers()).filter(({ metadata: { name } }) => name.startsWith("s"));
  assert.deepEqual([...new Set(told.map(({ status }) => status?.summary?.servers))], ["5/5"]);
});

test("an operator and an API server that start anew write nothing", async () => {
  await cluster.killControl();
  await sleep(1000);
  await cluster.restoreControl();
  await cluster.settled("web");
  await quiet();
  // The API server counts from its start.
  const { "nodeagents/status": _, ...written } = await writes();
  assert.deepEqual(
    Object.entries(written).filter(([, count]) => count > 0),
    [],
  );
});

test("an agent that starts anew without API server serves the same, and what it shall run stays as it was", async (context) => {
  const { generation } = (await nodeAgent("n2")).metadata;
  const up = async () => {
    const metrics = await cluster.lan
      .exec("n2", ["curl", "-s", `http://${cluster.lan.nodeAddress("n2").IPv4}:9105/metrics`])
      .catch(() => "");
    return metrics.split("\n").filter((line) => /^aloft_realserver_up\{.*\} 1$/.test(line)).length;
  };
  const before = await up();
  assert.equal(before, (total - extraServers) * 5 + extraServers * 2);
  await cluster.killControl();
  await cluster.agent("n2").kill();
  const begin = performance.now();
  cluster.startAgent("n2");
  await until("all of its real servers", async () => (await up()) === before, {
    timeoutMs: 20_000,
    hint: () => cluster.agent("n2").logTail(),
  });
  context.diagnostic(`${before} real servers ${Math.round(performance.now() - begin)} ms after the start`);
  await cluster.restoreControl();
  await cluster.settled("web");
  await quiet();
  const { metadata, status } = await nodeAgent("n2");
  assert.deepEqual([metadata.generation, status?.virtualServers?.length], [generation, total]);
  const told = await virtualServers();
  assert.deepEqual([told.length, ...new Set(told.map((server) => server.status?.nodes?.length))], [total, nodes.length]);
});

test("with the namespace all of it goes, from the nodes too, and nothing is left to write", async () => {
  await cluster.kubectl(["delete", "vs,services,endpointslices", "--all", "-n", namespace, "--wait=false"]);
  const isGone = async () => {
    const agents = await Promise.all(nodes.map(nodeAgent));
    return agents.every(({ spec, status }) => (spec.virtualServers ?? []).length === 0 && (status?.virtualServers ?? []).length === 0);
  };
  await until("the nodes to have none", isGone, { timeoutMs: 60_000, everyMs: 200, hint: () => cluster.logHint() });
  await quiet();
});
