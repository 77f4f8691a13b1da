/** Addresses as other load balancers write them → as an AddressPool does. Pure. */
import { type AddressRange, formatRange, parseRange } from "../api/addressRange.ts";
import { type Family, familyBits, formatAddress, type IpPrefix, parsePrefix } from "../api/ipAddress.ts";

export const expectedRange = 'an address, a CIDR or a range such as "198.51.100.0/27" or "198.51.100.10-198.51.100.20"';

export interface WrittenRange {
  text: string;
  range: AddressRange;
  /** The network of a CIDR that was written with the bits of a host: it counts as that. */
  network?: string;
}

/** Undefined for what is none. Spaces around a hyphen are none of an AddressPool's. */
export function readRange(text: string): WrittenRange | undefined {
  const bare = text
    .split("-")
    .map((end) => end.trim())
    .join("-");
  const range = parseRange(bare);
  if (range) return { text: bare, range };
  const prefix = bare.includes("/") ? parsePrefix(bare) : undefined;
  if (!prefix) return undefined;
  const network = networkOf(prefix);
  const all = parseRange(network);
  return all && { text: network, range: all, network };
}

function networkOf({ family, bits, prefixLength }: IpPrefix): string {
  const hosts = BigInt(familyBits[family] - prefixLength);
  return `${formatAddress({ family, bits: (bits >> hosts) << hosts })}/${prefixLength}`;
}

/** Of an IPv4 network with more than two addresses: without the first and the last one. */
export function withoutEnds(written: WrittenRange): WrittenRange {
  const { family, first, last } = written.range;
  const shortest: Record<Family, bigint> = { IPv4: 3n, IPv6: 1n << 129n };
  if (last - first < shortest[family]) return written;
  const range = { family, first: first + 1n, last: last - 1n };
  return { text: formatRange(range), range };
}
