/** VirtualIP specs that the API takes and refuses: the same table is put to kube-apiserver and to the zod schemas. */

export interface GoodCase {
  name: string;
  spec: object;
}

export interface BadCase extends GoodCase {
  /** The field that kubectl names. */
  field: string;
  /** What kubectl says is allowed. */
  says: string;
}

const addresses = [{ address: "192.0.2.10/24" }];
const withAddress = (...texts: string[]) => ({ addresses: texts.map((address) => ({ address })) });
const withVrrp = (vrrp: object) => ({ addresses, vrrp });
const withNodes = (nodes: object) => ({ addresses, nodes });
const withRequirement = (requirement: object) => withNodes({ selector: { matchExpressions: [requirement] } });

export const goodCases: GoodCase[] = [
  { name: "one bare IPv4 address", spec: withAddress("192.0.2.10") },
  { name: "one bare IPv6 address", spec: withAddress("2001:db8::10") },
  { name: "both families with prefix lengths", spec: withAddress("192.0.2.10/24", "2001:db8::10/64") },
  { name: "private and unique local addresses", spec: withAddress("10.0.0.1/8", "fd00::1/48") },
  { name: "an address in upper case and unshortened", spec: withAddress("2001:DB8:0:0:0:0:0:10/64") },
  { name: "full prefix lengths", spec: withAddress("192.0.2.10/32", "2001:db8::10/128") },
  { name: "neighbouring addresses", spec: withAddress("192.0.2.10", "192.0.2.11", "192.0.2.12/24") },
  { name: "128 addresses", spec: withAddress(...Array.from({ length: 128 }, (_, index) => `198.51.100.${index + 1}`)) },
  { name: "segment and interface", spec: { addresses, segment: "rack-2", interface: "bond0.100" } },
  { name: "an interface name of 15 characters", spec: { addresses, interface: "enp129s0f1np100" } },
  { name: "the least and the greatest VRID", spec: withVrrp({ virtualRouterID: 255 }) },
  { name: "version 3 at 10ms", spec: withVrrp({ advertisementInterval: "10ms" }) },
  { name: "version 3 at 40.95s", spec: withVrrp({ advertisementInterval: "40.95s" }) },
  { name: "version 3 at 0.1s", spec: withVrrp({ version: 3, advertisementInterval: "0.1s" }) },
  { name: "version 2 at 1000ms", spec: withVrrp({ version: 2, advertisementInterval: "1000ms" }) },
  { name: "version 2 at 255s", spec: withVrrp({ version: 2, advertisementInterval: "255s" }) },
  {
    name: "version 2 at 40s with an IPv6 address",
    spec: { addresses: [{ address: "192.0.2.10" }, { address: "2001:db8::10" }], vrrp: { version: 2, advertisementInterval: "40s" } },
  },
  { name: "a preempt delay in minutes", spec: withVrrp({ preemptDelay: "16m40s" }) },
  { name: "no preemption, no delay", spec: withVrrp({ preempt: false, preemptDelay: "0ms" }) },
  { name: "a checksum form", spec: withVrrp({ checksum: "WithPseudoHeader" }) },
  {
    name: "overrides with different priorities",
    spec: withNodes({
      maxCandidates: 3,
      overrides: [
        { name: "n1", priority: 255 },
        { name: "n2", priority: 1 },
        { name: "n3", interface: "eth1" },
      ],
    }),
  },
  {
    name: "a selector with every operator",
    spec: withNodes({
      selector: {
        matchLabels: { "example.com/edge": "" },
        matchExpressions: [
          { key: "zone", operator: "In", values: ["a", "b"] },
          { key: "tier", operator: "NotIn", values: ["test"] },
          { key: "edge", operator: "Exists" },
          { key: "drained", operator: "DoesNotExist", values: [] },
        ],
      },
    }),
  },
];

