import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settle } from "node:timers/promises";
import { ApiError, type ApiRequest } from "../../../../src/agent/cluster/apiClient.ts";
import { NodeRemoval } from "../../../../src/agent/cluster/nodeRemoval.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";

/** The Nodes of the cluster, or the status with which questions for them fail. */
function setUp(nodes: string[] | number) {
  const clock = new VirtualClock();
  const api = { nodes, asked: [] as string[] };
  const client = {
    async request({ path }: ApiRequest) {
      api.asked.push(path);
      if (typeof api.nodes === "number") throw new ApiError(api.nodes, "refused");
      const name = path.slice("/api/v1/nodes/".length);
      if (path.includes("?")) return { items: api.nodes.slice(0, 1) };
      if (!api.nodes.includes(name)) throw new ApiError(404, "not found");
      return {};
    },
  };
  let removed = 0;
  const stop = new AbortController();
  const onRemoved = () => {
    removed += 1;
  };
  const removal = new NodeRemoval({ client, node: "n1", clock, log: silentLogger, signal: stop.signal, onRemoved });
  const pass = async (ms: number) => {
    await settle();
    await clock.advance(ms);
    await settle();
  };
  return { api, removal, pass, stop, removed: () => removed };
}

test("a NodeAgent that is gone with its Node, of a cluster that has others: the node was removed", async () => {
  const { removal, pass, removed, api } = setUp(["n2"]);
  removal.onMissing();
  removal.onMissing();
  await pass(0);
  assert.equal(removed(), 1);
  await pass(60_000);
  assert.deepEqual(api.asked, ["/api/v1/nodes/n1", "/api/v1/nodes?limit=1"]);
});

test("it was not while its Node is there, and is once that is gone, too", async () => {
  const { removal, pass, removed, api } = setUp(["n1", "n2"]);
  removal.onMissing();
  await pass(9999);
  api.nodes = ["n2"];
  assert.equal(removed(), 0);
  await pass(1);
  await pass(0);
  assert.equal(removed(), 1);
});

const unknown: [why: string, nodes: string[] | number][] = [
  ["a cluster without any Node", []],
  ["an API server that does not answer", 0],
  ["an agent that may not read Nodes", 403],
];
for (const [why, nodes] of unknown)
  test(`it is not known to be removed: ${why}`, async () => {
    const { removal, pass, removed, api } = setUp(nodes);
    removal.onMissing();
    await pass(10_000);
    await pass(0);
    assert.equal(removed(), 0);
    assert.ok(api.asked.filter((path) => path.endsWith("/n1")).length === 2, String(api.asked));
  });

test("a NodeAgent that is back ends the questions, and so does the end of the agent", async () => {
  for (const end of ["back", "stop"] as const) {
    const { removal, pass, stop, api, removed } = setUp(["n1", "n2"]);
    removal.onMissing();
    await pass(0);
    if (end === "back") removal.onPresent();
    else stop.abort();
    api.nodes = ["n2"];
    await pass(60_000);
    assert.deepEqual([removed(), api.asked.length], [0, 1]);
  }
});
