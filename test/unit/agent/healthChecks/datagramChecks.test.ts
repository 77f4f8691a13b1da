import assert from "node:assert/strict";
import { createSocket, type RemoteInfo } from "node:dgram";
import { readdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { decode, encode } from "dns-packet";
import { responseCode } from "../../../../src/agent/healthChecks/dnsProbe.ts";
import { matchesPattern, parsePattern } from "../../../../src/agent/healthChecks/udpProbe.ts";
import { until } from "../../../support/waiting.ts";
import { realConnector } from "../checks/realConnector.ts";
import { attempt } from "./attempts.ts";

type Answer = (message: Buffer, sender: RemoteInfo) => Buffer | undefined;

/** A UDP server that keeps what it is sent. */
async function serve(context: TestContext, answer: Answer, address = "127.0.0.1") {
  const received: string[] = [];
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, sender) => {
    received.push(message.toString("hex"));
    const reply = answer(message, sender);
    if (reply) socket.send(reply, sender.port, sender.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  context.after(() => socket.close());
  return { port: (socket.address() as AddressInfo).port, received };
}

/** A port that answers with ICMP. */
async function refusing(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

test("udp: silence is good unless a reply is wanted, a refusal by ICMP never", async (context) => {
  const { port, received } = await serve(context, () => undefined);
  const silent = await attempt(context, { udp: { payload: "00ff" } }, port, { timeoutMs: 200 });
  assert.deepEqual([silent.good, silent.tookMs >= 190, received], [true, true, ["00ff"]]);
  assert.match((await attempt(context, { udp: { requireReply: true } }, port, { timeoutMs: 200 })).message, /no answer within 200 ms/);
  const refused = await attempt(context, { udp: {} }, await refusing(), { timeoutMs: 2000 });
  assert.match(refused.message, /ECONNREFUSED/);
  assert.ok(refused.tookMs < 1000);
});

test("udp: an answer ends the attempt, over IPv4 and IPv6", async (context) => {
  for (const address of ["127.0.0.1", "::1"]) {
    const { port } = await serve(context, (message) => message, address);
    const end = await attempt(context, { udp: {} }, port, { address });
    assert.deepEqual([end.good, end.tookMs < 2000], [true, true]);
  }
});

const replies: [what: string, fields: Record<string, unknown>, message: RegExp][] = [
  ["one that begins as it should", { reply: "dead" }, /^$/],
  ["any byte", { reply: "dXXXbe" }, /^$/],
  ["another", { reply: "dead00" }, /^reply deadbeef$/],
  ["one that is shorter than the pattern", { reply: "deadbeef0000" }, /^$/],
  ["one that is too short", { minimumReplyLength: 5 }, /^a reply of 4 bytes$/],
  ["one that is too long", { maximumReplyLength: 3 }, /^a reply of 4 bytes$/],
  ["one of the right length", { minimumReplyLength: 4, maximumReplyLength: 4 }, /^$/],
];

for (const [what, fields, message] of replies) {
  test(`udp: a reply, ${what}`, async (context) => {
    const { port } = await serve(context, () => Buffer.from("deadbeef", "hex"));
    assert.match((await attempt(context, { udp: { requireReply: true, ...fields } }, port)).message, message);
  });
}

test("udp: a pattern is digits, of which X is any", () => {
  assert.deepEqual(parsePattern("a X X4 xX"), [
    { value: 0xa0, mask: 0xf0 },
    { value: 0x04, mask: 0x0f },
    { value: 0, mask: 0 },
  ]);
  assert.ok(matchesPattern(parsePattern("aX04"), Buffer.from("af04ff", "hex")));
  assert.ok(!matchesPattern(parsePattern("aX04"), Buffer.from("bf04", "hex")));
});

test("udp: what cannot be sent leaves no socket behind", async (context) => {
  const connector = realConnector(context);
  // From the loopback interface there is no way to it.
  const target = { host: "192.0.2.1", port: 9, sourceAddress: "127.0.0.1" };
  const open = () => assert.rejects(connector.openDatagram(target, AbortSignal.timeout(1000)), /EINVAL/);
  await open();
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 5; round += 1) await open();
  await until("the sockets to be closed", () => readdirSync("/proc/self/fd").length === before, { everyMs: 5, timeoutMs: 2000 });
});

/** A name server: `edit` changes the header of a good answer, or says that none is sent. */
async function nameServer(context: TestContext, edit: (answer: Buffer) => Buffer | undefined = (answer) => answer) {
  const asked: unknown[] = [];
  const { port } = await serve(context, (message) => {
    const { id, questions = [] } = decode(message);
    asked.push(questions.map(({ name, type }) => `${name} ${type}`).join());
    return edit(encode({ type: "response", id, questions, answers: [] }));
  });
  return { port, asked };
}

test("dns: a query is answered without an error", async (context) => {
  const { port, asked } = await nameServer(context);
  assert.equal((await attempt(context, { dns: {} }, port)).message, "");
  assert.equal((await attempt(context, { dns: { name: "www.example.com", type: "AAAA" } }, port)).message, "");
  assert.deepEqual(asked, [". SOA", "www.example.com AAAA"]);
});

const setFlags = (flags: number) => (answer: Buffer) => {
  answer.writeUInt16BE(flags, 2);
  return answer;
};

function otherId(answer: Buffer): Buffer {
  answer.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0);
  return answer;
}

const badNames: [what: string, edit: (answer: Buffer) => Buffer | undefined, message: RegExp][] = [
  ["that fails", setFlags(0x8002), /^SERVFAIL$/],
  ["that knows no such name", setFlags(0x8003), /^NXDOMAIN$/],
  ["that refuses to answer", setFlags(0x8005), /^REFUSED$/],
  ["that sends queries back", setFlags(0x0000), /no answer within 200 ms/],
  ["that answers another query", otherId, /no answer within 200 ms/],
  ["that sends what is none", () => Buffer.from([1, 2, 3]), /no answer within 200 ms/],
  ["that is silent", () => undefined, /no answer within 200 ms/],
];

for (const [what, edit, message] of badNames) {
  test(`dns: a server ${what} is down`, async (context) => {
    const { port } = await nameServer(context, edit);
    assert.match((await attempt(context, { dns: {} }, port, { timeoutMs: 200 })).message, message);
  });
}

test("dns: a server that is not there is down at once", async (context) => {
  assert.match((await attempt(context, { dns: {} }, await refusing())).message, /ECONNREFUSED/);
});

const query = encode({ type: "query", id: 0x1234, flags: 0x100, questions: [{ name: "www.example.com", type: "A" }] });
const answerTo = (name: string) => encode({ type: "response", id: 0x1234, flags: 0, questions: [{ name, type: "A" }], answers: [] });
const header = (flags: number, questions = 0) => Buffer.from([0x12, 0x34, flags >> 8, flags & 0xff, 0, questions, 0, 0, 0, 0, 0, 0]);

const datagrams: [what: string, reply: Buffer, code: number | undefined][] = [
  ["an answer", answerTo("www.example.com"), 0],
  ["letters of another case", answerTo("WWW.example.COM"), 0],
  ["a header alone, as with an error", header(0x8002), 2],
  ["an answer of which the records are nonsense", Buffer.concat([answerTo("www.example.com"), Buffer.alloc(40_000, 0xc0)]), 0],
  ["less than a header", header(0x8000).subarray(0, 11), undefined],
  ["nothing", Buffer.alloc(0), undefined],
  ["a query", header(0), undefined],
  ["the answer to another question", answerTo("www.example.org"), undefined],
  ["an answer that is cut off in the question", answerTo("www.example.com").subarray(0, 20), undefined],
  ["several questions", header(0x8000, 2), undefined],
];

for (const [what, reply, code] of datagrams) {
  test(`dns: a datagram that is ${what}`, () => assert.equal(responseCode(reply, query), code));
}
