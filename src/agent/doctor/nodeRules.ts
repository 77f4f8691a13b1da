/** What may be wrong with the settings of a node: facts → findings. Pure; one rule each. */
import type { Finding, Severity } from "../../api/finding.ts";
import { isQuietLink, tunnelModules } from "../../plan/realServer.ts";
import { hasAddress, kubeProxyLink, linkOf, type Machine, type MachineLink, type Roles } from "./machine.ts";

type Rule = (machine: Machine, roles: Roles) => Finding[];

/** All that is found, errors first. */
export function examineNode(machine: Machine, roles: Roles): Finding[] {
  const found = rules.flatMap((rule) => rule(machine, roles));
  return severities.flatMap((severity) => found.filter((finding) => finding.severity === severity));
}

export const severities: readonly Severity[] = ["Error", "Warning", "Note"];

const rules: Rule[] = [
  kubeProxyShares,
  kubeProxyAnswers,
  kubeProxyHasAddress,
  moduleMissing,
  schedulerMissing,
  netfilterMissing,
  forwardingOff,
  redirectsOn,
  tunnelTooNarrow,
  sloppyForOthers,
  addressMissing,
  addressTooWide,
  answersForAddress,
  announcesAddress,
  tunnelMissing,
  tunnelFiltered,
  tunnelBare,
  detourFiltered,
  carrierFiltered,
  settingsContested,
];

const number = ({ setting }: Machine, path: string) => Number(setting(path) ?? 0);
const ofLink = (name: string, key: string) => `net/ipv4/conf/${name}/${key}`;
/** Where the kernel takes the greater one of `all` and the link's own. */
const greater = (machine: Machine, name: string, key: string) =>
  Math.max(number(machine, ofLink("all", key)), number(machine, ofLink(name, key)));
/** As sysctl(8) takes it. */
const set = (name: string, key: string, value: string) => `sysctl -w net.ipv4.conf.${name.replaceAll(".", "/")}.${key}=${value}`;

const isIPv4 = (text: string) => !text.includes(":");
/** Links to other hosts: those that have addresses, without the loopback interface, tunnels and what belongs to kube-proxy. */
const outward = ({ links }: Machine) =>
  links.filter(({ name, up, addresses }) => {
    const isOwn = isQuietLink({ name, loopback: name === "lo" }) || name === kubeProxyLink;
    return up && !isOwn && addresses.some(isIPv4);
  });
const names = (links: readonly MachineLink[]) => links.map(({ name }) => name).join(", ");
const forwards = ({ services }: Roles, forwarding: string) => services.some(({ forwardings }) => forwardings.has(forwarding));

function kubeProxyShares(machine: Machine, { isDirector }: Roles): Finding[] {
  if (!isDirector || !linkOf(machine, kubeProxyLink)) return [];
  return [
    {
      severity: "Warning",
      what: "kube-proxy runs in IPVS mode on a node that has VirtualServers.",
      why: "Both use one table, and kube-proxy removes services that it does not know, unless their addresses are excluded.",
      fix: "In kube-proxy's configuration: mode: nftables; or ipvs.excludeCIDRs with the addresses of the VirtualIPs.",
    },
  ];
}

function kubeProxyAnswers(machine: Machine): Finding[] {
  if (!linkOf(machine, kubeProxyLink) || number(machine, ofLink("all", "arp_ignore")) > 0) return [];
  return [
    {
      severity: "Warning",
      what: "kube-proxy runs in IPVS mode without strictARP.",
      why: "The node answers ARP for the addresses of all Services, those of load balancers among them, on every link.",
      fix: "In kube-proxy's configuration: ipvs.strictARP: true.",
    },
  ];
}

