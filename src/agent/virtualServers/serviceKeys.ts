/** The services of the kernel's table that a VirtualServer is. Pure. */
import { canonicalAddress, type Family } from "../../api/ipAddress.ts";
import type { IpvsServiceKey } from "../native/ipvsState.ts";
import type { ResolvedVirtualServer } from "./resolvedVirtualServer.ts";

/** One for each address and port, or one for each family of a firewall mark. */
export function serviceKeys({ addresses, spec }: Pick<ResolvedVirtualServer, "addresses" | "spec">): IpvsServiceKey[] {
  const { firewallMark, firewallMarkFamilies = ["IPv4"], protocol } = spec;
  if (firewallMark !== undefined) return firewallMarkFamilies.map((family) => ({ family, firewallMark }));
  const ports = portsOf(spec.ports);
  return addresses.flatMap((address) => {
    const family = familyOf(address);
    return ports.map((port): IpvsServiceKey => ({ family, protocol, address: canonicalAddress(address), port }));
  });
}

export function familiesOf({ addresses, spec }: Pick<ResolvedVirtualServer, "addresses" | "spec">): ReadonlySet<Family> {
  const { firewallMark, firewallMarkFamilies = ["IPv4"] } = spec;
  return new Set(firewallMark === undefined ? addresses.map(familyOf) : firewallMarkFamilies);
}

/** 0 stands for all ports. */
function portsOf(ranges: ResolvedVirtualServer["spec"]["ports"]): number[] {
  if (!ranges || ranges.length === 0) return [0];
  const all = ranges.flatMap(({ port, last = port }) => Array.from({ length: Math.max(0, last - port + 1) }, (_, index) => port + index));
  return [...new Set(all)];
}

export function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}

/** "TCP 192.0.2.1:80", "TCP [2001:db8::1]:80", "IPv4 mark 7": unique, and for people. */
export function formatServiceKey({ family, protocol = "TCP", address = "", port = 0, firewallMark }: IpvsServiceKey): string {
  if (firewallMark !== undefined) return `${family} mark ${firewallMark}`;
  return `${protocol} ${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
