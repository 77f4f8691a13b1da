import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreEvent, eventName, newEvent } from "../../../src/kube/coreEvent.ts";
import { EventRecorder, type EventRecorderOptions } from "../../../src/kube/events.ts";
import { KubeError, type KubeErrorCode } from "../../../src/kube/kubeError.ts";
import { createKubeMetrics } from "../../../src/kube/metrics.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { Metrics } from "../../../src/runtime/metrics.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";

const vip: KubeObject = { apiVersion: "aloft.dev/v1alpha1", kind: "VirtualIP", metadata: { name: "web", uid: "1-2-3" } };

/** A recorder whose API server is a map of Events; `failing` holds the errors of the next requests. */
function recording() {
  const clock = new VirtualClock();
  const registry = new Metrics();
  const stored = new Map<string, CoreEvent>();
  const failing: (KubeErrorCode | "silence")[] = [];
  let requests = 0;
  let draws = 0;
  const random = () => (0.5 + draws++ * 0.001) % 1;
  const answer = async (signal: AbortSignal | undefined) => {
    requests += 1;
    const fault = failing.shift();
    if (fault === "silence") {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      throw new KubeError("Aborted", "aborted");
    }
    if (fault) throw new KubeError(fault, fault);
  };
  const client: EventRecorderOptions["client"] = {
    async create(_, object, { signal }) {
      await answer(signal);
      if (stored.has(object.metadata.name)) throw new KubeError("AlreadyExists", "taken");
      stored.set(object.metadata.name, structuredClone(object) as CoreEvent);
      return object as never;
    },
    async patch(_, { name }, patch, { signal }) {
      await answer(signal);
      const event = stored.get(name);
      if (!event) throw new KubeError("NotFound", "gone");
      return Object.assign(event, patch) as never;
    },
  };
  const recorder = new EventRecorder({
    client,
    component: "operator",
    instance: "pod",
    clock,
    random,
    metrics: createKubeMetrics(registry),
  });
  return { clock, recorder, stored, failing, registry, requests: () => requests, list: () => [...stored.values()] };
}

test("an Event about a cluster-scoped object lies in default and names no namespace of the object", async () => {
  const { recorder, list, clock } = recording();
  recorder.record(vip, "Normal", "Moved", "from n1 to n2");
  await clock.advance(0);
  const [event] = list();
  assert.deepEqual(event, {
    metadata: { name: eventName("web", new Date(Date.UTC(2026, 0, 1)), 0.5), namespace: "default" },
    involvedObject: { apiVersion: "aloft.dev/v1alpha1", kind: "VirtualIP", name: "web", namespace: undefined, uid: "1-2-3" },
    type: "Normal",
    reason: "Moved",
    message: "from n1 to n2",
    count: 1,
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
    source: { component: "operator", host: "pod" },
    reportingComponent: "operator",
    reportingInstance: "pod",
  });
});

