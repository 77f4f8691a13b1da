/** VirtualIP specs about what is tracked, told, and routed that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const addresses = [{ address: "192.0.2.10/24" }];
const withNodes = (nodes: object) => ({ addresses, nodes });
const withTrack = (...track: object[]) => ({ addresses, track });
const withRoute = (route: object) => ({ addresses, routes: [route] });
const withRule = (rule: object) => ({ addresses, rules: [rule] });

export const goodTracks: GoodCase[] = [
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
];

export const badTracks: BadCase[] = [
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
];
