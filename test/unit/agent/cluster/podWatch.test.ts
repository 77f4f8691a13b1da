import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ApiError } from "../../../../src/agent/cluster/apiClient.ts";
import { PodWatch } from "../../../../src/agent/cluster/podWatch.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { ScriptedApi } from "../scriptedApi.ts";

function pod(
  uid: string,
  ready: boolean,
  fields: { namespace?: string; labels?: Record<string, string>; deletionTimestamp?: string } = {},
) {
  const { namespace = "web", labels = { app: "nginx", tier: "front" }, deletionTimestamp } = fields;
  return {
    metadata: { uid, namespace, labels, deletionTimestamp, resourceVersion: "9" },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

function setUp(context: TestContext) {
  const api = new ScriptedApi();
  const stop = new AbortController();
  context.after(() => stop.abort());
  const pods = new PodWatch({ client: api, node: "n1", clock: new VirtualClock(), log: silentLogger, signal: stop.signal });
  return { api, pods };
}

test("pods are watched only while somebody asks for them", async (context) => {
  const { api, pods } = setUp(context);
  await settle();
  assert.deepEqual(api.lists, []);
  assert.equal(pods.ready("web", {}), undefined);
  pods.use(true);
  pods.use(true);
  await settle();
  assert.deepEqual(api.lists, ["/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"]);
  pods.use(false);
  assert.ok(api.last.options.signal.aborted);
  assert.equal(pods.ready("web", {}), undefined);
});

test("a ready pod of the namespace with all labels, until it is gone, not ready or being deleted", async (context) => {
  const { api, pods } = setUp(context);
  let told = 0;
  const silence = pods.onChange(() => {
    told += 1;
  });
  api.items = [pod("a", true), pod("b", true, { namespace: "db" }), pod("c", false, { labels: { app: "other" } })];
  pods.use(true);
  await settle();
  const asked = () => [
    pods.ready("web", { app: "nginx" }),
    pods.ready("web", { app: "other" }),
    pods.ready("db", { app: "nginx", tier: "back" }),
  ];
  assert.deepEqual(asked(), [true, false, false]);
  assert.equal(told, 1);
  api.last.send("MODIFIED", pod("c", true, { labels: { app: "other" } }));
  assert.deepEqual(asked(), [true, true, false]);
  api.last.send("MODIFIED", pod("a", true, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
  api.last.send("DELETED", pod("c", true, { labels: { app: "other" } }));
  assert.deepEqual(asked(), [false, false, false]);
  assert.equal(told, 4);
  silence();
  api.last.send("ADDED", pod("d", true));
  assert.equal(told, 4);
  assert.equal(pods.ready("web", { app: "nginx" }), true);
});

test("while the API server is away, what was known counts", async (context) => {
  const { api, pods } = setUp(context);
  api.items = [pod("a", true)];
  pods.use(true);
  await settle();
  api.failure = new ApiError(0, "ECONNREFUSED");
  api.last.fail(new ApiError(0, "ECONNRESET"));
  await settle();
  assert.equal(pods.ready("web", { app: "nginx" }), true);
});
