/** The life of an installation on a real cluster, as its administrator goes through it. The tests build on each other. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeCluster } from "../support/kubeCluster.ts";
import { spread } from "../support/table.ts";
import { until } from "../support/waiting.ts";
import type { Outage, Probing } from "./probe.ts";
import { addressPool, echoService, namespace, newColumn, User, virtualIP } from "./user.ts";

const [address, address6] = ["172.30.0.200", "fd00:30::200"];
const [pool, serviceAddress] = ["172.30.0.210-172.30.0.219", "172.30.0.210"];
/** Three adverts of 100 ms, the skew of the best backup, and 50 ms: pods on a kernel with cgroup v1 get no real-time class. */
const takeoverMs = 300 + 5 + 50;

/** Of each move, connections that were accepted by the node that handed over and had no answer yet: one is opened each 2 ms, and lasts as long. */
const mostCut = 5;

let cluster: KubeCluster;
let user: User;
before(async () => {
  cluster = await KubeCluster.up();
  user = new User(cluster);
});
after(() => cluster?.down());

const longest = (outages: Outage[]) => Math.max(0, ...outages.map(({ ms }) => ms));
const moves = (outages: Outage[]) => outages.filter(({ from, to }) => from !== to);

test("helm install: from nothing to a Service that answers", { timeout: 180_000 }, async (context) => {
  await user.startEcho();
  const previous = await user.previousChart();
  const startedAt = performance.now();
  const notes = await user.install(previous);
  for (const object of [addressPool("public", [pool]), echoService("echo"), virtualIP("first", [`${address}/16`, `${address6}/64`])])
    await cluster.apply(object);
  assert.equal(await user.serviceAddress("echo"), serviceAddress);
  await user.answersWithin(serviceAddress, 30_000);
  const seconds = (performance.now() - startedAt) / 1000;
  context.diagnostic(`helm install to the first answer: ${seconds.toFixed(1)} s`);
  assert.ok(seconds <= 30, `${seconds} s`);
  assert.match(notes, /kubectl apply -f -/, "the notes say the next step");
  await user.settled(await user.virtualIPOf("public"));
  const node = await user.settled("first");
  assert.equal(await user.answers(address), node);
  assert.equal(await user.answers(address6), node, "both families are on one node");
  assert.equal(await user.holderByKernels(address, cluster.nodes), node);
  assert.equal(await user.restarts(), 0);
});

test("helm test", { timeout: 90_000 }, async () => {
  assert.match(await cluster.helm(["test", "aloft", "-n", namespace]), /Phase:\s+Succeeded/);
});

test("the status page, through kubectl port-forward", { timeout: 60_000 }, async () => {
  const script = `fetch("http://localhost:8080").then((answer) => answer.text()).then(console.log)`;
  const command = [
    cluster.kubectlPath,
    "--kubeconfig",
    cluster.kubeconfig,
    "-n",
    namespace,
    "port-forward",
    "deploy/aloft-operator",
    "8080",
  ];
  const forward = cluster.spawnIn("fabric", command);
  try {
    const shown = () => cluster.in("fabric", process.execPath, ["-e", script]);
    const page = await until("the status page with the Service", async () => {
      const text = await shown();
      return text.includes("default/echo") && text;
    });
    assert.ok(page.includes(serviceAddress) && page.includes("public"), page);
  } finally {
    forward.kill();
  }
});

