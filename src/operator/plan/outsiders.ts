/** Addresses that are in no subnet of the interface that they stand on, in words: whoever is to reach them needs a route. Pure. */
import { isLinkLocalIPv6Text } from "../../api/addressRules.ts";
import { contains, families, formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { NodeAddress } from "../../api/nodeAddress.ts";
import type { InterfaceSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { movedAddresses } from "../../plan/addresses.ts";
import { memoized } from "../../plan/memoized.ts";
import type { PlacedCandidate } from "./placements.ts";

/** By node, as its agent reports them. */
export type SubnetsByNode = ReadonlyMap<string, readonly InterfaceSubnets[]>;

/** "198.51.100.9 is in no subnet of eth0 (n1, n2)". Of an interface that is not reported nothing is said. */
export function describeOutsiders(spec: VirtualIPSpec, candidates: readonly PlacedCandidate[], subnets: SubnetsByNode): string[] {
  const found = families.flatMap((family) =>
    candidates.flatMap(({ node, interfaces }) => {
      const texts = outsidersOf(movedAddresses(spec, family))(subnets.get(node) ?? [], interfaces[family]);
      return texts.map((text) => ({ node, text }));
    }),
  );
  return [...Map.groupBy(found, ({ text }) => text)].map(([text, all]) => `${text} (${all.map(({ node }) => node).join(", ")})`);
}

/** Of a virtual router on one node. */
const outsidersOf = memoized((moved: readonly NodeAddress[]) =>
  memoized((interfaces: readonly InterfaceSubnets[], inUse: string | undefined): readonly string[] =>
    moved.flatMap(({ address, interface: own }) => {
      const prefix = isLinkLocalIPv6Text(address) ? undefined : parsePrefix(address);
      const device = interfaces.find(({ name }) => name === (own ?? inUse));
      if (!prefix || !device || device.subnets.some((subnet) => contains(subnet, prefix))) return [];
      return [`${formatAddress(prefix)} is in no subnet of ${device.name}`];
    }),
  ),
);
