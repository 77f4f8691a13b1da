import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NodeAgentController } from "../../../../src/agent/cluster/nodeAgentController.ts";
import { LastKnownFile } from "../../../../src/agent/state/lastKnown.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { createRunner, plain, routerSpec } from "../fixtures.ts";
import { temporaryDirectory } from "../stateFiles.ts";

function setUp(context: TestContext, directory = temporaryDirectory(context)) {
  const { core, clock, runner } = createRunner(context, { directory });
  const lastKnown = new LastKnownFile(directory, "n1", () => clock.wallNow());
  const waiting: (() => void)[] = [];
  const onChange = () => {
    for (const wake of waiting.splice(0)) wake();
  };
  const controller = new NodeAgentController({ lastKnown, runner, log: silentLogger, onChange });
  const changed = () => new Promise<void>((resolve) => void waiting.push(resolve));
  const keys = () => core.applied.map(({ routers }) => routers.map(({ key }) => key).join(" "));
  return { directory, core, controller, lastKnown, changed, keys };
}

const nodeAgent = (generation: number, virtualRouters: unknown, metadata: object = {}) => ({
  metadata: { uid: "u1", generation, ...metadata },
  spec: { virtualRouters },
});
const web = routerSpec();
const db = routerSpec({ virtualIP: "db", virtualRouterID: 52, addresses: plain("192.0.2.11/24") });

test("a configuration is in the last-known file and in the core", async (context) => {
  const { controller, lastKnown, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(1, [web]));
  await changed();
  assert.deepEqual(keys(), ["web/IPv4"]);
  const saved = await lastKnown.read();
  assert.ok(saved.kind === "read");
  assert.deepEqual([saved.value.generation, saved.value.spec], [1, { virtualRouters: [web] }]);
});

test("the agent starts from the last-known file, and the same configuration from the API changes nothing in the core's eyes", async (context) => {
  const first = setUp(context);
  first.controller.onObject(nodeAgent(1, [web]));
  await first.changed();
  const second = setUp(context, first.directory);
  assert.equal(await second.controller.start(), undefined);
  assert.deepEqual(second.keys(), ["web/IPv4"]);
  assert.ok(second.controller.savedAt);
});

test("without a last-known file nothing runs, and what an earlier agent left is given up", async (context) => {
  const { controller, keys } = setUp(context);
  assert.equal(await controller.start(), undefined);
  assert.deepEqual(keys(), [""]);
});

test("a damaged last-known file is told, and nothing runs", async (context) => {
  const { directory, controller, keys } = setUp(context);
  writeFileSync(join(directory, "last-known.json"), "{");
  assert.match((await controller.start()) ?? "", /last-known\.json was damaged \(not JSON: .*\) and is now .*last-known\.json\.damaged-/);
  assert.deepEqual(keys(), [""]);
});

test("a change of status alone is no configuration", async (context) => {
  const { controller, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(1, [web]));
  await changed();
  controller.onObject({ ...nodeAgent(1, [web]), status: { masters: 1 } });
  controller.onObject(nodeAgent(2, [web, db]));
  await changed();
  assert.deepEqual(keys(), ["web/IPv4", "web/IPv4 db/IPv4"]);
});

test("another configuration of the same generation is one: after a restore generations are counted anew", async (context) => {
  const { controller, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(2, [web]));
  await changed();
  controller.onObject(nodeAgent(2, [db]));
  await changed();
  assert.deepEqual(keys(), ["web/IPv4", "db/IPv4"]);
});

test("only the newest of several configurations that came meanwhile is applied", async (context) => {
  const { controller, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(1, [web]));
  controller.onObject(nodeAgent(2, []));
  controller.onObject(nodeAgent(3, [web, db]));
  await changed();
  await changed();
  assert.deepEqual(keys(), ["web/IPv4", "web/IPv4 db/IPv4"]);
});

const keeps: [string, (controller: NodeAgentController) => void][] = [
  ["an object that is gone", (controller) => controller.onMissing()],
  ["an object without a spec", (controller) => controller.onObject({ metadata: { uid: "u1", generation: 2 } })],
  ["a spec without virtualRouters", (controller) => controller.onObject({ metadata: { generation: 2 }, spec: {} })],
  ["virtualRouters that are no list", (controller) => controller.onObject(nodeAgent(2, null))],
  ["something that is no object", (controller) => controller.onObject("gone")],
];
for (const [name, happen] of keeps) {
  test(`${name} keeps what runs and what is saved`, async (context) => {
    const { controller, lastKnown, changed, keys } = setUp(context);
    controller.onObject(nodeAgent(1, [web]));
    await changed();
    happen(controller);
    controller.onObject(nodeAgent(9, [web, db]));
    await changed();
    assert.deepEqual(keys(), ["web/IPv4", "web/IPv4 db/IPv4"]);
    const saved = await lastKnown.read();
    assert.equal(saved.kind === "read" && saved.value.generation, 9);
  });
}

const withdraws: [string, unknown][] = [
  ["an explicit empty list", nodeAgent(2, [])],
  ["a deletionTimestamp, whatever the spec says", nodeAgent(2, [web], { deletionTimestamp: "2026-01-01T00:00:00Z" })],
];
for (const [name, object] of withdraws) {
  test(`${name} withdraws everything, also from the file`, async (context) => {
    const { controller, lastKnown, changed, keys } = setUp(context);
    controller.onObject(nodeAgent(1, [web]));
    await changed();
    controller.onObject(object);
    await changed();
    assert.deepEqual(keys(), ["web/IPv4", ""]);
    const saved = await lastKnown.read();
    assert.deepEqual(saved.kind === "read" && saved.value.spec, { virtualRouters: [] });
  });
}

test("the removal of the node withdraws everything, also from the file, and when it joins again it gets its configuration", async (context) => {
  const { controller, lastKnown, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(1, [web]));
  await changed();
  controller.onNodeRemoved();
  await changed();
  const saved = await lastKnown.read();
  assert.deepEqual(saved.kind === "read" && saved.value.spec, { virtualRouters: [] });
  controller.onObject({ ...nodeAgent(1, [web]), metadata: { uid: "u2", generation: 1 } });
  await changed();
  assert.deepEqual(keys(), ["web/IPv4", "", "web/IPv4"]);
});

test("an object that comes again after it was gone is applied, even with the same generation", async (context) => {
  const { controller, changed, keys } = setUp(context);
  controller.onObject(nodeAgent(1, [web]));
  await changed();
  controller.onMissing();
  controller.onObject({ ...nodeAgent(1, [db]), metadata: { uid: "u2", generation: 1 } });
  await changed();
  assert.deepEqual(keys(), ["web/IPv4", "db/IPv4"]);
});

test("a file that cannot be written is told, and the configuration runs", async (context) => {
  const { core, controller, changed } = setUp(context, join(temporaryDirectory(context), "missing"));
  controller.onObject(nodeAgent(1, [web]));
  await changed();
  assert.match(controller.saveError ?? "", /last-known configuration cannot be written: ENOENT/);
  assert.equal(core.applied.length, 1);
});
