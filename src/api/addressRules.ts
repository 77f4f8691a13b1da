/** What texts that name an address must fulfil, in CEL and in TypeScript. See rules.ts. */
import { contains, type Family, families, formatAddress, isGlobalUnicast, isIPv4Mapped, parseAddress, parsePrefix } from "./ipAddress.ts";
import type { Rule } from "./rules.ts";

/** CEL for: an address, bare or with a prefix length above 0. */
const isAddress = (text: string) => `(isIP(${text}) || (isCIDR(${text}) && cidr(${text}).prefixLength() > 0))`;
/** CEL: the address of what isAddress takes. */
const ipOf = (text: string) => `(isIP(${text}) ? ip(${text}) : cidr(${text}).ip())`;
/** fe80::/10: the first group has no leading zeros to leave out. A pattern costs CEL less than ip(). */
const linkLocalPattern = /^[fF][eE][89abAB][0-9a-fA-F]:/;
const isLinkLocalIPv6 = (text: string) => `${text}.matches(${JSON.stringify(linkLocalPattern.source)})`;

/** As kube-apiserver's isIP and isCIDR see it: no IPv4-mapped IPv6 address. */
function readAddress(text: string) {
  const prefix = parsePrefix(text);
  return prefix && prefix.prefixLength > 0 && !isIPv4Mapped(prefix) ? prefix : undefined;
}

export function readBareAddress(text: string) {
  const address = parseAddress(text);
  return address && !isIPv4Mapped(address) ? address : undefined;
}

const multicast: Record<Family, string> = { IPv4: "224.0.0.0/4", IPv6: "ff00::/8" };

/** Whether an address, with or without prefix length, is a link-local IPv6 one. */
export function isLinkLocalIPv6Text(text: string): boolean {
  return linkLocalPattern.test(text);
}

interface Address {
  address: string;
  label?: string;
  broadcast?: string;
}

/** For an address that stands on an interface. */
export const addressRules: Rule<Address>[] = [
  {
    cel: isAddress("self.address"),
    holds: ({ address }) => readAddress(address) !== undefined,
    message:
      'address must be an IP address such as "192.0.2.10" or "2001:db8::10", bare or with a prefix length of 1 to 32 (IPv4) or 128 (IPv6)',
    field: "address",
  },
  {
    cel: `!${isAddress("self.address")} || ${ipOf("self.address")}.isGlobalUnicast() || ${isLinkLocalIPv6("self.address")}`,
    holds: ({ address }) => {
      const prefix = readAddress(address);
      return prefix === undefined || isGlobalUnicast(prefix) || isLinkLocalIPv6Text(address);
    },
    message: "address must be one that other hosts can reach: not unspecified, loopback, IPv4 link-local, multicast or broadcast",
    field: "address",
  },
  {
    cel: "!has(self.label) || !self.address.contains(':')",
    holds: ({ address, label }) => label === undefined || !address.includes(":"),
    message: "label must be left out with an IPv6 address: only IPv4 addresses have one",
    field: "label",
  },
  {
    cel: "!has(self.broadcast) || (isIP(self.broadcast) && ip(self.broadcast).family() == 4 && !self.address.contains(':'))",
    holds: ({ address, broadcast }) => broadcast === undefined || (parseAddress(broadcast)?.family === "IPv4" && !address.includes(":")),
    message: 'broadcast must be an IPv4 address such as "192.0.2.255", and be left out with an IPv6 address',
    field: "broadcast",
  },
];

const linkLocals = `self.map(a, ${isLinkLocalIPv6("a.address")})`;

