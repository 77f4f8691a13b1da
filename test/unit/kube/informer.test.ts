import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, test } from "node:test";
import { KubeClient } from "../../../src/kube/client.ts";
import { Informer, type InformerOptions } from "../../../src/kube/informer.ts";
import { isKubeError } from "../../../src/kube/kubeError.ts";
import { createKubeMetrics, type KubeMetrics } from "../../../src/kube/metrics.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { Metrics } from "../../../src/runtime/metrics.ts";
import { until } from "../../support/waiting.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";
import { FaultServer, sendJson, sendStatus, thing, things } from "./faultServer.ts";

let server: FaultServer;
let clock: VirtualClock;
let client: KubeClient;
let registry: Metrics;
let metrics: KubeMetrics;
let informer: Informer;
/** Pauses after errors that the informer has announced, in ms. */
let pauses: number[];
/** What it has said of what went wrong, and of what is right again, without what repeats. */
let said: string[];
const note = (fields: object, message: string) => {
  const { pauseMs } = fields as { pauseMs?: number };
  if (pauseMs !== undefined) pauses.push(pauseMs);
  return message;
};
const logger = {
  debug: (fields: object, message: string) => void note(fields, message),
  info: (fields: object, message: string) => void said.push(note(fields, message)),
  warn: (fields: object, message: string) => void said.push(note(fields, message)),
  error() {},
};

beforeEach(async () => {
  server = await FaultServer.start();
  clock = new VirtualClock();
  client = new KubeClient({ kubeconfig: server.kubeconfig, clock });
  registry = new Metrics();
  pauses = [];
  said = [];
  metrics = createKubeMetrics(registry);
});

afterEach(async () => {
  await informer.stop();
  await client.close();
  await server.stop();
});

/** The real network needs real time for a moment; the informer's own time is virtual. */
function seen(what: string, probe: () => unknown): Promise<unknown> {
  return until(what, probe, { everyMs: 1, timeoutMs: 3_000 });
}

/** Begins to follow, waits for the first watch, and returns the keys that the handler gets from then on. */
async function follow(options: Partial<InformerOptions> = {}): Promise<string[]> {
  informer = new Informer({ client, resource: things, clock, metrics, logger, random: () => 0, ...options });
  informer.start();
  await informer.waitForSync();
  await seen("the first watch", () => server.watchers === 1);
  const keys: string[] = [];
  informer.onChange((key) => keys.push(key));
  keys.length = 0;
  return keys;
}

function names(): string[] {
  return informer.list().map((object) => object.metadata.name);
}

/** Waits until the informer pauses after an error, and returns how long it will. */
async function nextPause(): Promise<number> {
  return (await seen("the pause", () => pauses.shift())) as number;
}

/** Lets the next pause pass. */
async function passPause(): Promise<void> {
  await clock.advance(await nextPause());
}

test("a list fills the cache, and the watch goes on from its version", async () => {
  server.objects = [thing("a", "1")];
  const keys = await follow();
  assert.deepEqual(names(), ["a"]);
  server.event("ADDED", thing("b", "101"));
  server.event("MODIFIED", thing("a", "102"));
  server.event("DELETED", thing("b", "103"));
  await seen("the events", () => keys.length === 3);
  assert.deepEqual([keys, names()], [["b", "a", "b"], ["a"]]);
  assert.equal(informer.get("a")?.metadata.resourceVersion, "102");
  assert.deepEqual(server.log, ["list", "watch 100"]);
});

test("a watch that the server ends is followed by one from the last version, bookmarks included, without a list", async () => {
  await follow();
  await clock.advance(60_000);
  await bookmarkArrives();
  server.endWatches();
  await seen("the next watch", () => server.log.length === 3 && server.watchers === 1);
  assert.deepEqual(server.log, ["list", "watch 100", "watch 150"]);
});

const faults: [string, (target: FaultServer) => void][] = [
  ["a connection cut between two lines", (target) => target.cutWatches()],
  [
    "a connection cut in the middle of a line",
    (target) => {
      target.write('{"type":"ADDED","object":{"meta');
      target.cutWatches();
    },
  ],
  [
    "an orderly end in the middle of a line",
    (target) => {
      target.write('{"type":"ADDED","object":{"meta');
      target.endWatches();
    },
  ],
  ["garbage", (target) => target.write("<html>bad gateway</html>\n")],
  ["an event without a version", (target) => target.event("ADDED", { metadata: { name: "b" } })],
  ["an event of an unknown type", (target) => target.event("RENAMED", thing("b", "101"))],
  ["bytes that are not UTF-8", (target) => target.write(Buffer.from([0xff, 0xfe, 0x0a]))],
  ["an ERROR event 410", (target) => target.event("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" })],
  ["an ERROR event 500", (target) => target.event("ERROR", { kind: "Status", code: 500, reason: "InternalError", message: "etcd" })],
];

