/** What becomes of the VirtualIPs when a node …: the table of docs/operations.md, with real agents on a LAN and a client that looks. */
import assert from "node:assert/strict";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { excludeLabel, outOfServiceTaint } from "../../../src/api/service.ts";
import { nodeAgents, nodes } from "../../../src/operator/controllers/resources.ts";
import { run } from "../../support/command.ts";
import { aloftProgram } from "../../support/standaloneAgent.ts";
import { until } from "../../support/waiting.ts";
import { NodeBed, type Sight } from "./nodeBed.ts";

/** A VirtualIP that a person wrote, and those of a Service of either policy: all on n1. */
const held = { web: "198.51.100.200", "public-0": "198.51.100.210", "public-local-0": "198.51.100.211" };
const [own, shared, local] = Object.values(held) as [string, string, string];
const all = Object.keys(held);
const first = { overrides: [{ name: "n1", priority: 254 }] };

/** Nothing but what a busy machine adds. */
const handedOverMs = 50;
/** Its last advert, the successor's Skew_Time, and its addresses. */
const resignedMs = 100;
/** Active_Down: 3 intervals of 100 ms and a Skew_Time. */
const lostMs = 305 + 100;

let bed: NodeBed;
before(async () => {
  bed = await NodeBed.start(3);
  await bed.bed.startOperator("a");
  await bed.bed.createVirtualIP("web", { addresses: [{ address: `${own}/24` }], nodes: first });
  await bed.desk.createPool("public", {
    addresses: [`${shared}-${local}`],
    virtualRouters: 1,
    virtualIP: { nodes: first, vrrp: { preemptDelay: "100ms" } },
  });
  await bed.desk.setEndpoints("near", ["n1", "n2"]);
  await bed.desk.createService("shop", {});
  await bed.desk.untilAddresses("shop", [shared]);
  await bed.desk.createService("near", { spec: { externalTrafficPolicy: "Local" } });
  await bed.desk.untilAddresses("near", [local]);
});
after(() => bed?.stop());

beforeEach(async () => {
  await bed.restore("n1");
  if (!bed.bed.hasOperator) await bed.bed.startOperator("a");
  await bed.desk.setEndpoints("near", ["n1", "n2"]);
  await bed.untilHolds("n1", ...all);
});

/** Nobody was without an answer, and nothing moved. */
function assertStayed(sight: Sight, ...addresses: string[]): void {
  for (const address of addresses)
    assert.ok(sight.outage(address) < 20 && sight.isAnswered(address), `${address}: ${sight.outage(address)} ms`);
}

function assertMoved(sight: Sight, limitMs: number, ...addresses: string[]): void {
  for (const address of addresses) {
    assert.ok(sight.isAnswered(address), `nobody answers for ${address}`);
    assert.ok(sight.outage(address) <= limitMs, `${address}: ${sight.outage(address)} ms without an answer`);
    assert.ok(sight.double(address) === 0, `${address}: two answered for ${sight.double(address)} ms`);
  }
}

async function transitions(...virtualIPs: string[]): Promise<(number | undefined)[]> {
  return Promise.all(virtualIPs.map(async (name) => (await bed.bed.virtualIP(name))?.status?.transitions));
}

const active = (virtualIP: string, node: string) => bed.bed.untilActive(virtualIP, node);
/** Why the node that answers for each of them took over. */
const reasons = (...virtualIPs: string[]) =>
  Promise.all(virtualIPs.map(async (name) => (await bed.bed.virtualIP(name))?.status?.history?.[0]?.reason));
const left = (node: string) =>
  Promise.all(
    all.map((name) =>
      bed.bed.untilVirtualIP(name, `to have left ${node}`, ({ status }) => ![undefined, node].includes(status?.activeNode)),
    ),
  );
const cli = (...args: string[]) => run(aloftProgram, ["vip", ...args, "--kubeconfig", bed.bed.plane.kubeconfig()]);

/** The figures of docs/operations.md. */
function tell(context: TestContext, sight: Sight): void {
  const times = Object.entries(held).map(([name, address]) => `${name} ${sight.outage(address).toFixed(1)} ms`);
  context.diagnostic(`without an answer: ${times.join(", ")}`);
}

test("a node that is not ready, and whose agent lives, keeps all but Services whose endpoints are elsewhere", async (context) => {
  const before = await transitions("web", "public-0");
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.setReady("n1", "Unknown");
    // The node controller says so of its pods at the same moment.
    await bed.desk.setEndpoints("near", ["n2"], ["n1"]);
    await active("public-local-0", "n2");
    await delay(1000);
  });
  tell(context, sight);
  assertStayed(sight, own, shared);
  assertMoved(sight, resignedMs, local);
  assert.deepEqual(await transitions("web", "public-0"), before);
});

test("a node that is cordoned keeps everything, and nothing is written", async (context) => {
  const versions = () => Promise.all(all.map(async (name) => (await bed.bed.virtualIP(name))?.metadata.resourceVersion));
  const before = await versions();
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.bed.plane.kubectl(["cordon", "n1"]);
    await delay(1500);
  });
  tell(context, sight);
  assertStayed(sight, ...Object.values(held));
  assert.deepEqual(await versions(), before);
});

test("kubectl drain moves what follows the pods, and nothing else", async (context) => {
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.bed.plane.kubectl(["drain", "n1", "--ignore-daemonsets"]);
    // Its pods were evicted.
    await bed.desk.setEndpoints("near", ["n2"]);
    await active("public-local-0", "n2");
    await delay(500);
  });
  tell(context, sight);
  assertStayed(sight, own, shared);
  assertMoved(sight, resignedMs, local);
});

