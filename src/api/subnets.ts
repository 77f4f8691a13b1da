/** Which interface of a node an address belongs to, by the subnets of its interfaces. Pure. */
import { contains, familyBits, type IpPrefix, parsePrefix } from "./ipAddress.ts";

export interface InterfaceSubnets {
  name: string;
  /** Host addresses (full prefix length) are no subnets. */
  subnets: readonly IpPrefix[];
}

/** Reads the addresses of interfaces once, for any number of questions. */
export function readSubnets(interfaces: readonly { name: string; addresses: readonly string[] }[]): InterfaceSubnets[] {
  return interfaces.map(({ name, addresses }) => {
    const prefixes = addresses.flatMap((address) => parsePrefix(address) ?? []);
    return { name, subnets: prefixes.filter(({ family, prefixLength }) => prefixLength < familyBits[family]) };
  });
}

/** Of the interfaces whose subnet holds the address: the one in use, else the one with the longest prefix, else the first by name. */
export function findInterface(address: IpPrefix, interfaces: readonly InterfaceSubnets[], inUse?: string): string | undefined {
  const holding = interfaces.flatMap(({ name, subnets }) => {
    const lengths = subnets.filter((subnet) => contains(subnet, address)).map(({ prefixLength }) => prefixLength);
    return lengths.length > 0 ? [{ name, length: Math.max(...lengths) }] : [];
  });
  if (holding.some(({ name }) => name === inUse)) return inUse;
  return holding.sort((a, b) => b.length - a.length || (a.name < b.name ? -1 : 1))[0]?.name;
}
