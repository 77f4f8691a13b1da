/** Groups, unicast, planned moves, drains and what others do on the segment: the operator against a real kube-apiserver, with played agents. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { drainAnnotation } from "../../../src/api/group.ts";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import { agentConfigs, nodeAgents, nodes, virtualIPs } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import { conditionOf, Testbed } from "./testbed.ts";

const dual = { addresses: [{ address: "192.0.2.100/24" }, { address: "2001:db8::100/64" }] };
const single = (host: number, more: object = {}) => ({ addresses: [{ address: `192.0.2.${host}` }], ...more });

let bed: Testbed;
before(async () => {
  bed = await Testbed.start();
});
after(() => bed?.stop());
afterEach(() => bed.clear());

async function addNodes(...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) await bed.lan.addNode(name, index + 1);
}

async function patchSpec(name: string, spec: object): Promise<void> {
  await bed.client.patch(virtualIPs, { name }, { spec }, { fieldManager: "kubectl" });
}

async function drain(node: string, value: string | null): Promise<void> {
  await bed.client.patch(nodes, { name: node }, { metadata: { annotations: { [drainAnnotation]: value } } }, { fieldManager: "kubectl" });
}

test("move: the preferred node takes over, for nothing, with and without preemption, and an Event tells of it", async () => {
  await addNodes("n1", "n2", "n3");
  await bed.startOperator("a");
  await bed.createVirtualIP("web", dual);
  await bed.untilActive("web", "n1", 20_000);
  await bed.createVirtualIP(
    "db",
    single(101, {
      vrrp: { preempt: false },
      nodes: {
        overrides: [
          { name: "n1", priority: 200 },
          { name: "n2", priority: 100 },
          { name: "n3", priority: 50 },
        ],
      },
    }),
  );
  await bed.untilRedundant("web");
  await bed.untilRedundant("db");
  bed.lan.election.costs.length = 0;
  await patchSpec("web", { nodes: { preferred: "n3" } });
  await patchSpec("db", { nodes: { preferred: "n2" } });
  const moved = await bed.untilActive("web", "n3");
  await bed.untilActive("db", "n2");
  const done = await bed.untilVirtualIP("web", "to have been moved", ({ status }) => status?.plannedMove?.state === "Done");
  assert.deepEqual([done.status?.plannedMove?.from, done.status?.plannedMove?.to], ["n1", "n3"]);
  assert.equal(moved.status?.transitions, 1);
  await bed.untilEvent("web", /^Normal Moved: n3 leads, as spec\.nodes\.preferred says/);
  assert.deepEqual(bed.lan.election.costs, []);
});

test("move: not to a node that is not well, and at once when it is; another operator goes on with it", async () => {
  await addNodes("n1", "n2");
  const first = await bed.createVirtualIP("web", dual).then(() => bed.startOperator("a"));
  await bed.untilRedundant("web");
  bed.lan.election.costs.length = 0;
  bed.lan.election.fault("n2", true);
  const isFaulty = ({ name, v4 }: { name: string; v4?: string }) => name === "n2" && v4 === "FAULT";
  await bed.untilVirtualIP("web", "to report the fault", ({ status }) => status?.nodes?.some(isFaulty) === true);
  await patchSpec("web", { nodes: { preferred: "n2" } });
  const waiting = await bed.untilVirtualIP("web", "to wait for n2", ({ status }) => /FAULT/.test(status?.plannedMove?.message ?? ""));
  assert.equal(waiting.status?.activeNode, "n1");
  assert.equal(waiting.status?.plannedMove?.message, "n2 cannot take over: IPv4 is in FAULT (CheckFailed)");
  await first.kill();
  await bed.startOperator("b");
  bed.lan.election.fault("n2", false);
  const moved = await bed.untilActive("web", "n2", 20_000);
  assert.equal(moved.status?.transitions, 1);
  assert.deepEqual(bed.lan.election.costs, []);
});

test("drain: a node hands everything over, is no candidate until it may be again, and says so", async () => {
  await addNodes("n1", "n2", "n3");
  await bed.createVirtualIP("web", dual);
  await bed.startOperator("a");
  await bed.untilRedundant("web");
  await bed.untilActive("web", "n1");
  bed.lan.election.costs.length = 0;
  await drain("n1", "true");
  await bed.untilActive("web", "n2");
  const drained = await bed.untilVirtualIP(
    "web",
    "to have left n1",
    ({ status }) => status?.nodes?.every(({ name }) => name !== "n1") ?? false,
  );
  assert.match(drained.status?.conditions?.find(({ type }) => type === "Accepted")?.message ?? "", /n1: is being drained/);
  await until("n1 to run nothing", () => bed.lan.routersOf("web").n1 === undefined);
  await bed.untilEvent("web", /^Normal Drained: n1 has handed over to n2/);
  assert.deepEqual(bed.lan.election.costs, []);
  await drain("n1", null);
  const back = await bed.untilVirtualIP(
    "web",
    "to have n1 again",
    ({ status }) => status?.nodes?.some(({ name }) => name === "n1") ?? false,
  );
  assert.equal(back.status?.activeNode, "n2");
  assert.deepEqual(bed.lan.election.costs, []);
});

test("group: VirtualIPs of one group have one order and move together; one that cannot is refused", async () => {
  await addNodes("n1", "n2", "n3");
  await bed.startOperator("a");
  await bed.createVirtualIP("inside", single(100, { group: "gateway" }));
  await bed.untilActive("inside", "n1", 20_000);
  await bed.createVirtualIP("other", single(102));
  await bed.createVirtualIP("outside", single(101, { group: "gateway" }));
  await bed.createVirtualIP("odd", single(103, { group: "gateway", nodes: { maxCandidates: 2 } }));
  await bed.untilRedundant("outside");
  const order = async (name: string) => (await bed.virtualIP(name))?.status?.nodes?.map((node) => `${node.name} ${node.priority}`);
  assert.deepEqual(await order("outside"), await order("inside"));
  assert.notDeepEqual(await order("other"), await order("inside"), "those of no group spread");
  const groups = () =>
    Object.values(bed.lan.routersOf("outside"))
      .flat()
      .map(({ group }) => group);
  await until("the group on all nodes", () => groups().join() === "gateway,gateway,gateway", { hint: () => groups().join() });
  const odd = await bed.untilVirtualIP("odd", "to be judged", ({ status }) => status?.conditions !== undefined);
  assert.equal(conditionOf(odd, "Accepted"), "False/GroupMismatch");
  assert.match(
    odd.status?.conditions?.[0]?.message ?? "",
    /^spec\.nodes\.maxCandidates differs from what VirtualIP "inside" of the group "gateway" has/,
  );
  await patchSpec("outside", { nodes: { preferred: "n2" } });
  await bed.untilActive("inside", "n2");
  await bed.untilActive("outside", "n2");
});

test("unicast: peers are the addresses of the other candidates; who joins starts when all have it in their lists", async () => {
  await addNodes("n1", "n2");
  await bed.createVirtualIP("web", { ...dual, vrrp: { mode: "Unicast" } });
  await bed.startOperator("a");
  await bed.untilRedundant("web");
  bed.lan.election.costs.length = 0;
  const listOf = (node: string) =>
    bed.lan.routersOf("web")[node]?.map(({ sourceAddress, unicastPeers }) => `${sourceAddress} → ${unicastPeers?.join(" ")}`);
  assert.deepEqual(listOf("n1"), ["192.0.2.1 → 192.0.2.2", "fe80::1 → fe80::2"]);
  // It reads its NodeAgent no more for a while.
  bed.lan.node("n2").alive = false;
  await bed.lan.addNode("n3", 3);
  await until("n1 to know n3", () => listOf("n1")?.[0] === "192.0.2.1 → 192.0.2.2 192.0.2.3");
  const waiting = await bed.untilVirtualIP("web", "to say what n3 waits for", ({ status }) =>
    /waits until n2 knows it as a peer/.test(status?.nodes?.find(({ name }) => name === "n3")?.message ?? ""),
  );
  assert.equal(waiting.status?.activeNode, "n1");
  assert.equal(listOf("n3"), undefined);
  bed.lan.node("n2").alive = true;
  await until("n3 to start", () => listOf("n3")?.[0] === "192.0.2.3 → 192.0.2.1 192.0.2.2");
  assert.deepEqual(bed.lan.election.costs, []);
});

test("intruders: a claim of an address and a foreign router are conditions with names, told once, and gone when they are", async () => {
  await addNodes("n1", "n2");
  await bed.createVirtualIP("web", single(100));
  await bed.startOperator("a");
  await bed.untilRedundant("web");
  const time = new Date().toISOString();
  const conflict = { address: "192.0.2.100", mac: "02:00:00:00:00:09", time };
  bed.lan.sees("n1", { routers: { web: { conflict } } });
  const claimed = await bed.untilVirtualIP("web", "to be claimed", (vip) => conditionOf(vip, "AddressConflict") === "True/ForeignClaim");
  const messageOf = (vip: typeof claimed, type: string) => vip.status?.conditions?.find((each) => each.type === type)?.message;
  assert.equal(messageOf(claimed, "AddressConflict"), "192.0.2.100 is claimed by 02:00:00:00:00:09 (seen by n1)");
  await bed.untilEvent("web", /^Warning ForeignClaim: 192\.0\.2\.100 is claimed by 02:00:00:00:00:09/);
  const foreignRouter = { address: "192.0.2.9", reason: "AddressList", time };
  bed.lan.sees("n1", { routers: { web: { foreignRouter } } });
  const rivalled = await bed.untilVirtualIP("web", "to have a rival", (vip) => conditionOf(vip, "ForeignRouter") === "True/VRIDInUse");
  assert.equal(messageOf(rivalled, "ForeignRouter"), "192.0.2.9 uses VRID 1 as well (heard by n1): AddressList");
  assert.equal(conditionOf(rivalled, "AddressConflict"), "False/NoConflict");
  assert.equal(rivalled.status?.virtualRouterID, 1, "who answers with a VRID keeps it");
  bed.lan.sees("n1", { routers: {} });
  await bed.untilVirtualIP("web", "to be alone", (vip) => conditionOf(vip, "ForeignRouter") === "False/NotHeard");
});

test("intruders: a new VirtualIP gets no VRID that a router outside uses", async () => {
  await addNodes("n1", "n2");
  const time = new Date().toISOString();
  const heard = { interface: "eth0", family: "IPv4" as const, time };
  bed.lan.sees("n1", {
    routers: {},
    unknownRouters: [
      { ...heard, virtualRouterID: 1, address: "192.0.2.9" },
      // From one of our own nodes: no reason to keep away.
      { ...heard, virtualRouterID: 2, address: "192.0.2.2" },
    ],
  });
  await bed.startOperator("a");
  const statusOf = async (name: string) => {
    const object = await bed.client.find(nodeAgents, { name });
    return object && nodeAgentSchema.parse(object).status;
  };
  await until("n1 to tell of it", async () => (await statusOf("n1"))?.unknownRouters?.length === 2);
  // Before that nobody knows that the second one is its own.
  await until("n2 to tell of its addresses", async () => (await statusOf("n2"))?.interfaces?.length === 1);
  await bed.createVirtualIP("web", single(100));
  assert.equal((await bed.untilRedundant("web")).status?.virtualRouterID, 2);
});

test("AgentConfig: what it says comes to the nodes that it selects, and goes with it", async () => {
  await bed.lan.addNode("n1", 1, { edge: "true" });
  await bed.lan.addNode("n2", 2);
  await bed.startOperator("a");
  const spec = {
    nodeSelector: { matchLabels: { edge: "true" } },
    static: { addresses: [{ address: "192.0.2.50/32", interface: "lo" }] },
    debugUnknownRouters: true,
  };
  await bed.client.create(agentConfigs, { metadata: { name: "edge" }, spec }, { fieldManager: "kubectl" });
  const specOf = async (name: string) => nodeAgentSchema.parse(await bed.client.get(nodeAgents, { name })).spec;
  await until("n1 to have it", async () => (await bed.client.find(nodeAgents, { name: "n1" })) && (await specOf("n1")).debugUnknownRouters);
  assert.deepEqual((await specOf("n1")).static, { addresses: [{ address: "192.0.2.50/32", interface: "lo" }], routes: [], rules: [] });
  assert.deepEqual(await specOf("n2"), { virtualRouters: [] });
  await until("its status", async () => {
    const { status } = (await bed.client.get(agentConfigs, { name: "edge" })) as { status?: { nodes?: number } };
    return status?.nodes === 1;
  });
  await bed.client.delete(agentConfigs, { name: "edge" });
  await until("n1 to have it no more", async () => (await specOf("n1")).static === undefined);
});
