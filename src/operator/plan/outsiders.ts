/** Addresses that are in no subnet of the interface that they stand on, in words: whoever is to reach them needs a route. Pure. */
import { isLinkLocalIPv6Text } from "../../api/addressRules.ts";
import { contains, families, formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { InterfaceSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { movedAddresses } from "../../plan/addresses.ts";
import type { PlacedCandidate } from "./placements.ts";

/** By node, as its agent reports them. */
export type SubnetsByNode = ReadonlyMap<string, readonly InterfaceSubnets[]>;

/** "198.51.100.9 is in no subnet of eth0 (n1, n2)". Of an interface that is not reported nothing is said. */
export function describeOutsiders(spec: VirtualIPSpec, candidates: readonly PlacedCandidate[], subnets: SubnetsByNode): string[] {
  const found = families.flatMap((family) =>
    movedAddresses(spec, family).flatMap(({ address, interface: own }) => {
      const prefix = isLinkLocalIPv6Text(address) ? undefined : parsePrefix(address);
      if (!prefix) return [];
      return candidates.flatMap(({ node, interfaces }) => {
        const device = subnets.get(node)?.find(({ name }) => name === (own ?? interfaces[family]));
        if (!device || device.subnets.some((subnet) => contains(subnet, prefix))) return [];
        return [{ node, text: `${formatAddress(prefix)} is in no subnet of ${device.name}` }];
      });
    }),
  );
  return [...Map.groupBy(found, ({ text }) => text)].map(([text, all]) => `${text} (${all.map(({ node }) => node).join(", ")})`);
}
