/** A VirtualServer in a few words. Pure. */
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { PortRange } from "../allocate/serviceConflicts.ts";

/** 0 stands for all ports, and for those of a firewall mark. */
export function portsOf({ ports }: VirtualServerSpec): PortRange[] {
  if (!ports) return [{ first: 0, last: 0 }];
  return ports.map(({ port, last = port }) => ({ first: port, last }));
}

/** "TCP/80,443,8000-8010", "UDP/*", "mark 7". */
export function describePorts(spec: VirtualServerSpec): string {
  if (spec.firewallMark !== undefined) return `mark ${spec.firewallMark}`;
  const ranges = portsOf(spec).map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  return `${spec.protocol}/${spec.ports ? ranges.join(",") : "*"}`;
}

/** "192.0.2.1:80", "[2001:db8::1]:80"; without the port where it is that of the service. */
export function describeServer({ address, port }: { address: string; port: number }): string {
  if (port === 0) return address;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
