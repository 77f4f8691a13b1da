/** VirtualServer specs that the API takes and refuses: the same table is put to kube-apiserver and to the zod schemas. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const onGateway = { virtualIP: "gateway", ports: [{ port: 80 }] };
const base = { ...onGateway, realServers: [{ address: "10.0.0.1" }] };
const local = { addresses: ["192.0.2.10"], ports: [{ port: 80 }], realServers: [{ address: "10.0.0.1" }] };
const marked = { firewallMark: 7, realServers: [{ address: "10.0.0.1" }] };
const withServers = (...realServers: object[]) => ({ ...base, realServers });
const withServer = (server: object) => withServers({ address: "10.0.0.1", ...server });
const withCheck = (check: object) => ({ ...base, healthChecks: [check] });
const withRequest = (request: object) => withCheck({ http: { requests: [request] } });
const withUdp = (udp: object) => withCheck({ udp });
/** 10.0.0.1 and so on. */
const manyServers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}` }));

export const goodServers: GoodCase[] = [
  { name: "a port of a VirtualIP and one real server", spec: base },
  { name: "no real server yet", spec: withServers() },
  { name: "endpoints of a Service", spec: { ...onGateway, service: { name: "web" } } },
  {
    name: "a Service with weights by zone and node",
    spec: {
      ...onGateway,
      service: { name: "web", port: "http", publishNotReady: true, zoneWeights: { a: 10, b: 1 }, nodeWeights: { n1: 0 } },
    },
  },
  {
    name: "nodes as real servers",
    spec: { ...onGateway, nodes: { selector: { matchLabels: { edge: "" } }, port: 30080 } },
  },
  { name: "listed servers beside a Service", spec: { ...base, service: { name: "web" } } },
  { name: "some of the addresses of a VirtualIP", spec: { ...base, addresses: ["192.0.2.10", "192.0.2.11"] } },
  { name: "addresses of the nodes", spec: local },
  { name: "a firewall mark", spec: marked },
  {
    name: "a firewall mark of both families",
    spec: { ...marked, firewallMarkFamilies: ["IPv4", "IPv6"], realServers: [{ address: "10.0.0.1" }, { address: "2001:db8::1" }] },
  },
  {
    name: "1024 ports in ranges",
    spec: { ...base, ports: [{ port: 1, last: 1000 }, { port: 2000 }, { port: 3000, last: 3022 }] },
  },
  { name: "all ports with persistence", spec: { virtualIP: "gateway", realServers: base.realServers, persistence: {} } },
  { name: "256 real servers", spec: withServers(...manyServers(256)) },
  {
    name: "one address with several ports",
    spec: withServers({ address: "10.0.0.1", port: 1 }, { address: "10.0.0.1", port: 2 }, { address: "10.0.0.1" }),
  },
  {
    name: "real servers and addresses of both families",
    spec: { ...local, addresses: ["192.0.2.10", "2001:db8::10"], realServers: [{ address: "2001:db8::1" }, { address: "10.0.0.1" }] },
  },
  {
    name: "a real server of the other family in a tunnel",
    spec: { ...local, forwarding: "TUN", realServers: [{ address: "2001:db8::1" }] },
  },
  { name: "a port of its own with NAT", spec: withServer({ port: 8080 }) },
  { name: "direct routing to the same port", spec: { ...withServer({ port: 80 }), forwarding: "DR" } },
  {
    name: "direct routing by a firewall mark, with a port for the checks",
    spec: { ...marked, forwarding: "DR", realServers: [{ address: "10.0.0.1", port: 80 }] },
  },
  {
    name: "NAT to another port beside direct routing",
    spec: { ...withServers({ address: "10.0.0.1", port: 8080, forwarding: "NAT" }, { address: "10.0.0.2" }), forwarding: "DR" },
  },
  { name: "GUE", spec: { ...base, forwarding: "TUN", tunnel: { type: "GUE", port: 6080, checksum: "RemoteChecksum" } } },
  { name: "GRE of one real server", spec: withServer({ forwarding: "TUN", tunnel: { type: "GRE", checksum: "Checksum" } }) },
  { name: "a tunnel for those that are TUN", spec: { ...withServer({ forwarding: "TUN" }), tunnel: { type: "IPIP" } } },
  { name: "thresholds", spec: withServer({ maxConnections: 100, minConnections: 75 }) },
  { name: "every flag of mh", spec: { ...base, schedulerFlags: ["Port", "Fallback", "Flag3"] } },
  { name: "a kernel's flag of another scheduler", spec: { ...base, scheduler: "rr", schedulerFlags: ["Flag1"] } },
  { name: "NAT that masquerades", spec: { ...base, masquerade: true } },
  { name: "nodes that translate for their own pods", spec: { ...onGateway, forwarding: "DR", service: { name: "web", targets: "Nodes" } } },
  { name: "one packet at a time", spec: { ...base, protocol: "UDP", onePacket: true } },
  { name: "persistence by Call-ID", spec: { ...base, protocol: "UDP", persistence: { timeout: "1h", engine: "sip" } } },
  { name: "persistence by network", spec: { ...base, persistence: { prefixLengthIPv4: 24, prefixLengthIPv6: 64 } } },
  { name: "the node itself as sorry server", spec: { ...base, sorryServer: { address: "127.0.0.1", port: 8080 } } },
  { name: "quorum and hysteresis", spec: { ...base, quorum: 5, hysteresis: 4 } },
  {
    name: "what runs on changes",
    spec: {
      ...withServer({
        notify: { up: [{ command: ["/usr/libexec/aloft/up"] }], down: [{ command: ["/usr/libexec/aloft/down", "10.0.0.1"] }] },
      }),
      notify: { quorumUp: [{ command: ["/usr/libexec/aloft/all-well"] }], onStop: true, mail: true },
    },
  },
  {
    name: "drain, no wait, and checks only where the address is",
    spec: { ...base, onFailure: "Drain", drainTimeout: "0s", suspendWithoutAddress: true },
  },
  {
    name: "one health check of each kind",
    spec: {
      ...base,
      healthChecks: [
        { tcp: {}, interval: "500ms", timeout: "200ms", retries: 0, rise: 2, fall: 3 },
        {
          http: {
            scheme: "HTTPS",
            requests: [
              { path: "/healthz", hostHeader: "example.com", statuses: ["200", "300-399"], digest: "d41d8cd98f00b204e9800998ecf8427E" },
              { bodyMatch: { pattern: "^ok$", flags: "im", minimumOffset: 0, maximumOffset: 100 } },
            ],
            tls: { verify: true, serverName: "example.com", certificateRef: { name: "client" } },
          },
        },
        { grpc: { service: "web" } },
        { smtp: { helo: "lb.example.com" }, port: 25 },
        { dns: { name: "example.com", type: "A" }, host: "10.0.0.53", sourceAddress: "192.0.2.1" },
        { udp: { payload: "0a0B", requireReply: true, reply: "0aXf", minimumReplyLength: 2, maximumReplyLength: 9 } },
        { exec: { command: ["/usr/libexec/aloft/check"], dynamicWeight: true }, initial: "Down" },
        { file: { path: "/run/weight", weight: -5 } },
      ],
    },
  },
  { name: "an echo request of one server", spec: withServer({ healthChecks: [{ icmp: {}, interface: "eth1", firewallMark: 3 }] }) },
];

export const badServers: BadCase[] = [
  { name: "no addresses at all", spec: { ...base, virtualIP: undefined }, field: "spec", says: "exactly one of virtualIP" },
  { name: "a VirtualIP and a firewall mark", spec: { ...marked, virtualIP: "gateway" }, field: "spec", says: "exactly one of virtualIP" },
  {
    name: "addresses and a firewall mark",
    spec: { ...marked, addresses: ["192.0.2.10"] },
    field: "spec",
    says: "exactly one of virtualIP",
  },
  {
    name: "an empty list of the addresses",
    spec: { ...base, addresses: [] },
    field: "spec.addresses",
    says: "should have at least 1 items",
  },
  {
    name: "an address with a prefix length",
    spec: { ...base, addresses: ["192.0.2.10/24"] },
    field: "spec.addresses",
    says: "without prefix length",
  },
  {
    name: "an address of everybody",
    spec: { ...base, addresses: ["224.0.0.1"] },
    field: "spec.addresses",
    says: "must be IP addresses of hosts",
  },
  {
    name: "one of the addresses twice",
    spec: { ...base, addresses: ["2001:db8::1", "2001:DB8:0::1"] },
    field: "spec.addresses",
    says: "must not repeat an address",
  },
  {
    name: "families without a mark",
    spec: { ...base, firewallMarkFamilies: ["IPv4"] },
    field: "spec.firewallMarkFamilies",
    says: "left out without firewallMark",
  },
  {
    name: "a family twice",
    spec: { ...marked, firewallMarkFamilies: ["IPv4", "IPv4"] },
    field: "spec.firewallMarkFamilies",
    says: "must not repeat anything",
  },
  { name: "the mark 0", spec: { ...marked, firewallMark: 0 }, field: "spec.firewallMark", says: "greater than or equal to 1" },
  { name: "no ports", spec: { ...base, ports: undefined }, field: "spec.ports", says: "must be given, unless persistence is" },
  { name: "an empty list of ports", spec: { ...base, ports: [] }, field: "spec.ports", says: "should have at least 1 items" },
  { name: "ports of a mark", spec: { ...marked, ports: [{ port: 80 }] }, field: "spec.ports", says: "left out with firewallMark" },
  {
    name: "a range that ends before it begins",
    spec: { ...base, ports: [{ port: 90, last: 80 }] },
    field: "spec.ports[0].last",
    says: "must not be less than port",
  },
  {
    name: "1025 ports",
    spec: { ...base, ports: [{ port: 1, last: 1024 }, { port: 2000 }] },
    field: "spec.ports",
    says: "at most 1024 in all",
  },
  {
    name: "a port twice",
    spec: { ...base, ports: [{ port: 80, last: 90 }, { port: 85 }] },
    field: "spec.ports",
    says: "must not repeat a port",
  },
  { name: "an unknown scheduler", spec: { ...base, scheduler: "random" }, field: "spec.scheduler", says: '"rr", "wrr"' },
  {
    name: "a flag of mh with wlc",
    spec: { ...base, scheduler: "wlc", schedulerFlags: ["Port"] },
    field: "spec.schedulerFlags",
    says: "unless scheduler is sh or mh",
  },
  {
    name: "a flag twice",
    spec: { ...base, schedulerFlags: ["Port", "Port"] },
    field: "spec.schedulerFlags",
    says: "must not repeat anything",
  },
  {
    name: "masquerading with DR",
    spec: { ...base, forwarding: "DR", masquerade: true },
    field: "spec.masquerade",
    says: "must be left out unless forwarding is NAT",
  },
  {
    name: "masquerading without ports",
    spec: { virtualIP: "gateway", realServers: base.realServers, persistence: {}, masquerade: true },
    field: "spec.masquerade",
    says: "takes ports",
  },
  {
    name: "nodes that translate with NAT",
    spec: { ...onGateway, service: { name: "web", targets: "Nodes" } },
    field: "spec.service.targets",
    says: "unless forwarding is DR",
  },
  { name: "one packet at a time with TCP", spec: { ...base, onePacket: true }, field: "spec.onePacket", says: "unless protocol is UDP" },
  {
    name: "Call-IDs with TCP",
    spec: { ...base, persistence: { engine: "sip" } },
    field: "spec.persistence.engine",
    says: "unless protocol is UDP",
  },
  {
    name: "persistence of half a second",
    spec: { ...base, persistence: { timeout: "1500ms" } },
    field: "spec.persistence.timeout",
    says: "whole seconds, at least 1s",
  },
  {
    name: "persistence of no time",
    spec: { ...base, persistence: { timeout: "0s" } },
    field: "spec.persistence.timeout",
    says: "at least 1s and at most 500h",
  },
  { name: "a tunnel with NAT", spec: { ...base, tunnel: { type: "IPIP" } }, field: "spec.tunnel", says: "unless forwarding is TUN" },
  {
    name: "a tunnel of a server with NAT",
    spec: withServer({ tunnel: { type: "IPIP" } }),
    field: "spec",
    says: "tunnel of a server must be left out",
  },
  {
    name: "GUE without a port",
    spec: { ...base, forwarding: "TUN", tunnel: { type: "GUE" } },
    field: "spec.tunnel.port",
    says: "must be given with GUE",
  },
  {
    name: "GRE with a port",
    spec: { ...base, forwarding: "TUN", tunnel: { type: "GRE", port: 1 } },
    field: "spec.tunnel.port",
    says: "must be given with GUE",
  },
  {
    name: "IPIP with a checksum",
    spec: { ...base, forwarding: "TUN", tunnel: { checksum: "Checksum" } },
    field: "spec.tunnel.checksum",
    says: "must be None with IPIP",
  },
  {
    name: "GRE with a remote checksum",
    spec: { ...base, forwarding: "TUN", tunnel: { type: "GRE", checksum: "RemoteChecksum" } },
    field: "spec.tunnel.checksum",
    says: "None or Checksum with GRE",
  },
  {
    name: "another port with direct routing",
    spec: { ...withServer({ port: 8080 }), forwarding: "DR" },
    field: "spec",
    says: "DR and TUN cannot change it",
  },
  {
    name: "one port for a range in a tunnel",
    spec: { ...withServer({ port: 80, forwarding: "TUN" }), ports: [{ port: 80, last: 81 }] },
    field: "spec",
    says: "DR and TUN cannot change it",
  },
  {
    name: "another port of nodes with direct routing",
    spec: { ...base, forwarding: "DR", nodes: { port: 30080 } },
    field: "spec.nodes.port",
    says: "DR and TUN cannot change it",
  },
  {
    name: "another port of the sorry server with direct routing",
    spec: { ...base, forwarding: "DR", sorryServer: { address: "10.0.0.9", port: 8080 } },
    field: "spec",
    says: "DR and TUN cannot change it",
  },
  {
    name: "nothing to send to",
    spec: { ...base, realServers: undefined },
    field: "spec",
    says: "one of realServers, service and nodes must be given",
  },
  {
    name: "a name for a real server",
    spec: withServers({ address: "web-1" }),
    field: "spec.realServers[0].address",
    says: "must be an IP address of a host",
  },
  {
    name: "a real server at the unspecified address",
    spec: withServers({ address: "0.0.0.0" }),
    field: "spec.realServers[0].address",
    says: "not unspecified",
  },
  {
    name: "a real server twice",
    spec: withServers({ address: "2001:db8::1", port: 1 }, { address: "2001:DB8::1", port: 1 }),
    field: "spec.realServers",
    says: "must not repeat an address with the same port",
  },
  { name: "257 real servers", spec: withServers(...manyServers(257)), field: "spec.realServers", says: "must have at most 256 items" },
  {
    name: "a real server of the other family",
    spec: { ...local, realServers: [{ address: "2001:db8::1" }] },
    field: "spec",
    says: "servers must be of an address family that addresses has",
  },
  {
    name: "a sorry server of the other family",
    spec: { ...local, sorryServer: { address: "2001:db8::1" } },
    field: "spec",
    says: "servers must be of an address family that addresses has",
  },
  {
    name: "a real server that no mark reaches",
    spec: { ...marked, realServers: [{ address: "2001:db8::1" }] },
    field: "spec",
    says: "of a family of firewallMarkFamilies",
  },
  {
    name: "a weight beyond the kernel's",
    spec: withServer({ weight: 65536 }),
    field: "spec.realServers[0].weight",
    says: "less than or equal to 65535",
  },
  {
    name: "a lower threshold alone",
    spec: withServer({ minConnections: 1 }),
    field: "spec.realServers[0].minConnections",
    says: "with maxConnections only",
  },
  {
    name: "a lower threshold above the upper one",
    spec: withServer({ minConnections: 2, maxConnections: 1 }),
    field: "spec.realServers[0].minConnections",
    says: "not be more",
  },
  {
    name: "hysteresis of the whole quorum",
    spec: { ...base, quorum: 2, hysteresis: 2 },
    field: "spec.hysteresis",
    says: "must be less than quorum",
  },
  { name: "a health check of no kind", spec: withCheck({}), field: "spec.healthChecks[0]", says: "exactly one of tcp, http" },
  {
    name: "a health check of two kinds",
    spec: withCheck({ tcp: {}, icmp: {} }),
    field: "spec.healthChecks[0]",
    says: "exactly one of tcp, http",
  },
  {
    name: "two kinds in a check of one server",
    spec: withServer({ healthChecks: [{ tcp: {}, icmp: {} }] }),
    field: "spec.realServers[0].healthChecks[0]",
    says: "exactly one of tcp, http",
  },
  {
    name: "a status that is none",
    spec: withRequest({ statuses: ["600"] }),
    field: "spec.healthChecks[0].http.requests[0].statuses",
    says: "codes or ranges of them",
  },
  {
    name: "a digest of another length",
    spec: withRequest({ digest: "d41d8cd9" }),
    field: "requests[0].digest",
    says: "32 hexadecimal digits",
  },
  {
    name: "a flag that no expression has",
    spec: withRequest({ bodyMatch: { pattern: "a", flags: "x" } }),
    field: "bodyMatch.flags",
    says: "must be of i, m, s and u",
  },
  {
    name: "offsets the wrong way round",
    spec: withRequest({ bodyMatch: { pattern: "a", minimumOffset: 2, maximumOffset: 1 } }),
    field: "bodyMatch.maximumOffset",
    says: "must not be less than minimumOffset",
  },
  {
    name: "TLS without HTTPS",
    spec: withCheck({ http: { tls: {} } }),
    field: "spec.healthChecks[0].http.tls",
    says: "unless scheme is HTTPS",
  },
  { name: "half a byte", spec: withUdp({ payload: "abc" }), field: "udp.payload", says: "bytes in hexadecimal" },
  { name: "a reply that is no bytes", spec: withUdp({ requireReply: true, reply: "ok" }), field: "udp.reply", says: "X for any digit" },
  { name: "a reply that nobody waits for", spec: withUdp({ reply: "00" }), field: "udp.reply", says: "unless requireReply is true" },
  {
    name: "lengths the wrong way round",
    spec: withUdp({ requireReply: true, minimumReplyLength: 2, maximumReplyLength: 1 }),
    field: "udp.maximumReplyLength",
    says: "must not be less",
  },
  { name: "a name to ask", spec: withCheck({ tcp: {}, host: "web-1" }), field: "spec.healthChecks[0].host", says: "must be an IP address" },
  {
    name: "a source of the other family",
    spec: withCheck({ tcp: {}, host: "10.0.0.1", sourceAddress: "2001:db8::1" }),
    field: "spec.healthChecks[0].sourceAddress",
    says: "of the address family of host",
  },
  {
    name: "a relative path of a weight",
    spec: withCheck({ file: { path: "run/weight" } }),
    field: "spec.healthChecks[0].file",
    says: "must be absolute",
  },
  {
    name: "a check without a pause",
    spec: withCheck({ tcp: {}, interval: "0s" }),
    field: "spec.healthChecks[0].interval",
    says: "at least 10ms",
  },
  {
    name: "a check without time",
    spec: withCheck({ tcp: {}, timeout: "0s" }),
    field: "spec.healthChecks[0].timeout",
    says: "at least 1ms",
  },
  {
    name: "nine health checks",
    spec: { ...base, healthChecks: Array(9).fill({ tcp: {} }) },
    field: "spec.healthChecks",
    says: "must have at most 8 items",
  },
  { name: "a time to drain that is none", spec: { ...base, drainTimeout: "soon" }, field: "spec.drainTimeout", says: "must be a duration" },
  {
    name: "a field of a VirtualServer that does not exist",
    spec: { ...base, lb_algo: "rr" },
    field: "spec.lb_algo",
    says: "unknown field",
  },
];
