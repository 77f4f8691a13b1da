/** The capabilities of this process that the core needs. */
import { readFileSync } from "node:fs";

/** Bits of capability sets: include/uapi/linux/capability.h. */
const bits = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_NICE: 23n };
export type Capability = keyof typeof bits;

/** The capabilities of the list above that are not in the effective set of a /proc/PID/status text. */
export function missingCapabilities(procStatus: string): Capability[] {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus);
  const effective = BigInt(`0x${match?.[1] ?? "0"}`);
  return (Object.keys(bits) as Capability[]).filter((name) => ((effective >> bits[name]) & 1n) === 0n);
}

export function readMissingCapabilities(): Capability[] {
  return missingCapabilities(readFileSync("/proc/self/status", "utf8"));
}
