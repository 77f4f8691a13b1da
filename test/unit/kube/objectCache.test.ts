import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectCache } from "../../../src/kube/objectCache.ts";

test("a cached object is frozen, and without managedFields", () => {
  const cache = new ObjectCache();
  const metadata = { name: "web", resourceVersion: "1", labels: { a: "b" }, managedFields: [{ manager: "kubectl" }] };
  cache.set({ metadata, spec: { list: [1] } });
  const object = cache.get("web");
  assert.deepEqual(object, { metadata: { name: "web", resourceVersion: "1", labels: { a: "b" } }, spec: { list: [1] } });
  assert.throws(() => Object.assign(object?.metadata.labels ?? {}, { a: "c" }), TypeError);
});
