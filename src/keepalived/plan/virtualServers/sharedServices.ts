/** What two virtual servers of one node must not share: keepalived lets them fight for the service. */
import { type Diagnostics, quote } from "../../diagnostic.ts";
import type { PlannedVirtualServer } from "./plannedVirtualServer.ts";

export function reportSharedServices(virtualServers: readonly PlannedVirtualServer[], diagnostics: Diagnostics): void {
  const taken = new Map<string, PlannedVirtualServer>();
  for (const virtualServer of virtualServers) {
    for (const service of servicesOf(virtualServer)) {
      const earlier = taken.get(service);
      if (!earlier) taken.set(service, virtualServer);
      else if (earlier !== virtualServer) {
        const message = `${quote(service)} belongs to the virtual_server in line ${earlier.statement.position.line}`;
        diagnostics.error("conflict", virtualServer.statement.position, message);
      }
    }
  }
}

/** `TCP 10.0.0.1:80`, `IPv4 fwmark 3`; port 0: all. */
export function servicesOf({ addresses, spec }: Pick<PlannedVirtualServer, "addresses" | "spec">): string[] {
  const { firewallMark, firewallMarkFamilies = ["IPv4"], protocol, ports = [{ port: 0 }] } = spec;
  if (firewallMark !== undefined) return firewallMarkFamilies.map((family) => `${family} fwmark ${firewallMark}`);
  const host = (address: string) => (address.includes(":") ? `[${address}]` : address);
  return addresses.flatMap((address) => ports.map(({ port }) => `${protocol} ${host(address)}:${port}`));
}