test("operator and agents have no more rights on their node than was meant", async () => {
  interface Container {
    securityContext: { readOnlyRootFilesystem: boolean; allowPrivilegeEscalation: boolean };
  }
  interface Pods {
    items: { metadata: { name: string }; spec: { hostPID?: boolean; containers: Container[] } }[];
  }
  const { items } = await cluster.get<Pods>("pods", "-n", namespace);
  const statusOf = async (pod: string) => {
    const script = 'console.log(require("fs").readFileSync("/proc/self/status", "utf8"))';
    return cluster.kubectl(["-n", namespace, "exec", pod, "--", "/usr/bin/node", "-e", script]);
  };
  for (const { metadata, spec } of items) {
    const { readOnlyRootFilesystem, allowPrivilegeEscalation } = spec.containers[0]?.securityContext ?? {};
    assert.deepEqual([readOnlyRootFilesystem, allowPrivilegeEscalation, spec.hostPID ?? false], [true, false, false]);
    const status = await statusOf(metadata.name);
    const effective = /^CapEff:\s+0*([0-9a-f]+)$/m.exec(status)?.[1];
    // NET_ADMIN 12, NET_RAW 13, SYS_NICE 23, BPF 39: capability.h.
    const ofAgents = (2 ** 12 + 2 ** 13 + 2 ** 23 + 2 ** 39).toString(16);
    const isAgent = metadata.name.startsWith("aloft-agent");
    assert.equal(effective, isAgent ? ofAgents : "0", metadata.name);
    assert.match(status, isAgent ? /^Uid:\s+0\s/m : /^Uid:\s+65532\s/m);
    assert.match(status, /^Seccomp:\s+2$/m);
  }
});

test("agents can change settings of the network of their node, through the folder that is mounted for that", async () => {
  const write = (folder: string) => {
    const script = `const fs = require("fs"), file = "${folder}/net/ipv4/conf/lo/arp_ignore"; fs.writeFileSync(file, fs.readFileSync(file))`;
    return cluster.kubectl(["-n", namespace, "exec", "daemonset/aloft-agent", "--", "/usr/bin/node", "-e", script]);
  };
  await write("/host/proc/sys");
  await assert.rejects(write("/proc/sys"), /EROFS/);
});

test("an agent may write the status of its own NodeAgent and of no other", async () => {
  const ofNode = ["-l", "app.kubernetes.io/component=agent", "--field-selector=spec.nodeName=n1", "-o", "name"];
  const pod = (await cluster.kubectl(["-n", namespace, "get", "pods", ...ofNode])).trim();
  const write = (node: string) => {
    const script = `
      const { readFileSync } = require("fs"), https = require("https");
      const account = "/var/run/secrets/kubernetes.io/serviceaccount/";
      const headers = { authorization: "Bearer " + readFileSync(account + "token", "utf8"), "content-type": "application/merge-patch+json" };
      const path = "/apis/aloft.dev/v1alpha1/nodeagents/${node}/status?fieldManager=test&dryRun=All";
      const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
      https.request({ host, port, path, method: "PATCH", headers, ca: readFileSync(account + "ca.crt") }, (response) => {
        response.on("data", (chunk) => process.stdout.write(chunk));
      }).end(JSON.stringify({ status: { version: "forged" } }));`;
    return cluster.kubectl(["-n", namespace, "exec", pod, "--", "/usr/bin/node", "-e", script]);
  };
  assert.match(await write("n1"), /"version":"forged"/);
  assert.match(await write("n2"), /an agent writes the NodeAgent of its own node only: this one is on n1/);
});

test("memory of operators and agents, resident", async (context) => {
  const [agent, operator] = [await user.memory("agent"), await user.memory("operator")];
  context.diagnostic(`agent ${agent} MB, operator ${operator} MB`);
  assert.ok(agent <= 120, `agent: ${agent} MB`);
  assert.ok(operator <= 250, `operator: ${operator} MB`);
});

test("kubectl vip drain: the node hands over", { timeout: 90_000 }, async (context) => {
  const node = await user.settled("first");
  const { outages } = await user.probe(address, async () => {
    await cluster.aloft(["vip", "drain", node]);
  });
  context.diagnostic(`longest outage: ${longest(outages)} ms`);
  assert.deepEqual(
    moves(outages).map(({ from }) => from),
    [node],
  );
  assert.ok(longest(outages) <= takeoverMs);
  await cluster.aloft(["vip", "undrain", node]);
  await user.settled("first");
});

