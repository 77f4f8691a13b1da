import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer as createRawServer } from "node:net";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { until } from "../../../support/waiting.ts";
import { listen, makeCertificate, refusingPort, serveSockets } from "../servers.ts";
import { type AttemptSettings, attempt } from "./attempts.ts";

/** A server that keeps what it was asked. */
async function serve(context: TestContext, listener: RequestListener, host?: string) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  context.after(() => server.closeAllConnections());
  return { port: await listen(context, server, host), requests };
}

const big = Buffer.alloc(5 * 2 ** 20, "aloft ");
const bodies: Record<string, Buffer> = {
  "/": Buffer.from("well\n"),
  "/big": big,
  "/umlaut": Buffer.from("grün: 42\n"),
  "/empty": Buffer.alloc(0),
};

async function pages(context: TestContext) {
  return serve(context, (request, response) => {
    const status = Number(/^\/([0-9]{3})$/.exec(request.url ?? "")?.[1] ?? 200);
    response.writeHead(status).end(bodies[request.url ?? ""] ?? "");
  });
}

const md5 = (path: string) =>
  createHash("md5")
    .update(bodies[path] ?? "")
    .digest("hex");
const one = (fields: Record<string, unknown>) => ({ http: { requests: [fields] } });

const table: [what: string, request: Record<string, unknown>, message: string | RegExp][] = [
  ["a good status", { path: "/" }, ""],
  ["a wrong status", { path: "/404" }, "status 404"],
  ["a status that is wanted", { path: "/404", statuses: ["200", "400-499"] }, ""],
  ["a redirect, which is not followed", { path: "/302" }, "status 302"],
  ["the digest", { path: "/", digest: md5("/") }, ""],
  ["the digest in capitals", { path: "/", digest: md5("/").toUpperCase() }, ""],
  ["the digest of another body", { path: "/", digest: md5("/big") }, /^the digest of the body is [0-9a-f]{32}$/],
  ["the digest of a huge body", { path: "/big", digest: md5("/big") }, ""],
  ["a huge body, of which no more than is needed is read", { path: "/big" }, ""],
  ["an expression that matches", { path: "/", bodyMatch: { pattern: "^w.ll$", flags: "m" } }, ""],
  ["an expression that does not", { path: "/", bodyMatch: { pattern: "WELL" } }, "the body does not match"],
  ["an expression with a flag", { path: "/", bodyMatch: { pattern: "WELL", flags: "i" } }, ""],
  ["an expression that must not match", { path: "/", bodyMatch: { pattern: "well", negate: true } }, "the body matches"],
  ["an expression that must not match and does not", { path: "/", bodyMatch: { pattern: "ill", negate: true } }, ""],
  ["a match at its offset in bytes", { path: "/umlaut", bodyMatch: { pattern: "[0-9]", minimumOffset: 7, maximumOffset: 7 } }, ""],
  ["a match that begins too late", { path: "/umlaut", bodyMatch: { pattern: "42", maximumOffset: 6 } }, "the body does not match"],
  ["a match that begins too early", { path: "/", bodyMatch: { pattern: "well", minimumOffset: 1 } }, "the body does not match"],
  ["a later match that does not", { path: "/big", bodyMatch: { pattern: "aloft", minimumOffset: 7, maximumOffset: 12 } }, ""],
  ["an expression that would never end", { path: "/big", bodyMatch: { pattern: "(.*?.*?)*x$" } }, /more than 100 ms/],
  ["HEAD, which has no body", { path: "/", method: "HEAD" }, ""],
  ["a path that HTTP does not allow", { path: "/a b" }, /unescaped characters/],
];

for (const [what, request, message] of table) {
  test(`http: ${what}`, async (context) => {
    const { port } = await pages(context);
    const end = await attempt(context, one(request), port);
    if (typeof message === "string") assert.equal(end.message, message);
    else assert.match(end.message, message);
    assert.equal(end.good, end.message === "");
  });
}

test("http: requests are made in turn, each within its own time, and the first that is answered badly ends the run", async (context) => {
  const { port, requests } = await serve(context, (request, response) => {
    setTimeout(() => response.writeHead(request.url === "/bad" ? 503 : 200).end(), 150);
  });
  const check = (...paths: string[]) => ({ http: { requests: paths.map((path) => ({ path })) } });
  assert.equal((await attempt(context, check("/a", "/b", "/c"), port, { timeoutMs: 400 })).message, "");
  assert.equal((await attempt(context, check("/a", "/bad", "/c"), port)).message, "/bad: status 503");
  assert.deepEqual(
    requests.map(({ url }) => url),
    ["/a", "/b", "/c", "/a", "/bad"],
  );
});

