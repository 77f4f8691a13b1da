import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer, Socket } from "node:net";
import { constants } from "node:os";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadAddon } from "../../../src/agent/native/addon.ts";
import type { Dialer, DialOptions, DialResults } from "../../../src/agent/native/dialer.ts";
import { until } from "../../support/waiting.ts";
import { listen } from "../agent/servers.ts";

const { startDialer } = loadAddon();

function setUp(context: TestContext) {
  const results = new Map<number, { errno: number; descriptor: number }>();
  const started = startDialer((batch: DialResults) => {
    for (let index = 0; index < batch.length; index += 3) {
      results.set(batch[index] ?? -1, { errno: batch[index + 1] ?? -1, descriptor: batch[index + 2] ?? -1 });
    }
  });
  assert.ok(started.ok);
  const { dialer } = started;
  context.after(() => dialer.close());
  const dial = (options: Partial<DialOptions> & { port: number }): number => {
    const begun = dialer.dial({ protocol: "TCP", address: "127.0.0.1", keep: false, ...options });
    assert.ok(begun.ok, JSON.stringify(begun));
    return begun.id;
  };
  const resultOf = async (id: number) => {
    await until("a result", () => results.has(id), { everyMs: 1, timeoutMs: 5000 });
    return results.get(id);
  };
  return { dialer, dial, resultOf, results };
}

test("a connection that is kept is an open socket, one that is not is closed, one that is refused says so", async (context) => {
  const { dial, resultOf } = setUp(context);
  const server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  const port = await listen(context, server);
  const [kept, probed] = [dial({ port, keep: true }), dial({ port })];
  const { errno, descriptor = -1 } = (await resultOf(kept)) ?? {};
  assert.deepEqual([errno, descriptor > 2], [0, true]);
  assert.deepEqual(await resultOf(probed), { errno: 0, descriptor: -1 });
  const socket = new Socket({ fd: descriptor });
  const [text] = await new Promise<[Buffer]>((resolve) => socket.once("data", (chunk) => resolve([chunk])));
  assert.deepEqual([String(text), socket.remotePort], ["hello", port]);
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await resultOf(dial({ port })))?.errno, constants.errno.ECONNREFUSED);
});

test("one source port serves one connection after the other, from the address that is given", async (context) => {
  const { dial, resultOf } = setUp(context);
  const sources: string[] = [];
  const server = createServer((socket) => {
    // Of a connection that has been reset the kernel knows no peer any more.
    sources.push(socket.remotePort === undefined ? "reset" : `${socket.remoteAddress}:${socket.remotePort}`);
    socket.on("error", () => {});
  });
  const port = await listen(context, server);
  for (let round = 0; round < 4; round += 1) {
    const keep = round % 2 === 0;
    const result = await resultOf(dial({ port, sourceAddress: "127.0.0.9", sourcePort: 41_234, keep }));
    assert.equal(result?.errno, 0);
    await until("the server to see it", () => sources.length === round + 1, { everyMs: 1, timeoutMs: 2000 });
    if (keep) new Socket({ fd: result.descriptor }).destroy();
  }
  assert.deepEqual([sources[0], sources[2]], ["127.0.0.9:41234", "127.0.0.9:41234"]);
});

test("over IPv6, by interface and with a mark", { skip: process.getuid?.() !== 0 && "not root" }, async (context) => {
  const { dial, resultOf } = setUp(context);
  const server = createServer((socket) => socket.on("error", () => {}));
  const port = await listen(context, server, "::1");
  const id = dial({ port, address: "::1", interface: "lo", firewallMark: 7, sourceAddress: "::1" });
  assert.equal((await resultOf(id))?.errno, 0);
});

test("a port that connects to itself counts as refused", async (context) => {
  const { dial, resultOf } = setUp(context);
  const id = dial({ port: 41_235, sourceAddress: "127.0.0.1", sourcePort: 41_235 });
  assert.equal((await resultOf(id))?.errno, constants.errno.ECONNREFUSED);
});

