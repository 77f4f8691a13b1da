import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KubeClient } from "../../../src/kube/client.ts";
import { KubeError, type KubeErrorCode } from "../../../src/kube/kubeError.ts";
import { type ControlPlane, startControlPlane } from "../../support/controlPlane.ts";
import { connect, createWidget, installWidgets, type Widget, widgets } from "./widget.ts";

const fieldManager = "test";
let plane: ControlPlane;
let client: KubeClient;

before(async () => {
  plane = await startControlPlane({ users: [{ name: "nobody" }] });
  client = connect(plane);
  await installWidgets(plane, client);
});

after(async () => {
  await client?.close();
  await plane?.stop();
});

/** Connections of this process to the API server's port, from the kernel's table. */
function openConnections(): number {
  const port = Number(new URL(plane.url).port).toString(16).toUpperCase().padStart(4, "0");
  const own = new Set(
    readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).match(/^socket:\[(\d+)\]$/)?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const lines = readFileSync("/proc/self/net/tcp", "utf8").trim().split("\n").slice(1);
  return lines.map((line) => line.trim().split(/\s+/)).filter((field) => field[2]?.endsWith(`:${port}`) && own.has(field[9] ?? "")).length;
}

async function codeOf(promise: Promise<unknown>): Promise<KubeErrorCode | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof KubeError, String(error));
    return error.code;
  }
}

test("create, get, replace, patch and delete", async () => {
  const created = await createWidget(client, "crud", 1);
  assert.equal((await client.get<Widget>(widgets, { name: "crud" })).metadata.uid, created.metadata.uid);
  const replaced = await client.replace<Widget>(widgets, { ...created, spec: { size: 2 } }, { fieldManager });
  assert.equal(replaced.spec?.size, 2);
  assert.equal(await codeOf(client.replace(widgets, { ...created, spec: { size: 3 } }, { fieldManager })), "Conflict");
  const patched = await client.patch<Widget>(widgets, { name: "crud" }, { metadata: { labels: { a: "b" } } }, { fieldManager });
  assert.deepEqual([patched.metadata.labels, patched.spec?.size], [{ a: "b" }, 2]);
  await client.delete(widgets, { name: "crud" });
  await client.delete(widgets, { name: "crud" });
  assert.equal(await client.find(widgets, { name: "crud" }), undefined);
});

test("writes carry the field manager that was asked for", async () => {
  const created = (await createWidget(client, "managed")) as Widget & { metadata: { managedFields?: { manager: string }[] } };
  assert.deepEqual(
    created.metadata.managedFields?.map((entry) => entry.manager),
    ["test"],
  );
});

test("every refusal has its code", async () => {
  await createWidget(client, "taken");
  const nobody = new KubeClient({ kubeconfig: plane.kubeconfig("nobody") });
  assert.equal(await codeOf(client.get(widgets, { name: "missing" })), "NotFound");
  assert.equal(await codeOf(createWidget(client, "taken")), "AlreadyExists");
  assert.equal(await codeOf(createWidget(client, "too-small", 0)), "Invalid");
  assert.equal(await codeOf(createWidget(nobody, "not-allowed")), "Forbidden");
  assert.equal(await codeOf(client.patch(widgets, { name: "taken" }, { spec: { size: "x" } }, { fieldManager })), "Invalid");
  const stale = { uid: "00000000-0000-0000-0000-000000000000" };
  assert.equal(await codeOf(client.delete(widgets, { name: "taken" }, { preconditions: stale })), "Conflict");
  assert.equal(await codeOf(client.get(widgets, { name: "../taken" })), "BadRequest");
  await nobody.close();
});

test("an aborted and a late request say which of the two they are", async () => {
  assert.equal(await codeOf(client.get(widgets, { name: "taken" }, { signal: AbortSignal.abort() })), "Aborted");
  const hanging = `/apis/test.example.org/v1/widgets?watch=true&timeoutSeconds=30&resourceVersion=${(await client.list(widgets)).resourceVersion}`;
  assert.equal(await codeOf(client.getRaw(hanging, { timeoutMs: 200 })), "Timeout");
  const controller = new AbortController();
  const waiting = codeOf(client.getRaw(hanging, { signal: controller.signal }));
  setTimeout(() => controller.abort(), 100);
  assert.equal(await waiting, "Aborted");
});

test("server-side apply creates, and removes what it no longer names", async () => {
  await client.apply(widgets, { metadata: { name: "applied", labels: { a: "1", b: "2" } }, spec: { size: 1 } }, { fieldManager });
  const second = await client.apply<Widget>(
    widgets,
    { metadata: { name: "applied", labels: { a: "1" } }, spec: { size: 1 } },
    { fieldManager },
  );
  assert.deepEqual(second.metadata.labels, { a: "1" });
  const other = { metadata: { name: "applied" }, spec: { size: 5 } };
  assert.equal(await codeOf(client.apply(widgets, other, { fieldManager: "other", force: false })), "Conflict");
  assert.equal((await client.apply<Widget>(widgets, other, { fieldManager: "other" })).spec?.size, 5);
});

