/** The VirtualServers of all Services with the data plane IPVS. Pure. */
import type { PoolView, VirtualServerView } from "../cluster.ts";
import { dataPlaneOf } from "./claims.ts";
import { compareVirtualServers, generateVirtualServers, type VirtualServerChanges } from "./generatedVirtualServers.ts";
import type { Held, Layout } from "./layout.ts";
import type { ServiceView } from "./views.ts";

export interface DataPlaneQuestion {
  pools: readonly PoolView[];
  services: readonly ServiceView[];
  /** Absent while they could not be read. */
  virtualServers?: readonly VirtualServerView[];
  held: readonly Held[];
  layout: Pick<Layout, "placeOf" | "generated">;
}

export function planDataPlanes({ pools, services, virtualServers, held, layout }: DataPlaneQuestion): VirtualServerChanges {
  if (!virtualServers) return { apply: [], remove: [], foreign: [] };
  const poolOf = new Map(pools.map((pool) => [pool.name, pool]));
  const viewOf = new Map(services.map((view) => [view.key, view]));
  const standing = new Map(
    layout.generated.map(({ name, spec }) => [
      name,
      new Set([...spec.addresses, ...(spec.excludedAddresses ?? [])].map(({ address }) => address)),
    ]),
  );
  const kept = new Set<string>();
  const wanted = held.flatMap(({ service, pool: name, addresses }) => {
    const pool = poolOf.get(name);
    const view = viewOf.get(service);
    const virtualIP = layout.placeOf.get(service);
    if (!view || !pool?.spec) {
      kept.add(service);
      return [];
    }
    if (virtualIP === undefined || dataPlaneOf(view, pool) !== "IPVS" || view.limitsSources) return [];
    const present = addresses.filter((address) => standing.get(virtualIP)?.has(address));
    return present.length > 0 ? generateVirtualServers({ view, pool: pool.spec, virtualIP, addresses: present }) : [];
  });
  return compareVirtualServers(wanted, virtualServers, kept);
}
