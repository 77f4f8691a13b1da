import assert from "node:assert/strict";
import { test } from "node:test";
import { agentConfigSpecSchema } from "../../../../src/api/agentConfig.ts";
import type { AgentConfigView, ClusterView } from "../../../../src/operator/plan/cluster.ts";
import { makePlan } from "../../../../src/operator/plan/plan.ts";
import { agent, dual, node, timeAt, virtualIP } from "../samples.ts";

const config = (name: string, spec: object, more: Partial<AgentConfigView> = {}): AgentConfigView => {
  return { name, generation: 1, spec: agentConfigSpecSchema.parse(spec), status: {}, ...more };
};

function plan(cluster: Partial<ClusterView>) {
  const nodes = [node("n1", { labels: { edge: "true" } }), node("n2")];
  return makePlan({
    cluster: { virtualIPs: [], nodes, agents: [agent("n1"), agent("n2")], ...cluster },
    memory: new Map(),
    gone: new Set(),
    now: 0,
    wallNow: new Date(timeAt(0)),
  });
}

const edge = { nodeSelector: { matchLabels: { edge: "true" } }, debugUnknownRouters: true };

test("config: it comes to the nodes that it selects, and its status says how many those are", () => {
  const { nodeAgents, agentConfigs } = plan({ configs: [config("edge", edge)] });
  assert.deepEqual([...nodeAgents], [["n1", { virtualRouters: [], debugUnknownRouters: true }]]);
  assert.deepEqual(
    [agentConfigs[0]?.status.nodes, agentConfigs[0]?.status.conditions?.[0]?.status, agentConfigs[0]?.changed],
    [1, "True", true],
  );
});

test("config: one that cannot be read is refused by name and leaves the others in force", () => {
  const bad = { name: "bad", generation: 1, problem: "spec.mail.server: is required", status: {} };
  const { nodeAgents, agentConfigs } = plan({ configs: [bad, config("edge", edge)] });
  assert.deepEqual([...nodeAgents.keys()], ["n1"]);
  const [condition] = agentConfigs[0]?.status.conditions ?? [];
  assert.deepEqual([condition?.status, condition?.reason, condition?.message], ["False", "InvalidSpec", "spec.mail.server: is required"]);
});

test("config: while AgentConfigs cannot be listed, what nodes have from them stays; once there are none, it goes", () => {
  const standing = { virtualRouters: [], debugUnknownRouters: true, static: { addresses: [], routes: [], rules: [] } };
  const agents = [agent("n1", { spec: standing }), agent("n2")];
  assert.deepEqual([...plan({ agents }).nodeAgents], []);
  assert.deepEqual([...plan({ agents, configs: [] }).nodeAgents], [["n1", { virtualRouters: [] }]]);
});

test("config: the start-up delay of running virtual routers stays as well while it cannot be read", () => {
  const status = { virtualRouterID: 1, nodes: [{ name: "n1", priority: 254 }] };
  const cluster = { virtualIPs: [virtualIP("web", dual, { status })], nodes: [node("n1")], agents: [agent("n1")] };
  const first = plan({ ...cluster, configs: [config("edge", { startupDelay: "9s" })] }).nodeAgents.get("n1");
  assert.deepEqual(
    first?.virtualRouters.map(({ startupDelay }) => startupDelay),
    ["9s", "9s"],
  );
  assert.ok(first);
  assert.deepEqual([...plan({ ...cluster, agents: [agent("n1", { spec: first })] }).nodeAgents], []);
});
