/** Files of a standalone agent that is the director of a TrafficLan. Pure. */

import { apiVersion } from "../../src/api/group.ts";
import type { HealthCheckInput } from "../../src/api/healthCheck.ts";
import type { Family } from "../../src/api/ipAddress.ts";
import type { VirtualServerInput } from "../../src/api/virtualServer.ts";
import { type Forwarding, families, virtualAddresses } from "./trafficLan.ts";

export const forwardings: readonly Forwarding[] = ["NAT", "DR", "TUN"];
/** Of no way of forwarding: they share one service by a mark. */
export const markedAddresses = ["198.51.100.53", "198.51.100.54"];

/** A VirtualIP with all addresses of a TrafficLan; it is MASTER within a second or two. */
export function virtualIP(node: string): object {
  const addresses = [
    ...forwardings.flatMap((way) => [`${virtualAddresses[way].IPv4}/24`, `${virtualAddresses[way].IPv6}/64`]),
    ...markedAddresses.map((address) => `${address}/24`),
  ];
  return {
    apiVersion,
    kind: "VirtualIP",
    metadata: { name: "front" },
    spec: {
      addresses: addresses.map((address) => ({ address })),
      interface: "eth0",
      nodes: { overrides: [{ name: node, priority: 200 }] },
      vrrp: { virtualRouterID: 51, advertisementInterval: "300ms" },
    },
  };
}

export function virtualServer(name: string, spec: VirtualServerInput): object {
  return { apiVersion, kind: "VirtualServer", metadata: { name }, spec };
}

/** A service on these servers at the address of its way of forwarding. NAT translates the port, too. */
export function serviceOn(
  way: Forwarding,
  family: Family,
  servers: readonly { address: string; weight?: number }[],
  changes: Partial<VirtualServerInput> = {},
  name = `${way}-${family}`.toLowerCase(),
): object {
  return virtualServer(name, {
    virtualIP: "front",
    addresses: [virtualAddresses[way][family]],
    ports: [{ port: 80 }],
    scheduler: "wrr",
    forwarding: way,
    realServers: servers.map((server) => ({ ...server, ...(way === "NAT" && { port: 8080 }) })),
    ...changes,
  });
}

/** As the kernel's table begins its line. */
export const lineOf = (way: Forwarding) => `TCP ${virtualAddresses[way].IPv4}:80`;
export const everyPath = forwardings.flatMap((way) => families.map((family): [Forwarding, Family] => [way, family]));
export const quickCheck: HealthCheckInput = { tcp: {}, interval: "500ms", timeout: "300ms", retries: 1, retryDelay: "100ms", warmup: "0s" };
