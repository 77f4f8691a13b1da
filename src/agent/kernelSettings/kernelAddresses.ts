import { networkInterfaces } from "node:os";
import { formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { HeldAddress } from "../native/core.ts";

/** A test for whether an address stands on an interface that is up, by the kernel's own list as it is now. */
export function kernelHas(): (held: HeldAddress) => boolean {
  const standing = new Set<string>();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { cidr } of addresses ?? []) {
      const prefix = cidr ? parsePrefix(cidr) : undefined;
      if (prefix) standing.add(`${name} ${formatAddress(prefix)}/${prefix.prefixLength}`);
    }
  }
  return ({ interface: name, address }) => standing.has(`${name} ${address}`);
}
