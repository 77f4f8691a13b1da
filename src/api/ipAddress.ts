/**
 * IPv4 and IPv6 addresses as values: parse, format canonically (RFC 5952), compare, test for a subnet.
 * Pure, and without dependencies, so that the operator, the agent and the CLI agree to the last bit.
 */

export type Family = "IPv4" | "IPv6";

/** IPv4 first. */
export const families: readonly Family[] = ["IPv4", "IPv6"];

export interface IpAddress {
  family: Family;
  /** 32 or 128 bits, most significant first on the wire. */
  bits: bigint;
}

export interface IpPrefix extends IpAddress {
  /** 0–32 or 0–128. */
  prefixLength: number;
}

export const familyBits: Record<Family, number> = { IPv4: 32, IPv6: 128 };

/** Parses an address; undefined when the text is none. Zone identifiers and leading zeros in IPv4 are refused. */
export function parseAddress(text: string): IpAddress | undefined {
  const family: Family = text.includes(":") ? "IPv6" : "IPv4";
  const bits = family === "IPv6" ? parseIPv6(text) : parseIPv4(text);
  return bits === undefined ? undefined : { family, bits };
}

/** Parses "ADDRESS" (full prefix length) or "ADDRESS/LENGTH"; host bits are kept. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const [host = "", length, ...rest] = text.split("/");
  const address = parseAddress(host);
  if (!address || rest.length > 0) return undefined;
  const most = familyBits[address.family];
  if (length === undefined) return { ...address, prefixLength: most };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > most) return undefined;
  return { ...address, prefixLength: Number(length) };
}

/** Whether `address` lies in the subnet of `prefix`; false across families. */
export function contains(prefix: IpPrefix, address: IpAddress): boolean {
  if (prefix.family !== address.family) return false;
  const shift = BigInt(familyBits[prefix.family] - prefix.prefixLength);
  return prefix.bits >> shift === address.bits >> shift;
}

/** ::ffff:0:0/96, an IPv4 address in IPv6 clothes; Kubernetes takes none. */
export function isIPv4Mapped({ family, bits }: IpAddress): boolean {
  return family === "IPv6" && bits >> 32n === 0xffffn;
}

/** The ranges that no packet of another host can reach this one at: unspecified, loopback, link-local, multicast, broadcast. */
const unreachable = [
  "0.0.0.0/32",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "255.255.255.255/32",
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
].flatMap((text) => parsePrefix(text) ?? []);

/** Whether other hosts can reach a host at this address; private addresses count, as in Go's netip and in CEL. */
export function isGlobalUnicast(address: IpAddress): boolean {
  return !unreachable.some((range) => contains(range, address));
}

/** Canonical text: dotted quad, or RFC 5952. */
export function formatAddress(address: IpAddress): string {
  return address.family === "IPv4" ? formatIPv4(address.bits) : formatIPv6(address.bits);
}

/** Canonical text without prefix length; of what is no address the text as it is. */
export function canonicalAddress(text: string): string {
  if (readQuad(text) !== undefined) return text;
  const prefix = parsePrefix(text);
  return prefix ? formatAddress(prefix) : text;
}

function parseIPv4(text: string): bigint | undefined {
  const bits = readQuad(text);
  return bits === undefined ? undefined : BigInt(bits);
}

/** A plain number: tens of thousands of addresses are read at once. Only what would be written the same counts. */
function readQuad(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let bits = 0;
  for (const part of parts) {
    const value = Number(part);
    if (!(value >= 0 && value <= 255) || String(value) !== part) return undefined;
    bits = bits * 256 + value;
  }
  return bits;
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...Array<bigint>(missing).fill(0n), ...tail].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The 16-bit groups of one side of "::"; only the last group of an address may be a dotted quad. */
function parseGroups(text: string, isLast: boolean): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes(".")) {
      const quad = parseIPv4(part);
      if (quad === undefined) return undefined;
      groups.push(quad >> 16n, quad & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function formatIPv4(bits: bigint): string {
  const quad = Number(bits);
  return `${quad >>> 24}.${(quad >>> 16) & 255}.${(quad >>> 8) & 255}.${quad & 255}`;
}

function formatIPv6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(112 - 16 * index)) & 0xffffn));
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((value) => value.toString(16)).join(":");
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > best.length) best = { start, length: end - start };
    start = Math.max(start, end - 1);
  }
  return best;
}
