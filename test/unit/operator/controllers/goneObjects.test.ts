import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeError } from "../../../../src/kube/kubeError.ts";
import type { KubeObject, ObjectRef, Resource } from "../../../../src/kube/object.ts";
import { GoneObjects } from "../../../../src/operator/controllers/goneObjects.ts";
import { services } from "../../../../src/operator/controllers/resources.ts";

const { signal } = new AbortController();
const doubtful = (...keys: string[]) => keys.map((key) => ({ key, resource: services }));

function asking(exists: Set<string>) {
  const asked: string[] = [];
  const told: string[] = [];
  const find = async <T extends KubeObject>(_resource: Resource, { namespace, name }: ObjectRef, options?: { signal?: AbortSignal }) => {
    assert.equal(options?.signal, signal);
    asked.push(`${namespace}/${name}`);
    if (name === "away") throw new KubeError("Network", "no connection");
    return exists.has(name) ? ({ metadata: { name } } as T) : undefined;
  };
  return { gone: new GoneObjects({ find }, ({ key }) => told.push(key)), asked, told };
}

test("gone objects: each is asked for until it is known to be gone; an error proves nothing", async () => {
  const { gone, asked, told } = asking(new Set(["web"]));
  const first = await gone.confirm(doubtful("shop/web", "shop/old", "shop/away"), signal);
  assert.deepEqual([[...gone.keys], told, first.done, first.failures.length], [["shop/old"], ["shop/old"], 1, 1]);
  await gone.confirm(doubtful("shop/web", "shop/old"), signal);
  assert.deepEqual([asked.slice(3), told], [["shop/web"], ["shop/old"]]);
});

test("gone objects: what nobody names any more is forgotten, and asked for again when somebody does", async () => {
  const { gone, asked } = asking(new Set());
  await gone.confirm(doubtful("shop/a", "shop/b"), signal);
  await gone.confirm(doubtful("shop/b"), signal);
  assert.deepEqual([...gone.keys], ["shop/b"]);
  await gone.confirm(doubtful("shop/a", "shop/b"), signal);
  assert.deepEqual(asked, ["shop/a", "shop/b", "shop/a"]);
});
