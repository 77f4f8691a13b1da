/** VirtualIP specs about their addresses, and about what stands beside them that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const addresses = [{ address: "192.0.2.10/24" }];
const withAddress = (...texts: string[]) => ({ addresses: texts.map((address) => ({ address })) });
/** 10.0.0.0/16 from its first host on. */
const manyAddresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}/16` }));

export const goodAddresses: GoodCase[] = [
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
  { name: "a link-local address before the other IPv6 ones", spec: withAddress("192.0.2.10", "fe80::1/64", "2001:db8::10/64") },
  {
    name: "an address with all that it can have",
    spec: { addresses: [{ address: "192.0.2.10/24", interface: "eth1", label: "eth1:7", scope: "link", broadcast: "192.0.2.255" }] },
  },
  { name: "1024 excluded addresses", spec: { addresses, excludedAddresses: manyAddresses(1024) } },
  {
    name: "excluded addresses of the other family",
    spec: { addresses, excludedAddresses: [{ address: "2001:db8::1" }, { address: "fe80::1" }] },
  },
  {
    name: "the group and the switches",
    spec: { addresses, group: "gateway", conflictDetection: "Report", deadManSwitch: "Disabled", allowedNamespaces: ["web"] },
  },
];

export const badAddresses: BadCase[] = [
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
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
  },
  {
    name: "a multicast address",
    spec: withAddress("224.0.0.18"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
  },
  {
    name: "an IPv4 link-local address",
    spec: withAddress("169.254.0.1/16"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
  },
  {
    name: "a link-local IPv6 address behind another",
    spec: withAddress("2001:db8::1", "fe80::1/64"),
    field: "spec.addresses",
    says: "at most one link-local address, as the first of the IPv6 ones",
  },
  {
    name: "two link-local IPv6 addresses",
    spec: withAddress("fe80::1/64", "FE80::2/64"),
    field: "spec.addresses",
    says: "at most one link-local address, as the first of the IPv6 ones",
  },
  {
    name: "a label of an IPv6 address",
    spec: { addresses: [{ address: "2001:db8::1", label: "eth0:1" }] },
    field: "spec.addresses[0].label",
    says: "only IPv4 addresses have one",
  },
  {
    name: "a broadcast address that is none",
    spec: { addresses: [{ address: "192.0.2.10", broadcast: "+" }] },
    field: "spec.addresses[0].broadcast",
    says: "broadcast must be an IPv4 address",
  },
  {
    name: "an unknown scope",
    spec: { addresses: [{ address: "192.0.2.10", scope: "world" }] },
    field: "spec.addresses[0].scope",
    says: '"global", "site", "link", "host", "nowhere"',
  },
  {
    name: "1025 excluded addresses",
    spec: { addresses, excludedAddresses: manyAddresses(1025) },
    field: "spec.excludedAddresses",
    says: "must have at most 1024 items",
  },
  {
    name: "an excluded address that is none",
    spec: { addresses, excludedAddresses: [{ address: "gateway" }] },
    field: "spec.excludedAddresses[0].address",
    says: "must be an IP address such as",
  },
  {
    name: "an IPv6 multicast address",
    spec: withAddress("ff02::12"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
  },
  {
    name: "the unspecified address",
    spec: withAddress("::"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
  },
  {
    name: "the broadcast address",
    spec: withAddress("255.255.255.255"),
    field: "spec.addresses[0].address",
    says: "not unspecified, loopback, IPv4 link-local, multicast or broadcast",
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
  { name: "a group in upper case", spec: { addresses, group: "Gateway" }, field: "spec.group", says: "must be a DNS label" },
  {
    name: "a conflict policy that YAML 1.1 takes for false",
    spec: { addresses, conflictDetection: "Off" },
    field: "spec.conflictDetection",
    says: '"Disabled", "Report", "Enforce"',
  },
  {
    name: "a dead-man switch that is forced",
    spec: { addresses, deadManSwitch: "Always" },
    field: "spec.deadManSwitch",
    says: '"Auto", "Disabled"',
  },
];