function kubeProxyHasAddress(machine: Machine, { services, serverAddresses }: Roles): Finding[] {
  const link = linkOf(machine, kubeProxyLink);
  const own = new Set([...services.flatMap(({ address }) => address ?? []), ...serverAddresses]);
  return [...own]
    .filter((address) => hasAddress(link, address))
    .map((address) => ({
      severity: "Error",
      what: `kube-proxy has ${address} on ${kubeProxyLink}.`,
      why: "A Service has an address of a VirtualIP: every node takes its traffic, and kube-proxy's services compete with those here.",
      fix: `kubectl get services -A | grep ${address} shows which; give that Service another address.`,
    }));
}

function moduleMissing(machine: Machine, { isDirector }: Roles): Finding[] {
  if (!isDirector || machine.services) return [];
  const isMissing = machine.module("ip_vs") === "Missing";
  return [
    {
      severity: "Error",
      what: isMissing ? "The kernel has no module ip_vs." : "The module ip_vs is not loaded.",
      why: "The VirtualServers of the node are not programmed.",
      fix: isMissing ? "Install the kernel's package of extra modules." : "modprobe ip_vs; echo ip_vs > /etc/modules-load.d/ip_vs.conf",
    },
  ];
}

function schedulerMissing(machine: Machine, { schedulers }: Roles): Finding[] {
  const missing = [...new Set(schedulers)].filter((name) => machine.module(`ip_vs_${name}`) === "Missing");
  return missing.map((name) => ({
    severity: "Error",
    what: `The kernel has no module ip_vs_${name}.`,
    why: `VirtualServers with scheduler ${name} are not programmed.`,
    fix: "Install the kernel's package of extra modules, or choose another spec.scheduler.",
  }));
}

/** What the agent's table needs of the kernel. */
const netfilterModules = ["nf_tables", "nft_chain_nat", "nft_nat", "nft_masq", "nft_fib_inet"];

function netfilterMissing(machine: Machine, { usesNetfilter }: Roles): Finding[] {
  if (!usesNetfilter) return [];
  const missing = netfilterModules.filter((name) => machine.module(name) === "Missing");
  return missing.map((name) => ({
    severity: "Error",
    what: `The kernel has no module ${name}.`,
    why: "Addresses of VirtualServers are neither translated to pods of the node nor masqueraded.",
    fix: "Install the kernel's package of extra modules, or leave spec.masquerade and spec.service.targets out.",
  }));
}

function forwardingOff(machine: Machine, roles: Roles): Finding[] {
  const { setting } = machine;
  const nat = roles.services.filter(({ forwardings }) => forwardings.has("Masq"));
  const { translated } = roles;
  const isIPv6 = (address: string) => !isIPv4(address);
  const cases = [
    { path: "net/ipv4/ip_forward", has: nat.some(({ address = "0.0.0.0" }) => isIPv4(address)), translates: translated.some(isIPv4) },
    {
      path: "net/ipv6/conf/all/forwarding",
      has: nat.some(({ address = "0.0.0.0" }) => isIPv6(address)),
      translates: translated.some(isIPv6),
    },
  ];
  return cases.flatMap(({ path, has, translates }) => {
    if (!(has || translates) || setting(path)?.trim() !== "0") return [];
    const name = path.replaceAll("/", ".");
    return [
      {
        severity: "Error" as const,
        what: `${name} is 0 on a ${has ? "director with forwarding NAT" : "node that translates for its pods"}.`,
        why: has ? "Answers of the real servers are not passed on to the clients." : "No packet reaches a pod.",
        fix: `sysctl -w ${name}=1`,
      },
    ];
  });
}

/** The kernel sends redirects where `all` or the link says so. */
function redirectsOn(machine: Machine, { isDirector }: Roles): Finding[] {
  if (!isDirector) return [];
  const all = number(machine, ofLink("all", "send_redirects")) > 0;
  const links = outward(machine).filter(({ name }) => all || number(machine, ofLink(name, "send_redirects")) > 0);
  if (links.length === 0) return [];
  return [
    {
      severity: "Warning",
      what: `A director sends ICMP redirects on ${names(links)}.`,
      why: "Where clients and real servers are in one LAN they are told to go past the director.",
      fix: [...(all ? ["all"] : []), ...links.map(({ name }) => name)].map((name) => set(name, "send_redirects", "0")).join("; "),
    },
  ];
}

