/** What a VirtualIP must fulfil beyond its types and beyond what its parts demand. See rules.ts. */
import { intervalRanges } from "./interval.ts";
import type { Rule } from "./rules.ts";
import { intervalPattern, milliseconds } from "./vrrpParameters.ts";

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

interface Spec {
  addresses: { address: string }[];
  vrrp: { advertisementInterval?: string; authentication?: object };
}

const longestMs = intervalRanges[3].greatest;
const interval = "self.vrrp.advertisementInterval";
const anyIPv6 = "self.addresses.exists(a, a.address.contains(':'))";
const hasIPv6 = ({ addresses }: Spec) => addresses.some(({ address }) => address.includes(":"));

export const specRules: Rule<Spec>[] = [
  {
    cel: `!has(${interval}) || !${anyIPv6} || !${interval}.matches(${JSON.stringify(intervalPattern.source)}) || duration(${interval}) <= duration('${longestMs}ms')`,
    holds: (spec) => !hasIPv6(spec) || !((milliseconds(spec.vrrp.advertisementInterval ?? "", intervalPattern) ?? 0) > longestMs),
    message: "advertisementInterval must be at most 40.95s where an address is IPv6, which is always announced by VRRP version 3",
    field: "vrrp.advertisementInterval",
  },
  {
    cel: `!has(self.vrrp.authentication) || !${anyIPv6}`,
    holds: (spec) => spec.vrrp.authentication === undefined || !hasIPv6(spec),
    message:
      "authentication must be left out where an address is IPv6, which is always announced by VRRP version 3; use two VirtualIPs of one group",
    field: "vrrp.authentication",
  },
];
