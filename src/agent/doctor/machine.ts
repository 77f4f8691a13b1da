/** What the doctor looks at on a node, as values; and what the node is there for. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { type TunnelDevice, tunnelDevices } from "../../api/nodeAgent.ts";
import type { TableService } from "./ipvsTable.ts";

export interface MachineLink {
  name: string;
  up: boolean;
  mtu: number;
  /** "ADDRESS/PREFIXLENGTH". */
  addresses: string[];
}

export interface Machine {
  /** By its path below /proc/sys; undefined where there is none. */
  setting(path: string): string | undefined;
  links: MachineLink[];
  /** Links by which a default route leads. */
  defaultLinks: string[];
  /** Undefined: the kernel has no IPVS now. */
  services?: TableService[];
  /** Whether the kernel has it, or could load it; undefined when that cannot be told. */
  module(name: string): "Loaded" | "Loadable" | "Missing" | undefined;
  /** Changes by others of settings that the agent owns. */
  settingChanges: { setting: string; found: string; wanted: string; times: number }[];
}

export interface Roles {
  /** Whether it shall have services of IPVS. */
  isDirector: boolean;
  services: TableService[];
  /** Services of somebody else. */
  foreign: TableService[];
  /** Schedulers that its services shall have. */
  schedulers: string[];
  /** Addresses that it takes packets for as a real server. */
  serverAddresses: string[];
  tunnels: TunnelDevice[];
  /** Links that carry IPv4 addresses of VirtualIPs, or may carry them. */
  carriers: string[];
  /** Addresses that it translates to its own pods. */
  translated: string[];
  /** Whether its agent has a table of nf_tables. */
  usesNetfilter: boolean;
}

/** The dummy link on which kube-proxy in IPVS mode keeps the addresses of Services. */
export const kubeProxyLink = "kube-ipvs0";

const hostOf = (prefix: string) => prefix.slice(0, prefix.indexOf("/"));

export function linkOf({ links }: Machine, name: string): MachineLink | undefined {
  return links.find((link) => link.name === name);
}

export function hasAddress(link: MachineLink | undefined, address: string): boolean {
  return link?.addresses.some((prefix) => hostOf(prefix) === address) === true;
}

/** By what its specification says. */
export function rolesOf(
  { virtualRouters, virtualServers = [], realServers = [], ipvs }: NodeAgentSpec,
  schedulers: string[],
  machine: Machine,
): Roles {
  const own = new Set(virtualServers.flatMap(({ addresses }) => addresses));
  const hasMarks = virtualServers.some(({ addresses }) => addresses.length === 0);
  const isOwn = ({ address }: TableService) => (address === undefined ? hasMarks : own.has(address));
  const services = machine.services ?? [];
  const translated = [...new Set(realServers.flatMap(({ addresses, translates }) => (translates ? addresses : [])))];
  return {
    isDirector: virtualServers.length > 0,
    services: services.filter(isOwn),
    foreign: services.filter((service) => !isOwn(service)),
    schedulers,
    serverAddresses: [...new Set(realServers.flatMap(({ addresses, translates }) => (translates ? [] : addresses)))],
    tunnels: [...new Set(realServers.flatMap(({ tunnels = [] }) => tunnels))],
    carriers: [...new Set(virtualRouters.filter(({ family }) => family === "IPv4").map((router) => router.interface))],
    translated,
    usesNetfilter: translated.length > 0 || ipvs?.sysctls?.conntrack === "1",
  };
}

/** By what stands in its kernel: services other than kube-proxy's, and addresses on the loopback interface that are no loopback addresses. */
export function rolesFromKernel(machine: Machine): Roles {
  const kubeProxy = linkOf(machine, kubeProxyLink);
  const isForeign = ({ address }: TableService) => address !== undefined && hasAddress(kubeProxy, address);
  const services = machine.services ?? [];
  const own = services.filter((service) => !isForeign(service));
  const serverAddresses = (linkOf(machine, "lo")?.addresses ?? []).map(hostOf).filter((host) => !/^(127\.|::1$|fe80:)/.test(host));
  return {
    isDirector: own.length > 0,
    services: own,
    foreign: services.filter(isForeign),
    // What stands has its scheduler.
    schedulers: [],
    serverAddresses,
    // What is in tables of nf_tables is not looked at.
    translated: [],
    usesNetfilter: false,
    tunnels: serverAddresses.length > 0 ? tunnelDevices.filter((name) => linkOf(machine, name)?.up) : [],
    // Which addresses are those of VirtualIPs the kernel does not tell.
    carriers: [],
  };
}
