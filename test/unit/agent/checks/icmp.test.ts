import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEchoReply, encodeEchoRequest, icmpOf, internetChecksum } from "../../../../src/agent/checks/icmp.ts";

// Summed up by hand: identifier 0x1234, sequence 1, payload of 8 bytes.
const request4 = Buffer.from("08005435123400016162636465666768", "hex");
const header4 = Buffer.from("4500002400004000400126b17f0000017f000001", "hex");

test("icmp: a request of IPv4 has its checksum, one of IPv6 leaves it to the kernel", () => {
  const payload = Buffer.from("abcdefgh");
  assert.equal(encodeEchoRequest(icmpOf("192.0.2.1"), 0x1234, 1, payload).toString("hex"), request4.toString("hex"));
  assert.equal(internetChecksum(request4), 0, "the sum over a packet with its checksum");
  assert.equal(encodeEchoRequest(icmpOf("2001:db8::1"), 0x1234, 1, payload).toString("hex"), "80000000123400016162636465666768");
});

test("icmp: a reply is told from everything else", () => {
  const [v4, v6] = [icmpOf("192.0.2.1"), icmpOf("::1")];
  const reply = Buffer.from("00005c35123400016162636465666768", "hex");
  const { identifier, sequence, payload } = decodeEchoReply(v4, Buffer.concat([header4, reply])) ?? {};
  assert.deepEqual([identifier, sequence, payload?.toString()], [0x1234, 1, "abcdefgh"]);
  assert.equal(decodeEchoReply(v4, Buffer.concat([header4, request4])), undefined, "a request");
  assert.equal(decodeEchoReply(v4, Buffer.concat([header4, reply.subarray(0, 7)])), undefined, "cut off");
  assert.equal(decodeEchoReply(v4, Buffer.concat([header4, Buffer.from("0301000000000000", "hex")])), undefined, "unreachable");
  assert.equal(decodeEchoReply(v4, Buffer.alloc(0)), undefined);
  const withOptions = Buffer.concat([Buffer.from([0x46]), header4.subarray(1), Buffer.alloc(4), reply]);
  assert.equal(decodeEchoReply(v4, withOptions)?.sequence, 1, "behind options");
  assert.equal(decodeEchoReply(v6, Buffer.from("8100000012340001", "hex"))?.identifier, 0x1234);
  assert.equal(decodeEchoReply(v6, Buffer.from("8000000012340001", "hex")), undefined);
});
