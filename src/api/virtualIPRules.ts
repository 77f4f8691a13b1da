/** What a VirtualIP must fulfil beyond its types. See rules.ts. */
import { durationPattern, parseDuration } from "./duration.ts";
import { defaultInterval, fitsInterval, intervalRanges } from "./interval.ts";
import { formatAddress, isGlobalUnicast, isIPv4Mapped, parsePrefix } from "./ipAddress.ts";
import type { Rule } from "./rules.ts";

interface Address {
  address: string;
}

const isAddress = (text: string) => `(isIP(${text}) || (isCIDR(${text}) && cidr(${text}).prefixLength() > 0))`;
const ipOf = (text: string) => `(isIP(${text}) ? ip(${text}) : cidr(${text}).ip())`;

/** As kube-apiserver's isIP and isCIDR see it: no IPv4-mapped IPv6 address. */
function readAddress(text: string) {
  const prefix = parsePrefix(text);
  return prefix && prefix.prefixLength > 0 && !isIPv4Mapped(prefix) ? prefix : undefined;
}

export const addressRules: Rule<Address>[] = [
  {
    cel: isAddress("self.address"),
    holds: ({ address }) => readAddress(address) !== undefined,
    message:
      'address must be an IP address such as "192.0.2.10" or "2001:db8::10", bare or with a prefix length of 1 to 32 (IPv4) or 128 (IPv6)',
    field: "address",
  },
  {
    cel: `!${isAddress("self.address")} || ${ipOf("self.address")}.isGlobalUnicast()`,
    holds: ({ address }) => {
      const prefix = readAddress(address);
      return prefix === undefined || isGlobalUnicast(prefix);
    },
    message: "address must be one that other hosts can reach: not unspecified, loopback, link-local, multicast or broadcast",
    field: "address",
  },
];

export const addressListRules: Rule<Address[]>[] = [
  {
    cel: `!self.all(a, ${isAddress("a.address")}) || self.all(a, self.exists_one(b, ${ipOf("a.address")} == ${ipOf("b.address")}))`,
    holds: (addresses) => {
      const canonical = addresses.flatMap(({ address }) => readAddress(address) ?? []).map(formatAddress);
      return canonical.length < addresses.length || new Set(canonical).size === canonical.length;
    },
    message: "addresses must not repeat an address, be it in another spelling or with another prefix length",
  },
];

interface Requirement {
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

export const requirementRules: Rule<Requirement>[] = [
  {
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    holds: ({ operator, values = [] }) => (operator === "In" || operator === "NotIn") === values.length > 0,
    message: "values must be given with the operators In and NotIn, and left out with Exists and DoesNotExist",
    field: "values",
  },
];

interface Nodes {
  overrides?: { priority?: number }[];
}

export const nodesRules: Rule<Nodes>[] = [
  {
    cel: "!has(self.overrides) || self.overrides.filter(o, has(o.priority)).all(o, self.overrides.exists_one(p, has(p.priority) && p.priority == o.priority))",
    holds: ({ overrides = [] }) => {
      const priorities = overrides.flatMap(({ priority }) => priority ?? []);
      return new Set(priorities).size === priorities.length;
    },
    message: "priority must differ between the nodes: two candidates of equal priority would fall back to comparing their addresses",
    field: "overrides",
  },
];

interface Vrrp {
  version: 2 | 3;
  advertisementInterval?: string;
  preempt: boolean;
  preemptDelay: string;
}

/** One number and one unit, and no fraction of a millisecond: CEL counts whole milliseconds only. */
const intervalPattern = /^([0-9]{1,6}ms|[0-9]{1,3}(\.[0-9]{1,3})?s)$/;

/** Milliseconds; undefined for what the pattern does not take. */
const milliseconds = (text: string, pattern: RegExp) => (pattern.test(text) ? parseDuration(text) : undefined);
const matches = (field: string, pattern: RegExp) => `self.${field}.matches(${JSON.stringify(pattern.source)})`;

function intervalRule(version: 2 | 3): Rule<Vrrp> {
  const { least, greatest, step, allowed } = intervalRanges[version];
  const value = "duration(self.advertisementInterval).getMilliseconds()";
  const inRange = `${value} >= ${least} && ${value} <= ${greatest} && ${value} % ${step} == 0`;
  return {
    cel: `!has(self.advertisementInterval) || self.version != ${version} || (${matches("advertisementInterval", intervalPattern)} && ${inRange})`,
    holds: (vrrp) => {
      if (vrrp.advertisementInterval === undefined || vrrp.version !== version) return true;
      return fitsInterval(version, milliseconds(vrrp.advertisementInterval, intervalPattern) ?? Number.NaN);
    },
    message: `advertisementInterval of VRRP version ${version} must be ${allowed}, such as "${defaultInterval[version]}"`,
    field: "advertisementInterval",
  };
}

export const vrrpRules: Rule<Vrrp>[] = [
  intervalRule(3),
  intervalRule(2),
  {
    cel: `${matches("preemptDelay", durationPattern)} && duration(self.preemptDelay) <= duration('1000s')`,
    holds: ({ preemptDelay }) => (milliseconds(preemptDelay, durationPattern) ?? Number.NaN) <= 1_000_000,
    message: 'preemptDelay must be a duration of at most 1000s, such as "0s" or "30s"',
    field: "preemptDelay",
  },
  {
    cel: `self.preempt || !${matches("preemptDelay", durationPattern)} || duration(self.preemptDelay) == duration('0s')`,
    holds: ({ preempt, preemptDelay }) => preempt || (milliseconds(preemptDelay, durationPattern) ?? 0) === 0,
    message: "preemptDelay must be 0s when preempt is false: nothing is delayed then",
    field: "preemptDelay",
  },
];

interface Spec {
  addresses: Address[];
  vrrp: Vrrp;
}

const longestMs = intervalRanges[3].greatest;
const interval = "self.vrrp.advertisementInterval";

export const specRules: Rule<Spec>[] = [
  {
    cel: `!has(${interval}) || !self.addresses.exists(a, a.address.contains(':')) || !${interval}.matches(${JSON.stringify(intervalPattern.source)}) || duration(${interval}) <= duration('${longestMs}ms')`,
    holds: ({ addresses, vrrp: { advertisementInterval = "" } }) =>
      !addresses.some(({ address }) => address.includes(":")) || !((milliseconds(advertisementInterval, intervalPattern) ?? 0) > longestMs),
    message: "advertisementInterval must be at most 40.95s where an address is IPv6, which is always announced by VRRP version 3",
    field: "vrrp.advertisementInterval",
  },
];
