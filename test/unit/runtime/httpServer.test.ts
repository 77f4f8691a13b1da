import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type HttpQuestion, type HttpServer, startHttpServer } from "../../../src/runtime/httpServer.ts";
import { Metrics } from "../../../src/runtime/metrics.ts";

let server: HttpServer;
let problem: string | undefined;

before(async () => {
  const metrics = new Metrics();
  metrics.gauge("a", "A.");
  const readyChecks = {
    fine: () => undefined,
    configuration: () => problem,
    throwing: () => {
      if (problem) throw new Error("broken");
      return undefined;
    },
  };
  const pages = {
    "/table": async () => {
      if (problem) throw new Error("broken");
      return { rows: 3 };
    },
  };
  const documents = {
    "/": async ({ parameters, host }: HttpQuestion) => {
      if (problem) throw new Error("broken");
      return { status: 418, headers: { "x-host": host }, text: parameters.get("q") ?? "" };
    },
  };
  const result = await startHttpServer({ host: "127.0.0.1", port: 0, metrics, healthChecks: {}, readyChecks, pages, documents });
  assert.ok(result.ok);
  server = result.server;
});
after(() => server.close());

async function get(path: string, method = "GET"): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return [response.status, await response.text()];
}

test("/readyz names each check and what is wrong with it", async () => {
  problem = undefined;
  assert.deepEqual(await get("/readyz?verbose"), [200, "[+]fine ok\n[+]configuration ok\n[+]throwing ok\nok\n"]);
  problem = "none has come yet";
  const [status, text] = await get("/readyz");
  assert.equal(status, 503);
  assert.equal(text, "[+]fine ok\n[-]configuration failed: none has come yet\n[-]throwing failed: broken\nfailed\n");
});

test("/healthz does not ask the ready checks, /metrics answers, everything else is refused", async () => {
  problem = "none has come yet";
  assert.equal((await get("/healthz"))[0], 200);
  assert.match((await get("/metrics"))[1], /^a 0$/m);
  assert.equal((await get("/none"))[0], 404);
  assert.equal((await get("/metrics", "POST"))[0], 405);
});

test("what is no path is refused, and the process goes on", async () => {
  problem = undefined;
  for (const path of ["//", "//[", "http://["]) {
    const status = await new Promise((resolve, reject) => {
      const question = request({ port: server.port, host: "127.0.0.1", path, signal: AbortSignal.timeout(5000) }, (response) =>
        resolve(response.resume().statusCode),
      );
      question.on("error", reject).end();
    });
    assert.equal(status, 400, path);
  }
  assert.equal((await get("/healthz"))[0], 200);
});

test("a page is read when somebody asks for it, and what goes wrong then is the answer", async () => {
  problem = undefined;
  assert.deepEqual(await get("/table"), [200, '{"rows":3}\n']);
  assert.deepEqual(await get("/toString"), [404, "there is /metrics, /, /table, /healthz and /readyz\n"]);
  problem = "none has come yet";
  assert.deepEqual(await get("/table"), [500, "broken\n"]);
});

test("a document says all of its answer, and is asked with the query and the name of the host", async () => {
  problem = undefined;
  const response = await fetch(`http://127.0.0.1:${server.port}/?q=%26`);
  assert.deepEqual([response.status, await response.text()], [418, "&"]);
  assert.equal(response.headers.get("x-host"), `127.0.0.1:${server.port}`);
  assert.equal((await get("/", "POST"))[0], 405);
  problem = "none has come yet";
  assert.deepEqual(await get("/"), [500, "broken\n"]);
});

test("a busy port comes back as a value", async () => {
  const result = await startHttpServer({ host: "127.0.0.1", port: server.port, metrics: new Metrics(), healthChecks: {}, readyChecks: {} });
  assert.ok(!result.ok);
  assert.equal((result.error as NodeJS.ErrnoException).code, "EADDRINUSE");
});

test("who sends half a question is answered 408 and cut off within seconds", async () => {
  const socket = connect(server.port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n"));
  socket.setTimeout(10_000, () => socket.destroy(new Error("still open")));
  assert.match((await buffer(socket)).toString(), /^HTTP\/1\.1 408 /);
});
