import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { KubeClient } from "../../../src/kube/client.ts";
import { KubeError, type KubeErrorCode } from "../../../src/kube/kubeError.ts";
import { until } from "../../support/waiting.ts";
import { settle, VirtualClock } from "../runtime/virtualClock.ts";
import { type Answer, FaultServer, sendJson, sendStatus, thing, things } from "./faultServer.ts";

const fieldManager = "test";
let server: FaultServer;
let clock: VirtualClock;
let client: KubeClient;

beforeEach(async () => {
  server = await FaultServer.start();
  clock = new VirtualClock();
  client = new KubeClient({ kubeconfig: server.kubeconfig, clock });
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error = await promise.then(
    () => assert.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubeError, String(error));
  return error;
}

const statuses: [number, string, KubeErrorCode, boolean][] = [
  [400, "BadRequest", "BadRequest", false],
  [401, "Unauthorized", "Unauthorized", true],
  [403, "Forbidden", "Forbidden", false],
  [404, "NotFound", "NotFound", false],
  [409, "AlreadyExists", "AlreadyExists", false],
  [409, "Conflict", "Conflict", false],
  [410, "Expired", "Expired", true],
  [415, "UnsupportedMediaType", "Rejected", false],
  [422, "Invalid", "Invalid", false],
  [429, "TooManyRequests", "TooManyRequests", true],
  [500, "InternalError", "ServerError", true],
  [503, "ServiceUnavailable", "ServerError", true],
];

for (const [status, reason, code, retryable] of statuses) {
  test(`status ${status} ${reason} is a ${retryable ? "retryable" : "final"} ${code}`, async () => {
    server.other = sendStatus(status, reason);
    const error = await failure(client.get(things, { name: "a" }));
    assert.deepEqual([error.code, error.status, error.reason, error.retryable], [code, status, reason, retryable]);
    assert.match(error.message, /^GET \/apis\/test\.example\.org\/v1\/things\/a: \d+ \w+: made /);
  });
}

test("Retry-After is told in ms, from the header or from the Status", async () => {
  server.other = sendStatus(429, "TooManyRequests", { "retry-after": "3" });
  assert.equal((await failure(client.get(things, { name: "a" }))).retryAfterMs, 3_000);
  server.other = (response) => sendJson(response, 429, { kind: "Status", code: 429, details: { retryAfterSeconds: 2 } });
  assert.equal((await failure(client.get(things, { name: "a" }))).retryAfterMs, 2_000);
  server.other = sendStatus(500, "InternalError");
  assert.equal((await failure(client.get(things, { name: "a" }))).retryAfterMs, undefined);
});

const brokenAnswers: [string, Answer, KubeErrorCode][] = [
  ["a proxy's page with status 502", (response) => void response.writeHead(502).end("<html>bad gateway</html>"), "ServerError"],
  ["a page with status 200", (response) => void response.end("<html>welcome</html>"), "Protocol"],
  ["JSON that is no object", (response) => void response.end("null"), "Protocol"],
  ["a closed connection", (response) => void response.destroy(), "Network"],
  [
    "half a body",
    (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    },
    "Network",
  ],
];

for (const [name, answer, code] of brokenAnswers) {
  test(`${name} is a retryable ${code}`, async () => {
    server.other = answer;
    const error = await failure(client.get(things, { name: "a" }));
    assert.deepEqual([error.code, error.retryable], [code, true]);
  });
}

test("no server at all is a retryable Network error with its cause", async () => {
  server.writeKubeconfig({ server: "http://127.0.0.1:1" });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  const error = await failure(other.get(things, { name: "a" }));
  assert.deepEqual([error.code, error.retryable, (error.cause as { code?: string }).code], ["Network", true, "ECONNREFUSED"]);
  await other.close();
});

test("a request without an answer ends after its time, and the next one uses a new connection", async () => {
  server.other = () => {};
  const pending = failure(client.get(things, { name: "a" }));
  await until("the request to arrive", () => server.log.length === 1, { everyMs: 1 });
  await clock.advance(30_000);
  assert.equal((await pending).code, "Timeout");
  server.other = (response) => sendJson(response, 200, thing("a", "1"));
  await client.get(things, { name: "a" });
  assert.deepEqual([server.connections, clock.pending], [2, 0]);
});

test("an abort ends a request at once that still waits for the TLS handshake", async (t) => {
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  server.writeKubeconfig({ server: `https://127.0.0.1:${(silent.address() as AddressInfo).port}` });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  t.after(async () => {
    await other.close();
    silent.close();
  });
  const controller = new AbortController();
  const pending = failure(other.get(things, { name: "a" }, { signal: controller.signal }));
  const [socket] = (await once(silent, "connection")) as [Socket];
  t.after(() => socket.destroy());
  controller.abort();
  assert.equal((await pending).code, "Aborted");
});

test("after a time-out no idle connection is used again", async () => {
  const held: ServerResponse[] = [];
  server.other = (response) => void held.push(response);
  const both = [client.get(things, { name: "a" }), client.get(things, { name: "b" })];
  await until("both requests", () => held.length === 2, { everyMs: 1 });
  for (const response of held.splice(0)) sendJson(response, 200, thing("a", "1"));
  await Promise.all(both);
  await settle(); // Both connections are idle now.
  const late = failure(client.get(things, { name: "a" }));
  await until("the request", () => held.length === 1, { everyMs: 1 });
  await clock.advance(30_000);
  assert.equal((await late).code, "Timeout");
  server.other = (response) => sendJson(response, 200, thing("a", "1"));
  await Promise.all([client.get(things, { name: "a" }), client.get(things, { name: "b" })]);
  const sockets = server.requests.map((request) => request.socket);
  assert.deepEqual(
    sockets.slice(3).map((socket) => sockets.slice(0, 3).includes(socket)),
    [false, false],
  );
});

test("requests share connections until the TLS material changes", async () => {
  server.other = (response) => sendJson(response, 200, thing("a", "1"));
  const authority = join(server.folder, "ca.crt");
  writeFileSync(authority, "one");
  server.writeKubeconfig({ "certificate-authority": authority });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  for (let index = 0; index < 20; index += 1) await other.get(things, { name: "a" });
  const before = server.connections;
  assert.ok(before <= 2, `${before} connections`);
  writeFileSync(authority, "two");
  await other.get(things, { name: "a" });
  assert.equal(server.connections, before + 1);
  await other.close();
});

test("a certificate that cannot be read is a retryable Configuration error, and the next request reads it again", async () => {
  const authority = join(server.folder, "missing.crt");
  server.writeKubeconfig({ "certificate-authority": authority });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  const error = await failure(other.get(things, { name: "a" }));
  assert.deepEqual([error.code, error.retryable], ["Configuration", true]);
  assert.match(error.message, /missing\.crt/);
  writeFileSync(authority, "one");
  assert.equal((await failure(other.get(things, { name: "a" }))).code, "NotFound");
  await other.close();
});

test("a token file is used without its newline", async () => {
  const tokenFile = join(server.folder, "token");
  writeFileSync(tokenFile, "from-file\n");
  server.writeKubeconfig({}, { "auth-provider": { name: "tokenFile", config: { tokenFile } } });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  await failure(other.get(things, { name: "a" }));
  assert.equal(server.requests[0]?.headers.authorization, "Bearer from-file");
  await other.close();
});

test("a request says who asks, and in which form the body is", async () => {
  server.other = (response) => sendJson(response, 200, thing("a", "1"));
  await client.patch(things, { name: "a" }, { metadata: { labels: { x: "y" } } }, { fieldManager });
  await client.apply(things, { metadata: { name: "a" } }, { fieldManager, subresource: "status" });
  const [patch, apply] = server.requests;
  assert.deepEqual(
    [patch?.headers["content-type"], patch?.url],
    ["application/merge-patch+json", "/apis/test.example.org/v1/things/a?fieldManager=test"],
  );
  assert.deepEqual(
    [apply?.headers["content-type"], apply?.url],
    ["application/apply-patch+yaml", "/apis/test.example.org/v1/things/a/status?fieldManager=test&force=true"],
  );
  assert.deepEqual([patch?.headers.authorization, patch?.headers["user-agent"]], ["Bearer secret", "aloft"]);
});

test("a SOCKS proxy is refused with its name", async () => {
  server.writeKubeconfig({ "proxy-url": "socks5://127.0.0.1:1080" });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  const error = await failure(other.get(things, { name: "a" }));
  assert.equal(error.code, "Configuration");
  assert.match(error.message, /socks5:\/\/127\.0\.0\.1:1080/);
});

test("a path prefix of the server is kept", async () => {
  server.writeKubeconfig({ server: `${server.url}/k8s/clusters/one/` });
  const other = new KubeClient({ kubeconfig: server.kubeconfig });
  await failure(other.get(things, { name: "a" }));
  assert.equal(server.requests[0]?.url, "/k8s/clusters/one/apis/test.example.org/v1/things/a");
  await other.close();
});

test("a name or a namespace that would change the path is refused", async () => {
  const configMaps = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
  for (const ref of [{ name: "" }, { name: ".." }, { name: "a/b", namespace: "ns" }, { name: "a" }]) {
    assert.equal(
      (await failure(client.get(ref.namespace ? configMaps : things, ref.name === "a" ? { name: "../a" } : ref))).code,
      "BadRequest",
    );
  }
  assert.equal((await failure(client.get(configMaps, { name: "a" }))).code, "BadRequest");
  assert.equal((await failure(client.create(configMaps, { metadata: { name: "a" } }, { fieldManager }))).code, "BadRequest");
  assert.deepEqual(server.log, []);
});

test("a list whose continue token expired is read at once", async () => {
  server.objects = [thing("a", "1"), thing("b", "2")];
  server.lists.push(
    (response) => sendJson(response, 200, { metadata: { resourceVersion: "90", continue: "more" }, items: [thing("a", "1")] }),
    sendStatus(410, "Expired"),
  );
  const { items, resourceVersion } = await client.list(things);
  assert.deepEqual([items.map((item) => item.metadata.name), resourceVersion], [["a", "b"], "100"]);
  assert.deepEqual(
    server.requests.map((request) => new URL(request.url ?? "", server.url).search),
    ["?limit=500", "?limit=500&continue=more", "?limit=0"],
  );
});

test("a closed client ends what runs and refuses the rest", async () => {
  server.other = () => {};
  const running = failure(client.get(things, { name: "a" }));
  await until("the request", () => server.log.length === 1, { everyMs: 1 });
  await client.close();
  assert.equal((await running).code, "Aborted");
  assert.equal((await failure(client.get(things, { name: "a" }))).code, "Aborted");
});
