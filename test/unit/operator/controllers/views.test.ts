import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../../src/kube/object.ts";
import { Views } from "../../../../src/operator/controllers/views.ts";

interface View {
  name: string;
  spec: unknown;
  status: unknown;
}

const object = (name: string, spec: object, status: object): KubeObject => ({ metadata: { name }, spec, status });

test("views: an object is read once, what it was stays the same as long as it is equal, and one that was gone begins anew", () => {
  let read = 0;
  const views = new Views<View>(({ metadata: { name }, spec, status }) => {
    read += 1;
    return name === "unreadable" ? undefined : { name, spec, status };
  });
  const first = object("a", { port: 80 }, { ready: false });
  const [before, ...others] = views.of([first, object("unreadable", {}, {})]);
  assert.deepEqual(others, []);
  assert.equal(views.of([first]).at(0), before);
  const [after] = views.of([object("a", { port: 80 }, { ready: true })]);
  assert.deepEqual(after, { name: "a", spec: { port: 80 }, status: { ready: true } });
  assert.equal(after?.spec, before?.spec);
  assert.equal(views.of([object("a", { port: 80 }, { ready: true })]).at(0), after);
  views.of([]);
  const [anew] = views.of([object("a", { port: 80 }, { ready: true })]);
  assert.deepEqual([anew, anew === after, read], [after, false, 5]);
});

test("views: of those that are left each stays the same when another one goes", () => {
  const views = new Views<View>(({ metadata: { name }, spec, status }) => ({ name, spec, status }));
  const read = (...names: string[]) => views.of(names.map((name) => object(name, { port: 80 }, {})));
  const [a] = read("a", "b");
  read("a");
  assert.equal(read("a").at(0), a);
});
