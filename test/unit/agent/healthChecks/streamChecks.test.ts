import assert from "node:assert/strict";
import { createSecureServer, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Server } from "node:net";
import { type TestContext, test } from "node:test";
import { decodeHealthReply, encodeHealthRequest } from "../../../../src/agent/healthChecks/grpcMessages.ts";
import { until } from "../../../support/waiting.ts";
import { listen, makeCertificate, refusingPort, serveSockets } from "../servers.ts";
import { attempt } from "./attempts.ts";

// ----- TCP -----

test("tcp: a server that listens is up, whatever it says, one that refuses is down at once", async (context) => {
  for (const host of ["127.0.0.1", "::1"]) {
    for (const serveIt of [() => {}, (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()]) {
      const end = await attempt(context, { tcp: {} }, await serveSockets(context, serveIt, host), { address: host });
      assert.deepEqual([end.good, end.message], [true, ""]);
    }
  }
  const end = await attempt(context, { tcp: {} }, await refusingPort(context));
  assert.deepEqual([end.good, end.message], [false, "connect ECONNREFUSED: connection refused"]);
  assert.ok(end.tookMs < 1000);
});

test("tcp: what the node has not got says nothing of the server", async (context) => {
  const port = await serveSockets(context, () => {});
  for (const fields of [{ sourceAddress: "192.0.2.77" }, { interface: "no-such" }, { sourceAddress: "::1" }]) {
    const end = await attempt(context, { tcp: {}, ...fields }, port);
    assert.equal(end.good, undefined, JSON.stringify(fields));
    assert.match(end.message, /^bind to the /);
  }
});

// ----- SMTP -----

type Replies = Record<string, string | undefined>;
const usual: Replies = {
  "": "220-mail.example.com\r\n220 ready\r\n",
  EHLO: "250-mail\r\n250 SIZE\r\n",
  HELO: "250 mail\r\n",
  QUIT: "221 bye\r\n",
};

/** A mail server that keeps what it is told. */
async function mailServer(context: TestContext, replies: Replies = {}) {
  const lines: string[] = [];
  const all = { ...usual, ...replies };
  const port = await serveSockets(context, (socket) => {
    const say = (word: string) => all[word] !== undefined && socket.write(all[word] ?? "");
    say("");
    socket.on("data", (chunk) => {
      for (const line of chunk.toString().split("\r\n").filter(Boolean)) {
        lines.push(line);
        say(line.slice(0, 4));
      }
    });
  });
  return { port, lines };
}

test("smtp: banner, EHLO and QUIT", async (context) => {
  const { port, lines } = await mailServer(context);
  assert.equal((await attempt(context, { smtp: {} }, port)).message, "");
  assert.equal((await attempt(context, { smtp: { helo: "check.example.com\r\nDATA" } }, port)).message, "");
  await until("the last line", () => lines.length >= 4, { everyMs: 5 });
  assert.deepEqual(lines, ["EHLO n1.example.com", "QUIT", "EHLO check.example.comDATA", "QUIT"]);
});

test("smtp: a server without EHLO is greeted with HELO", async (context) => {
  const { port, lines } = await mailServer(context, { EHLO: "502 what?\r\n" });
  assert.equal((await attempt(context, { smtp: {} }, port)).message, "");
  assert.deepEqual(lines.slice(0, 2), ["EHLO n1.example.com", "HELO n1.example.com"]);
});

const badMail: [what: string, replies: Replies, message: RegExp][] = [
  ["turns callers away", { "": "554 no service\r\n" }, /banner: "554 no service"/],
  ["is busy", { EHLO: "421 try later\r\n" }, /EHLO: "421 try later"/],
  ["knows neither greeting", { EHLO: "500 no\r\n", HELO: "500 no\r\n" }, /EHLO: "500 no"/],
  ["has no banner", { "": undefined }, /no answer within 200 ms/],
  ["does not answer", { EHLO: undefined }, /no answer within 200 ms/],
  ["never ends its reply", { "": "220-more\r\n" }, /no answer within 200 ms/],
  ["sends without end", { "": `220 ${"x".repeat(100_000)}` }, /the reply has no end/],
];

for (const [what, replies, message] of badMail) {
  test(`smtp: a server that ${what} is down`, async (context) => {
    const { port } = await mailServer(context, replies);
    const end = await attempt(context, { smtp: {} }, port, { timeoutMs: 200 });
    assert.match(end.message, message);
  });
}

test("smtp: a server that refuses, or closes, is down", async (context) => {
  assert.match((await attempt(context, { smtp: {} }, await refusingPort(context))).message, /ECONNREFUSED/);
  const closing = await serveSockets(context, (socket) => socket.end("220 ready\r\n"));
  assert.match((await attempt(context, { smtp: {} }, closing)).message, /closed|EPIPE|ECONNRESET/);
});

// ----- gRPC -----

/** Messages as protoc makes them: field 1 of HealthCheckResponse is the status. */
const serving = Buffer.from("00000000020801", "hex");
const notServing = Buffer.from("00000000020802", "hex");

test("grpc: the messages are those of protobuf", () => {
  assert.equal(encodeHealthRequest("").toString("hex"), "0000000000");
  assert.equal(encodeHealthRequest("web").toString("hex"), "00000000050a03776562");
  assert.equal(encodeHealthRequest("x".repeat(200)).subarray(0, 8).toString("hex"), "00000000cb0ac801");
  const replies = ["00000000020801", "00000000020802", "0000000000", "00000000020803", "0000000002", "0100000000", "00000000021201", ""];
  assert.deepEqual(
    replies.map((hex) => decodeHealthReply(Buffer.from(hex, "hex"))),
    [
      "SERVING",
      "NOT_SERVING",
      "UNKNOWN",
      "SERVICE_UNKNOWN",
      "the answer is cut off",
      "the answer is compressed",
      "the answer is none of grpc.health.v1",
      "the answer is cut off",
    ],
  );
});

type OnStream = (stream: ServerHttp2Stream, headers: Record<string, unknown>, body: Buffer) => void;

async function grpcServer(context: TestContext, onStream: OnStream, certificate?: { key: string; cert: string }) {
  const server = certificate ? createSecureServer(certificate) : createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => onStream(stream, headers, Buffer.concat(chunks)));
  });
  context.after(() => {
    for (const session of sessions) session.destroy();
  });
  return listen(context, server as unknown as Server);
}

