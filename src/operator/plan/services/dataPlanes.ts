/** The VirtualServers of all Services with the data plane IPVS. Pure. */
import type { VirtualIPSpec } from "../../../api/virtualIP.ts";
import { memoized } from "../../../plan/memoized.ts";
import type { PoolView, VirtualServerView } from "../cluster.ts";
import { dataPlaneOf } from "./claims.ts";
import { compareVirtualServers, generateVirtualServers, type VirtualServerChanges } from "./generatedVirtualServers.ts";
import type { Held, Layout } from "./layout.ts";
import type { ServiceView } from "./views.ts";

export interface DataPlaneQuestion {
  pools: readonly PoolView[];
  /** Services by their keys. */
  views: ReadonlyMap<string, ServiceView>;
  /** Absent while they could not be read. */
  virtualServers?: readonly VirtualServerView[];
  held: readonly Held[];
  layout: Pick<Layout, "placeOf" | "generated">;
}

const hostsOf = memoized(
  ({ addresses, excludedAddresses = [] }: VirtualIPSpec): ReadonlySet<string> =>
    new Set([...addresses, ...excludedAddresses].map(({ address }) => address)),
);

export function planDataPlanes({ pools, views, virtualServers, held, layout }: DataPlaneQuestion): VirtualServerChanges {
  if (!virtualServers) return { apply: [], remove: [], foreign: [] };
  const poolOf = new Map(pools.map((pool) => [pool.name, pool]));
  const specs = new Map(layout.generated.map(({ name, spec }) => [name, spec]));
  const kept = new Set<string>();
  const wanted = held.flatMap(({ service, pool: name, addresses }) => {
    const pool = poolOf.get(name);
    const view = views.get(service);
    const virtualIP = layout.placeOf.get(service);
    if (!view || !pool?.spec) {
      kept.add(service);
      return [];
    }
    if (virtualIP === undefined || dataPlaneOf(view, pool) !== "IPVS" || view.limitsSources) return [];
    const spec = specs.get(virtualIP);
    const present = addresses.filter((address) => spec && hostsOf(spec).has(address));
    return present.length > 0 ? generateVirtualServers({ view, pool: pool.spec, virtualIP, addresses: present }) : [];
  });
  return compareVirtualServers(wanted, virtualServers, kept);
}