test("equal Events count, different ones do not, and after ten minutes a new one begins", async () => {
  const { recorder, list, clock } = recording();
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(60_000);
  recorder.record(vip, "Normal", "Moved", "a");
  recorder.record(vip, "Normal", "Moved", "b");
  await clock.advance(0);
  assert.deepEqual(
    list().map(({ message, count, firstTimestamp, lastTimestamp }) => [message, count, firstTimestamp, lastTimestamp]),
    [
      ["a", 2, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"],
      ["b", 1, "2026-01-01T00:01:00Z", "2026-01-01T00:01:00Z"],
    ],
  );
  await clock.advance(600_001);
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(0);
  assert.equal(list().length, 3);
});

test("what happens often while the first write runs is written once more", async () => {
  const { recorder, list, clock, requests } = recording();
  for (let index = 0; index < 10; index += 1) recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(0);
  assert.deepEqual([list().length, list()[0]?.count, requests()], [1, 10, 2]);
});

test("one object gets 25 Events at once and then one in five minutes; others are not affected", async () => {
  const { recorder, list, clock, registry } = recording();
  for (let index = 0; index < 30; index += 1) recorder.record(vip, "Normal", "Moved", `message ${index}`);
  await clock.advance(0);
  assert.equal(list().length, 25);
  assert.match(await registry.render(), /aloft_events_dropped_total\{reason="spam"\} 5/);
  recorder.record({ ...vip, metadata: { name: "other", uid: "4" } }, "Normal", "Moved", "x");
  await clock.advance(300_000);
  recorder.record(vip, "Normal", "Moved", "later");
  recorder.record(vip, "Normal", "Moved", "too soon");
  await clock.advance(0);
  assert.equal(list().length, 27);
});

test("a fault that may pass is waited for, one that will not is not", async () => {
  const { recorder, list, clock, failing, registry } = recording();
  failing.push("Network", "ServerError", "TooManyRequests");
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(10_000);
  assert.equal(list().length, 1);
  failing.push("Forbidden");
  recorder.record(vip, "Normal", "Moved", "b");
  await clock.advance(60_000);
  assert.equal(list().length, 1);
  assert.match(await registry.render(), /aloft_events_dropped_total\{reason="failed"\} 1/);
});

test("a fault that lasts is not waited for without end", async () => {
  const { recorder, clock, failing, registry, requests } = recording();
  for (let index = 0; index < 20; index += 1) failing.push("Network");
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(600_000);
  assert.equal(requests(), 6);
  assert.match(await registry.render(), /aloft_events_dropped_total\{reason="failed"\} 1/);
});

test("an Event that the API server forgot, and a name that is taken, lead to a new name", async () => {
  const { recorder, stored, list, clock, failing } = recording();
  failing.push("AlreadyExists");
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(0);
  assert.equal(list().length, 1);
  const [first] = stored.keys();
  stored.clear();
  recorder.record(vip, "Normal", "Moved", "a");
  await clock.advance(0);
  assert.deepEqual([list().length, list()[0]?.count], [1, 2]);
  assert.notEqual([...stored.keys()][0], first);
});

test("the backlog is bounded while the API server is silent", async () => {
  const { recorder, clock, failing, registry } = recording();
  failing.push("silence"); // One is being sent, 256 wait.
  for (let index = 0; index < 400; index += 1) {
    recorder.record({ ...vip, metadata: { name: `vip-${index}`, uid: String(index) } }, "Normal", "Moved", "a");
  }
  await clock.advance(0);
  assert.match(await registry.render(), /aloft_events_dropped_total\{reason="overflow"\} 143/);
});

test("close waits for what is pending, but not for ever, and refuses more", async () => {
  const waiting = recording();
  waiting.recorder.record(vip, "Normal", "Moved", "a");
  await waiting.recorder.close();
  waiting.recorder.record(vip, "Normal", "Moved", "b");
  assert.deepEqual([waiting.list().length, waiting.clock.pending], [1, 0]);
  const silent = recording();
  silent.failing.push("silence");
  silent.recorder.record(vip, "Normal", "Moved", "a");
  let closed = false;
  const closing = silent.recorder.close(2_000).then(() => {
    closed = true;
  });
  await silent.clock.advance(1_999);
  assert.equal(closed, false);
  await silent.clock.advance(1);
  await closing;
});

test("names and messages fit the API's limits", () => {
  const long = { ...vip, metadata: { name: "n".repeat(253), namespace: "ns", uid: "1" } };
  const name = eventName(long.metadata.name, new Date(), 0.999999);
  assert.ok(name.length <= 253 && /^n+\.[0-9a-f]{16}$/.test(name), name);
  const event = newEvent({ object: long, name, type: "Normal", reason: "R", message: "m".repeat(2_000), component: "c", time: "t" });
  assert.deepEqual([event.message.length, event.metadata.namespace, event.involvedObject.namespace], [1024, "ns", "ns"]);
});
