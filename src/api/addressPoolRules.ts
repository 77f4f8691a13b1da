/** What an AddressPool must fulfil beyond its types. See rules.ts. */

import { parseRange } from "./addressRange.ts";
import { readBareAddress } from "./addressRules.ts";
import { intervalRanges } from "./interval.ts";
import { isGlobalUnicast, parsePrefix } from "./ipAddress.ts";
import type { Rule } from "./rules.ts";
import { intervalPattern, milliseconds } from "./vrrpParameters.ts";

const ends = "self.split('-')";
const isSpan = `(${ends}.size() == 2 && ${ends}.all(a, isIP(a)) && ip(${ends}[0]).family() == ip(${ends}[1]).family())`;
const isRange = `(isIP(self) || isCIDR(self) || ${isSpan})`;
/** CEL: an IPv4 address as a number. */
const number = (text: string) =>
  `(int(${text}.split('.')[0]) * 16777216 + int(${text}.split('.')[1]) * 65536 + int(${text}.split('.')[2]) * 256 + int(${text}.split('.')[3]))`;

/** Its address, or its two. */
const read = (text: string) => text.split("-").map(readBareAddress);

function isRangeText(text: string): boolean {
  if (text.includes("/")) return parsePrefix(text) !== undefined && readBareAddress(text.slice(0, text.indexOf("/"))) !== undefined;
  const [from, to = from, ...rest] = read(text);
  return rest.length === 0 && from !== undefined && from.family === to?.family;
}

export const rangeRules: Rule<string>[] = [
  {
    cel: isRange,
    holds: isRangeText,
    message: 'must be an address, a CIDR or a range such as "198.51.100.7", "198.51.100.0/27", "2001:db8::10-2001:db8::1f"',
  },
  {
    cel: "!isCIDR(self) || cidr(self) == cidr(self).masked()",
    holds: (text) => !text.includes("/") || !isRangeText(text) || parseRange(text) !== undefined,
    message: "a CIDR must be a network: without bits of a host",
  },
  {
    // CEL cannot compare two IPv6 addresses: those the operator compares.
    cel: `isIP(self) || !${isSpan} || self.contains(':') || ${number(`${ends}[0]`)} <= ${number(`${ends}[1]`)}`,
    holds: (text) => {
      const [from, to] = read(text);
      return !from || !to || from.family === "IPv6" || from.bits <= to.bits;
    },
    message: "a range must begin with its lowest address",
  },
  {
    cel: `!${isRange} || (isCIDR(self) ? cidr(self).ip().isGlobalUnicast() : ${ends}.all(a, ip(a).isGlobalUnicast()))`,
    holds: (text) =>
      !isRangeText(text) || read(text.replace(/\/.*/, "")).every((address) => address !== undefined && isGlobalUnicast(address)),
    message: "must hold addresses that other hosts can reach: not unspecified, loopback, link-local, multicast or broadcast",
  },
];

interface Template {
  vrrp: { virtualRouterID?: number; advertisementInterval?: string; authentication?: object };
  nodes: { preferred?: string; selector?: { matchExpressions?: object[] } };
}

export const templateRules: Rule<Template>[] = [
  {
    cel: "!has(self.vrrp) || !has(self.vrrp.virtualRouterID)",
    holds: ({ vrrp }) => vrrp.virtualRouterID === undefined,
    message: "virtualRouterID must be left out: each virtual router of the pool has one of its own",
    field: "vrrp.virtualRouterID",
  },
  {
    cel: "!has(self.nodes) || !has(self.nodes.preferred)",
    holds: ({ nodes }) => nodes.preferred === undefined,
    message: "preferred must be left out: `kubectl vip move` sets it on a VirtualIP of the pool",
    field: "nodes.preferred",
  },
  {
    cel: "!has(self.nodes) || !has(self.nodes.selector) || !has(self.nodes.selector.matchExpressions) || size(self.nodes.selector.matchExpressions) <= 15",
    holds: ({ nodes }) => (nodes.selector?.matchExpressions ?? []).length <= 15,
    message: "selector must have at most 15 matchExpressions: one is added, which leaves out nodes that answer for no Service",
    field: "nodes.selector",
  },
];

interface Spec {
  addresses: string[];
  virtualIP: Template;
}

const longestMs = intervalRanges[3].greatest;
const interval = "self.virtualIP.vrrp.advertisementInterval";
const anyIPv6 = "self.addresses.exists(a, a.contains(':'))";
const hasIPv6 = ({ addresses }: Spec) => addresses.some((text) => text.includes(":"));

export const poolRules: Rule<Spec>[] = [
  {
    cel: `!has(${interval}) || !${anyIPv6} || !${interval}.matches(${JSON.stringify(intervalPattern.source)}) || duration(${interval}) <= duration('${longestMs}ms')`,
    holds: (spec) => !hasIPv6(spec) || !((milliseconds(spec.virtualIP.vrrp.advertisementInterval ?? "", intervalPattern) ?? 0) > longestMs),
    message: "advertisementInterval must be at most 40.95s where an address is IPv6, which is always announced by VRRP version 3",
    field: "virtualIP.vrrp.advertisementInterval",
  },
  {
    cel: `!has(self.virtualIP.vrrp.authentication) || !${anyIPv6}`,
    holds: (spec) => spec.virtualIP.vrrp.authentication === undefined || !hasIPv6(spec),
    message: "authentication must be left out where an address is IPv6, which is always announced by VRRP version 3",
    field: "virtualIP.vrrp.authentication",
  },
];