const refused: [options: unknown, path: string][] = [
  [undefined, ""],
  [{ protocol: "SCTP", address: "127.0.0.1", port: 1, keep: false }, "protocol"],
  [{ protocol: "TCP", address: "localhost", port: 1, keep: false }, "address"],
  [{ protocol: "TCP", address: "127.0.0.1", port: 0, keep: false }, "port"],
  [{ protocol: "TCP", address: "127.0.0.1", port: 1, sourceAddress: "x", keep: false }, "sourceAddress"],
  [{ protocol: "TCP", address: "127.0.0.1", port: 1, sourcePort: 65_536, keep: false }, "sourcePort"],
  [{ protocol: "TCP", address: "127.0.0.1", port: 1, firewallMark: -1, keep: false }, "firewallMark"],
  [{ protocol: "TCP", address: "127.0.0.1", port: 1 }, "keep"],
];

test("what cannot be dialled names the field, or the step that failed", (context) => {
  const { dialer } = setUp(context);
  for (const [options, path] of refused) {
    const begun = dialer.dial(options as DialOptions);
    assert.equal(!begun.ok && begun.error.path, path, JSON.stringify(options));
  }
  const begun = dialer.dial({ protocol: "TCP", address: "127.0.0.1", port: 1, interface: "no-such", keep: false });
  assert.deepEqual(!begun.ok && [begun.error.operation, begun.error.errno], ["bind to the interface", constants.errno.ENODEV]);
});

test("of what was cancelled, or given up by close(), nothing is heard", async (context) => {
  const { dialer, dial, resultOf, results } = setUp(context);
  const port = await listen(
    context,
    createServer((socket) => socket.on("error", () => {})),
  );
  const cancelled = dial({ port });
  dialer.cancel(cancelled);
  await resultOf(dial({ port }));
  assert.equal(results.has(cancelled), false);
  const closed = dial({ port });
  dialer.close();
  dialer.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(results.has(closed), false);
  assert.equal(dialer.dial({ protocol: "TCP", address: "127.0.0.1", port, keep: false }).ok, false);
});

/** Runs in a process or a worker of its own; prints when its event loop has ended. */
const program = (tail: string) => `
  const { createRequire } = require("node:module");
  const addon = require(${JSON.stringify(new URL("../../../build/native/aloft.node", import.meta.url).pathname)});
  const { dialer } = addon.startDialer(() => console.log("result"));
  ${tail}
`;

test("an idle dialer does not keep a process alive, a connection under way does", () => {
  const run = (tail: string) => execFileSync(process.execPath, ["-e", program(tail)], { encoding: "utf8", timeout: 10_000 });
  assert.equal(run(""), "");
  assert.equal(run(`dialer.dial({ protocol: "TCP", address: "127.0.0.1", port: 1, keep: false })`), "result\n");
});

test("a worker may end with connections under way", async () => {
  const tail = `dialer.dial({ protocol: "TCP", address: "127.0.0.1", port: 1, keep: true }); process.exit(0);`;
  const worker = new Worker(program(tail), { eval: true, stdout: true });
  assert.equal(await new Promise((resolve) => worker.once("exit", resolve)), 0);
});

test("a thousand connections come in batches", async (context) => {
  const port = await listen(
    context,
    createServer((socket) => socket.on("error", () => {})),
  );
  let batches = 0;
  let connections = 0;
  const started = startDialer((batch) => {
    batches += 1;
    connections += batch.length / 3;
  });
  assert.ok(started.ok);
  const dialer: Dialer = started.dialer;
  context.after(() => dialer.close());
  for (let index = 0; index < 1000; index += 1) dialer.dial({ protocol: "TCP", address: "127.0.0.1", port, keep: false });
  await until("all of them", () => connections === 1000, { everyMs: 5, timeoutMs: 10_000 });
  assert.ok(batches < 200, `${batches} batches`);
});