for (const [name, fault] of faults) {
  test(`${name} leads to a list whose differences are reported`, async () => {
    server.objects = [thing("stays", "1"), thing("changes", "2"), thing("vanishes", "3")];
    const keys = await follow();
    server.objects = [thing("stays", "1"), thing("changes", "9"), thing("appears", "10")];
    server.resourceVersion = "200";
    fault(server);
    await passPause();
    await seen("the next watch", () => server.watchers === 1);
    assert.deepEqual(server.log, ["list", "watch 100", "list", "watch 200"]);
    assert.deepEqual(keys.sort(), ["appears", "changes", "vanishes"]);
    assert.deepEqual(names().sort(), ["appears", "changes", "stays"]);
  });
}

test("410 as the status of the watch request leads to a list", async () => {
  server.watches.push(sendStatus(410, "Expired"));
  informer = new Informer({ client, resource: things, clock, metrics, logger, random: () => 0 });
  informer.start();
  await informer.waitForSync();
  await passPause();
  await seen("the next watch", () => server.watchers === 1);
  assert.deepEqual(server.log, ["list", "watch 100", "list", "watch 100"]);
  assert.match(await registry.render(), /watch_restarts_total\{resource="things",reason="expired"\} 1/);
});

const cutInBody = (response: ServerResponse) => {
  response.write('{"items":[', () => response.destroy());
};
const firstPage = (response: ServerResponse) =>
  sendJson(response, 200, { metadata: { resourceVersion: "1", continue: "more" }, items: [] });

const badLists: [string, (target: FaultServer) => void][] = [
  ["500", (target) => target.lists.push(sendStatus(500, "InternalError"))],
  [
    "an object that is no list",
    (target) => target.lists.push((response) => sendJson(response, 200, { kind: "Status", status: "Success" })),
  ],
  [
    "an object that has a version but no items",
    (target) => target.lists.push((response) => sendJson(response, 200, { kind: "Thing", metadata: { resourceVersion: "7" } })),
  ],
  ["a list without a version", (target) => target.lists.push((response) => sendJson(response, 200, { metadata: {}, items: [] }))],
  ["half a body", (target) => target.lists.push(cutInBody)],
  ["a proxy's page", (target) => target.lists.push((response) => void response.end("<html>busy</html>"))],
  ["a second page that fails", (target) => target.lists.push(firstPage, sendStatus(503, "ServiceUnavailable"))],
];

for (const [name, spoil] of badLists) {
  test(`a list that is answered with ${name} leaves the cache as it is`, async () => {
    server.objects = [thing("a", "1")];
    const keys = await follow();
    spoil(server);
    server.cutWatches();
    await passPause();
    const pause = await nextPause();
    assert.deepEqual([server.lists.length, names(), keys], [0, ["a"], []]);
    await clock.advance(pause);
    await seen("the next watch", () => server.watchers === 1);
    assert.deepEqual([names(), keys], [["a"], []]);
  });
}

test("an empty list that succeeds does empty the cache", async () => {
  server.objects = [thing("a", "1")];
  const keys = await follow();
  server.lists.push((response) => sendJson(response, 200, { metadata: { resourceVersion: "200" }, items: null }));
  server.cutWatches();
  await passPause();
  await seen("the deletion", () => keys.length === 1);
  assert.deepEqual([keys, names()], [["a"], []]);
});

test("a silent watch is given up after 90 s, a bookmark puts it off", async () => {
  await follow();
  await clock.advance(89_000);
  await bookmarkArrives();
  await clock.advance(89_000);
  assert.deepEqual([server.watchers, server.log], [1, ["list", "watch 100"]]);
  await clock.advance(1_100);
  await passPause();
  await seen("the next list", () => server.log.length >= 3);
  assert.deepEqual(server.log[2], "list");
  assert.match(await registry.render(), /watch_restarts_total\{resource="things",reason="idle"\} 1/);
});

test("it follows from the first list to an error, from the next list on, and not after its end; its age grows while nothing is heard", async () => {
  const fresh = new Informer({ client, resource: things, clock });
  assert.equal(fresh.isFollowing(), false);
  await follow();
  assert.equal(informer.isFollowing(), true);
  await clock.advance(30_000);
  assert.equal(informer.ageMs(), 30_000);
  server.cutWatches();
  const pause = await nextPause();
  assert.equal(informer.isFollowing(), false);
  await clock.advance(pause);
  await seen("the next list", () => informer.isFollowing());
  assert.equal(informer.ageMs(), 0);
  await informer.stop();
  assert.equal(informer.isFollowing(), false);
});

test("Retry-After of a 429 is waited for", async () => {
  await follow();
  server.lists.push(sendStatus(429, "TooManyRequests", { "retry-after": "17" }));
  server.cutWatches();
  await passPause();
  assert.equal(await nextPause(), 17_000);
  await clock.advance(16_999);
  assert.equal(server.log.length, 3);
  await clock.advance(1);
  await seen("the next watch", () => server.watchers === 1);
});

