/** The addresses of a VirtualIP, by family. Pure. */
import { type Family, families, formatAddress, parsePrefix } from "../api/ipAddress.ts";
import type { NodeAddress } from "../api/nodeAddress.ts";
import type { VirtualIPSpec } from "../api/virtualIP.ts";
import { memoized } from "./memoized.ts";

type Addresses = Pick<VirtualIPSpec, "addresses" | "excludedAddresses">;

/** The addresses that the virtual router of that family advertises, each once, in canonical form and with its prefix length. */
export function advertisedAddresses({ addresses }: Addresses, family: Family): NodeAddress[] {
  return distinct(addresses).filter(({ address }) => familyOf(address) === family);
}

/** The families of which the VirtualIP advertises addresses, IPv4 first: each is a virtual router. */
export function familiesOf({ addresses }: Addresses): Family[] {
  return families.filter((family) => addresses.some(({ address }) => familyOf(address) === family));
}

/**
 * All addresses that the virtual router of that family moves. Those that are not advertised go with the one of their own family, or, where
 * there is none, with the only one that there is.
 */
export function movedAddresses(spec: Addresses, family: Family): NodeAddress[] {
  return allMoved(spec)[family];
}

const allMoved = memoized((spec: Addresses) => ({ IPv4: findMoved(spec, "IPv4"), IPv6: findMoved(spec, "IPv6") }));

function findMoved(spec: Addresses, family: Family): NodeAddress[] {
  const present = familiesOf(spec);
  const advertised = advertisedAddresses(spec, family);
  const known = new Set(distinct(spec.addresses).map(hostOf));
  const excluded = distinct(spec.excludedAddresses ?? []).filter((item) => !known.has(hostOf(item)));
  const own = excluded.filter(({ address }) => carrierOf(familyOf(address), present) === family);
  return [...advertised, ...own.map((item) => ({ ...item, advertised: false }))];
}

/** Which virtual router carries what is of that family but belongs to no election: an excluded address, a route, a rule. */
export function carrierOf(family: Family, present: readonly Family[]): Family | undefined {
  return present.includes(family) ? family : present[0];
}

export function familyOf(text: string): Family {
  return text.includes(":") ? "IPv6" : "IPv4";
}

/** What cannot be read is left out; of two spellings of one address the first counts. */
const distinct = memoized((addresses: readonly NodeAddress[]): readonly NodeAddress[] => {
  const byHost = new Map<string, NodeAddress>();
  for (const item of addresses) {
    const prefix = parsePrefix(item.address);
    if (!prefix) continue;
    const host = formatAddress(prefix);
    if (!byHost.has(host)) byHost.set(host, { ...item, address: `${host}/${prefix.prefixLength}` });
  }
  return [...byHost.values()];
});

function hostOf({ address }: NodeAddress): string {
  return address.slice(0, address.indexOf("/"));
}
