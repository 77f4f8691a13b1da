import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Agent } from "undici";
import type { KubeClient } from "../../../src/kube/client.ts";
import { Informer } from "../../../src/kube/informer.ts";
import { KubeError } from "../../../src/kube/kubeError.ts";
import { type ControlPlane, startControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";
import { TcpProxy } from "./tcpProxy.ts";
import { connect, connectThrough, createWidget, installWidgets, type Widget, widgets } from "./widget.ts";

let plane: ControlPlane;
let client: KubeClient;
const informers: Informer<Widget>[] = [];

before(async () => {
  plane = await startControlPlane();
  client = connect(plane);
  await installWidgets(plane, client);
});

after(async () => {
  await client?.close();
  await plane?.stop();
});

beforeEach(async () => {
  for (const { metadata } of (await client.list(widgets)).items) await client.delete(widgets, metadata);
});

afterEach(async () => {
  for (const informer of informers.splice(0)) await informer.stop();
});

async function follow(source: Pick<KubeClient, "list" | "watch"> = client, idleMs = 90_000): Promise<Informer<Widget>> {
  const informer = new Informer<Widget>({
    client: source,
    resource: widgets,
    timings: { backoff: { first: 50, longest: 500 }, idleMs },
  });
  informers.push(informer);
  informer.start();
  await informer.waitForSync(AbortSignal.timeout(20_000));
  return informer;
}

function names(informer: Informer<Widget>): string[] {
  return informer
    .list()
    .map((widget) => widget.metadata.name)
    .sort();
}

test("the cache follows what is created, changed and deleted", async () => {
  await createWidget(client, "first");
  const informer = await follow();
  const keys: string[] = [];
  informer.onChange((key) => keys.push(key));
  assert.deepEqual(keys, ["first"]);
  const second = await createWidget(client, "second");
  await client.replace(widgets, { ...second, spec: { size: 7 } }, { fieldManager: "test" });
  await until("the change to arrive", () => informer.get("second")?.spec?.size === 7);
  await client.delete(widgets, { name: "first" });
  await until("the deletion to arrive", () => !informer.get("first"));
  assert.deepEqual(keys, ["first", "second", "second", "first"]);
  assert.ok(Object.isFrozen(informer.get("second")?.metadata));
});

test("it survives a restart of the API server, and keeps its objects in between", async () => {
  await createWidget(client, "before");
  const informer = await follow();
  const keys: string[] = [];
  informer.onChange((key) => keys.push(key));
  await plane.killApiServer();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual([names(informer), informer.hasSynced()], [["before"], true]);
  await plane.startApiServer();
  await createWidget(client, "after");
  await until("the informer to see the new object", () => informer.get("after"), { timeoutMs: 20_000 });
  await client.delete(widgets, { name: "before" });
  await until("the informer to see the deletion", () => !informer.get("before"));
  assert.deepEqual(names(informer), ["after"]);
  assert.deepEqual(keys, ["before", "after", "before"]);
});

test("a watch from a compacted version is answered with Expired, and the next list finds what was missed", async () => {
  await createWidget(client, "vanishes");
  await createWidget(client, "stays");
  let stale: KubeError | undefined;
  const late: Pick<KubeClient, "list" | "watch"> = {
    list: (resource, options) => client.list(resource, options),
    /** The first watch comes only after its version has been compacted away. */
    async *watch(resource, options) {
      try {
        if (isFirst) await forget();
        yield* client.watch(resource, options);
      } catch (error) {
        if (error instanceof KubeError) stale ??= error;
        throw error;
      }
    },
  };
  let isFirst = true;
  async function forget(): Promise<void> {
    isFirst = false;
    await client.delete(widgets, { name: "vanishes" });
    await createWidget(client, "appears");
    const { resourceVersion } = await client.list(widgets);
    await compact(resourceVersion);
    // Its cache of recent events would still know the version.
    await plane.killApiServer();
    await plane.startApiServer();
    await until("watches to be served again", async () => {
      for await (const _ of client.watch(widgets, { ...(await client.list(widgets)), serverTimeoutSeconds: 1 })) {
        // There is none.
      }
      return true;
    });
  }
  const informer = await follow(late);
  const keys: string[] = [];
  informer.onChange((key) => keys.push(key));
  await until("the informer to list again", () => informer.get("appears"), { timeoutMs: 30_000 });
  assert.deepEqual([stale?.code, stale?.status], ["Expired", 410]);
  assert.deepEqual(names(informer), ["appears", "stays"]);
  assert.deepEqual(keys.sort(), ["appears", "stays", "vanishes", "vanishes"]);
});

test("a connection that falls silent is given up, and what happened meanwhile is found", async (t) => {
  const proxy = await TcpProxy.start(plane.url);
  const throughProxy = connectThrough(proxy, plane);
  t.after(async () => {
    await throughProxy.close();
    await proxy.stop();
  });
  await createWidget(client, "vanishes");
  const informer = await follow(throughProxy, 1_000);
  proxy.freeze();
  await client.delete(widgets, { name: "vanishes" });
  await createWidget(client, "appears");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(names(informer), ["vanishes"]);
  proxy.thaw();
  await until("the informer to list again", () => informer.get("appears"));
  assert.deepEqual(names(informer), ["appears"]);
});

/** Makes etcd forget all versions before this one. */
async function compact(resourceVersion: string): Promise<void> {
  const socket = readdirSync(plane.folder).find((name) => name.startsWith("etcd-client"));
  const etcd = new Agent({ connect: { socketPath: join(plane.folder, socket ?? "") } });
  try {
    const { statusCode, body } = await etcd.request({
      origin: "http://etcd",
      path: "/v3/kv/compaction",
      method: "POST",
      body: JSON.stringify({ revision: resourceVersion, physical: true }),
    });
    assert.equal(statusCode, 200, await body.text());
  } finally {
    await etcd.close();
  }
}
