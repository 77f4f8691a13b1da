/** The addresses that a node holds. Pure. */
import type { NodeVirtualServer } from "../api/nodeAgent.ts";
import { isQuietLink } from "../plan/realServer.ts";
import type { Snapshot } from "./native/snapshot.ts";

const hostOf = (prefix: string) => prefix.split("/")[0] ?? "";

/** By an election or by itself. A real server has those of VirtualIPs on quiet links, whoever is active: that does not count. */
export function addressesOfNode(
  { routers, links }: Pick<Snapshot, "routers" | "links">,
  virtualServers: readonly NodeVirtualServer[] = [],
): ReadonlySet<string> {
  const elected = new Set(virtualServers.flatMap(({ virtualIP, addresses }) => (virtualIP === undefined ? [] : addresses)));
  const held = routers.flatMap(({ addressesHeld }) => addressesHeld.map(hostOf));
  const standing = links.flatMap((link) => link.addresses.map(hostOf).filter((address) => !isQuietLink(link) || !elected.has(address)));
  return new Set([...held, ...standing]);
}
