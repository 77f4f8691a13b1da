import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { NotificationCounters } from "../../../../src/agent/notify/notificationCounters.ts";
import { originOf, Webhooks } from "../../../../src/agent/notify/webhook.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { until } from "../../../support/waiting.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { recordedLog } from "../recordedLog.ts";

interface Post {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A web hook that answers with the next of `statuses`, then with 204. */
async function serve(context: TestContext, statuses: number[] = []) {
  const posts: Post[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    posts.push({ method: request.method, url: request.url, headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 204, { location: "/elsewhere" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return { posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/T0/secret?token=x` };
}

function setUp(context: TestContext, clock = systemClock) {
  const { log, lines } = recordedLog();
  const end = new AbortController();
  context.after(() => end.abort());
  return { webhooks: new Webhooks({ counters: new NotificationCounters(), log, clock, signal: end.signal }), lines, end };
}

test("only the origin of a URL is ever shown", () => {
  assert.equal(originOf("https://user:password@hooks.example.com:8443/T0/secret?token=x"), "https://hooks.example.com:8443");
  assert.equal(originOf("nonsense secret"), "not a URL");
});

test("a document is posted as JSON, one after the other", async (context) => {
  const { posts, url } = await serve(context);
  const { webhooks, lines } = setUp(context);
  for (let index = 0; index < 5; index += 1) webhooks.post(url, { index });
  await webhooks.idle();
  assert.deepEqual(
    posts.map(({ body }) => body),
    [0, 1, 2, 3, 4].map((index) => JSON.stringify({ index })),
  );
  const [{ method, url: path, headers } = {} as Post] = posts;
  assert.deepEqual(
    [method, path, headers["content-type"], headers["content-length"]],
    ["POST", "/T0/secret?token=x", "application/json", "11"],
  );
  assert.deepEqual(lines, []);
});

test("an error of the server is tried again after 1 s and 4 s, a refusal is not; no log shows the path", async (context) => {
  const { posts, url } = await serve(context, [500, 503, 200, 404, 302]);
  const clock = new VirtualClock();
  const { webhooks, lines } = setUp(context, clock);
  webhooks.post(url, { document: 1 });
  for (const [count, delay] of [
    [1, 1000],
    [2, 4000],
    [3, 0],
  ] as const) {
    await until(`attempt ${count}`, () => posts.length === count && (delay === 0 || clock.pending === 1), { everyMs: 5 });
    await clock.advance(delay - 1);
    assert.equal(posts.length, count);
    await clock.advance(1);
  }
  await webhooks.idle();
  assert.deepEqual(lines, []);
  webhooks.post(url, { document: 2 });
  webhooks.post(url, { document: 3 });
  await webhooks.idle();
  assert.equal(posts.length, 5, "redirects are not followed");
  assert.deepEqual(
    lines.map(({ reason }) => reason),
    ["it answered with status 404", "it answered with status 302"],
  );
  assert.ok(!JSON.stringify(lines).includes("secret"), JSON.stringify(lines));
});

test("an endpoint that is gone is tried long once, then once each until it is back", async (context) => {
  const clock = new VirtualClock();
  const { webhooks, lines } = setUp(context, clock);
  const { posts, url } = await serve(context);
  const gone = "http://127.0.0.1:1/secret";
  webhooks.post(gone, { document: 1 });
  webhooks.post(gone, { document: 2 });
  webhooks.post(url, { other: true });
  await until("the other web hook", () => posts.length === 1, { everyMs: 5 });
  for (let step = 0; step < 2; step += 1) {
    await until("a delay", () => clock.pending === 1, { everyMs: 5 });
    await clock.advance(4000);
  }
  await webhooks.idle();
  assert.equal(clock.now(), 8000);
  assert.equal(lines.length, 2);
  assert.ok(!JSON.stringify(lines).includes("secret"), JSON.stringify(lines));
});

test("what is no URL of the web is told, not thrown", async (context) => {
  const { webhooks, lines } = setUp(context);
  webhooks.post("nonsense secret", {});
  webhooks.post("file:///etc/secret", {});
  await webhooks.idle();
  assert.equal(lines.length, 2);
  assert.ok(!JSON.stringify(lines).includes("secret"), JSON.stringify(lines));
});
