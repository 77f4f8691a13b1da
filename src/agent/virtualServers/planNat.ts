/** Translations beside those of IPVS, in the agent's own table of nf_tables. Pure. */
import type { NatKey, NatRules, NatTranslation } from "../native/nat.ts";
import { type Endpoint, nameOf, type ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { usable } from "./serverList.ts";
import { familyOf, serviceKeys } from "./serviceKeys.ts";

export interface NatQuestion {
  /** What IPVS of this node serves. */
  served: readonly ResolvedVirtualServer[];
  /** What this node translates for its own pods. */
  translated: readonly ResolvedVirtualServer[];
  /** By nameOf(). */
  endpoints: ReadonlyMap<string, readonly Endpoint[]>;
}

export function planNat({ served, translated, endpoints }: NatQuestion): NatRules {
  const masqueraded = served.filter(({ spec }) => spec.masquerade).flatMap(keysOf);
  const taken = new Set<string>();
  const translations = translated.flatMap((virtualServer) =>
    translationsOf(virtualServer, endpoints.get(nameOf(virtualServer)) ?? []).filter((translation) => {
      const text = textOf(translation);
      const isFirst = !taken.has(text);
      taken.add(text);
      return isFirst;
    }),
  );
  return { masqueraded: [...new Map(masqueraded.map((key) => [textOf(key), key])).values()], translations };
}

/** Those of an address and a port. */
function keysOf(virtualServer: ResolvedVirtualServer): NatKey[] {
  return serviceKeys(virtualServer).flatMap(({ protocol, address, port }) =>
    protocol !== undefined && address !== undefined && port ? [{ protocol, address, port }] : [],
  );
}

/** The pods that take new connections: ready ones, or those that still answer where there is no other. In an order that does not change. */
function translationsOf(virtualServer: ResolvedVirtualServer, endpoints: readonly Endpoint[]): NatTranslation[] {
  const { spec } = virtualServer;
  const here = endpoints.filter(({ isHere }) => isHere);
  const open = usable(here, spec.service?.publishNotReady ?? false).filter(({ isOpen }) => isOpen);
  const targets = open
    .flatMap(({ address, port }) => (port === undefined ? [] : [{ address, port }]))
    .sort((a, b) => (`${a.address} ${a.port}` < `${b.address} ${b.port}` ? -1 : 1));
  return keysOf(virtualServer).flatMap((key) => {
    const reachable = targets.filter(({ address }) => familyOf(address) === familyOf(key.address));
    if (reachable.length === 0) return [];
    return [{ ...key, ...(spec.persistence && { byClient: true }), targets: reachable }];
  });
}

const textOf = ({ protocol, address, port }: NatKey) => `${protocol} ${address} ${port}`;