test("a node loses its power, with the API server dead too: another one answers", { timeout: 180_000 }, async (context) => {
  const node = await user.settled("first");
  await cluster.api("kill");
  const { outages } = await user.probe(address, async () => {
    await cluster.node("kill", node);
    await sleep(1500);
  });
  await cluster.api("start");
  const [move] = moves(outages);
  context.diagnostic(`${move?.from} → ${move?.to} in ${move?.ms} ms`);
  assert.equal(moves(outages).length, 1);
  assert.equal(move?.from, node);
  assert.ok((move?.ms ?? Infinity) <= takeoverMs, `${move?.ms} ms`);
  await user.bringBack(node);
  await user.settled("first");
});

test("helm upgrade under load: agents are replaced node by node, each hands over, no new connection fails", {
  timeout: 180_000,
}, async (context) => {
  assert.ok(!(await user.columns()).includes(newColumn));
  const upgrade = async () => {
    await user.upgrade(["agent.logLevel=debug"]);
    await cluster.kubectl(["-n", namespace, "rollout", "status", "daemonset/aloft-agent", "--timeout=120s"], { timeoutMs: 130_000 });
    await Promise.all([user.settled("first"), user.settled(await user.virtualIPOf("public"))]);
  };
  const probings: Probing[] = [];
  const probe = async (asked: string, work: () => Promise<void>) => probings.push(await user.probe(asked, work));
  const load = () => probe(address, async () => void (await probe(serviceAddress, upgrade)));
  const { opened, failed, cut, slowestMs, established } = await user.connect(serviceAddress, async () => void (await load()), 10_000);
  const outages = probings.flatMap((probing) => probing.outages);
  const list = outages.map(({ from, to, ms }) => `${from} → ${to} ${ms} ms`).join(", ");
  context.diagnostic(`${opened} connections to the Service, ${failed} failed, the slowest took ${slowestMs} ms`);
  context.diagnostic(`${established.broken} of ${established.held} established ones broke, and ${cut} that were a moment old`);
  const { median = Infinity, count = 0 } = spread(moves(outages).map(({ ms }) => ms)) ?? {};
  context.diagnostic(`${count} moves, each without an answer for ${median} ms (median): ${list}`);
  assert.ok((await user.columns()).includes(newColumn));
  assert.match(await cluster.kubectl(["-n", namespace, "get", "daemonset", "aloft-agent", "-o", "yaml"]), /--log-level=debug/);
  assert.equal(await user.serviceAddress("echo"), serviceAddress);
  assert.ok(opened >= 10_000);
  assert.equal(failed, 0);
  assert.ok(cut <= mostCut * count, `${cut} of the connections ended before their answer`);
  assert.ok(median <= 5, `the median of ${list}`);
  assert.ok(longest(outages) <= takeoverMs, list);
});

test("helm uninstall: nodes give all up first, and nothing is left that cannot be deleted", { timeout: 180_000 }, async (context) => {
  const startedAt = performance.now();
  await cluster.helm(["uninstall", "aloft", "-n", namespace, "--wait", "--timeout=120s"]);
  context.diagnostic(`helm uninstall: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  const gone = async () => (await cluster.kubectl(["-n", namespace, "get", "pods,jobs,deployments,daemonsets", "-o", "name"])) === "";
  await until("the end of all pods", gone, { timeoutMs: 30_000, everyMs: 200 });
  assert.deepEqual(await user.leftOnNodes([address, address6, serviceAddress]), []);
  const left = await cluster.kubectl(["get", "vip,vs,pool", "-o", "name"]);
  assert.deepEqual(left.trim().split("\n").sort(), ["addresspool.aloft.dev/public", "virtualip.aloft.dev/first"]);
  assert.equal(await cluster.kubectl(["get", "service", "echo", "-o", "jsonpath={.status}{.metadata.finalizers}"]), '{"loadBalancer":{}}');
  await cluster.kubectl(["delete", "service/echo", "pool/public", "--timeout=10s"]);
  await cluster.kubectl(["delete", "crd", "-l", "app.kubernetes.io/name=aloft", "--timeout=30s"], { timeoutMs: 40_000 });
  const ours = "validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,clusterrolebindings,crd";
  assert.doesNotMatch(await cluster.kubectl(["get", ours, "-o", "name"]), /aloft/);
});
