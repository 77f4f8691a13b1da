/** VirtualIP specs about VRRP that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const addresses = [{ address: "192.0.2.10/24" }];
const withAddress = (...texts: string[]) => ({ addresses: texts.map((address) => ({ address })) });
const withVrrp = (vrrp: object) => ({ addresses, vrrp });

export const goodVrrp: GoodCase[] = [
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
  { name: "unicast with peers outside", spec: withVrrp({ mode: "Unicast", unicastPeers: ["192.0.2.2", "fe80::2"] }) },
  {
    name: "unicast to peers behind routers",
    spec: withVrrp({ mode: "Unicast", unicastPeers: ["198.51.100.2"], unicastTTL: 64, minimumTTL: 0, maximumTTL: 64 }),
  },
  { name: "unicast of at most two routers", spec: withVrrp({ mode: "Unicast", minimumTTL: 253 }) },
  { name: "multicast groups", spec: withVrrp({ multicastGroup: { ipv4: "224.0.100.19", ipv6: "ff02::1:12" } }) },
  { name: "a password with version 2", spec: withVrrp({ version: 2, authentication: { type: "PASS", secretRef: { name: "vrrp" } } }) },
  {
    name: "announcements as keepalived sends them, and the rest of the parameters",
    spec: withVrrp({
      virtualMAC: true,
      advertsWithVirtualMAC: false,
      accept: false,
      trackSourceAddress: true,
      gratuitousARP: { at: ["0s", "5s"], copies: 5, refresh: "60s", refreshCopies: 2 },
      downTimerAdverts: 5,
      startupDelay: "10s",
      trackPrimary: false,
      linkLocalFirst: false,
    }),
  },
];

export const badVrrp: BadCase[] = [
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
    name: "unicast peers with multicast",
    spec: withVrrp({ unicastPeers: ["192.0.2.2"] }),
    field: "spec.vrrp.unicastPeers",
    says: "must be left out unless mode is Unicast",
  },
  {
    name: "a unicast peer with a prefix length",
    spec: withVrrp({ mode: "Unicast", unicastPeers: ["192.0.2.2/24"] }),
    field: "spec.vrrp.unicastPeers",
    says: "must be IP addresses without prefix length",
  },
  ...["unicastTTL", "minimumTTL", "maximumTTL"].map((field) => ({
    name: `${field} with multicast`,
    spec: withVrrp({ [field]: 255 }),
    field: `spec.vrrp.${field}`,
    says: "must be left out unless mode is Unicast",
  })),
  {
    name: "a TTL that no packet has",
    spec: withVrrp({ mode: "Unicast", minimumTTL: 256 }),
    field: "spec.vrrp.minimumTTL",
    says: "should be less than or equal to 255",
  },
  {
    name: "a TTL with which nothing leaves",
    spec: withVrrp({ mode: "Unicast", unicastTTL: 0 }),
    field: "spec.vrrp.unicastTTL",
    says: "should be greater than or equal to 1",
  },
  {
    name: "a greatest TTL below the least, which is 255",
    spec: withVrrp({ mode: "Unicast", maximumTTL: 64 }),
    field: "spec.vrrp.maximumTTL",
    says: "must be no less than minimumTTL",
  },
  {
    name: "adverts of an interface that there is no choice of",
    spec: withVrrp({ advertsWithVirtualMAC: false }),
    field: "spec.vrrp.advertsWithVirtualMAC",
    says: "must be left out unless virtualMAC is true",
  },
  {
    name: "a multicast group with unicast",
    spec: withVrrp({ mode: "Unicast", multicastGroup: { ipv4: "224.0.0.18" } }),
    field: "spec.vrrp.multicastGroup",
    says: "must be left out unless mode is Multicast",
  },
  {
    name: "a multicast group that is none",
    spec: withVrrp({ multicastGroup: { ipv4: "192.0.2.1" } }),
    field: "spec.vrrp.multicastGroup.ipv4",
    says: "must be an IPv4 multicast group",
  },
  {
    name: "a multicast group of the other family",
    spec: withVrrp({ multicastGroup: { ipv6: "224.0.0.18" } }),
    field: "spec.vrrp.multicastGroup.ipv6",
    says: "must be an IPv6 multicast group",
  },
  {
    name: "a source address of the other family",
    spec: withVrrp({ sourceAddress: { ipv4: "fe80::1" } }),
    field: "spec.vrrp.sourceAddress.ipv4",
    says: "must be an IPv4 address",
  },
  {
    name: "a password with version 3",
    spec: withVrrp({ authentication: { type: "PASS", secretRef: { name: "vrrp" } } }),
    field: "spec.vrrp.authentication",
    says: "must be left out unless version is 2",
  },
  {
    name: "a password with an IPv6 address",
    spec: {
      ...withAddress("192.0.2.10", "2001:db8::10"),
      vrrp: { version: 2, authentication: { type: "PASS", secretRef: { name: "vrrp" } } },
    },
    field: "spec.vrrp.authentication",
    says: "must be left out where an address is IPv6",
  },
  {
    name: "AH",
    spec: withVrrp({ version: 2, authentication: { type: "AH", secretRef: { name: "vrrp" } } }),
    field: "spec.vrrp.authentication.type",
    says: '"PASS"',
  },
  {
    name: "announcements out of order",
    spec: withVrrp({ gratuitousARP: { at: ["5s", "0s"] } }),
    field: "spec.vrrp.gratuitousARP.at",
    says: "must be in ascending order",
  },
  {
    name: "an announcement after an hour",
    spec: withVrrp({ gratuitousARP: { at: ["1h"] } }),
    field: "spec.vrrp.gratuitousARP.at",
    says: "none above 1m",
  },
  {
    name: "a takeover after no advert",
    spec: withVrrp({ downTimerAdverts: 0 }),
    field: "spec.vrrp.downTimerAdverts",
    says: "greater than or equal to 1",
  },
];