test("kubectl vip drain hands everything over, and undrain lets the node take part again", async (context) => {
  const sight = await bed.watch(Object.values(held), async () => {
    await cli("drain", "n1");
  });
  tell(context, sight);
  assertMoved(sight, handedOverMs, ...Object.values(held));
  assert.deepEqual(await reasons(...all), ["HandOver", "HandOver", "HandOver"]);
  await bed.untilCandidates("web", "n2 n3");
  await cli("undrain", "n1");
  await bed.untilHolds("n1", ...all);
});

test("the taint out-of-service: a node that lives hands everything over", async (context) => {
  const taint = { key: outOfServiceTaint, value: "nodeshutdown", effect: "NoExecute" };
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.patchNode("n1", { spec: { taints: [taint] } });
    const without = { web: "n2 n3", "public-0": "n2 n3", "public-local-0": "n2" };
    await Promise.all(Object.entries(without).map(([name, others]) => bed.untilCandidates(name, others)));
  });
  tell(context, sight);
  assertMoved(sight, handedOverMs, ...Object.values(held));
  assert.deepEqual(await reasons(...all), ["HandOver", "HandOver", "HandOver"]);
});

test("the taint out-of-service: a node that was shut down is no candidate any more, at once", async (context) => {
  const taint = { key: outOfServiceTaint, value: "nodeshutdown", effect: "NoExecute" };
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.agent("n1").kill();
    await left("n1");
  });
  tell(context, sight);
  assertMoved(sight, lostMs, ...Object.values(held));
  await bed.setReady("n1", "Unknown");
  await bed.untilCandidates("web", "n1 n2 n3");
  await bed.patchNode("n1", { spec: { taints: [taint] } });
  await bed.untilCandidates("web", "n2 n3");
});

test("the label that excludes a node from load balancers: Services are handed over, other VirtualIPs stay", async (context) => {
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.patchNode("n1", { metadata: { labels: { [excludeLabel]: "" } } });
    await Promise.all([bed.untilCandidates("public-0", "n2 n3"), bed.untilCandidates("public-local-0", "n2")]);
  });
  tell(context, sight);
  assertStayed(sight, own);
  assertMoved(sight, handedOverMs, shared, local);
  assert.deepEqual(await reasons("public-0", "public-local-0"), ["HandOver", "HandOver"]);
  const accepted = (await bed.bed.virtualIP("public-0"))?.status?.conditions?.find(({ type }) => type === "Accepted");
  assert.ok(accepted?.message.includes(`not among them n1: has the label ${excludeLabel}`), accepted?.message);
});

/** With the Node the garbage collector takes its NodeAgent. */
async function removeNode(): Promise<void> {
  await bed.bed.client.delete(nodes, { name: "n1" });
  await bed.bed.client.delete(nodeAgents, { name: "n1" });
}

test("a node that is deleted withdraws, and when it joins again under its name it gets its configuration again", async (context) => {
  const sight = await bed.watch(Object.values(held), async () => {
    await removeNode();
    await left("n1");
  });
  tell(context, sight);
  assertMoved(sight, resignedMs, ...Object.values(held));
  await bed.untilCandidates("web", "n2 n3");
  const uid = await bed.createNode("n1");
  await bed.untilHolds("n1", ...all);
  assert.deepEqual(
    (await bed.nodeAgent("n1"))?.metadata.ownerReferences?.map((owner) => owner.uid),
    [uid],
  );
});

test("a node that is deleted while the operator is away withdraws by itself", async (context) => {
  await bed.bed.endOperators();
  const answersNot = async () => {
    const found = await bed.lan.addresses("n1");
    return !found.some(({ address }) => Object.values(held).includes(address));
  };
  const sight = await bed.watch(Object.values(held), async () => {
    await removeNode();
    await until("n1 to have nothing", answersNot);
    await delay(300);
  });
  tell(context, sight);
  assertMoved(sight, resignedMs, ...Object.values(held));
});

test("a Node that is made anew under its name while its NodeAgent stands: nothing moves, and the NodeAgent is the new one's", async (context) => {
  let uid: string | undefined;
  const before = await bed.nodeAgent("n1");
  const sight = await bed.watch(Object.values(held), async () => {
    await bed.bed.client.delete(nodes, { name: "n1" });
    uid = await bed.createNode("n1");
    await until("the new owner", async () => (await bed.nodeAgent("n1"))?.metadata.ownerReferences?.[0]?.uid === uid);
    await bed.untilHolds("n1", ...all);
  });
  tell(context, sight);
  assertMoved(sight, resignedMs, ...Object.values(held));
  assert.equal((await bed.nodeAgent("n1"))?.metadata.uid, before?.metadata.uid);
});

test("an interface that is renamed: the others take over, and the node takes part again on the new name", async (context) => {
  const rename = (from: string, to: string) => bed.lan.exec("n1", ["ip", "link", "set", from, "name", to]);
  const sight = await bed.watch(Object.values(held), async () => {
    await rename("eth0", "lan0");
    await bed.bed.untilVirtualIP(
      "web",
      "to run on lan0",
      ({ status }) => status?.nodes?.some((node) => node.interface === "lan0") === true,
    );
    await bed.untilHolds("n1", ...all);
  });
  tell(context, sight);
  assertMoved(sight, lostMs, ...Object.values(held));
});
