/** The VirtualServers of each node, and what IPVS is set to for them. Pure. */
import { parsePrefix } from "../../api/ipAddress.ts";
import type { IpvsSettings } from "../../api/ipvs.ts";
import type { NodeAgentSpec, NodeVirtualServer, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { findInterface } from "../../api/subnets.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import { holdPreemption, planIpvs, usesNetfilter } from "../../plan/nodeIpvs.ts";
import { byAge } from "../allocate/age.ts";
import { type AgentView, type ClusterView, type RunningServers, serverKey, subnetsOf } from "./cluster.ts";
import type { ServerVerdict } from "./serverVerdicts.ts";

export interface NodeServersQuestion {
  cluster: ClusterView;
  verdicts: ReadonlyMap<string, ServerVerdict>;
  running: RunningServers;
  /** Keys of those of which it is certain that they no longer exist. */
  gone: ReadonlySet<string>;
}

/** The servers of a node that runs virtual routers of these VirtualIPs. */
export type ServersOf = (node: string, virtualIPs: ReadonlySet<string>) => NodeVirtualServer[];

/** As many as NodeAgent.spec takes. */
const mostServers = 4096;

/**
 * Where the virtual routers of a VirtualIP are, there are its VirtualServers, so that a failover adds an address and nothing else. What
 * runs for one that is merely unknown, or not accepted in its present form, goes on.
 */
export function placeServers({ cluster, verdicts, running, gone }: NodeServersQuestion): ServersOf {
  const views = [...(cluster.virtualServers ?? [])].sort((a, b) => byAge({ ...a, name: a.key }, { ...b, name: b.key }));
  const known = new Set(views.map(({ key }) => key));
  const unknown = [...running.keys()].filter((key) => !known.has(key) && !gone.has(key));
  const keeping = views.filter(({ key }) => isKept(verdicts.get(key)));
  const accepted = views.flatMap(({ key, namespace, name, spec }) => {
    const verdict = verdicts.get(key);
    if (!spec || !verdict?.accepted) return [];
    const { virtualIP } = spec;
    const entry: NodeVirtualServer = { namespace, name, ...(virtualIP !== undefined && { virtualIP }), addresses: verdict.addresses };
    return [{ entry, nodes: verdict.nodes && new Set(verdict.nodes) }];
  });
  return (node, virtualIPs) => {
    const isHere = ({ virtualIP }: NodeVirtualServer) => virtualIP === undefined || virtualIPs.has(virtualIP);
    const runs = (key: string) => running.get(key)?.get(node) ?? [];
    // One that names another VirtualIP now has left this one.
    const kept = keeping.flatMap(({ key, spec }) => [runs(key)].flat().filter(({ virtualIP }) => !spec || spec.virtualIP === virtualIP));
    const wanted = accepted.filter(({ nodes }) => !nodes || nodes.has(node)).map(({ entry }) => entry);
    return [...unknown.flatMap(runs), ...kept, ...wanted].filter(isHere).slice(0, mostServers).sort(byKey);
  };
}

/** What runs of one with that verdict goes on. */
export function isKept(verdict: ServerVerdict | undefined): boolean {
  return verdict?.accepted === false && verdict.keeps;
}

function byKey(a: NodeVirtualServer, b: NodeVirtualServer): number {
  return serverKey(a) < serverKey(b) ? -1 : 1;
}

export interface ServingQuestion {
  /** Without VirtualServers. */
  spec: NodeAgentSpec;
  servers: NodeVirtualServer[];
  agent: AgentView | undefined;
  /** Of the node's AgentConfigs; undefined while those cannot be read: then IPVS stays as it is set. */
  settings: { ipvs?: IpvsSettings } | undefined;
  specs: ReadonlyMap<string, VirtualServerSpec>;
}

/** The spec of a node with its VirtualServers, and with what follows from them. */
export function addServers({ spec, servers, agent, settings, specs }: ServingQuestion): NodeAgentSpec {
  if (servers.length === 0) return spec;
  const before = agent?.spec.ipvs;
  const isAskedFor = settings?.ipvs?.sync !== undefined && settings.ipvs.sync.interface === undefined;
  const question = {
    settings: settings?.ipvs,
    interface: isAskedFor ? syncInterface(servers, spec.virtualRouters, agent) : undefined,
    usesMaglev: asks(servers, specs, isMaglev, before?.sysctls?.sloppy_tcp === "1"),
    usesNetfilter: asks(servers, specs, usesNetfilter, before?.sysctls?.conntrack === "1"),
  };
  const ipvs = settings || !before ? planIpvs(question) : before;
  const serving = new Set(servers.map(({ virtualIP }) => virtualIP));
  const virtualRouters = spec.virtualRouters.map((router) => (serving.has(router.virtualIP) ? holdPreemption(router, ipvs) : router));
  return { ...spec, virtualRouters, virtualServers: servers, ipvs };
}

const isMaglev = ({ scheduler, protocol }: VirtualServerSpec) => scheduler === "mh" && protocol === "TCP";

/** Of those that are not known it is what it was. */
function asks(
  servers: readonly NodeVirtualServer[],
  specs: ReadonlyMap<string, VirtualServerSpec>,
  isAsking: (spec: VirtualServerSpec) => boolean,
  before: boolean,
): boolean {
  const found = servers.map((server) => specs.get(serverKey(server)));
  return found.some((spec) => (spec ? isAsking(spec) : before));
}

/** The one in use as long as it serves any, else the one that serves most. */
function syncInterface(
  servers: readonly NodeVirtualServer[],
  routers: readonly VirtualRouterSpec[],
  agent: AgentView | undefined,
): string | undefined {
  const byVirtualIP = Map.groupBy(routers, ({ virtualIP }) => virtualIP);
  const subnets = subnetsOf(agent?.status.interfaces ?? []);
  const counts = new Map<string, number>();
  for (const { virtualIP, addresses } of servers) {
    const own = virtualIP === undefined ? [] : (byVirtualIP.get(virtualIP) ?? []).map((router) => router.interface);
    const found = addresses.flatMap((text) => parsePrefix(text) ?? []).flatMap((address) => findInterface(address, subnets) ?? []);
    for (const device of new Set(virtualIP === undefined ? found : own)) counts.set(device, (counts.get(device) ?? 0) + 1);
  }
  const inUse = agent?.spec.ipvs?.sync?.interface;
  if (inUse !== undefined && counts.has(inUse)) return inUse;
  return [...counts].sort(([a, most], [b, other]) => other - most || (a < b ? -1 : 1))[0]?.[0];
}