test("http: what is sent, by version and host", async (context) => {
  const texts: string[] = [];
  const port = await serveSockets(context, (socket) => {
    socket.once("data", (chunk) => {
      texts.push(chunk.toString().toLowerCase());
      socket.end("HTTP/1.0 200 OK\r\n\r\nbody");
    });
  });
  for (const version of ["1.0", "1.0C", "1.1"]) {
    const check = { http: { version, requests: [{ path: "/x?y=1", hostHeader: "web.example.com", bodyMatch: { pattern: "^body$" } }] } };
    assert.equal((await attempt(context, check, port)).message, "");
  }
  await attempt(context, { http: {} }, port);
  assert.deepEqual(
    texts.map((text) => [text.split("\r\n")[0], /connection: ([a-z-]+)/.exec(text)?.[1], /host: (.+)/.exec(text)?.[1]]),
    [
      ["get /x?y=1 http/1.0", undefined, "web.example.com"],
      ["get /x?y=1 http/1.0", "close", "web.example.com"],
      ["get /x?y=1 http/1.1", "close", "web.example.com"],
      ["get / http/1.1", "close", `127.0.0.1:${port}`],
    ],
  );
});

test("http: another address and port are asked, from the address and port that are given", async (context) => {
  const sources: string[] = [];
  const listener: RequestListener = ({ socket }, response) => {
    sources.push(`${socket.remoteAddress}:${socket.remotePort} to ${socket.localAddress}`);
    response.end();
  };
  const { port } = await serve(context, listener, "127.0.0.7");
  const check = { ...one({}), host: "127.0.0.7", port, sourceAddress: "127.0.0.8", sourcePort: 41_300 };
  for (let round = 0; round < 2; round += 1) assert.equal((await attempt(context, check, 1)).message, "");
  assert.deepEqual(sources, Array(2).fill("127.0.0.8:41300 to 127.0.0.7"));
});

const upgrade = "HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n";
const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

