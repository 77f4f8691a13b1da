/** Finds VirtualIPs of one segment that ask for the same address. Pure. */
import { byPrecedence, type Claimant } from "./age.ts";

export interface AddressClaim extends Claimant {
  segment: string;
  /** Addresses that run on nodes for it (or are still being released); canonical and without prefix length, as all here. */
  held: readonly string[];
  /** Addresses of its spec; empty when it may ask for nothing. */
  wanted: readonly string[];
}

export interface AddressConflict {
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
  /** Names by address, in each segment. */
  const segments = new Map(ordered.map(({ segment }) => [segment, new Map<string, string>()]));
  const conflicts = new Map<string, AddressConflict>();
  for (const { name, segment, held } of ordered) {
    const owners = segments.get(segment);
    for (const address of held) if (!owners?.has(address)) owners?.set(address, name);
  }
  for (const { name, segment, wanted } of ordered) {
    const owners = segments.get(segment);
    const index = wanted.findIndex((address) => (owners?.get(address) ?? name) !== name);
    if (index >= 0) conflicts.set(name, { index, other: owners?.get(wanted[index] ?? "") ?? "" });
    else for (const address of wanted) owners?.set(address, name);
  }
  return conflicts;
}
