/** Finds VirtualIPs of one segment that ask for the same address. Pure. */
import { parsePrefix } from "../../api/ipAddress.ts";
import { byPrecedence, type Claimant } from "./age.ts";

export interface AddressClaim extends Claimant {
  segment: string;
  /** Addresses that run on nodes for it (or are still being released), with or without prefix length. */
  held: readonly string[];
  /** Addresses of its spec; empty when it may ask for nothing. */
  wanted: readonly string[];
}

export interface AddressConflict {
  /** As the spec writes it. */
  address: string;
  /** Index in `wanted`. */
  index: number;
  /** The VirtualIP that has it. */
  other: string;
}

/**
 * The conflict of each VirtualIP that loses one, by name. Who runs an address keeps it, then who was accepted with it; among the others the older wins.
 * A loser wins none of its other addresses either: it is not accepted as a whole.
 */
export function findAddressConflicts(claims: readonly AddressClaim[]): Map<string, AddressConflict> {
  const ordered = [...claims].sort(byPrecedence);
  const owners = new Map<string, string>();
  const conflicts = new Map<string, AddressConflict>();
  for (const { name, segment, held } of ordered) {
    for (const address of held) setIfFree(owners, placeOf(segment, address), name);
  }
  for (const { name, segment, wanted } of ordered) {
    const places = wanted.map((address) => placeOf(segment, address));
    const index = places.findIndex((place) => (owners.get(place) ?? name) !== name);
    if (index >= 0) conflicts.set(name, { address: wanted[index] ?? "", index, other: owners.get(places[index] ?? "") ?? "" });
    else for (const place of places) owners.set(place, name);
  }
  return conflicts;
}

function setIfFree(owners: Map<string, string>, place: string, name: string): void {
  if (!owners.has(place)) owners.set(place, name);
}

/** One text per address and segment, whatever its spelling and prefix length. */
function placeOf(segment: string, address: string): string {
  const parsed = parsePrefix(address);
  return parsed ? `${segment}/${parsed.family}/${parsed.bits}` : `${segment}/?/${address}`;
}
