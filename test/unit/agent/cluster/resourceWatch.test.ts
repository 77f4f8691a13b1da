import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../../src/agent/cluster/apiClient.ts";
import { watchNodeAgent } from "../../../../src/agent/cluster/nodeAgentWatch.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { ScriptedApi } from "../scriptedApi.ts";

const object = (generation: number, resourceVersion = "101") => ({ metadata: { name: "n1", generation, resourceVersion } });

async function setUp() {
  const clock = new VirtualClock();
  const api = new ScriptedApi();
  api.items = [object(1)];
  const stop = new AbortController();
  const seen: string[] = [];
  const handlers = {
    onObject: (value: unknown) => seen.push(`object ${(value as ReturnType<typeof object>).metadata.generation}`),
    onMissing: () => seen.push("missing"),
    onReachable: () => seen.push("reachable"),
  };
  const watch = watchNodeAgent("n1", handlers, { client: api, clock, log: silentLogger, signal: stop.signal });
  const done = watch.run();
  await settle();
  return { clock, api, stop, seen, watch, done };
}

test("lists its own object, then watches from there with bookmarks", async () => {
  const { api, seen } = await setUp();
  assert.deepEqual(seen, ["object 1"]);
  assert.equal(api.lists[0], "/apis/aloft.dev/v1alpha1/nodeagents?fieldSelector=metadata.name%3Dn1");
  const query = new URL(`http://x${api.last.options.path}`).searchParams;
  assert.deepEqual([query.get("watch"), query.get("allowWatchBookmarks"), query.get("resourceVersion")], ["true", "true", "100"]);
  api.last.send("MODIFIED", object(2));
  api.last.send("DELETED", object(2));
  api.last.send("ADDED", object(1));
  assert.deepEqual(seen, ["object 1", "object 2", "missing", "object 1"]);
});

test("an empty list is told as missing", async () => {
  const api = new ScriptedApi();
  api.items = [];
  const seen: string[] = [];
  const handlers = { onObject: () => seen.push("object"), onMissing: () => seen.push("missing"), onReachable: () => {} };
  const { signal } = new AbortController();
  const watch = watchNodeAgent("n1", handlers, { client: api, clock: new VirtualClock(), log: silentLogger, signal });
  void watch.run();
  await settle();
  assert.deepEqual(seen, ["missing"]);
});

test("a watch that the server ends is resumed from the last bookmark, without a list", async () => {
  const { clock, api } = await setUp();
  api.last.send("BOOKMARK", object(1, "250"));
  await clock.advance(290_000);
  api.last.end();
  await settle();
  assert.equal(api.streams.length, 2);
  assert.match(api.last.options.path, /resourceVersion=250$/);
  assert.equal(api.lists.length, 1);
});

test("a watch that ends at once is not resumed in a loop", async () => {
  const { clock, api } = await setUp();
  for (let step = 0; step < 50; step += 1) {
    api.last.end();
    await clock.advance(100);
  }
  assert.ok(api.streams.length <= 21, `${api.streams.length} watches in 5 s`);
});

for (const [name, happen] of [
  ["an ERROR event", (api: ScriptedApi) => api.last.send("ERROR", { kind: "Status", code: 410, message: "too old" })],
  ["a status", (api: ScriptedApi) => api.last.fail(new ApiError(410, "too old"))],
] as const) {
  test(`410 as ${name}: lists again`, async () => {
    const { clock, api, seen } = await setUp();
    api.items = [object(7)];
    happen(api);
    await clock.advance(500);
    assert.equal(api.lists.length, 2);
    assert.deepEqual(seen, ["object 1", "object 7"]);
    assert.match(api.last.options.path, /resourceVersion=100$/);
  });
}

test("something that is no event: lists again", async () => {
  const { clock, api } = await setUp();
  api.last.options.onLine("<html>");
  await clock.advance(500);
  assert.equal(api.lists.length, 2);
});

test("never gives up: an hour without the API server, then it is told that it is reachable", async () => {
  const { clock, api, seen } = await setUp();
  api.failure = new ApiError(0, "ECONNREFUSED");
  api.last.fail(new ApiError(0, "ECONNRESET"));
  await clock.advance(3_600_000);
  const before = api.streams.length;
  api.failure = undefined;
  await clock.advance(10_000);
  assert.equal(api.streams.length, before + 1);
  assert.match(api.last.options.path, /resourceVersion=100$/);
  assert.deepEqual(seen, ["object 1", "reachable"]);
});

test("an API server that is behind after it was away was restored from a backup: lists again", async () => {
  const { clock, api, seen } = await setUp();
  api.last.send("MODIFIED", object(9, "250"));
  api.items = [object(4)];
  api.last.fail(new ApiError(0, "ECONNRESET"));
  await clock.advance(1000);
  assert.deepEqual(seen, ["object 1", "object 9", "reachable", "object 4"]);
  assert.match(api.last.options.path, /resourceVersion=100$/);
});

test("any other error that the server answers with: waits, and lists again, as after a restore its versions begin anew", async () => {
  const { clock, api } = await setUp();
  api.last.send("ERROR", { kind: "Status", code: 504, message: "Too large resource version: 100, current: 7" });
  await clock.advance(500);
  assert.deepEqual([api.streams.length, api.lists.length], [2, 2]);
  api.last.fail(new ApiError(500, "etcd"));
  await clock.advance(1000);
  assert.deepEqual([api.streams.length, api.lists.length], [3, 3]);
});

test("ends with its signal", async () => {
  const { clock, stop, done } = await setUp();
  stop.abort();
  await done;
  assert.equal(clock.pending, 0);
});
