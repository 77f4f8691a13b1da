/** The real servers of a VirtualServer, from its list, from the endpoints of a Service, or from nodes. Pure. */

import type { HealthCheck } from "../../api/healthCheck.ts";
import { formatAddress, parseAddress } from "../../api/ipAddress.ts";
import type { RealServer, VirtualServerSpec } from "../../api/virtualServer.ts";
import type { IpvsDestination } from "../native.ts";
import type { Endpoint } from "./resolvedVirtualServer.ts";

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
  lowerThreshold?: number;
  healthChecks: readonly HealthCheck[];
  onFailure: "Remove" | "Drain";
  notify?: RealServer["notify"];
}

/** @param endpoints undefined: nothing is known of them, which is not the same as none. */
export function listServers(spec: VirtualServerSpec, endpoints: readonly Endpoint[] | undefined): Server[] | undefined {
  if ((spec.service ?? spec.nodes) !== undefined && endpoints === undefined) return undefined;
  const listed = (spec.realServers ?? []).map((server) => listedServer(spec, server));
  const found = usable(endpoints ?? [], spec.service?.publishNotReady ?? false).map((endpoint) => endpointServer(spec, endpoint));
  // mh fills its table in this order, which must be the same on all directors: as it is written, and what is found by address.
  const byKey = new Map([...found.sort(byAddress), ...listed].map((server) => [server.key, server]));
  return [...listed.map(({ key }) => key), ...found.map(({ key }) => key)].flatMap((key) => {
    const server = byKey.get(key);
    byKey.delete(key);
    return server ?? [];
  });
}

function listedServer(spec: VirtualServerSpec, server: RealServer): Server {
  const { maxConnections: upper = 0, minConnections: lower } = server;
  return {
    ...identityOf(server.address, server.port),
    weight: server.weight ?? spec.weight,
    ...forwardingOf(server.forwarding ?? spec.forwarding, server.tunnel ?? spec.tunnel),
    ...(upper > 0 && { upperThreshold: upper, lowerThreshold: lower ?? Math.floor((upper * 3) / 4) }),
    healthChecks: server.healthChecks ?? spec.healthChecks ?? [],
    onFailure: server.onFailure ?? spec.onFailure,
    notify: server.notify,
  };
}

function endpointServer(spec: VirtualServerSpec, endpoint: Endpoint): Server {
  const { address, port = spec.nodes?.port, node = "", zone = "", ready } = endpoint;
  const { nodeWeights = {}, zoneWeights = {}, publishNotReady = false } = spec.service ?? {};
  const weight = nodeWeights[node] ?? zoneWeights[zone] ?? spec.weight;
  return {
    ...identityOf(address, port),
    // One that is going away keeps its connections and gets no new ones.
    weight: ready || publishNotReady ? weight : 0,
    ...forwardingOf(spec.forwarding, spec.tunnel),
    healthChecks: spec.healthChecks ?? [],
    onFailure: spec.onFailure,
  };
}

/** Those that are ready, and those that are going away and still answer. As long as none is ready the latter count as ready, as kube-proxy has it. */
function usable(endpoints: readonly Endpoint[], publishNotReady: boolean): Endpoint[] {
  const answering = endpoints.filter(({ ready, serving, terminating }) => ready || publishNotReady || (serving && terminating));
  return answering.some(({ ready }) => ready) || publishNotReady ? answering : answering.map((endpoint) => ({ ...endpoint, ready: true }));
}

function identityOf(address: string, port: number | undefined): Pick<Server, "key" | "address" | "port"> {
  const canonical = canonicalAddress(address);
  const host = port !== undefined && canonical.includes(":") ? `[${canonical}]` : canonical;
  return { key: port === undefined ? canonical : `${host}:${port}`, address: canonical, port };
}

export function canonicalAddress(address: string): string {
  const parsed = parseAddress(address);
  return parsed ? formatAddress(parsed) : address;
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