const broken: [what: string, serveIt: Parameters<typeof serveSockets>[1], message: RegExp][] = [
  ["hangs", () => {}, /no answer within 200 ms/],
  ["says nothing and closes", (socket) => socket.end(), /socket hang up|closed/],
  ["speaks another protocol", (socket) => socket.end("220 mail ESMTP\r\n"), /Parse Error/],
  ["resets in the middle of the body", (socket) => cutOff(socket, () => socket.resetAndDestroy()), /aborted|ECONNRESET/],
  ["closes in the middle of the body", (socket) => cutOff(socket, () => socket.end()), /aborted/],
  ["hangs in the middle of the body", (socket) => cutOff(socket, () => {}), /no answer within 200 ms/],
  ["changes the protocol", (socket) => void socket.write(upgrade), /^status 101$/],
  [
    "sends interim answers without end",
    (socket) => void socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000)),
    /no answer within 200 ms/,
  ],
  [
    "sends more headers than anybody reads",
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`),
    /Header overflow/,
  ],
  ["sends chunks that are none", (socket) => void socket.write(`${chunked}2\r\nok\r\nZZ\r\n`), /Parse Error/],
  ["never ends its chunks", (socket) => void socket.write(`${chunked}2\r\nok\r\n`), /no answer within 200 ms/],
  ["never ends its header", (socket) => void socket.write("HTTP/1.1 200 OK\r\nx: y\r\n"), /no answer within 200 ms/],
];

function cutOff(socket: Parameters<Parameters<typeof serveSockets>[1]>[0], then: () => void): void {
  socket.once("data", () => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    setTimeout(then, 20);
  });
}

for (const [what, serveIt, message] of broken) {
  test(`http: a server that ${what} is down`, async (context) => {
    const end = await attempt(context, one({}), await serveSockets(context, serveIt), { timeoutMs: 200 });
    assert.match(end.message, message);
    assert.ok(end.tookMs < 3000);
  });
}

test("http: a server that refuses is down at once, a slow one is not", async (context) => {
  assert.match((await attempt(context, one({}), await refusingPort(context))).message, /ECONNREFUSED/);
  const { port } = await serve(context, (_, response) => void setTimeout(() => response.end("late"), 300));
  assert.equal((await attempt(context, one({}), port, { timeoutMs: 2000 })).good, true);
});

async function secureServer(context: TestContext, options: Record<string, unknown> = {}) {
  const certificate = makeCertificate(context, "web.example.com");
  const seen: { name: unknown; subject: unknown }[] = [];
  const server = createSecureServer({ ...certificate, ...options }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: unknown };
    seen.push({ name: socket.servername, subject: socket.getPeerCertificate().subject?.CN });
    response.end("well");
  });
  context.after(() => server.closeAllConnections());
  return { port: await listen(context, server), seen, certificate };
}

const https = (tls: Record<string, unknown> = {}, request: Record<string, unknown> = {}) => ({
  http: { scheme: "HTTPS", requests: [request], tls },
});

test("https: the name that is asked for is that of TLS, else the Host header's, else none", async (context) => {
  const { port, seen } = await secureServer(context);
  await attempt(context, https({ serverName: "a.example.com" }, { hostHeader: "b.example.com" }), port);
  await attempt(context, https({}, { hostHeader: "b.example.com:443" }), port);
  assert.equal((await attempt(context, https(), port)).message, "");
  assert.deepEqual(
    seen.map(({ name }) => name),
    ["a.example.com", "b.example.com", false],
  );
});

test("https: a certificate is verified where that is asked for, by the authority of the Secret and for the name", async (context) => {
  const { port, certificate } = await secureServer(context);
  const settings: AttemptSettings = { certificates: (name) => (name === "trusted" ? { ca: certificate.cert } : undefined) };
  const verify = (tls: Record<string, unknown>) => attempt(context, https({ verify: true, ...tls }), port, settings);
  const trusted = { certificateRef: { name: "trusted" } };
  assert.match((await verify({ serverName: "web.example.com" })).message, /self-signed certificate/);
  assert.equal((await verify({ serverName: "web.example.com", ...trusted })).message, "");
  assert.match((await verify({ serverName: "other.example.com", ...trusted })).message, /does not match certificate/);
  assert.match((await verify(trusted)).message, /does not match certificate/);
  const absent = await verify({ certificateRef: { name: "absent" } });
  assert.deepEqual([absent.good, absent.message], [undefined, "there is no Secret absent"]);
});

test("https: a certificate of the Secret is presented", async (context) => {
  const client = makeCertificate(context, "checker.example.com");
  const { port, seen } = await secureServer(context, { requestCert: true, rejectUnauthorized: true, ca: client.cert });
  const settings: AttemptSettings = { certificates: () => client };
  assert.equal((await attempt(context, https({ certificateRef: { name: "client" } }), port, settings)).message, "");
  assert.equal(seen[0]?.subject, "checker.example.com");
  assert.equal((await attempt(context, https(), port)).good, false);
});

test("https: a certificate that is broken or has another key says nothing of the server", async (context) => {
  const { port } = await secureServer(context);
  const [one, other] = [makeCertificate(context, "a.example.com"), makeCertificate(context, "b.example.com")];
  for (const material of [
    { ...one, key: other.key },
    { cert: "no PEM", key: one.key },
  ]) {
    const end = await attempt(context, https({ certificateRef: { name: "client" } }), port, { certificates: () => material });
    assert.equal(end.good, undefined);
    assert.match(end.message, /^what shall be presented cannot be used: /);
  }
});

test("https: a certificate that is renewed is presented from the next attempt on", async (context) => {
  const [old, renewed] = [makeCertificate(context, "old.example.com"), makeCertificate(context, "new.example.com")];
  const { port, seen } = await secureServer(context, { requestCert: true, rejectUnauthorized: false });
  let material = old;
  const settings: AttemptSettings = { certificates: () => material };
  for (const next of [old, old, renewed]) {
    material = next;
    await attempt(context, https({ certificateRef: { name: "client" } }), port, settings);
  }
  assert.deepEqual(
    seen.map(({ subject }) => subject),
    ["old.example.com", "old.example.com", "new.example.com"],
  );
});

test("https: a server without TLS, one that hangs in the handshake, and one that ends it are down", async (context) => {
  const { port } = await pages(context);
  assert.match((await attempt(context, https(), port)).message, /wrong version number|packet length|EPROTO/);
  const hanging = await serveSockets(context, () => {});
  assert.match((await attempt(context, https(), hanging, { timeoutMs: 200 })).message, /no answer/);
  const ending = await listen(
    context,
    createRawServer((socket) => socket.on("error", () => {}).end()),
  );
  assert.match((await attempt(context, https(), ending)).message, /closed|disconnected|ECONNRESET/);
});

test("https: a server that is not trusted keeps no connection", async (context) => {
  const { port } = await secureServer(context);
  const own = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 5; round += 1) await attempt(context, https({ verify: true }), port);
  // Each round has a dialer of its own, which is closed when the test ends; the server closes when it hears of it.
  await until("the connections to be closed", () => readdirSync("/proc/self/fd").length <= own + 5, { everyMs: 5, timeoutMs: 2000 });
});
