/** What a VirtualServer must fulfil beyond its types. See rules.ts. */
import { isHost, isHostText, readBareAddress } from "./addressRules.ts";
import { durationRule } from "./durationRules.ts";
import { formatAddress } from "./ipAddress.ts";
import type { Rule } from "./rules.ts";

type Forwarding = "NAT" | "DR" | "TUN";
type Family = "IPv4" | "IPv6";

/** How many ports a VirtualServer may have in all: each is a service in the kernel for each of its addresses, with all real servers. */
const mostPorts = 1024;

interface Tunnel {
  type: "IPIP" | "GUE" | "GRE";
  port?: number;
  checksum: "None" | "Checksum" | "RemoteChecksum";
}

export const tunnelRules: Rule<Tunnel>[] = [
  {
    cel: "(self.type == 'GUE') == has(self.port)",
    holds: ({ type, port }) => (type === "GUE") === (port !== undefined),
    message: "port must be given with GUE, and be left out with the others",
    field: "port",
  },
  {
    cel: "self.checksum == 'None' || self.type == 'GUE' || (self.type == 'GRE' && self.checksum == 'Checksum')",
    holds: ({ type, checksum }) => checksum === "None" || type === "GUE" || (type === "GRE" && checksum === "Checksum"),
    message: "checksum must be None with IPIP, None or Checksum with GRE",
    field: "checksum",
  },
];

interface Server {
  address: string;
  port?: number;
  forwarding?: Forwarding;
  tunnel?: object;
}

/** For a real server or a sorry server. */
export const serverAddressRule: Rule<Pick<Server, "address">> = {
  cel: isHost("self.address"),
  holds: ({ address }) => isHostText(address),
  message: "address must be an IP address of a host, without prefix length: not unspecified, link-local, multicast or broadcast",
  field: "address",
};

export const realServerRules: Rule<Server & { minConnections?: number; maxConnections?: number }>[] = [
  serverAddressRule,
  {
    cel: "!has(self.minConnections) || (has(self.maxConnections) && self.minConnections <= self.maxConnections)",
    holds: ({ minConnections, maxConnections }) =>
      minConnections === undefined || (maxConnections !== undefined && minConnections <= maxConnections),
    message: "minConnections must be given with maxConnections only, and not be more",
    field: "minConnections",
  },
];

const portOf = (server: string) => `(has(${server}.port) ? ${server}.port : -1)`;

export const realServerListRules: Rule<Server[]>[] = [
  {
    cel: `!self.all(s, isIP(s.address)) || self.all(a, self.exists_one(b, ip(a.address) == ip(b.address) && ${portOf("a")} == ${portOf("b")}))`,
    holds: (servers) => {
      const keys = servers.flatMap(keyOf);
      return keys.length < servers.length || new Set(keys).size === servers.length;
    },
    message: "realServers must not repeat an address with the same port",
  },
];

function keyOf({ address, port }: Server): string[] {
  const parsed = readBareAddress(address);
  return parsed ? [`${formatAddress(parsed)} ${port ?? ""}`] : [];
}

interface PortRange {
  port: number;
  last?: number;
}

const lastOf = (range: string) => `(has(${range}.last) ? ${range}.last : ${range}.port)`;

export const portRangeRules: Rule<PortRange>[] = [
  {
    cel: "!has(self.last) || self.last >= self.port",
    holds: ({ port, last = port }) => last >= port,
    message: "last must not be less than port",
    field: "last",
  },
];

export const portListRules: Rule<PortRange[]>[] = [
  {
    cel: `self.map(r, ${lastOf("r")} - r.port + 1).sum() <= ${mostPorts}`,
    holds: (ranges) => ranges.reduce((sum, { port, last = port }) => sum + last - port + 1, 0) <= mostPorts,
    message: `ports must be at most ${mostPorts} in all: use a firewall mark for more`,
  },
  {
    cel: `self.all(a, self.exists_one(b, a.port <= ${lastOf("b")} && b.port <= ${lastOf("a")}))`,
    holds: (ranges) => ranges.every((a) => ranges.filter((b) => a.port <= (b.last ?? b.port) && b.port <= (a.last ?? a.port)).length === 1),
    message: "ports must not repeat a port",
  },
];

/** For a list of words. */
export const distinctRule = (field: string): Rule<string[]> => ({
  cel: "self.all(a, self.exists_one(b, a == b))",
  holds: (words) => new Set(words).size === words.length,
  message: `${field} must not repeat anything`,
});

export const addressesRules: Rule<string[]>[] = [
  {
    cel: `self.all(a, ${isHost("a")})`,
    holds: (addresses) => addresses.every(isHostText),
    message:
      'addresses must be IP addresses of hosts without prefix length, such as "192.0.2.10": not unspecified, link-local, multicast or broadcast',
  },
  {
    cel: "!self.all(a, isIP(a)) || self.all(a, self.exists_one(b, ip(a) == ip(b)))",
    holds: (addresses) => {
      const parsed = addresses.flatMap((text) => readBareAddress(text) ?? []).map(formatAddress);
      return parsed.length < addresses.length || new Set(parsed).size === parsed.length;
    },
    message: "addresses must not repeat an address",
  },
];