test("two managers each apply their own condition to one status", async () => {
  await createWidget(client, "shared");
  for (const type of ["One", "Two"]) {
    const status = { conditions: [{ type, status: "True" }] };
    await client.apply(widgets, { metadata: { name: "shared" }, status }, { fieldManager: type, subresource: "status" });
  }
  const { status } = await client.get<Widget>(widgets, { name: "shared" });
  assert.deepEqual(status?.conditions?.map((condition) => condition.type).sort(), ["One", "Two"]);
});

test("a status that names its object's version is never applied to a successor of the same name", async () => {
  const apply = ({ metadata: { name, resourceVersion } }: Widget, phase: string) =>
    client.apply<Widget>(widgets, { metadata: { name, resourceVersion }, status: { phase } }, { fieldManager, subresource: "status" });
  const written = await apply(await createWidget(client, "reborn"), "Ready");
  assert.deepEqual([written.status, written.metadata.generation], [{ phase: "Ready" }, 1]);
  await client.delete(widgets, { name: "reborn" });
  assert.equal(await codeOf(apply(written, "Old")), "NotFound");
  await createWidget(client, "reborn");
  assert.equal(await codeOf(apply(written, "Old")), "Conflict");
});

test("a finalizer holds a deleted object until it is removed", async () => {
  const patch = (finalizers: string[]) => client.patch(widgets, { name: "held" }, { metadata: { finalizers } }, { fieldManager });
  await createWidget(client, "held");
  await patch(["test.example.org/hold"]);
  await client.delete(widgets, { name: "held" });
  assert.ok((await client.get(widgets, { name: "held" })).metadata.deletionTimestamp);
  await patch([]);
  assert.equal(await client.find(widgets, { name: "held" }), undefined);
});

test("a list is read in pages, with the kind filled in", async () => {
  const names = Array.from({ length: 7 }, (_, index) => `page-${index}`);
  for (const name of names) await client.create({ ...configMaps }, { metadata: { name, namespace: "default" } }, { fieldManager });
  const { items, resourceVersion } = await client.list(configMaps, { namespace: "default", pageSize: 3 });
  assert.deepEqual(
    items.map((item) => item.metadata.name).filter((name) => name.startsWith("page-")),
    names,
  );
  assert.ok(items.every((item) => item.kind === "ConfigMap" && item.apiVersion === "v1"));
  assert.ok(Number(resourceVersion) > 0);
});

const configMaps = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

test("a watch begins after the version given and ends when the server's time is up", async () => {
  const { resourceVersion } = await client.list(widgets);
  await createWidget(client, "watched");
  await client.delete(widgets, { name: "watched" });
  const seen: string[] = [];
  for await (const event of client.watch(widgets, { resourceVersion, serverTimeoutSeconds: 1 })) {
    if (event.type !== "BOOKMARK") seen.push(`${event.type} ${event.object.metadata.name}`);
  }
  assert.deepEqual(seen, ["ADDED watched", "DELETED watched"]);
});

test("200 requests one after the other use two connections at the most, 200 at once a few, and a watch does not stand in their way", async () => {
  const fresh = connect(plane);
  const before = openConnections();
  for (let index = 0; index < 200; index += 1) await fresh.get(widgets, { name: "taken" });
  assert.ok(openConnections() - before <= 2, `${openConnections() - before} connections`);
  const { resourceVersion } = await fresh.list(widgets);
  const controller = new AbortController();
  const watches = Array.from({ length: 10 }, async () => {
    for await (const _ of fresh.watch(widgets, { resourceVersion, signal: controller.signal })) {
      // Only kept open.
    }
  });
  await Promise.all(Array.from({ length: 200 }, () => fresh.get(widgets, { name: "taken" })));
  assert.ok(openConnections() - before <= 8 + watches.length, `${openConnections() - before} connections`);
  controller.abort();
  for (const watch of watches) assert.equal(await codeOf(watch), "Aborted");
  await fresh.close();
});

test("the API server is reached through an HTTP proxy of the kubeconfig", async (t) => {
  const tunnels: string[] = [];
  const proxy = createServer().on("connect", (request, downstream) => {
    tunnels.push(request.url ?? "");
    const upstream = connectSocket(Number(new URL(plane.url).port), "127.0.0.1", () => downstream.write("HTTP/1.1 200 OK\r\n\r\n"));
    upstream.on("error", () => downstream.destroy()).pipe(downstream);
    downstream.on("error", () => upstream.destroy()).pipe(upstream);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const kubeconfig = join(plane.folder, "http-proxy.kubeconfig");
  const config = JSON.parse(readFileSync(plane.kubeconfig(), "utf8"));
  config.clusters[0].cluster["proxy-url"] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  writeFileSync(kubeconfig, JSON.stringify(config));
  const proxied = new KubeClient({ kubeconfig });
  t.after(async () => {
    await proxied.close();
    proxy.close();
    proxy.closeAllConnections();
  });
  for (let index = 0; index < 20; index += 1) await proxied.list(widgets);
  assert.ok(tunnels.length >= 1 && tunnels.length <= 2, `${tunnels.length} tunnels`);
  assert.equal(tunnels[0], new URL(plane.url).host);
});
