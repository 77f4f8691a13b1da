/** Specs that the API takes and refuses: the same tables are put to kube-apiserver and to the zod schemas. */

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
/** 10.0.0.0/16 from its first host on. */
const manyAddresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}/16` }));
const withVrrp = (vrrp: object) => ({ addresses, vrrp });
const withNodes = (nodes: object) => ({ addresses, nodes });
const withTrack = (...track: object[]) => ({ addresses, track });
const withRoute = (route: object) => ({ addresses, routes: [route] });
const withRule = (rule: object) => ({ addresses, rules: [rule] });
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
  { name: "candidates by their names", spec: withNodes({ names: ["n1", "n2.example.com"] }) },
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
    name: "one check of each kind",
    spec: withTrack(
      { name: "uplink", interface: "eth1", weight: -20 },
      { name: "web", tcp: { port: 80 }, interval: "500ms", timeout: "200ms", rise: 2, fall: 3, weight: 10 },
      { name: "health", http: { path: "/healthz", statuses: ["200", "300-399"] }, reverse: true },
      { name: "nginx", process: { name: "nginx", minimum: 1, maximum: 9 }, fallDelay: "3s" },
      { name: "maintenance", file: { path: "/run/maintenance", present: "Down" } },
      { name: "score", file: { path: "/run/score" }, weight: 1 },
      { name: "made", file: { path: "/run/made", create: { value: -5 } }, weight: 1 },
      { name: "own", exec: { command: ["/usr/libexec/aloft/check", "-q"] }, initial: "Down" },
      { name: "ingress", podReady: { namespace: "ingress", selector: { app: "ingress" } } },
    ),
  },
  {
    name: "a node that tracks something else",
    spec: {
      ...withTrack({ name: "gateway", tcp: { host: "192.0.2.1", port: 53 } }),
      nodes: { overrides: [{ name: "n2", track: [{ name: "gateway", tcp: { host: "192.0.2.2", port: 53 }, fall: 5 }] }] },
    },
  },
  {
    name: "routes",
    spec: {
      addresses,
      routes: [
        { destination: "0.0.0.0/0", nextHops: [{ via: "192.0.2.1" }], metric: 10 },
        {
          destination: "2001:db8:1::/48",
          nextHops: [
            { via: "fe80::1", interface: "eth1" },
            { via: "fe80::2", weight: 3 },
          ],
        },
        { destination: "198.51.100.0/24", source: "192.0.2.10", table: 100 },
        { destination: "203.0.113.7", type: "blackhole" },
      ],
    },
  },
  {
    name: "policy rules",
    spec: {
      addresses,
      rules: [
        { from: "192.0.2.10", table: 100, priority: 1000 },
        { family: "IPv6", inputInterface: "eth1", action: "prohibit" },
        { from: "2001:db8::/32", to: "2001:db8:1::/48", firewallMark: 1, table: 7 },
      ],
    },
  },
  {
    name: "notifications",
    spec: {
      addresses,
      notify: {
        programs: [{ events: ["MASTER", "BACKUP"], command: ["/usr/libexec/aloft/notify", "web"], appendState: true }],
        webhook: "https://example.com/vip",
        mail: true,
      },
    },
  },
  {
    name: "the group and the switches",
    spec: { addresses, group: "gateway", conflictDetection: "Report", deadManSwitch: "Disabled", allowedNamespaces: ["web"] },
  },
  { name: "a planned move", spec: withNodes({ preferred: "n2" }) },
  { name: "unicast with peers outside", spec: withVrrp({ mode: "Unicast", unicastPeers: ["192.0.2.2", "fe80::2"] }) },
  {
    name: "unicast to peers behind routers",
    spec: withVrrp({ mode: "Unicast", unicastPeers: ["198.51.100.2"], unicastTTL: 64, minimumTTL: 0, maximumTTL: 64 }),
  },
  { name: "unicast of at most two routers", spec: withVrrp({ mode: "Unicast", minimumTTL: 253 }) },
  { name: "multicast groups", spec: withVrrp({ multicastGroup: { ipv4: "224.0.100.19", ipv6: "ff02::1:12" } }) },
  {
    name: "source addresses",
    spec: {
      ...withVrrp({ sourceAddress: { ipv4: "192.0.2.1" } }),
      nodes: { overrides: [{ name: "n2", sourceAddress: { ipv4: "192.0.2.2", ipv6: "fe80::2" } }] },
    },
  },
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
  {
    name: "a tracked thing of no kind",
    spec: withTrack({ name: "web" }),
    field: "spec.track[0]",
    says: "exactly one of interface, tcp, http, icmp, process, file, exec, podReady must be given",
  },
  {
    name: "a tracked thing of two kinds",
    spec: withTrack({ name: "web", interface: "eth0", tcp: { port: 80 } }),
    field: "spec.track[0]",
    says: "exactly one of interface, tcp, http, icmp, process, file, exec, podReady must be given",
  },
  {
    name: "a tracked thing twice",
    spec: withTrack({ name: "web", tcp: { port: 80 } }, { name: "web", tcp: { port: 81 } }),
    field: "spec.track[1]",
    says: "Duplicate value",
  },
  {
    name: "a weight of -254",
    spec: withTrack({ name: "a", interface: "eth0", weight: -254 }),
    field: "spec.track[0].weight",
    says: "-253",
  },
  {
    name: "a tracked thing without a proper name",
    spec: withTrack({ name: "web server", tcp: { port: 80 } }),
    field: "spec.track[0].name",
    says: "letters, digits, '-', '_' and '.'",
  },
  {
    name: "an interface with a time-out",
    spec: withTrack({ name: "a", interface: "eth0", timeout: "1s" }),
    field: "spec.track[0].interface",
    says: "must be left out with interface",
  },
  {
    name: "a process with a maximum below its minimum",
    spec: withTrack({ name: "a", process: { name: "nginx", minimum: 2, maximum: 1 } }),
    field: "spec.track[0].process",
    says: "must not be less than process.minimum",
  },
  {
    name: "a file by a relative path",
    spec: withTrack({ name: "a", file: { path: "run/maintenance" } }),
    field: "spec.track[0].file",
    says: "file.path must be absolute",
  },
  {
    name: "a maintenance file that is to be made",
    spec: withTrack({ name: "a", file: { path: "/run/maintenance", present: "Down", create: {} } }),
    field: "spec.track[0].file",
    says: "file.create must be left out with file.present",
  },
  {
    name: "a status code that is none",
    spec: withTrack({ name: "a", http: { statuses: ["2xx"] } }),
    field: "spec.track[0].http",
    says: "http.statuses must be codes",
  },
  {
    name: "an interval without a unit",
    spec: withTrack({ name: "a", tcp: { port: 80 }, interval: "5" }),
    field: "spec.track[0].interval",
    says: "must be a duration such as",
  },
  {
    name: "port 0",
    spec: withNodes({ overrides: [{ name: "n1", track: [{ name: "a", tcp: { port: 0 } }] }] }),
    field: "spec.nodes.overrides[0].track[0].tcp.port",
    says: "should be greater than or equal to 1",
  },
  {
    name: "a route to a name",
    spec: withRoute({ destination: "default" }),
    field: "spec.routes[0].destination",
    says: "destination must be an address with or without prefix length",
  },
  {
    name: "a blackhole with a gateway",
    spec: withRoute({ destination: "198.51.100.0/24", type: "blackhole", nextHops: [{ via: "192.0.2.1" }] }),
    field: "spec.routes[0].nextHops",
    says: "must be left out unless type is unicast",
  },
  {
    name: "a gateway that is none",
    spec: withRoute({ destination: "198.51.100.0/24", nextHops: [{ via: "192.0.2.1/24" }] }),
    field: "spec.routes[0].nextHops",
    says: "via of a next hop must be an IP address",
  },
  {
    name: "a next hop out of something that is no interface",
    spec: withRoute({ destination: "198.51.100.0/24", nextHops: [{ interface: "eth0/1" }] }),
    field: "spec.routes[0].nextHops",
    says: "must be the name of a network interface",
  },
  {
    name: "a policy rule of two families",
    spec: withRule({ from: "192.0.2.0/24", to: "2001:db8::/32", table: 1 }),
    field: "spec.rules[0]",
    says: "must be of one address family",
  },
  {
    name: "a policy rule without a table",
    spec: withRule({ from: "192.0.2.0/24" }),
    field: "spec.rules[0].table",
    says: "table must be given",
  },
  {
    name: "an unknown event",
    spec: { addresses, notify: { programs: [{ events: ["ACTIVE"], command: ["/x"] }] } },
    field: "spec.notify.programs[0].events[0]",
    says: '"MASTER"',
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

/** Of AgentConfig. */
export const goodConfigs: GoodCase[] = [
  { name: "nothing", spec: {} },
  {
    name: "FIFOs, and mail about all but FAULT",
    spec: {
      notifyFifo: "/run/all",
      vrrpNotifyFifo: "/run/vrrp",
      notifyStatesOnReload: true,
      mail: { server: "192.0.2.25", from: "a@example.com", to: ["b@example.com"], faults: false },
    },
  },
  {
    name: "delays of interfaces",
    spec: {
      interfaces: [
        { name: "eth0", downDelay: "200ms" },
        { name: "bond0.100", upDelay: "1m" },
      ],
    },
  },
  {
    name: "paces of announcements",
    spec: {
      announcementPacing: [
        { interfaces: ["eth0", "eth1"], gratuitousARP: "0.1ms", unsolicitedNA: "1.5s" },
        { interfaces: ["eth2"], unsolicitedNA: "4294s" },
        { gratuitousARP: "1ms" },
      ],
    },
  },
];

export const badConfigs: BadCase[] = [
  {
    name: "two delays of one interface",
    spec: { interfaces: [{ name: "eth0" }, { name: "eth0", upDelay: "1s" }] },
    field: "spec.interfaces[1]",
    says: "Duplicate value",
  },
  {
    name: "a delay without a unit",
    spec: { interfaces: [{ name: "eth0", downDelay: "5" }] },
    field: "spec.interfaces[0].downDelay",
    says: "must be a duration such as",
  },
  {
    name: "a pace of nothing",
    spec: { announcementPacing: [{ interfaces: ["eth0"] }] },
    field: "spec.announcementPacing[0]",
    says: "gratuitousARP or unsolicitedNA must be given",
  },
  {
    name: "a pace that is none",
    spec: { announcementPacing: [{ gratuitousARP: "0.09ms" }] },
    field: "spec.announcementPacing[0].gratuitousARP",
    says: "must be a duration from 0.1ms to 4294s",
  },
  {
    name: "a pace beyond an hour",
    spec: { announcementPacing: [{ unsolicitedNA: "2h" }] },
    field: "spec.announcementPacing[0].unsolicitedNA",
    says: "must be a duration from 0.1ms to 4294s",
  },
  {
    name: "two paces for all others",
    spec: { announcementPacing: [{ gratuitousARP: "1ms" }, { unsolicitedNA: "1ms" }] },
    field: "spec.announcementPacing",
    says: "one entry at the most may leave interfaces out",
  },
];
