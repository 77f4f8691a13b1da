import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { EchoSockets } from "../../../../src/agent/checks/echoSockets.ts";
import { realConnector } from "./realConnector.ts";

/** Raw sockets take root, and the package that is compiled when it is installed. */
const skip = process.getuid?.() !== 0 ? "not root" : await import("raw-socket").then(() => false as const, String);

function open(context: TestContext): EchoSockets {
  const connector = realConnector(context);
  const echoes = new EchoSockets(() => connector.closeOnExec());
  context.after(() => echoes.close());
  return echoes;
}

test("icmp: an address answers however it is written", { skip }, async (context) => {
  const echoes = open(context);
  for (const address of ["127.0.0.1", "::1", "0:0:0::1", "0000:0000:0000:0000:0000:0000:0000:0001"])
    await echoes.ping({ address }, AbortSignal.timeout(2000));
});

test("icmp: programs that are started do not get the raw sockets", { skip }, async (context) => {
  const echoes = open(context);
  const sockets = () =>
    execFileSync("ls", ["-l", "/proc/self/fd"], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" }).match(/socket:\[[0-9]+\]/g) ??
    [];
  const before = sockets();
  for (const address of ["127.0.0.1", "::1"]) await echoes.ping({ address }, AbortSignal.timeout(2000));
  assert.equal(sockets().length, before.length);
});

test("icmp: the kernel hands over replies alone", { skip }, async (context) => {
  const echoes = open(context);
  const module = (await import("raw-socket")).default;
  const create = module.createSocket;
  const packets: number[] = [];
  module.createSocket = (options) => {
    const socket = create(options);
    socket.on("message", (packet) => packets.push(packet[options.addressFamily === module.AddressFamily.IPv6 ? 0 : 20] ?? -1));
    return socket;
  };
  context.after(() => {
    module.createSocket = create;
  });
  // Over the loopback interface each request passes, too.
  for (const address of ["127.0.0.1", "::1"]) await echoes.ping({ address }, AbortSignal.timeout(2000));
  assert.deepEqual(packets, [0, 129]);
});