export const badCases: BadCase[] = [
  { name: "no spec", spec: undefined as unknown as object, field: "spec", says: "Required value" },
  { name: "no addresses", spec: {}, field: "spec.addresses", says: "Required value" },
  { name: "an empty list of addresses", spec: withAddress(), field: "spec.addresses", says: "should have at least 1 items" },
  {
    name: "129 addresses",
    spec: withAddress(...Array.from({ length: 129 }, (_, index) => `198.51.100.${index + 1}`)),
    field: "spec.addresses",
    says: "must have at most 128 items",
  },
  { name: "text for an address", spec: withAddress("gateway"), field: "spec.addresses[0].address", says: "must be an IP address such as" },
  {
    name: "an IPv4 address out of range",
    spec: withAddress("192.0.2.256"),
    field: "spec.addresses[0].address",
    says: "must be an IP address such as",
  },
  {
    name: "an IPv4 address with leading zeros",
    spec: withAddress("192.0.02.10"),
    field: "spec.addresses[0].address",
    says: "must be an IP address such as",
  },
  {
    name: "an IPv4-mapped IPv6 address",
    spec: withAddress("::ffff:192.0.2.10"),
    field: "spec.addresses[0].address",
    says: "must be an IP address such as",
  },
  {
    name: "an IPv6 address with a zone",
    spec: withAddress("2001:db8::1%eth0"),
    field: "spec.addresses[0].address",
    says: "must be an IP address such as",
  },
  {
    name: "an IPv4 prefix of 33",
    spec: withAddress("192.0.2.10/33"),
    field: "spec.addresses[0].address",
    says: "prefix length of 1 to 32 (IPv4) or 128 (IPv6)",
  },
  {
    name: "an IPv6 prefix of 129",
    spec: withAddress("192.0.2.10", "2001:db8::1/129"),
    field: "spec.addresses[1].address",
    says: "prefix length of 1 to 32 (IPv4) or 128 (IPv6)",
  },
  {
    name: "a prefix of 0",
    spec: withAddress("192.0.2.10/0"),
    field: "spec.addresses[0].address",
    says: "prefix length of 1 to 32 (IPv4) or 128 (IPv6)",
  },
  {
    name: "a netmask for a prefix",
    spec: withAddress("192.0.2.10/255.255.255.0"),
    field: "spec.addresses[0].address",
    says: "prefix length of 1 to 32 (IPv4) or 128 (IPv6)",
  },
  {
    name: "a loopback address",
    spec: withAddress("127.0.0.1/8"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  {
    name: "a multicast address",
    spec: withAddress("224.0.0.18"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  {
    name: "a link-local IPv6 address",
    spec: withAddress("fe80::1/64"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  {
    name: "an IPv6 multicast address",
    spec: withAddress("ff02::12"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  {
    name: "the unspecified address",
    spec: withAddress("::"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  {
    name: "the broadcast address",
    spec: withAddress("255.255.255.255"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, link-local, multicast or broadcast",
  },
  { name: "an address twice", spec: withAddress("192.0.2.10", "192.0.2.10"), field: "spec.addresses[1]", says: "Duplicate value" },
  {
    name: "an address twice, once with a prefix length",
    spec: withAddress("192.0.2.10", "192.0.2.10/24"),
    field: "spec.addresses",
    says: "must not repeat an address",
  },
  {
    name: "an address twice, in another spelling",
    spec: withAddress("2001:db8::10", "192.0.2.10", "2001:DB8:0::0:10/64"),
    field: "spec.addresses",
    says: "must not repeat an address",
  },
  { name: "an unknown field", spec: { addresses, vrid: 51 }, field: "spec.vrid", says: "unknown field" },
  {
    name: "a segment in upper case",
    spec: { addresses, segment: "Rack_2" },
    field: "spec.segment",
    says: "must be a DNS label: 1 to 63 lower-case letters, digits and '-'",
  },
  { name: "an empty segment", spec: { addresses, segment: "" }, field: "spec.segment", says: "must be a DNS label" },
  {
    name: "an interface name of 16 characters",
    spec: { addresses, interface: "enp129s0f1np1000" },
    field: "spec.interface",
    says: "may not be more than 15",
  },
  {
    name: "an interface name with a slash",
    spec: { addresses, interface: "eth0/1" },
    field: "spec.interface",
    says: "1 to 15 characters, no space, '/' or ':'",
  },
  {
    name: "VRID 0",
    spec: withVrrp({ virtualRouterID: 0 }),
    field: "spec.vrrp.virtualRouterID",
    says: "should be greater than or equal to 1",
  },
  {
    name: "VRID 256",
    spec: withVrrp({ virtualRouterID: 256 }),
    field: "spec.vrrp.virtualRouterID",
    says: "should be less than or equal to 255",
  },
  { name: "VRRP version 4", spec: withVrrp({ version: 4 }), field: "spec.vrrp.version", says: 'supported values: "2", "3"' },
  {
    name: "version 2 with 100ms",
    spec: withVrrp({ version: 2, advertisementInterval: "100ms" }),
    field: "spec.vrrp.advertisementInterval",
    says: "whole seconds from 1s to 255s",
  },
  {
    name: "version 2 with 1.5s",
    spec: withVrrp({ version: 2, advertisementInterval: "1.5s" }),
    field: "spec.vrrp.advertisementInterval",
    says: "whole seconds from 1s to 255s",
  },
  {
    name: "version 2 with 256s",
    spec: withVrrp({ version: 2, advertisementInterval: "256s" }),
    field: "spec.vrrp.advertisementInterval",
    says: "whole seconds from 1s to 255s",
  },
  {
    name: "version 2 with 41s and an IPv6 address",
    spec: { addresses: [{ address: "192.0.2.10" }, { address: "2001:db8::10" }], vrrp: { version: 2, advertisementInterval: "41s" } },
    field: "spec.vrrp.advertisementInterval",
    says: "at most 40.95s where an address is IPv6",
  },
  {
    name: "version 3 with 15ms",
    spec: withVrrp({ advertisementInterval: "15ms" }),
    field: "spec.vrrp.advertisementInterval",
    says: "10ms to 40.95s in steps of 10ms",
  },
  {
    name: "version 3 with 10.5ms",
    spec: withVrrp({ advertisementInterval: "10.5ms" }),
    field: "spec.vrrp.advertisementInterval",
    says: "10ms to 40.95s in steps of 10ms",
  },
  {
    name: "version 3 with 0ms",
    spec: withVrrp({ advertisementInterval: "0ms" }),
    field: "spec.vrrp.advertisementInterval",
    says: "10ms to 40.95s in steps of 10ms",
  },
  {
    name: "version 3 with 41s",
    spec: withVrrp({ advertisementInterval: "41s" }),
    field: "spec.vrrp.advertisementInterval",
    says: "10ms to 40.95s in steps of 10ms",
  },
  {
    name: "an interval without a unit",
    spec: withVrrp({ advertisementInterval: "100" }),
    field: "spec.vrrp.advertisementInterval",
    says: "10ms to 40.95s in steps of 10ms",
  },
  { name: "a preempt delay of 1001s", spec: withVrrp({ preemptDelay: "1001s" }), field: "spec.vrrp.preemptDelay", says: "at most 1000s" },
  { name: "a negative preempt delay", spec: withVrrp({ preemptDelay: "-1s" }), field: "spec.vrrp.preemptDelay", says: "at most 1000s" },
  {
    name: "a preempt delay without preemption",
    spec: withVrrp({ preempt: false, preemptDelay: "5s" }),
    field: "spec.vrrp.preemptDelay",
    says: "must be 0s when preempt is false",
  },
  {
    name: "an unknown checksum form",
    spec: withVrrp({ checksum: "None" }),
    field: "spec.vrrp.checksum",
    says: '"Auto", "WithoutPseudoHeader", "WithPseudoHeader"',
  },
  {
    name: "no candidates",
    spec: withNodes({ maxCandidates: 0 }),
    field: "spec.nodes.maxCandidates",
    says: "should be greater than or equal to 1",
  },
  {
    name: "priority 0",
    spec: withNodes({ overrides: [{ name: "n1", priority: 0 }] }),
    field: "spec.nodes.overrides[0].priority",
    says: "should be greater than or equal to 1",
  },
  {
    name: "priority 300",
    spec: withNodes({ overrides: [{ name: "n1", priority: 300 }] }),
    field: "spec.nodes.overrides[0].priority",
    says: "should be less than or equal to 255",
  },
  {
    name: "equal priorities",
    spec: withNodes({
      overrides: [
        { name: "n1", priority: 200 },
        { name: "n2", priority: 200 },
      ],
    }),
    field: "spec.nodes.overrides",
    says: "priority must differ between the nodes",
  },
  {
    name: "two overrides of one node",
    spec: withNodes({ overrides: [{ name: "n1" }, { name: "n1", interface: "eth1" }] }),
    field: "spec.nodes.overrides[1]",
    says: "Duplicate value",
  },
  {
    name: "an unknown selector operator",
    spec: withRequirement({ key: "zone", operator: "Gt", values: ["1"] }),
    field: "spec.nodes.selector.matchExpressions[0].operator",
    says: '"In", "NotIn", "Exists", "DoesNotExist"',
  },
  {
    name: "In without values",
    spec: withRequirement({ key: "zone", operator: "In" }),
    field: "spec.nodes.selector.matchExpressions[0].values",
    says: "values must be given with the operators In and NotIn",
  },
  {
    name: "Exists with values",
    spec: withRequirement({ key: "zone", operator: "Exists", values: ["a"] }),
    field: "spec.nodes.selector.matchExpressions[0].values",
    says: "left out with Exists and DoesNotExist",
  },
];
