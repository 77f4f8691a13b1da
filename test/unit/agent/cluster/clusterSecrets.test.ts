import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ApiError } from "../../../../src/agent/cluster/apiClient.ts";
import { ClusterSecrets } from "../../../../src/agent/cluster/clusterSecrets.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { ScriptedApi } from "../scriptedApi.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const ref = { name: "vrrp", key: "password" };
const path = "/api/v1/namespaces/aloft-system/secrets?fieldSelector=metadata.name%3Dvrrp";

function secret(data: Record<string, string>) {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return { metadata: { name: "vrrp", resourceVersion: "7" }, data: Object.fromEntries(encoded) };
}

function setUp(context: TestContext, directory = temporaryDirectory(context)) {
  const api = new ScriptedApi();
  const clock = new VirtualClock();
  const stop = new AbortController();
  context.after(() => stop.abort());
  let changes = 0;
  const secrets = new ClusterSecrets({
    client: api,
    namespace: "aloft-system",
    stateDirectory: directory,
    clock,
    log: silentLogger,
    signal: stop.signal,
    onChange: () => {
      changes += 1;
    },
  });
  return { api, clock, directory, secrets, changes: () => changes };
}

test("a Secret is read once and watched, and its value is kept for the owner alone", async (context) => {
  const { api, directory, secrets } = setUp(context);
  api.items = [secret({ password: "first", other: "nobody asked" })];
  await secrets.require([ref]);
  assert.deepEqual(api.lists, [path]);
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "first" });
  await secrets.saved();
  const file = join(directory, "secrets.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, "utf8"), /first/);
  assert.doesNotMatch(readFileSync(file, "utf8"), /nobody asked/);
  api.last.send("MODIFIED", secret({ password: "second" }));
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "second" });
});

test("the file's own mode counts, also where a crash left a temporary file of another", async (context) => {
  const { api, directory, secrets } = setUp(context);
  writeFileSync(join(directory, "secrets.json.new"), "", { mode: 0o644 });
  api.items = [secret({ password: "first" })];
  await secrets.require([ref]);
  await secrets.saved();
  assert.equal(statSync(join(directory, "secrets.json")).mode & 0o777, 0o600);
});

test("an agent that starts without API server has the values of the one before it, at once", async (context) => {
  const first = setUp(context);
  first.api.items = [secret({ password: "first" })];
  await first.secrets.require([ref]);
  await first.secrets.saved();
  const { api, secrets } = setUp(context, first.directory);
  api.failure = new ApiError(0, "ECONNREFUSED");
  assert.equal(await secrets.open(), undefined);
  await secrets.require([ref]);
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "first" });
  assert.deepEqual(secrets.problems, []);
});

const forbidden = new ApiError(403, "secrets is forbidden");
const lacks: [string, Partial<ScriptedApi>, string][] = [
  ["no Secret", { items: [] }, "there is no Secret aloft-system/vrrp"],
  ["no such key", { items: [secret({ pass: "x" })] }, "Secret aloft-system/vrrp has no key password"],
  ["no permission", { failure: forbidden }, "Secret aloft-system/vrrp cannot be read: secrets is forbidden"],
];
for (const [name, answers, message] of lacks) {
  test(`${name}: a sentence, and no value`, async (context) => {
    const { api, secrets } = setUp(context);
    Object.assign(api, answers);
    await secrets.require([ref]);
    assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: false, message });
  });
}

test("an API server that does not answer is waited for 5 s, and what comes later is told", async (context) => {
  const { api, clock, secrets, changes } = setUp(context);
  api.silent = true;
  let required = false;
  void secrets.require([ref]).then(() => {
    required = true;
  });
  await clock.advance(4999);
  assert.equal(required, false);
  await clock.advance(2);
  assert.equal(required, true);
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: false, message: "Secret aloft-system/vrrp has not been read yet" });
  api.items = [secret({ password: "late" })];
  api.answer();
  await settle();
  assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "late" });
  assert.ok(changes() > 0);
});

for (const [name, happen, sentence] of [
  [
    "is deleted",
    (api: ScriptedApi) => api.last.send("DELETED", secret({})),
    "There is no Secret aloft-system/vrrp: the last known value goes on.",
  ],
  [
    "loses its key",
    (api: ScriptedApi) => api.last.send("MODIFIED", secret({})),
    "Secret aloft-system/vrrp has no key password: the last known value goes on.",
  ],
] as const) {
  test(`a Secret that ${name} leaves the value that runs, and that is told`, async (context) => {
    const { api, secrets } = setUp(context);
    api.items = [secret({ password: "first" })];
    await secrets.require([ref]);
    assert.deepEqual(secrets.problems, []);
    happen(api);
    assert.deepEqual(secrets.lookUp("vrrp", "password"), { ok: true, value: "first" });
    assert.deepEqual(secrets.problems, [sentence]);
  });
}

test("a further key of a Secret reads it again; what nobody refers to is watched and kept no longer", async (context) => {
  const { api, directory, secrets } = setUp(context);
  api.items = [secret({ password: "first", other: "second" })];
  await secrets.require([ref]);
  const watch = api.last;
  await secrets.require([ref, { name: "vrrp", key: "other" }]);
  assert.ok(watch.options.signal.aborted);
  assert.deepEqual(secrets.lookUp("vrrp", "other"), { ok: true, value: "second" });
  await secrets.require([]);
  assert.ok(api.last.options.signal.aborted);
  await secrets.saved();
  assert.doesNotMatch(readFileSync(join(directory, "secrets.json"), "utf8"), /first|second/);
});

test("a value that comes again as it was changes nothing", async (context) => {
  const { api, secrets, changes } = setUp(context);
  api.items = [secret({ password: "first" })];
  await secrets.require([ref]);
  const before = changes();
  api.last.send("MODIFIED", secret({ password: "first", other: "new" }));
  assert.equal(changes(), before);
});