export const persistenceRules: Rule<{ timeout: string }>[] = [durationRule("timeout", { least: "1s", most: "500h", wholeSeconds: true })];

interface Spec {
  virtualIP?: string;
  addresses?: string[];
  firewallMark?: number;
  firewallMarkFamilies?: Family[];
  protocol: "TCP" | "UDP" | "SCTP";
  ports?: PortRange[];
  scheduler: string;
  schedulerFlags?: string[];
  onePacket: boolean;
  persistence?: { engine?: string };
  forwarding: Forwarding;
  tunnel?: object;
  realServers?: Server[];
  service?: { targets?: "Pods" | "Nodes" };
  masquerade?: boolean;
  nodes?: { port?: number };
  sorryServer?: Server;
  quorum: number;
  hysteresis: number;
}

/** All servers that are listed, the sorry server last. */
const serversOf = ({ realServers = [], sorryServer }: Spec): Server[] => [...realServers, ...(sorryServer ? [sorryServer] : [])];
/** CEL: that it holds of the servers that are listed. */
const allServers = (condition: (server: string) => string) =>
  `(!has(self.realServers) || self.realServers.all(s, ${condition("s")})) && (!has(self.sorryServer) || (${condition("self.sorryServer")}))`;
const anyServer = (condition: (server: string) => string) =>
  `((has(self.realServers) && self.realServers.exists(s, ${condition("s")})) || (has(self.sorryServer) && (${condition("self.sorryServer")})))`;
const forwardingOf = (server: string) => `(has(${server}.forwarding) ? ${server}.forwarding : self.forwarding)`;

/** What the kernel sends on as it is arrives at the port that it was sent to; 0 stands for that port. */
const keepsPort = (port: string) => `${port} == 0 || self.ports.all(r, r.port == ${port} && ${lastOf("r")} == ${port})`;
const keeps = (ports: PortRange[], own: number | undefined) =>
  own === undefined || own === 0 || ports.every(({ port, last = port }) => port === own && last === own);

const isIPv6 = (text: string) => text.includes(":");

