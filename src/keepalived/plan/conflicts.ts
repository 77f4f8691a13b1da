/** What two instances of one node must not share. */
import { formatAddress } from "../../api/ipAddress.ts";
import { type Diagnostics, type Position, quote } from "../diagnostic.ts";
import type { PlannedInstance } from "./instance.ts";

/** keepalived drops the second instance, or lets two fight for an address. */
export function reportConflicts(instances: readonly PlannedInstance[], diagnostics: Diagnostics): void {
  const routers = new Map<string, PlannedInstance>();
  const addresses = new Map<string, PlannedInstance>();
  for (const instance of instances) {
    const { family, interface: name, virtualRouterID } = instance.router;
    const what = `virtual_router_id ${virtualRouterID} on ${name}`;
    claim(`${name} ${family} ${virtualRouterID}`, what, keywordPosition(instance), instance, routers, diagnostics);
    for (const { address, position } of writtenAddresses(instance))
      claim(address, quote(address), position, instance, addresses, diagnostics);
  }
}

function claim(
  key: string,
  what: string,
  position: Position,
  instance: PlannedInstance,
  taken: Map<string, PlannedInstance>,
  diagnostics: Diagnostics,
): void {
  const earlier = taken.get(key);
  if (!earlier) taken.set(key, instance);
  else if (earlier !== instance)
    diagnostics.error(
      "conflict",
      position,
      `${what} belongs to vrrp_instance ${quote(earlier.router.virtualIP)} in line ${earlier.statement.position.line}`,
    );
}

function keywordPosition({ statement }: PlannedInstance): Position {
  return statement.block?.last("virtual_router_id")?.position ?? statement.position;
}

function writtenAddresses({ statement }: PlannedInstance): { address: string; position: Position }[] {
  const lines = ["virtual_ipaddress", "virtual_ipaddress_excluded"].flatMap((list) => statement.block?.items(list) ?? []);
  return lines.flatMap((line) => {
    const address = line.address();
    return address ? [{ address: formatAddress(address), position: line.position }] : [];
  });
}
