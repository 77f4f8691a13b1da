/** The capabilities of this process that the agent needs. */
import { readFileSync } from "node:fs";

/** Bits of capability sets: include/uapi/linux/capability.h. */
const bits = {
  CAP_SETGID: 6n,
  CAP_SETUID: 7n,
  CAP_NET_ADMIN: 12n,
  CAP_NET_RAW: 13n,
  CAP_SYS_NICE: 23n,
  CAP_BPF: 39n,
};
export type Capability = keyof typeof bits;

/** CAP_SYS_ADMIN holds all that CAP_BPF does: capabilities(7). */
const systemAdministrator = 21n;

/** The capabilities of the list above that are not in the effective set of a /proc/PID/status text. */
export function missingCapabilities(procStatus: string): Capability[] {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus);
  const effective = BigInt(`0x${match?.[1] ?? "0"}`);
  const has = (bit: bigint) => ((effective >> bit) & 1n) === 1n;
  return (Object.keys(bits) as Capability[]).filter((name) => !has(bits[name]) && !(name === "CAP_BPF" && has(systemAdministrator)));
}

export function readMissingCapabilities(): Capability[] {
  return missingCapabilities(readFileSync("/proc/self/status", "utf8"));
}
