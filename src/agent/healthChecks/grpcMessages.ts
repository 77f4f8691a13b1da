/** The messages of grpc.health.v1, in the frames of gRPC: a byte for compression, a length of four, the message. Pure. */

const frameBytes = 5;
/** Field 1 of either message: `service`, a text; `status`, a number. */
const serviceTag = 0x0a;
const statusTag = 0x08;
const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([serviceTag, ...varint(name.length)]), name]);
  const frame = Buffer.alloc(frameBytes);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** The name of the status, or what is wrong with the answer. A message without the field says UNKNOWN, the default of its enum. */
export function decodeHealthReply(bytes: Buffer): string {
  if (bytes.length < frameBytes || bytes.length < frameBytes + bytes.readUInt32BE(1)) return "the answer is cut off";
  if (bytes[0] !== 0) return "the answer is compressed";
  const message = bytes.subarray(frameBytes, frameBytes + bytes.readUInt32BE(1));
  if (message.length === 0) return "UNKNOWN";
  return (message[0] === statusTag ? statuses[message[1] ?? 0] : undefined) ?? "the answer is none of grpc.health.v1";
}

/** Base 128, the lowest seven bits first. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
