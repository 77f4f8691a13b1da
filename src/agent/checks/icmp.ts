/** Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4). Pure. */
import { isIPv6 } from "node:net";

export interface IcmpFamily {
  requestType: number;
  replyType: number;
  /** Raw sockets of IPv4 hand over the header of IP as well. */
  hasIpHeader: boolean;
  /** That of ICMPv6 covers a pseudo-header; the kernel computes it. */
  ownChecksum: boolean;
  /** Option of a raw socket by which the kernel keeps all but replies from it: a flood of others costs nothing. */
  filter: { level: number; option: number; value: Buffer };
}

export interface EchoReply {
  identifier: number;
  sequence: number;
  payload: Buffer;
}

/** Random: a reply to a request of long ago, or of another program, is told by it. */
export const payloadBytes = 16;
const headerBytes = 8;

const icmp4: IcmpFamily = {
  requestType: 8,
  replyType: 0,
  hasIpHeader: true,
  ownChecksum: true,
  // SOL_RAW, ICMP_FILTER: a bit is set for each of the first 32 types that does not pass.
  filter: { level: 255, option: 1, value: blockingAllBut(0, 1) },
};
const icmp6: IcmpFamily = {
  requestType: 128,
  replyType: 129,
  hasIpHeader: false,
  ownChecksum: false,
  // IPPROTO_ICMPV6, ICMPV6_FILTER: the same for all 256.
  filter: { level: 58, option: 1, value: blockingAllBut(129, 8) },
};

/** In words of 32 bits, as the machine has them. */
function blockingAllBut(type: number, words: number): Buffer {
  const blocked = new Uint32Array(words).fill(0xffffffff);
  blocked[type >>> 5] = (0xffffffff & ~(1 << (type & 31))) >>> 0;
  return Buffer.from(blocked.buffer);
}

export function icmpOf(address: string): IcmpFamily {
  return isIPv6(address) ? icmp6 : icmp4;
}

export function encodeEchoRequest(family: IcmpFamily, identifier: number, sequence: number, payload: Buffer): Buffer {
  const packet = Buffer.alloc(headerBytes + payload.length);
  packet.writeUInt8(family.requestType, 0);
  packet.writeUInt16BE(identifier, 4);
  packet.writeUInt16BE(sequence, 6);
  payload.copy(packet, headerBytes);
  if (family.ownChecksum) packet.writeUInt16BE(internetChecksum(packet), 2);
  return packet;
}

/** Undefined for anything else than an echo reply. */
export function decodeEchoReply({ replyType, hasIpHeader }: IcmpFamily, packet: Buffer): EchoReply | undefined {
  const start = hasIpHeader ? ((packet[0] ?? 0) & 0x0f) * 4 : 0;
  if (packet.length < start + headerBytes || packet[start] !== replyType || packet[start + 1] !== 0) return undefined;
  return {
    identifier: packet.readUInt16BE(start + 4),
    sequence: packet.readUInt16BE(start + 6),
    payload: packet.subarray(start + headerBytes),
  };
}

/** RFC 1071. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
