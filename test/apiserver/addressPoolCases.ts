/** Specs of AddressPools that the API takes and refuses. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const addresses = ["192.0.2.0/28"];
const withAddresses = (...texts: string[]) => ({ addresses: texts });
const withTemplate = (virtualIP: object, more: string[] = addresses) => ({ addresses: more, virtualIP });
const expression = { key: "zone", operator: "Exists" };

export const goodPools: GoodCase[] = [
  {
    name: "CIDRs, ranges and single addresses of both families",
    spec: withAddresses(
      "192.0.2.0/28",
      "198.51.100.10-198.51.100.20",
      "203.0.113.7",
      "2001:db8::/120",
      "2001:db8:1::1-2001:db8:1::ff",
      "2001:db8:2::1",
    ),
  },
  { name: "a range over a byte, and one address as a range", spec: withAddresses("192.0.2.250-192.0.3.5", "198.51.100.1-198.51.100.1") },
  { name: "private and unique local addresses", spec: withAddresses("10.0.0.0/8", "fd00::/64") },
  {
    name: "all that it can have",
    spec: {
      addresses,
      skipZeroAnd255: true,
      autoAssign: false,
      priority: -5,
      namespaces: ["web"],
      namespaceSelector: { matchLabels: { tenant: "a" } },
      serviceSelector: { matchExpressions: [{ key: "tier", operator: "In", values: ["edge"] }] },
      sharing: "Cluster",
      dataPlane: { mode: "IPVS", scheduler: "wlc" },
      virtualIP: {
        segment: "dmz",
        interface: "bond0.30",
        nodes: { maxCandidates: 3 },
        vrrp: { advertisementInterval: "50ms", mode: "Unicast" },
      },
      virtualRouters: 64,
      maxLocalVirtualRouters: 0,
    },
  },
  {
    name: "version 2 at 1s with a password",
    spec: withTemplate({ vrrp: { version: 2, authentication: { type: "PASS", secretRef: { name: "vrrp" } } } }),
  },
  { name: "15 expressions", spec: withTemplate({ nodes: { selector: { matchExpressions: Array(15).fill(expression) } } }) },
];

const noRange = "must be an address, a CIDR or a range such as";
export const badPools: BadCase[] = [
  { name: "no addresses", spec: { addresses: [] }, field: "spec.addresses", says: "should have at least 1 items" },
  { name: "text", spec: withAddresses("public"), field: "spec.addresses[0]", says: noRange },
  { name: "a range of three", spec: withAddresses("192.0.2.1-192.0.2.2-192.0.2.3"), field: "spec.addresses[0]", says: noRange },
  { name: "a range of two families", spec: withAddresses("192.0.2.1-2001:db8::1"), field: "spec.addresses[0]", says: noRange },
  { name: "a range of CIDRs", spec: withAddresses("192.0.2.0/28-192.0.2.32/28"), field: "spec.addresses[0]", says: noRange },
  { name: "an IPv4-mapped address", spec: withAddresses("::ffff:192.0.2.1"), field: "spec.addresses[0]", says: noRange },
  { name: "a CIDR with bits of a host", spec: withAddresses("192.0.2.1/28"), field: "spec.addresses[0]", says: "a CIDR must be a network" },
  {
    name: "a range that runs backwards",
    spec: withAddresses("192.0.2.9-192.0.2.8"),
    field: "spec.addresses[0]",
    says: "a range must begin with its lowest address",
  },
  {
    name: "multicast",
    spec: withAddresses("224.0.0.0/24"),
    field: "spec.addresses[0]",
    says: "must hold addresses that other hosts can reach",
  },
  {
    name: "link-local addresses",
    spec: withAddresses("fe80::1-fe80::9"),
    field: "spec.addresses[0]",
    says: "must hold addresses that other hosts can reach",
  },
  {
    name: "a VRID",
    spec: withTemplate({ vrrp: { virtualRouterID: 7 } }),
    field: "spec.virtualIP.vrrp.virtualRouterID",
    says: "virtualRouterID must be left out",
  },
  {
    name: "a preferred node",
    spec: withTemplate({ nodes: { preferred: "n1" } }),
    field: "spec.virtualIP.nodes.preferred",
    says: "preferred must be left out",
  },
  {
    name: "16 expressions",
    spec: withTemplate({ nodes: { selector: { matchExpressions: Array(16).fill(expression) } } }),
    field: "spec.virtualIP.nodes.selector",
    says: "selector must have at most 15 matchExpressions",
  },
  {
    name: "a password with an IPv6 range",
    spec: withTemplate({ vrrp: { version: 2, authentication: { type: "PASS", secretRef: { name: "vrrp" } } } }, ["2001:db8::/120"]),
    field: "spec.virtualIP.vrrp.authentication",
    says: "authentication must be left out",
  },
  {
    name: "an interval of version 2 with an IPv6 range",
    spec: withTemplate({ vrrp: { version: 2, advertisementInterval: "60s" } }, ["2001:db8::/120"]),
    field: "spec.virtualIP.vrrp.advertisementInterval",
    says: "advertisementInterval must be at most 40.95s",
  },
  {
    name: "no virtual router",
    spec: { addresses, virtualRouters: 0 },
    field: "spec.virtualRouters",
    says: "should be greater than or equal to 1",
  },
  {
    name: "a data plane that there is not",
    spec: { addresses, dataPlane: { mode: "eBPF" } },
    field: "spec.dataPlane.mode",
    says: "Unsupported value",
  },
  { name: "an unknown field", spec: { addresses, avoid: [] }, field: "spec.avoid", says: "unknown field" },
];
