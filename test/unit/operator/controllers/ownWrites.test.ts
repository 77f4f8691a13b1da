import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../../src/kube/object.ts";
import { OwnWrites } from "../../../../src/operator/controllers/ownWrites.ts";

function object(resourceVersion: string, uid = "u", name = "web"): KubeObject {
  return { metadata: { name, uid, resourceVersion } };
}

const versionsOf = (objects: KubeObject[]) => objects.map(({ metadata }) => metadata.resourceVersion);

test("own writes: what was written counts until the cache has it", () => {
  const writes = new OwnWrites();
  writes.remember(object("10"), 0);
  assert.deepEqual(versionsOf(writes.latest([object("9")], 1)), ["10"], "9 is older than 10, though not as text");
  assert.deepEqual(versionsOf(writes.latest([object("11")], 2)), ["11"]);
  assert.deepEqual(versionsOf(writes.latest([object("9")], 3)), ["9"], "forgotten once the cache had it");
});

test("own writes: an object that was deleted and made anew is another one", () => {
  const writes = new OwnWrites();
  writes.remember(object("10"), 0);
  assert.deepEqual(versionsOf(writes.latest([object("5", "other")], 1)), ["5"]);
});

test("own writes: a cache that stays behind is believed after a minute", () => {
  const writes = new OwnWrites();
  writes.remember(object("10"), 0);
  assert.deepEqual(versionsOf(writes.latest([object("9")], 59_999)), ["10"]);
  assert.deepEqual(versionsOf(writes.latest([object("9")], 60_000)), ["9"]);
});

test("own writes: an object that was just made is known before any cache has it, and one that the cache had and lost is gone", () => {
  const writes = new OwnWrites();
  writes.remember(object("10"), 0);
  assert.deepEqual(versionsOf(writes.unseen([], 1)), ["10"]);
  assert.deepEqual(writes.unseen([object("9")], 2), []);
  writes.latest([object("10")], 3);
  assert.deepEqual(writes.unseen([], 4), []);
});

test("own writes: objects of one name in two namespaces are two", () => {
  const writes = new OwnWrites();
  const inNamespace = (namespace: string, resourceVersion: string) => ({ metadata: { ...object(resourceVersion).metadata, namespace } });
  writes.remember(inNamespace("a", "10"), 0);
  assert.deepEqual(versionsOf(writes.latest([inNamespace("a", "9"), inNamespace("b", "8")], 1)), ["10", "8"]);
});

test("own writes: an object that came and went between two looks at the cache is gone", () => {
  const writes = new OwnWrites();
  writes.remember(object("10"), 0);
  writes.forget("web");
  assert.deepEqual(writes.unseen([], 1), []);
});