/** Answers as a gRPC server does: message, then the status in trailers. */
function reply(stream: ServerHttp2Stream, message: Buffer, trailers: Record<string, string> = { "grpc-status": "0" }): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(message);
}

function withoutTrailers(stream: ServerHttp2Stream, message: Buffer): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  stream.end(message);
}

function sendWithoutEnd(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  stream.write(Buffer.alloc(10_000));
}

test("grpc: a service that is serving is up", async (context) => {
  const seen: unknown[] = [];
  const port = await grpcServer(context, (stream, headers, body) => {
    seen.push([headers[":method"], headers[":path"], headers["content-type"], headers.te, body.toString("hex")]);
    reply(stream, serving);
  });
  assert.equal((await attempt(context, { grpc: { service: "web" } }, port)).message, "");
  assert.deepEqual(seen, [["POST", "/grpc.health.v1.Health/Check", "application/grpc", "trailers", "00000000050a03776562"]]);
});

const badServices: [what: string, onStream: OnStream, message: RegExp][] = [
  ["is not serving", (stream) => reply(stream, notServing), /^NOT_SERVING$/],
  [
    "is not known",
    (stream) => stream.respond({ ":status": 200, "grpc-status": "5", "grpc-message": "unknown" }, { endStream: true }),
    /status 5: unknown/,
  ],
  ["has no health service", (stream) => reply(stream, Buffer.alloc(0), { "grpc-status": "12" }), /gRPC status 12/],
  ["is no gRPC", (stream) => stream.respond({ ":status": 404 }, { endStream: true }), /^status 404$/],
  ["resets", (stream) => stream.close(2), /NGHTTP2_INTERNAL_ERROR|closed/],
  ["says no status", (stream) => withoutTrailers(stream, serving), /^no gRPC status$/],
  ["sends without end", sendWithoutEnd, /^the answer has no end$/],
  ["hangs", () => {}, /no answer within 300 ms/],
  ["answers without end", (stream) => stream.respond({ ":status": 200 }), /no answer within 300 ms/],
];

for (const [what, onStream, message] of badServices) {
  test(`grpc: a service that ${what} is down`, async (context) => {
    const port = await grpcServer(context, onStream);
    assert.match((await attempt(context, { grpc: {} }, port, { timeoutMs: 300 })).message, message);
  });
}

test("grpc: a server that refuses, closes, or speaks another protocol is down", async (context) => {
  assert.match((await attempt(context, { grpc: {} }, await refusingPort(context))).message, /ECONNREFUSED/);
  const closing = await serveSockets(context, (socket) => socket.end());
  assert.match((await attempt(context, { grpc: {} }, closing)).message, /closed|ECONNRESET|EPIPE|hang up/);
  const other = await serveSockets(context, (socket) => socket.write("220 mail.example.com ESMTP\r\n"));
  assert.equal((await attempt(context, { grpc: {} }, other, { timeoutMs: 1000 })).good, false);
});

test("grpc: over TLS, verified or not", async (context) => {
  const certificate = makeCertificate(context, "grpc.example.com");
  const port = await grpcServer(context, (stream) => reply(stream, serving), certificate);
  assert.equal((await attempt(context, { grpc: { tls: {} } }, port)).message, "");
  const verified = { grpc: { tls: { verify: true, serverName: "grpc.example.com", certificateRef: { name: "ca" } } } };
  assert.match((await attempt(context, { grpc: { tls: { verify: true } } }, port)).message, /self-signed/);
  assert.equal((await attempt(context, verified, port, { certificates: () => ({ ca: certificate.cert }) })).message, "");
});
