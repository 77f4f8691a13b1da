/** Addresses that must stand on one node, for one Service has them both. Pure. */

export interface Holding {
  service: string;
  addresses: readonly string[];
}

export interface AddressUnit {
  /** The first of its addresses: what it is called. */
  key: string;
  addresses: readonly string[];
  services: readonly string[];
}

/** Services that share an address are one unit with all that they have. Units in the order of their keys. */
export function unitsOf(holdings: readonly Holding[]): AddressUnit[] {
  const parents = new Map<string, string>();
  const rootOf = (address: string): string => {
    const parent = parents.get(address) ?? address;
    if (parent === address) return address;
    const root = rootOf(parent);
    parents.set(address, root);
    return root;
  };
  for (const { addresses } of holdings) {
    const [first] = addresses;
    for (const address of addresses) parents.set(rootOf(address), rootOf(first ?? address));
  }
  const units = Map.groupBy(
    holdings.filter(({ addresses }) => addresses.length > 0),
    ({ addresses }) => rootOf(addresses[0] ?? ""),
  );
  return [...units.values()].map(unitOf).sort((a, b) => (a.key < b.key ? -1 : 1));
}

function unitOf(members: readonly Holding[]): AddressUnit {
  const [first] = members;
  if (first && members.length === 1 && first.addresses.length === 1) {
    return { key: first.addresses[0] ?? "", addresses: first.addresses, services: [first.service] };
  }
  const addresses = [...new Set(members.flatMap((member) => member.addresses))].sort();
  return { key: addresses[0] ?? "", addresses, services: members.map(({ service }) => service).sort() };
}
