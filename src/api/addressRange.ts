/** Ranges of addresses as a pool names them: "198.51.100.0/27", "198.51.100.10-198.51.100.20", "2001:db8::10". Pure. */
import { type Family, familyBits, formatAddress, type IpAddress, isIPv4Mapped, parseAddress, parsePrefix } from "./ipAddress.ts";

export interface AddressRange {
  family: Family;
  /** Both belong to it. */
  first: bigint;
  last: bigint;
}

/** Undefined for what is no range: also one that runs backwards, and a prefix with bits of a host. */
export function parseRange(text: string): AddressRange | undefined {
  const [from = "", to, ...rest] = text.split("-");
  if (rest.length > 0) return undefined;
  if (to !== undefined) return span(parseAddress(from), parseAddress(to));
  const prefix = parsePrefix(from);
  if (!prefix) return undefined;
  const { family, bits, prefixLength } = prefix;
  const hosts = (1n << BigInt(familyBits[family] - prefixLength)) - 1n;
  return (bits & hosts) === 0n ? span({ family, bits }, { family, bits: bits | hosts }) : undefined;
}

function span(first: IpAddress | undefined, last: IpAddress | undefined): AddressRange | undefined {
  if (!first || !last || first.family !== last.family || first.bits > last.bits || isIPv4Mapped(first)) return undefined;
  return { family: first.family, first: first.bits, last: last.bits };
}

export function holds({ family, first, last }: AddressRange, address: IpAddress): boolean {
  return address.family === family && first <= address.bits && address.bits <= last;
}

/** What two ranges share; undefined when that is nothing. */
export function intersection(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.family !== b.family || a.first > b.last || b.first > a.last) return undefined;
  return { family: a.family, first: a.first > b.first ? a.first : b.first, last: a.last < b.last ? a.last : b.last };
}

/** In ascending order, those that touch or overlap joined. */
export function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const ordered = [...ranges].sort((a, b) => (a.family === b.family ? Number(a.first > b.first) || -1 : a.family < b.family ? -1 : 1));
  const merged: AddressRange[] = [];
  for (const range of ordered) {
    const before = merged.at(-1);
    if (before?.family === range.family && range.first <= before.last + 1n) {
      if (range.last > before.last) before.last = range.last;
    } else merged.push({ ...range });
  }
  return merged;
}

export function sizeOf({ first, last }: AddressRange): bigint {
  return last - first + 1n;
}

/** An IPv4 address that ends in .0 or .255. */
export function endsInZeroOr255({ family, bits }: IpAddress): boolean {
  const lastByte = bits & 0xffn;
  return family === "IPv4" && (lastByte === 0n || lastByte === 0xffn);
}

/** How many addresses of the range end so. */
export function countZeroAnd255({ family, first, last }: AddressRange): bigint {
  if (family !== "IPv4") return 0n;
  /** Of all addresses below `end`. */
  const below = (end: bigint) => ((end + 255n) >> 8n) + (end >> 8n);
  return below(last + 1n) - below(first);
}

export function formatRange({ family, first, last }: AddressRange): string {
  const from = formatAddress({ family, bits: first });
  return first === last ? from : `${from}-${formatAddress({ family, bits: last })}`;
}
