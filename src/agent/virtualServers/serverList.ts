/** The real servers of a VirtualServer, from its list, from the endpoints of a Service, or from nodes. Pure. */
import type { HealthCheck } from "../../api/healthCheck.ts";
import { canonicalAddress, parseAddress } from "../../api/ipAddress.ts";
import type { RealServer, VirtualServerSpec } from "../../api/virtualServer.ts";
import type { IpvsDestination } from "../native/ipvsState.ts";
import type { Endpoint, ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { familiesOf, familyOf } from "./serviceKeys.ts";

type Forwarding = Pick<IpvsDestination, "forwarding" | "tunnel">;

/** A real server with all that holds for it. */
export interface Server extends Forwarding {
  /** "192.0.2.1:80"; without a port of its own "192.0.2.1". Unique in its VirtualServer. */
  key: string;
  /** Canonical. */
  address: string;
  /** Undefined: that of the service. */
  port?: number;
  weight: number;
  upperThreshold?: number;
  /** 0: three quarters of the upper one; the kernel sees to that. */
  lowerThreshold?: number;
  healthChecks: readonly HealthCheck[];
  onFailure: "Remove" | "Drain";
  /** Stands in the list, instead of having been found. */
  isListed: boolean;
  /** Is going away: it gets nothing new, and what a check finds of it has nothing to say any more. */
  isLeaving: boolean;
  notify?: RealServer["notify"];
}

/** A spec is a value: what it lists is the same in each plan. */
const listings = new WeakMap<VirtualServerSpec, readonly Server[]>();

function listed(spec: VirtualServerSpec): readonly Server[] {
  const servers = listings.get(spec) ?? (spec.realServers ?? []).map((server) => listedServer(spec, server));
  listings.set(spec, servers);
  return servers;
}

/** Of what is found only what an address of the virtual server could reach: the other addresses of a dual-stack Service are no servers. */
export function listServers(
  { addresses, spec }: Pick<ResolvedVirtualServer, "addresses" | "spec">,
  endpoints: readonly Endpoint[],
): Server[] {
  const families = familiesOf({ addresses, spec });
  const reachable = endpoints.filter(({ address }) => families.has(familyOf(address)));
  const found = usable(reachable, spec.service?.publishNotReady ?? false).map((endpoint) => endpointServer(spec, endpoint));
  // mh fills its table in this order, which must be the same on all directors: as it is written, and what is found by address.
  const ordered = [...listed(spec), ...found.sort(byAddress)];
  const first = new Map(ordered.toReversed().map((server) => [server.key, server]));
  return ordered.filter((server) => first.get(server.key) === server);
}

function listedServer(spec: VirtualServerSpec, server: RealServer): Server {
  const { maxConnections: upper = 0, minConnections: lower = 0 } = server;
  return {
    ...identityOf(server.address, server.port),
    weight: server.weight ?? spec.weight,
    ...forwardingOf(server.forwarding ?? spec.forwarding, server.tunnel ?? spec.tunnel),
    ...(upper > 0 && { upperThreshold: upper, lowerThreshold: lower }),
    healthChecks: server.healthChecks ?? spec.healthChecks ?? [],
    onFailure: server.onFailure ?? spec.onFailure,
    isListed: true,
    isLeaving: false,
    ...(server.notify && { notify: server.notify }),
  };
}

export interface UsableEndpoint extends Pick<Endpoint, "address" | "port" | "node" | "zone" | "isHere" | "pods"> {
  /** Gets new connections. */
  isOpen: boolean;
}

function endpointServer(spec: VirtualServerSpec, endpoint: UsableEndpoint): Server {
  const { address, port = spec.nodes?.port, node = "", zone = "", isHere = false, pods = 1, isOpen } = endpoint;
  const { nodeWeights = {}, zoneWeights = {} } = spec.service ?? {};
  return {
    ...identityOf(address, port),
    weight: isOpen ? Math.min((nodeWeights[node] ?? zoneWeights[zone] ?? spec.weight) * pods, mostWeight) : 0,
    // A pod of this node answers by way of it in any case: with its address translated alone the client's is kept.
    ...forwardingOf(isHere ? "NAT" : spec.forwarding, spec.tunnel),
    healthChecks: spec.healthChecks ?? [],
    onFailure: spec.onFailure,
    isListed: false,
    isLeaving: !isOpen,
  };
}

/** The kernel's, where all add up. */
const mostWeight = 65535;

/**
 * Those that are ready, and those that are going away and still answer: they keep their connections and get no new ones, unless there is
 * nobody else. So kube-proxy has it.
 */
export function usable(endpoints: readonly Endpoint[], publishNotReady: boolean): UsableEndpoint[] {
  const isOpen = ({ ready, terminating }: Endpoint) => ready || (publishNotReady && !terminating);
  const isLeaving = (endpoint: Endpoint) => !isOpen(endpoint) && endpoint.serving && endpoint.terminating;
  const [open, leaving] = [endpoints.filter(isOpen), endpoints.filter(isLeaving)];
  return [
    ...open.map((endpoint) => ({ ...endpoint, isOpen: true })),
    ...leaving.map((endpoint) => ({ ...endpoint, isOpen: open.length === 0 })),
  ];
}

function identityOf(address: string, port: number | undefined): Pick<Server, "key" | "address" | "port"> {
  const canonical = canonicalAddress(address);
  const host = port !== undefined && canonical.includes(":") ? `[${canonical}]` : canonical;
  return { key: port === undefined ? canonical : `${host}:${port}`, address: canonical, port };
}

export function forwardingOf(forwarding: "NAT" | "DR" | "TUN", tunnel: VirtualServerSpec["tunnel"]): Forwarding {
  if (forwarding !== "TUN") return { forwarding };
  return { forwarding, tunnel: tunnel ?? { type: "IPIP", checksum: "None" } };
}

function byAddress(a: Server, b: Server): number {
  const [left, right] = [parseAddress(a.address)?.bits ?? 0n, parseAddress(b.address)?.bits ?? 0n];
  if (left !== right) return left < right ? -1 : 1;
  return (a.port ?? 0) - (b.port ?? 0);
}
