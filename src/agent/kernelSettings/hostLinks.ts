/** The interfaces of the node before the core runs, as far as a file needs them: those that are up and have addresses. */
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { LinkSnapshot } from "../native/snapshot.ts";

export function readHostLinks(): LinkSnapshot[] {
  return Object.entries(networkInterfaces()).map(([name, addresses = []], index) => ({
    index: index + 1,
    name,
    up: true,
    mac: addresses[0]?.mac ?? "",
    addresses: addresses.flatMap(({ cidr }) => cidr ?? []),
    loopback: addresses.some(({ internal }) => internal),
    kind: "",
    // All that counts is whether it is a port of something else.
    master: existsSync(`/sys/class/net/${name}/master`) ? 1 : 0,
  }));
}