export const specRules: Rule<Spec>[] = [
  {
    cel: "[has(self.virtualIP), has(self.addresses) && !has(self.virtualIP), has(self.firewallMark)].exists_one(given, given)",
    holds: ({ virtualIP, addresses, firewallMark }) =>
      [virtualIP, virtualIP === undefined ? addresses : undefined, firewallMark].filter((given) => given !== undefined).length === 1,
    message: "exactly one of virtualIP (with or without addresses), addresses and firewallMark must be given",
  },
  {
    cel: "has(self.firewallMark) || !has(self.firewallMarkFamilies)",
    holds: ({ firewallMark, firewallMarkFamilies }) => firewallMark !== undefined || firewallMarkFamilies === undefined,
    message: "firewallMarkFamilies must be left out without firewallMark",
    field: "firewallMarkFamilies",
  },
  {
    cel: "has(self.ports) || has(self.persistence) || has(self.firewallMark)",
    holds: ({ ports, persistence, firewallMark }) => (ports ?? persistence ?? firewallMark) !== undefined,
    message: "ports must be given, unless persistence is: only with it the kernel serves all ports",
    field: "ports",
  },
  {
    cel: "!has(self.ports) || !has(self.firewallMark)",
    holds: ({ ports, firewallMark }) => ports === undefined || firewallMark === undefined,
    message: "ports must be left out with firewallMark: the mark says which packets are meant",
    field: "ports",
  },
  {
    cel: "!has(self.schedulerFlags) || self.scheduler in ['sh', 'mh'] || !self.schedulerFlags.exists(f, f in ['Port', 'Fallback'])",
    holds: ({ scheduler, schedulerFlags = [] }) =>
      ["sh", "mh"].includes(scheduler) || !schedulerFlags.some((flag) => ["Port", "Fallback"].includes(flag)),
    message: "schedulerFlags must not hold Port or Fallback unless scheduler is sh or mh",
    field: "schedulerFlags",
  },
  {
    cel: "!self.onePacket || self.protocol == 'UDP' || has(self.firewallMark)",
    holds: ({ onePacket, protocol, firewallMark }) => !onePacket || protocol === "UDP" || firewallMark !== undefined,
    message: "onePacket must be false unless protocol is UDP",
    field: "onePacket",
  },
  {
    cel: "!has(self.persistence) || !has(self.persistence.engine) || self.protocol == 'UDP' || has(self.firewallMark)",
    holds: ({ persistence, protocol, firewallMark }) =>
      persistence?.engine === undefined || protocol === "UDP" || firewallMark !== undefined,
    message: "persistence.engine must be left out unless protocol is UDP",
    field: "persistence.engine",
  },
  {
    cel: `!has(self.tunnel) || self.forwarding == 'TUN' || ${anyServer((server) => `has(${server}.forwarding) && ${server}.forwarding == 'TUN'`)}`,
    holds: (spec) =>
      spec.tunnel === undefined || spec.forwarding === "TUN" || serversOf(spec).some(({ forwarding }) => forwarding === "TUN"),
    message: "tunnel must be left out unless forwarding is TUN",
    field: "tunnel",
  },
  {
    cel: allServers((server) => `!has(${server}.tunnel) || ${forwardingOf(server)} == 'TUN'`),
    holds: (spec) => serversOf(spec).every(({ tunnel, forwarding = spec.forwarding }) => tunnel === undefined || forwarding === "TUN"),
    message: "tunnel of a server must be left out unless its forwarding is TUN",
  },
  {
    cel: `!has(self.ports) || (${allServers((server) => `!has(${server}.port) || ${forwardingOf(server)} == 'NAT' || ${keepsPort(`${server}.port`)}`)})`,
    holds: (spec) =>
      serversOf(spec).every(({ port, forwarding = spec.forwarding }) => forwarding === "NAT" || keeps(spec.ports ?? [], port)),
    message: "port of a server must be left out or be that of the service unless its forwarding is NAT: DR and TUN cannot change it",
  },
  {
    cel: `!has(self.ports) || !has(self.nodes) || !has(self.nodes.port) || self.forwarding == 'NAT' || ${keepsPort("self.nodes.port")}`,
    holds: ({ ports, nodes, forwarding }) => forwarding === "NAT" || keeps(ports ?? [], nodes?.port),
    message: "nodes.port must be left out or be that of the service unless forwarding is NAT: DR and TUN cannot change it",
    field: "nodes.port",
  },
  {
    cel: "!has(self.service) || !has(self.service.targets) || self.service.targets == 'Pods' || (self.forwarding == 'DR' && has(self.ports))",
    holds: ({ service, forwarding, ports }) => service?.targets !== "Nodes" || (forwarding === "DR" && ports !== undefined),
    message: "service.targets must be Pods unless forwarding is DR and ports are given",
    field: "service.targets",
  },
  {
    cel: `!has(self.masquerade) || !self.masquerade || self.forwarding == 'NAT' || ${anyServer((server) => `has(${server}.forwarding) && ${server}.forwarding == 'NAT'`)}`,
    holds: (spec) => !spec.masquerade || spec.forwarding === "NAT" || serversOf(spec).some(({ forwarding }) => forwarding === "NAT"),
    message: "masquerade must be left out unless forwarding is NAT",
    field: "masquerade",
  },
  {
    cel: "!has(self.masquerade) || !self.masquerade || has(self.ports)",
    holds: ({ masquerade, ports }) => !masquerade || ports !== undefined,
    message: "masquerade takes ports",
    field: "masquerade",
  },
  {
    cel: "has(self.realServers) || has(self.service) || has(self.nodes)",
    holds: ({ realServers, service, nodes }) => (realServers ?? service ?? nodes) !== undefined,
    message: "one of realServers, service and nodes must be given; realServers may be empty",
  },
  {
    cel: `!has(self.addresses) || (${allServers((server) => `${forwardingOf(server)} == 'TUN' || self.addresses.exists(a, a.contains(':') == ${server}.address.contains(':'))`)})`,
    holds: (spec) => {
      const families = new Set((spec.addresses ?? []).map(isIPv6));
      if (!spec.addresses) return true;
      return serversOf(spec).every(({ address, forwarding = spec.forwarding }) => forwarding === "TUN" || families.has(isIPv6(address)));
    },
    message: "servers must be of an address family that addresses has, unless their forwarding is TUN",
  },
  {
    cel: `!has(self.firewallMark) || (${allServers((server) => `${forwardingOf(server)} == 'TUN' || (${server}.address.contains(':') ? has(self.firewallMarkFamilies) && 'IPv6' in self.firewallMarkFamilies : !has(self.firewallMarkFamilies) || 'IPv4' in self.firewallMarkFamilies)`)})`,
    holds: (spec) => {
      if (spec.firewallMark === undefined) return true;
      const families = spec.firewallMarkFamilies ?? ["IPv4"];
      return serversOf(spec).every(
        ({ address, forwarding = spec.forwarding }) => forwarding === "TUN" || families.includes(isIPv6(address) ? "IPv6" : "IPv4"),
      );
    },
    message: "servers must be of a family of firewallMarkFamilies (default: IPv4), unless their forwarding is TUN",
  },
  {
    cel: "self.hysteresis < self.quorum",
    holds: ({ hysteresis, quorum }) => hysteresis < quorum,
    message: "hysteresis must be less than quorum",
    field: "hysteresis",
  },
];
