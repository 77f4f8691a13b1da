/** What a node needs to take packets that a director passes on with forwarding DR or TUN, to an address that is not its own. Pure. */
import { type Family, parseAddress } from "../api/ipAddress.ts";
import type { NodeAddress } from "../api/nodeAddress.ts";
import type { NodeRealServer, TunnelDevice } from "../api/nodeAgent.ts";

/** Settings of the kernel: paths below /proc/sys, and "link/NAME" for whether a link is up. */
export type KernelSettings = Record<string, string>;

export interface RealServerPlan {
  addresses: NodeAddress[];
  settings: KernelSettings;
}

type Encapsulation = "IPIP" | "GUE" | "GRE";

/** Those that take packets from every sender; the kernel makes them with their modules. What is inside of GUE comes by that of IPIP. */
export function tunnelDevice(type: Encapsulation, outer: Family, inner: Family): TunnelDevice {
  if (type === "GRE") return outer === "IPv4" ? "gre0" : "ip6gre0";
  if (outer === "IPv6") return "ip6tnl0";
  return inner === "IPv4" ? "tunl0" : "sit0";
}

/** The module that makes each. */
export const tunnelModules: Record<TunnelDevice, string> = {
  tunl0: "ipip",
  sit0: "sit",
  ip6tnl0: "ip6_tunnel",
  gre0: "ip_gre",
  ip6gre0: "ip6_gre",
};

/** Where the address of a real server stands and nobody hears of it: a director's is elsewhere. */
export const isQuietLink = ({ name, loopback }: { name: string; loopback: boolean }) => loopback || Object.hasOwn(tunnelModules, name);

/**
 * Of an address of all others the kernel answers for on every link, and by it asks for others, unless it is told not to. It takes the
 * greater one of `all` and the link's own, so that `all` is enough; and links that come later have it, too. Over IPv6 it answers for
 * addresses of the link alone.
 */
const quiet: KernelSettings = { "net/ipv4/conf/all/arp_ignore": "1", "net/ipv4/conf/all/arp_announce": "2" };

/**
 * The addresses stand on the loopback interface, alone in their subnet, so that no route to a subnet comes with them, and with scope host,
 * so that the node never chooses them for what it sends of its own accord. Those of IPv4 stand on the device of a tunnel as well: by a link
 * without any address the kernel takes nothing, unless its reverse path filter is off altogether.
 */
export function planRealServer(all: readonly Pick<NodeRealServer, "addresses" | "tunnels" | "translates">[]): RealServerPlan {
  // A translation comes before the kernel asks whether the packet is for this node.
  const entries = all.filter(({ translates }) => !translates);
  const addresses = [...new Set(entries.flatMap((entry) => entry.addresses))].sort();
  const tunnels = [...new Set(entries.flatMap(({ tunnels = [] }) => tunnels))].sort();
  const ofIPv4 = addresses.filter(isIPv4);
  const hasIPv4 = ofIPv4.length > 0;
  return {
    addresses: [
      ...addresses.map((address) => standing(address, "lo")),
      ...tunnels.flatMap((device) => ofIPv4.map((address) => standing(address, device))),
    ],
    settings: Object.assign({}, hasIPv4 && quiet, ...tunnels.map((device) => tunnelSettings(device, hasIPv4))),
  };
}

const isIPv4 = (address: string) => parseAddress(address)?.family === "IPv4";

function standing(address: string, device: string): NodeAddress {
  return { address: `${address}/${isIPv4(address) ? 32 : 128}`, interface: device, ...(isIPv4(address) && { scope: "host" as const }) };
}

/** A client is reached by another link than its packets come by: the strict reverse path filter (1) would drop them, the loose one does not. */
function tunnelSettings(device: TunnelDevice, hasIPv4: boolean): KernelSettings {
  return { [`link/${device}`]: "up", ...(hasIPv4 && { [`net/ipv4/conf/${device}/rp_filter`]: "2" }) };
}
