import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../../src/kube/object.ts";
import { ChangeFilter } from "../../../../src/operator/controllers/changeFilter.ts";

test("change filter: what comes, goes, or differs in what counts", () => {
  const objects = new Map<string, KubeObject>();
  const get = <T extends KubeObject>(key: string) => objects.get(key) as T | undefined;
  const filter = new ChangeFilter({ get }, ({ metadata }) => `${metadata.generation}`);
  const version = (generation: number, resourceVersion: string) => ({ metadata: { name: "a", generation, resourceVersion } });
  const happenings = [version(1, "1"), version(1, "2"), version(2, "3"), undefined, undefined, version(2, "4")];
  const concerned = happenings.map((object) => {
    if (object) objects.set("a", object);
    else objects.delete("a");
    return filter.concerns("a");
  });
  assert.deepEqual(concerned, [true, false, true, true, false, true]);
});