/** For the addresses that a virtual router advertises. */
export const addressListRules: Rule<Address[]>[] = [
  {
    cel: `!self.all(a, ${isAddress("a.address")}) || self.all(a, self.exists_one(b, ${ipOf("a.address")} == ${ipOf("b.address")}))`,
    holds: (addresses) => {
      const canonical = addresses.flatMap(({ address }) => readAddress(address) ?? []).map(formatAddress);
      return canonical.length < addresses.length || new Set(canonical).size === canonical.length;
    },
    message: "addresses must not repeat an address, be it in another spelling or with another prefix length",
  },
  {
    cel: `!(true in ${linkLocals}) || (${linkLocals}.indexOf(true) == ${linkLocals}.lastIndexOf(true) && ${linkLocals}.indexOf(true) == self.map(a, a.address.contains(':')).indexOf(true))`,
    holds: (addresses) => {
      const linkLocal = addresses.filter(({ address }) => address.includes(":")).map(({ address }) => isLinkLocalIPv6Text(address));
      return !linkLocal.includes(true) || (linkLocal[0] === true && linkLocal.lastIndexOf(true) === 0);
    },
    message: "addresses must hold at most one link-local address, as the first of the IPv6 ones: adverts begin with it (RFC 9568 5.2.9)",
  },
];

/** For a list of bare addresses. */
export const bareAddressesRule = (field: string): Rule<string[]> => ({
  cel: "self.all(a, isIP(a))",
  holds: (addresses) => addresses.every((address) => readBareAddress(address) !== undefined),
  message: `${field} must be IP addresses without prefix length, such as "192.0.2.2" or "fe80::2"`,
});

interface PerFamily {
  ipv4?: string;
  ipv6?: string;
}

/** For a pair of bare addresses, one for each family. */
export const perFamilyRules: Rule<PerFamily>[] = [
  {
    cel: "!has(self.ipv4) || (isIP(self.ipv4) && ip(self.ipv4).family() == 4)",
    holds: ({ ipv4 }) => ipv4 === undefined || parseAddress(ipv4)?.family === "IPv4",
    message: "ipv4 must be an IPv4 address without prefix length",
    field: "ipv4",
  },
  {
    cel: "!has(self.ipv6) || (isIP(self.ipv6) && ip(self.ipv6).family() == 6)",
    holds: ({ ipv6 }) => ipv6 === undefined || readBareAddress(ipv6)?.family === "IPv6",
    message: "ipv6 must be an IPv6 address without prefix length or zone",
    field: "ipv6",
  },
];

const loopback = ["127.0.0.0/8", "::1"].flatMap((text) => parsePrefix(text) ?? []);

/** CEL and TypeScript for: an address without prefix length at which a host can be spoken to, be it this one. */
export const isHost = (text: string) => `(isIP(${text}) && (ip(${text}).isGlobalUnicast() || ip(${text}).isLoopback()))`;
export function isHostText(text: string): boolean {
  const address = readBareAddress(text);
  return address !== undefined && (isGlobalUnicast(address) || loopback.some((range) => contains(range, address)));
}

const isMulticast = (family: Family, text: string) => {
  const address = readBareAddress(text);
  const range = parsePrefix(multicast[family]);
  return address !== undefined && range !== undefined && contains(range, address);
};

/** For a pair of multicast groups. */
export const multicastGroupRules: Rule<PerFamily>[] = [
  {
    cel: `!has(self.ipv4) || (isIP(self.ipv4) && cidr('${multicast.IPv4}').containsIP(ip(self.ipv4)))`,
    holds: ({ ipv4 }) => ipv4 === undefined || isMulticast("IPv4", ipv4),
    message: 'ipv4 must be an IPv4 multicast group such as "224.0.0.18"',
    field: "ipv4",
  },
  {
    cel: `!has(self.ipv6) || (isIP(self.ipv6) && cidr('${multicast.IPv6}').containsIP(ip(self.ipv6)))`,
    holds: ({ ipv6 }) => ipv6 === undefined || isMulticast("IPv6", ipv6),
    message: 'ipv6 must be an IPv6 multicast group such as "ff02::12"',
    field: "ipv6",
  },
];

/** For a multicast group of either family, as the field of an object. */
export const multicastGroupTextRule = <Field extends string>(field: Field): Rule<{ [Name in Field]?: string }> => {
  const groups = Object.values(multicast).map((range) => `cidr('${range}').containsIP(ip(self.${field}))`);
  return {
    cel: `!has(self.${field}) || (isIP(self.${field}) && (${groups.join(" || ")}))`,
    holds: (value) => {
      const text: string | undefined = value[field];
      return text === undefined || families.some((family) => isMulticast(family, text));
    },
    message: `${field} must be a multicast group such as "224.0.0.81" or "ff02::81"`,
    field,
  };
};
