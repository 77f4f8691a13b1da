/** The interface of each family on one node, from the addresses of the VirtualIP and the subnets of the node. Pure. */
import { isLinkLocalIPv6Text } from "../api/addressRules.ts";
import { type Family, type IpPrefix, parsePrefix } from "../api/ipAddress.ts";
import type { NodeAddress } from "../api/nodeAddress.ts";
import { findInterface, type InterfaceSubnets } from "../api/subnets.ts";
import type { VirtualIPSpec } from "../api/virtualIP.ts";
import { advertisedAddresses, familiesOf } from "./addresses.ts";

/** Interfaces by family. Families may differ; an explicit interface serves both. */
export type InterfaceChoice = Partial<Record<Family, string>>;

export interface InterfaceSearch {
  interfaces: InterfaceChoice;
  /** Families without an interface, and the first address of each that none holds. */
  missing: [family: Family, address: IpPrefix][];
}

/** The interface that the user names for a node, if any. */
export function explicitInterface(spec: VirtualIPSpec, node: string): string | undefined {
  return spec.nodes.overrides?.find(({ name }) => name === node)?.interface ?? spec.interface;
}

/** `inUse`: an interface that is used already stays as long as it holds the address. */
export function searchInterfaces(
  spec: VirtualIPSpec,
  node: string,
  subnets: readonly InterfaceSubnets[],
  inUse: InterfaceChoice = {},
): InterfaceSearch {
  const explicit = explicitInterface(spec, node);
  const search: InterfaceSearch = { interfaces: {}, missing: [] };
  const bound: Family[] = [];
  for (const family of familiesOf(spec)) {
    const targets = explicit === undefined ? decisiveAddresses(spec, family) : [];
    const found = explicit ?? firstInterface(targets, subnets, inUse[family]);
    const [first] = targets;
    if (found !== undefined) search.interfaces[family] = found;
    else if (first) search.missing.push([family, prefixOf(first)]);
    else bound.push(family);
  }
  // Every link has the link-local subnet: where all addresses are link-local the other family, or what runs, says which link is meant.
  const [other] = Object.values(search.interfaces);
  for (const family of bound) {
    const found = other ?? inUse[family];
    if (found !== undefined) search.interfaces[family] = found;
    else search.missing.push([family, firstOf(spec, family)]);
  }
  return search;
}

/** Addresses that stand on an interface of their own say nothing about that of the election, and link-local ones are of every link. */
function decisiveAddresses(spec: VirtualIPSpec, family: Family): NodeAddress[] {
  const candidates = advertisedAddresses(spec, family).filter(({ address }) => !isLinkLocalIPv6Text(address));
  const free = candidates.filter((item) => item.interface === undefined);
  return free.length > 0 ? free : candidates;
}

/** A pool has hundreds of addresses, and the first one that is found is enough. */
function firstInterface(targets: readonly NodeAddress[], subnets: readonly InterfaceSubnets[], inUse: string | undefined) {
  for (const target of targets) {
    const found = findInterface(prefixOf(target), subnets, inUse);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstOf(spec: VirtualIPSpec, family: Family): IpPrefix {
  const [first] = advertisedAddresses(spec, family);
  if (!first) throw new Error(`the VirtualIP has no ${family} address`);
  return prefixOf(first);
}

/** Of an address in canonical form. */
function prefixOf({ address }: NodeAddress): IpPrefix {
  const prefix = parsePrefix(address);
  if (!prefix) throw new Error(`${address} is no address`);
  return prefix;
}
