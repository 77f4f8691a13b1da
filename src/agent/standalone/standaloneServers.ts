/** VirtualServers of a file → what this one node serves. Pure. What the operator would choose or permit, the file says by what is in it. */
import { isLinkLocalIPv6Text } from "../../api/addressRules.ts";
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { NodeIpvs, NodeVirtualServer, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import { mergeConfigs, type NamedConfig } from "../../plan/nodeAgentSpec.ts";
import { planIpvs, usesNetfilter } from "../../plan/nodeIpvs.ts";
import { nameOf, type ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";
import { familyOf, formatServiceKey, serviceKeys } from "../virtualServers/serviceKeys.ts";
import type { FileProblem, StandaloneObjects } from "./standaloneFile.ts";

type PlacedServer = StandaloneObjects["VirtualServer"][number];

export const defaultNamespace = "default";

/** The VirtualServers in the order of the file, or what is wrong with them. */
export function planServers({ VirtualServer, VirtualIP }: StandaloneObjects): {
  servers: ResolvedVirtualServer[];
  problems: FileProblem[];
} {
  const virtualIPs = new Map(VirtualIP.map(({ object }) => [object.metadata.name, object.spec]));
  const results = VirtualServer.map((placed) => ({ placed, result: resolve(placed, virtualIPs) }));
  const resolved = results.flatMap(({ placed, result }) => ("message" in result ? [] : [{ placed, server: result }]));
  const problems = results.flatMap(({ result }) => ("message" in result ? [result] : []));
  return { servers: resolved.map(({ server }) => server), problems: [...problems, ...conflicts(resolved)] };
}

function resolve(placed: PlacedServer, virtualIPs: ReadonlyMap<string, VirtualIPSpec>): ResolvedVirtualServer | FileProblem {
  const { metadata, spec } = placed.object;
  for (const field of ["service", "nodes"] as const) {
    if (spec[field]) return placed.problem(["spec", field], "needs Kubernetes: list the servers in realServers");
  }
  const owner = spec.virtualIP === undefined ? undefined : virtualIPs.get(spec.virtualIP);
  if (spec.virtualIP !== undefined && !owner) {
    return placed.problem(["spec", "virtualIP"], `expected the name of a VirtualIP of this file, got "${spec.virtualIP}"`);
  }
  const own = owner && addressesOf(owner);
  const given = spec.addresses?.map(canonicalAddress);
  const foreign = own ? (given ?? []).findIndex((address) => !own.includes(address)) : -1;
  if (foreign >= 0) return placed.problem(["spec", "addresses", foreign], `VirtualIP "${spec.virtualIP}" has no such address`);
  const addresses = given ?? (own ?? []).filter((address) => !isLinkLocalIPv6Text(address));
  return (
    familyProblem(placed, addresses) ?? {
      namespace: metadata.namespace ?? defaultNamespace,
      name: metadata.name,
      ...(spec.virtualIP !== undefined && { virtualIP: spec.virtualIP }),
      addresses,
      spec,
    }
  );
}

/** A server that no address could reach. */
function familyProblem(placed: PlacedServer, addresses: readonly string[]): FileProblem | undefined {
  const { realServers = [], forwarding } = placed.object.spec;
  const families = new Set(addresses.map(familyOf));
  const odd = realServers.findIndex((server) => (server.forwarding ?? forwarding) !== "TUN" && !families.has(familyOf(server.address)));
  if (odd < 0 || addresses.length === 0) return undefined;
  return placed.problem(["spec", "realServers", odd, "address"], "the VirtualServer has no address of this family");
}

function addressesOf({ addresses, excludedAddresses = [] }: VirtualIPSpec): string[] {
  return [...new Set([...addresses, ...excludedAddresses].map(({ address }) => canonicalAddress(address)))];
}

function conflicts(resolved: readonly { placed: PlacedServer; server: ResolvedVirtualServer }[]): FileProblem[] {
  const owners = new Map<string, string>();
  return resolved.flatMap(({ placed, server }) => {
    const services = serviceKeys(server).map(formatServiceKey);
    const taken = services.find((service) => owners.has(service));
    for (const service of services) if (!owners.has(service)) owners.set(service, nameOf(server));
    return taken === undefined ? [] : placed.problem(["spec"], `${taken} belongs to VirtualServer ${owners.get(taken)} already`);
  });
}

export const nameServer = ({ namespace, name, virtualIP, addresses }: ResolvedVirtualServer): NodeVirtualServer => ({
  namespace,
  name,
  ...(virtualIP !== undefined && { virtualIP }),
  addresses: [...addresses],
});

/** What IPVS is set to for them. */
export function planServing(
  servers: readonly ResolvedVirtualServer[],
  configs: readonly NamedConfig[],
  routers: readonly VirtualRouterSpec[],
): NodeIpvs {
  const usesMaglev = servers.some(({ spec }: { spec: VirtualServerSpec }) => spec.scheduler === "mh" && spec.protocol === "TCP");
  return planIpvs({
    settings: mergeConfigs(configs).ipvs,
    interface: busiestInterface(servers, routers),
    usesMaglev,
    usesNetfilter: servers.some(({ spec }) => usesNetfilter(spec)),
  });
}

/** That of most VirtualServers. */
function busiestInterface(servers: readonly ResolvedVirtualServer[], routers: readonly VirtualRouterSpec[]): string | undefined {
  const devices = new Map(routers.map((router) => [router.virtualIP, router.interface]));
  const used = servers.flatMap(({ virtualIP }) => devices.get(virtualIP ?? "") ?? []);
  const counts = [...Map.groupBy(used, (device) => device)].map(([device, uses]) => ({ device, count: uses.length }));
  return counts.sort((a, b) => b.count - a.count || (a.device < b.device ? -1 : 1))[0]?.device;
}
