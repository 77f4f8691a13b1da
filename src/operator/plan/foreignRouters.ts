/** Virtual routers of others, as agents hear them: VRIDs to keep away from, and what people should know of. Pure. */
import { formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import { memoized } from "../../plan/memoized.ts";
import type { AgentView, ClusterView, RunningRouters } from "./cluster.ts";

/** VRIDs that routers outside use, by segment; `anywhere`: heard where no VirtualIP tells which segment that is. */
export interface ForeignVRIDs {
  bySegment: ReadonlyMap<string, ReadonlySet<number>>;
  anywhere: ReadonlySet<number>;
}

/** One VRID that one agent has heard from a router outside; without a segment when no VirtualIP tells which one that is. */
interface Sighting {
  segment?: string;
  virtualRouterID: number;
  address: string;
}

/** `own`: the addresses of our nodes. */
export function findForeignVRIDs(
  { virtualIPs, agents }: ClusterView,
  running: RunningRouters,
  own: ReadonlySet<string> = ownAddresses(agents),
): ForeignVRIDs {
  const segments = new Map(virtualIPs.map(({ name, segment }) => [name, segment]));
  const places = segmentsByInterface(running, segments);
  const heard = agents.filter(({ silent }) => !silent).flatMap((agent) => [...unknownRouters(agent, places), ...rivals(agent, segments)]);
  const bySegment = new Map<string, Set<number>>();
  const anywhere = new Set<number>();
  for (const { segment, virtualRouterID, address } of heard) {
    if (own.has(address)) continue;
    if (segment === undefined) anywhere.add(virtualRouterID);
    else bySegment.set(segment, (bySegment.get(segment) ?? new Set()).add(virtualRouterID));
  }
  return { bySegment, anywhere };
}

/** Routers of VRIDs that nobody has configured. */
function unknownRouters({ name: node, status }: AgentView, places: ReadonlyMap<string, ReadonlySet<string>>): Sighting[] {
  return (status.unknownRouters ?? []).flatMap(({ interface: device, virtualRouterID, address }): Sighting[] => {
    const here = places.get(`${node} ${device}`);
    return here ? [...here].map((segment) => ({ segment, virtualRouterID, address })) : [{ virtualRouterID, address }];
  });
}

/** Routers that use a VRID of ours. A report from before the newest specification may speak of a VRID that has been given up since. */
function rivals({ spec, status, generation }: AgentView, segments: ReadonlyMap<string, string>): Sighting[] {
  if ((status.observedGeneration ?? 0) < generation) return [];
  return (status.virtualRouters ?? []).flatMap(({ virtualIP, family, foreignRouter }) => {
    const router = spec.virtualRouters.find((entry) => entry.virtualIP === virtualIP && entry.family === family);
    const segment = segments.get(virtualIP);
    if (!foreignRouter || !router || segment === undefined) return [];
    return [{ segment, virtualRouterID: router.virtualRouterID, address: foreignRouter.address }];
  });
}

/** The addresses of our nodes, without prefix length: what comes from those is ours, whatever it says. */
export function ownAddresses(agents: readonly AgentView[]): Set<string> {
  return new Set(agents.flatMap(({ status }) => canonicalHosts(status.interfaces ?? [])));
}

const canonicalHosts = memoized((interfaces: NonNullable<AgentView["status"]["interfaces"]>): readonly string[] =>
  interfaces.flatMap(({ addresses }) =>
    addresses.flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix ? [formatAddress(prefix)] : [];
    }),
  ),
);

function segmentsByInterface(running: RunningRouters, segments: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  for (const [virtualIP, byNode] of running) {
    const segment = segments.get(virtualIP);
    if (segment === undefined) continue;
    for (const [node, routers] of byNode) {
      for (const { interface: device } of routers) {
        const place = `${node} ${device}`;
        places.set(place, (places.get(place) ?? new Set()).add(segment));
      }
    }
  }
  return places;
}
