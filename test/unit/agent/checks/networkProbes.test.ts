import assert from "node:assert/strict";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { HttpProbe, parseStatuses, serverNameOf, trackedRequest } from "../../../../src/agent/checks/httpProbe.ts";
import type { Outcome, Probe } from "../../../../src/agent/checks/probe.ts";
import { TcpProbe } from "../../../../src/agent/checks/tcpProbe.ts";
import { type NodeCheck, nodeCheckSchema } from "../../../../src/api/nodeAgent.ts";
import { listen, makeCertificate } from "../servers.ts";
import { realConnector } from "./realConnector.ts";

function run(probe: Probe, timeoutMs = 2000): Promise<Outcome | undefined> {
  return probe.run(AbortSignal.timeout(timeoutMs));
}

function http(context: TestContext, fields: Record<string, unknown>): HttpProbe {
  const check = nodeCheckSchema.parse({ name: "x", http: fields }).http as NonNullable<NodeCheck["http"]>;
  return new HttpProbe(trackedRequest(check), realConnector(context));
}

const good = { good: true, message: "" };

for (const host of ["127.0.0.1", "::1", "localhost"]) {
  test(`tcp: a listener on ${host} is up, and down once it is closed`, async (context) => {
    const server = createServer((socket) => socket.on("error", () => {}));
    const port = await listen(context, server, host === "localhost" ? "127.0.0.1" : host);
    const probe = new TcpProbe({ host, port }, realConnector(context));
    assert.deepEqual(await run(probe), good);
    await new Promise((resolve) => server.close(resolve));
    assert.match((await run(probe))?.message ?? "", /ECONNREFUSED/);
  });
}

test("tcp: a name that does not exist is down", async (context) => {
  const outcome = await run(new TcpProbe({ host: "no-such-host.invalid", port: 80 }, realConnector(context)), 10_000);
  assert.deepEqual([outcome?.good, /ENOTFOUND|EAI_AGAIN|abort/.test(outcome?.message ?? "")], [false, true]);
});

test("tcp: a host that does not answer lets go when its time is over", async (context) => {
  // TEST-NET-1: nobody there; a machine without a route says so at once, which is down as well.
  const startedAt = performance.now();
  const outcome = await run(new TcpProbe({ host: "192.0.2.1", port: 9 }, realConnector(context)), 200);
  assert.equal(outcome?.good, false);
  assert.ok(performance.now() - startedAt < 1500);
});

test("http: statuses are ranges", () => {
  assert.deepEqual(parseStatuses(["200", "300-399", "x", "", "99", "200-"]), [
    { first: 200, last: 200 },
    { first: 300, last: 399 },
  ]);
});

test("http: TLS asks for the name in the host header, and for no address", () => {
  const names = [undefined, "", "10.0.0.1", "::1", "[::1]:80", "web.example.com", "a.example.com:8443"].map(serverNameOf);
  assert.deepEqual(names, [undefined, undefined, undefined, undefined, undefined, "web.example.com", "a.example.com"]);
});

/** A server that keeps what it was asked. */
async function serve(context: TestContext, listener: RequestListener, host = "127.0.0.1") {
  const requests: IncomingMessage[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  context.after(() => server.closeAllConnections());
  return { port: await listen(context, server, host), requests };
}

test("http: one GET of the path decides, by its status", async (context) => {
  const { port, requests } = await serve(context, (request, response) => {
    response.writeHead(Number(request.url?.slice(1, 4)) || 200, { location: "/elsewhere" }).end("body");
  });
  const outcomes = await Promise.all([
    run(http(context, { port })),
    run(http(context, { port, path: "/302" })),
    run(http(context, { port, path: "/404?x=1" })),
    run(http(context, { port, path: "/503" })),
    run(http(context, { port, path: "/204", statuses: ["200"] })),
    run(http(context, { port, path: "/404", statuses: ["404", "500-599"] })),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome?.message),
    ["", "", "status 404", "status 503", "status 204", ""],
  );
  assert.equal(requests.length, 6, "redirects are not followed");
  assert.deepEqual(
    [requests[0]?.method, requests[0]?.headers.host, requests[0]?.headers.connection],
    ["GET", `127.0.0.1:${port}`, "close"],
  );
});

test("http: over IPv6, and with a host header", async (context) => {
  const { port, requests } = await serve(context, (_, response) => void response.end(), "::1");
  assert.deepEqual(await run(http(context, { host: "::1", port })), good);
  assert.deepEqual(await run(http(context, { host: "::1", port, hostHeader: "web.example.com" })), good);
  assert.deepEqual(
    requests.map(({ headers }) => headers.host),
    [`[::1]:${port}`, "web.example.com"],
  );
});

test("http: an answer without an end is no reason to wait, a server without an answer is given up", async (context) => {
  const { port } = await serve(context, (request, response) => {
    if (request.url === "/endless") response.writeHead(200).write("…");
  });
  assert.deepEqual(await run(http(context, { port, path: "/endless" })), good);
  const startedAt = performance.now();
  assert.equal((await run(http(context, { port, path: "/silent" }), 200))?.good, false);
  assert.ok(performance.now() - startedAt < 1500);
});

test("http: what is not HTTP, or cannot be asked, is down", async (context) => {
  const port = await listen(
    context,
    createServer((socket) => {
      socket.on("error", () => {});
      socket.end("220 mail.example.com ESMTP\r\n");
    }),
  );
  assert.match((await run(http(context, { port })))?.message ?? "", /Parse Error|Expected HTTP/);
  assert.match((await run(http(context, { port, path: "/a b" })))?.message ?? "", /path contains unescaped characters/);
});

test("https: any certificate does unless it is to be verified; the host header is what TLS asks for", async (context) => {
  const certificate = makeCertificate(context, "web.example.com");
  const names: (string | false | null)[] = [];
  const server = createHttpsServer(certificate, (request, response) => {
    names.push((request.socket as unknown as { servername: string | false | null }).servername);
    response.end();
  });
  context.after(() => server.closeAllConnections());
  const port = await listen(context, server);
  assert.deepEqual(await run(http(context, { scheme: "HTTPS", port, hostHeader: "web.example.com" })), good);
  assert.deepEqual(names, ["web.example.com"]);
  const verified = await run(http(context, { scheme: "HTTPS", port, hostHeader: "web.example.com", verify: true }));
  assert.match(verified?.message ?? "", /self-signed certificate/);
});
