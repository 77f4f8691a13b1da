/** Finds VirtualServers that ask for the same service of the kernel's table. Pure. */
import { type Aged, byAge } from "./age.ts";

export interface PortRange {
  first: number;
  last: number;
}

export interface ServiceClaim extends Aged {
  /** Each address with its protocol, or each family of a firewall mark: one text for one place, whoever asks. */
  places: readonly string[];
  /** The ports in each place. 0 stands for all that no other service has. */
  ports: readonly PortRange[];
}

export interface ServiceConflict {
  place: string;
  port: number;
  /** Who has it. */
  other: string;
}

interface Owned extends PortRange {
  owner: string;
}

/** The conflict of each claim that loses one, by name. The older one wins, always; a loser has none of its other places either. */
export function findServiceConflicts(claims: readonly ServiceClaim[]): Map<string, ServiceConflict> {
  const owned = new Map<string, Owned[]>();
  const conflicts = new Map<string, ServiceConflict>();
  for (const claim of [...claims].sort(byAge)) {
    const conflict = findConflict(claim, owned);
    if (conflict) conflicts.set(claim.name, conflict);
    else take(claim, owned);
  }
  return conflicts;
}

function findConflict({ places, ports }: ServiceClaim, owned: ReadonlyMap<string, readonly Owned[]>): ServiceConflict | undefined {
  for (const place of places) {
    const taken = owned.get(place) ?? [];
    for (const { first, last } of ports) {
      const other = taken.find((range) => range.first <= last && first <= range.last);
      if (other) return { place, port: Math.max(first, other.first), other: other.owner };
    }
  }
  return undefined;
}

function take({ name, places, ports }: ServiceClaim, owned: Map<string, Owned[]>): void {
  for (const place of places) {
    const taken = owned.get(place) ?? [];
    taken.push(...ports.map((range) => ({ ...range, owner: name })));
    owned.set(place, taken);
  }
}