test("pauses double up to the limit while errors last, and begin anew after a healthy watch", async () => {
  for (let index = 0; index < 10; index += 1) server.lists.push(sendStatus(500, "InternalError"));
  informer = new Informer({ client, resource: things, clock, logger, random: () => 0 });
  informer.start();
  const seenPauses: number[] = [];
  for (let count = 1; count <= 10; count += 1) {
    const pause = await nextPause();
    seenPauses.push(pause);
    await clock.advance(pause);
  }
  assert.deepEqual(seenPauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
  await seen("the watch", () => server.watchers === 1);
  assert.deepEqual(said, ["informer lost its watch and lists again", "informer has listed again"], "what lasts is told once");
  await clock.advance(20_000);
  server.cutWatches();
  assert.equal(await nextPause(), 100);
});

test("a server that ends each watch at once is not asked in a hot loop", async () => {
  for (let index = 0; index < 3; index += 1) server.watches.push((response) => void response.writeHead(200).end());
  informer = new Informer({ client, resource: things, clock, logger, random: () => 0 });
  informer.start();
  assert.deepEqual([await nextPause(), server.log], [100, ["list", "watch 100"]]);
});

test("a complete list is read at least every ten minutes", async () => {
  server.objects = [thing("a", "1")];
  const keys = await follow();
  server.objects = [];
  for (let minute = 1; minute < 10; minute += 1) {
    await clock.advance(60_000);
    await bookmarkArrives();
    if (minute % 4 === 0) await nextWatch();
  }
  assert.deepEqual(server.log, ["list", "watch 100", "watch 150", "watch 150"]);
  assert.deepEqual(timesAsked(), ["290", "290", "120"]);
  await clock.advance(60_000);
  server.endWatches();
  await seen("the deletion that the watch missed", () => keys.length === 1);
  assert.deepEqual(names(), []);
});

test("a watch that nobody ends is given up although bookmarks arrive", async () => {
  await follow();
  for (let minute = 1; minute <= 6; minute += 1) {
    await clock.advance(60_000);
    await bookmarkArrives();
  }
  await clock.advance(20_100);
  await seen("the end of the watch", () => server.watchers === 0);
});

/** Sends a bookmark and waits until the informer has it; some time must have passed before. */
async function bookmarkArrives(): Promise<void> {
  server.event("BOOKMARK", { metadata: { resourceVersion: "150" } });
  const age = 'aloft_informer_last_event_age_seconds{resource="things"} 0\n';
  await seen("the bookmark", async () => (await registry.render()).includes(age));
}

async function nextWatch(): Promise<void> {
  const { length } = server.log;
  server.endWatches();
  await seen("the next watch", () => server.log.length === length + 1 && server.watchers === 1);
}

/** timeoutSeconds of each watch. */
function timesAsked(): (string | undefined)[] {
  return server.requests.flatMap((request) => request.url?.match(/timeoutSeconds=(\d+)/)?.[1] ?? []);
}

test("stop during the first list starts no watch and rejects the waiting", async () => {
  let release = () => {};
  server.lists.push((response) => {
    release = () => server.sendList(response);
  });
  informer = new Informer({ client, resource: things, clock });
  informer.start();
  const waiting = assert.rejects(informer.waitForSync(), (error) => isKubeError(error, "Aborted"));
  await seen("the list", () => server.log.length === 1);
  await informer.stop();
  release();
  await waiting;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([server.log, informer.hasSynced()], [["list"], false]);
});

test("a list that ends after the stop changes nothing", async () => {
  const list = Promise.withResolvers<{ items: KubeObject[]; resourceVersion: string }>();
  informer = new Informer({ client: { list: () => list.promise as never, watch: () => assert.fail("a watch") }, resource: things, clock });
  informer.start();
  const stopped = informer.stop();
  list.resolve({ items: [thing("a", "1")], resourceVersion: "1" });
  await stopped;
  assert.deepEqual([names(), informer.hasSynced()], [[], false]);
});

test("stop ends a watch and leaves the cache readable; start works once", async () => {
  server.objects = [thing("a", "1")];
  await follow();
  assert.throws(() => informer.start(), /started before/);
  await informer.stop();
  await seen("the watch to end", () => server.watchers === 0);
  assert.deepEqual([names(), clock.pending], [["a"], 0]);
  assert.throws(() => informer.start(), /started before/);
});

test("a handler that throws disturbs nobody else", async () => {
  server.objects = [thing("a", "1")];
  const keys = await follow();
  informer.onChange(() => {
    throw new Error("broken handler");
  });
  server.event("ADDED", thing("b", "101"));
  await seen("the event", () => keys.includes("b"));
});

test("what the cache gives cannot be changed", async () => {
  server.objects = [thing("a", "1")];
  await follow();
  const object = informer.get("a");
  assert.throws(() => {
    if (object) object.metadata.name = "z";
  }, TypeError);
});