/** Bytes that the outer header takes at least, of IPIP. */
const tunnelHeader = 20;
const ethernetMtu = 1500;

function tunnelTooNarrow(machine: Machine, roles: Roles): Finding[] {
  if (!forwards(roles, "Tunnel")) return [];
  const narrow = outward(machine).filter(({ mtu }) => mtu < ethernetMtu + tunnelHeader);
  if (narrow.length === 0) return [];
  return [
    {
      severity: "Warning",
      what: `A director with forwarding TUN has an MTU of ${Math.min(...narrow.map(({ mtu }) => mtu))} on ${names(narrow)}.`,
      why: "Packets of full size do not fit with a second header; a client that does not get the ICMP message stalls with its first large request.",
      fix: "Raise the MTU between directors and servers (GRE and GUE take more), or on the servers: ip route change default … advmss 1400",
    },
  ];
}

function sloppyForOthers(machine: Machine, { foreign, isDirector }: Roles): Finding[] {
  if (!isDirector || foreign.length === 0 || number(machine, "net/ipv4/vs/sloppy_tcp") === 0) return [];
  return [
    {
      severity: "Warning",
      what: `net.ipv4.vs.sloppy_tcp is 1, and ${foreign.length} services of IPVS are somebody else's.`,
      why: "Theirs, too, take packets of connections that they do not know, instead of refusing them.",
      fix: "AgentConfig: ipvs.sysctls.sloppy_tcp: 0",
    },
  ];
}

function addressMissing(machine: Machine, { serverAddresses }: Roles): Finding[] {
  const missing = serverAddresses.filter((address) => !hasAddress(linkOf(machine, "lo"), address));
  return missing.map((address) => ({
    severity: "Error",
    what: `${address} is not on the loopback interface of a real server.`,
    why: "Packets that the director passes on to it are not taken.",
    fix: `aloft realserver --address ${address}`,
  }));
}

/** By a subnet on the loopback interface every address in it is the host's own. */
function addressTooWide(machine: Machine, { serverAddresses }: Roles): Finding[] {
  const standing = linkOf(machine, "lo")?.addresses ?? [];
  const wide = standing.filter(
    (prefix) => !/\/(32|128)$/.test(prefix) && serverAddresses.some((address) => prefix.startsWith(`${address}/`)),
  );
  return wide.map((prefix) => ({
    severity: "Error",
    what: `${prefix} on the loopback interface is a whole subnet.`,
    why: "The host takes every address of that subnet to be its own, and reaches none of them.",
    fix: `ip address del ${prefix} dev lo; aloft realserver --address ${prefix.replace(/\/.*/, "")}`,
  }));
}

function answersForAddress(machine: Machine, { serverAddresses }: Roles): Finding[] {
  const addresses = serverAddresses.filter(isIPv4);
  const links = outward(machine).filter(({ name }) => greater(machine, name, "arp_ignore") === 0);
  if (addresses.length === 0 || links.length === 0) return [];
  return [
    {
      severity: "Error",
      what: `arp_ignore is 0 on ${names(links)} of a real server.`,
      why: `It answers ARP for ${addresses.join(", ")}, beside the director: clients reach either one.`,
      fix: set("all", "arp_ignore", "1"),
    },
  ];
}

function announcesAddress(machine: Machine, { serverAddresses }: Roles): Finding[] {
  const links = outward(machine).filter(({ name }) => greater(machine, name, "arp_announce") < 2);
  if (!serverAddresses.some(isIPv4) || links.length === 0) return [];
  return [
    {
      severity: "Error",
      what: `arp_announce is less than 2 on ${names(links)} of a real server.`,
      why: "It asks for its neighbours by the virtual address when it answers a client, and so takes it over in their ARP tables.",
      fix: set("all", "arp_announce", "2"),
    },
  ];
}

function tunnelMissing(machine: Machine, { tunnels }: Roles): Finding[] {
  return tunnels.flatMap((name) => {
    const link = linkOf(machine, name);
    if (link?.up) return [];
    return [
      {
        severity: "Error" as const,
        what: link ? `The link ${name} is down.` : `There is no link ${name}.`,
        why: "Packets that come encapsulated are dropped.",
        fix: link ? `ip link set ${name} up` : `modprobe ${tunnelModules[name]}; ip link set ${name} up`,
      },
    ];
  });
}

const strict = 1;

function tunnelFiltered(machine: Machine, { tunnels, serverAddresses }: Roles): Finding[] {
  if (!serverAddresses.some(isIPv4)) return [];
  const filtered = tunnels.filter((name) => linkOf(machine, name) && greater(machine, name, "rp_filter") === strict);
  return filtered.map((name) => ({
    severity: "Error",
    what: `The reverse path filter of ${name} is strict (1).`,
    why: "Clients are reached by another link than their packets come by, encapsulated: all of them are dropped.",
    fix: set(name, "rp_filter", "2"),
  }));
}

/** Whatever the filter is, unless it is off. */
function tunnelBare(machine: Machine, { tunnels, serverAddresses }: Roles): Finding[] {
  const [address] = serverAddresses.filter(isIPv4);
  if (address === undefined) return [];
  const bare = tunnels.filter((name) => {
    const link = linkOf(machine, name);
    return link && !link.addresses.some(isIPv4) && greater(machine, name, "rp_filter") > 0;
  });
  return bare.map((name) => ({
    severity: "Error",
    what: `The link ${name} has no IPv4 address, and its reverse path filter is on.`,
    why: "By a link without an address the kernel then takes nothing: all packets that come encapsulated are dropped.",
    fix: `ip address add ${address}/32 dev ${name} scope host`,
  }));
}

/** A client is mostly reached by a default route. */
function detourFiltered(machine: Machine, { serverAddresses }: Roles): Finding[] {
  const filtered = outward(machine).filter(
    ({ name }) => !machine.defaultLinks.includes(name) && greater(machine, name, "rp_filter") === strict,
  );
  if (!serverAddresses.some(isIPv4) || machine.defaultLinks.length === 0 || filtered.length === 0) return [];
  return [
    {
      severity: "Warning",
      what: `The reverse path filter is strict (1) on ${names(filtered)} of a real server, and the default route leads elsewhere.`,
      why: "If the director passes packets on by that link, those of clients beyond the default route are dropped.",
      fix: filtered.map(({ name }) => set(name, "rp_filter", "2")).join("; "),
    },
  ];
}

/** The answer to a client beyond a router leaves by the default route, wherever the question came in. */
function carrierFiltered(machine: Machine, { carriers }: Roles): Finding[] {
  const filtered = carriers.filter((name) => !machine.defaultLinks.includes(name) && greater(machine, name, "rp_filter") === strict);
  if (machine.defaultLinks.length === 0 || filtered.length === 0) return [];
  return [
    {
      severity: "Warning",
      what: `The reverse path filter is strict (1) on ${filtered.join(", ")}, where VirtualIPs are, and the default route leads elsewhere.`,
      why: "Packets to them of clients beyond a router of that link are dropped; those of its own subnet are not.",
      fix: filtered.map((name) => set(name, "rp_filter", "2")).join("; "),
    },
  ];
}

function settingsContested({ settingChanges }: Machine): Finding[] {
  return settingChanges.map(({ setting, found, wanted, times }) => ({
    severity: "Warning",
    what: `Somebody else has set ${setting} to ${found}${times > 1 ? `, ${times} times` : ""}; the agent sets it to ${wanted} again.`,
    why: "For up to a second each time it is not as it should be.",
    fix: `grep -r ${setting} /etc/sysctl.d /etc/sysctl.conf /usr/lib/sysctl.d /run/sysctl.d shows who may do so.`,
  }));
}
