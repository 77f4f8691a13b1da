/** A virtual router of several nodes → VirtualIP, and a Secret where it has a password. */
import { apiVersion, group } from "../../api/group.ts";
import type { NodeAgentSpec, Notify, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { strictTTL } from "../../api/vrrpParameters.ts";
import { dnsLabel, type UniqueNames } from "../plan/names.ts";
import { withoutDefaults } from "./defaults.ts";
import { type Cluster, leaderOf, type Member } from "./members.ts";
import { type MergedTracks, mergeTracks } from "./tracks.ts";

/** On a VirtualIP: the vrrp_instance that it was, by the node of the highest priority. */
const instanceAnnotation = `${group}/vrrp-instance`;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec?: unknown;
  type?: string;
  stringData?: Record<string, string>;
}

export interface ImportedVirtualIP {
  cluster: Cluster;
  object: KubernetesObject & { spec: VirtualIPSpec };
  secret?: KubernetesObject;
}

export interface VirtualIPOptions {
  names: UniqueNames;
  secretNames: UniqueNames;
  /** Names of sync groups by what keepalived calls them. */
  groups: ReadonlyMap<string, string>;
  /** Virtual routers of one VRID on several interfaces are told apart by the segment. */
  segment: string | undefined;
  /** Where the agents run, and VirtualServers are. */
  namespace: string;
  /** What its sync group runs, if it is the member that tells. */
  groupNotify: Notify | undefined;
}

export function makeVirtualIP(cluster: Cluster, options: VirtualIPOptions): ImportedVirtualIP {
  const leader = leaderOf(cluster);
  const { router, password } = leader;
  const name = options.names.take(dnsLabel(router.virtualIP, "vip"));
  const secretName = password === undefined ? undefined : options.secretNames.take(`${name}-vrrp`);
  const notify = joinNotify(router.notify, options.groupNotify);
  const tracks = mergeTracks(cluster);
  const spec = {
    ...addressLists(router),
    ...(options.segment !== undefined && { segment: options.segment }),
    interface: usualInterface(cluster),
    nodes: nodesOf(cluster, tracks.overrides),
    vrrp: vrrpOf(cluster, secretName),
    ...(router.group !== undefined && { group: options.groups.get(router.group) }),
    ...(tracks.common.length > 0 && { track: tracks.common }),
    ...(router.routes && { routes: router.routes }),
    ...(router.rules && { rules: router.rules }),
    ...(notify && { notify }),
    conflictDetection: "Report",
    ...(servesVirtualServers(cluster) && { allowedNamespaces: [options.namespace] }),
  } as VirtualIPSpec;
  const annotations = { [instanceAnnotation]: router.virtualIP };
  return {
    cluster,
    object: { apiVersion, kind: "VirtualIP", metadata: { name, annotations }, spec },
    ...(secretName !== undefined && { secret: secretOf(secretName, options.namespace, password ?? "") }),
  };
}

/** Some virtual server of the files is on its addresses. */
function servesVirtualServers(cluster: Cluster): boolean {
  return cluster.some(({ node, router }) => node.loaded.virtualServers.some(({ virtualIP }) => virtualIP === router.virtualIP));
}

function secretOf(name: string, namespace: string, password: string): KubernetesObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type: "Opaque", stringData: { password } };
}

/** As many as a VirtualIP advertises. */
const mostAdvertised = 128;

function addressLists({ addresses }: VirtualRouterSpec) {
  const bare = (list: VirtualRouterSpec["addresses"]) => list.map(({ advertised: _, ...address }) => address);
  const advertised = addresses.filter((address) => address.advertised !== false);
  const excluded = [...advertised.slice(mostAdvertised), ...addresses.filter((address) => address.advertised === false)];
  return { addresses: bare(advertised.slice(0, mostAdvertised)), ...(excluded.length > 0 && { excludedAddresses: bare(excluded) }) };
}

/** That of most nodes. */
function usualInterface(cluster: Cluster): string {
  const count = (name: string) => cluster.filter(({ router }) => router.interface === name).length;
  return cluster.map(({ router }) => router.interface).reduce((best, name) => (count(name) > count(best) ? name : best));
}

const fieldOf = { IPv4: "ipv4", IPv6: "ipv6" } as const;

function nodesOf(cluster: Cluster, tracks: MergedTracks["overrides"]) {
  const names = cluster.map(({ node }) => node.name);
  const usual = usualInterface(cluster);
  return {
    selector: { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: names }] },
    maxCandidates: cluster.length,
    overrides: cluster.map(({ node, router }) => ({
      name: node.name,
      priority: router.priority,
      ...(router.interface !== usual && { interface: router.interface }),
      ...(router.sourceAddress !== undefined && { sourceAddress: { [fieldOf[router.family]]: router.sourceAddress } }),
      ...(tracks.has(node.name) && { track: tracks.get(node.name) }),
    })),
  };
}

function vrrpOf(cluster: Cluster, secretName: string | undefined) {
  const { router } = leaderOf(cluster);
  const { announcements, multicastGroup, unicastPeers, unicastTTL, trackPrimary, downTimerAdverts } = router;
  return {
    version: router.version,
    virtualRouterID: router.virtualRouterID,
    advertisementInterval: router.advertisementInterval,
    ...withoutDefaults({ preempt: router.preempt, preemptDelay: router.preemptDelay }, { preempt: true, preemptDelay: "0s" }),
    // Of version 2 there is one form, and IPv6 always has the pseudo-header.
    ...(router.version === 3 && router.family === "IPv4" && { checksum: router.checksum }),
    ...(unicastPeers && {
      mode: "Unicast",
      ...outsidePeers(cluster),
      ...(unicastTTL !== undefined && { unicastTTL }),
      ...peerTTLs(cluster),
    }),
    ...(multicastGroup !== undefined && { multicastGroup: { [fieldOf[router.family]]: multicastGroup } }),
    ...(secretName !== undefined && { authentication: { type: "PASS", secretRef: { name: secretName, key: "password" } } }),
    ...(router.trackSourceAddress && { trackSourceAddress: true }),
    ...(router.virtualMACInterface !== undefined && { virtualMAC: true }),
    ...(router.advertsWithVirtualMAC === false && { advertsWithVirtualMAC: false }),
    ...(router.accept === false && { accept: false }),
    ...(announcements && { gratuitousARP: withoutDefaults(announcements, { copies: 1, refresh: "0s", refreshCopies: 1 }) }),
    ...(downTimerAdverts !== 3 && { downTimerAdverts }),
    ...(trackPrimary === false && { trackPrimary }),
    ...(router.family === "IPv6" && { linkLocalFirst: false }),
  };
}

/** Candidates find each other's addresses by themselves: those are peers that not every node has, or the source of one. */
function outsidePeers(cluster: Cluster): { unicastPeers?: string[] } {
  const [first, ...others] = cluster;
  const sources = new Set(cluster.map(({ router }) => router.sourceAddress));
  const isShared = (peer: string) => others.every(({ router }) => router.unicastPeers?.includes(peer));
  const unicastPeers = (first.router.unicastPeers ?? []).filter((peer) => isShared(peer) && !sources.has(peer));
  return unicastPeers.length > 0 ? { unicastPeers } : {};
}

/** The widest of all. */
function peerTTLs(cluster: Cluster): { minimumTTL?: number; maximumTTL?: number } {
  const ranges = cluster.flatMap(({ router }) => router.peerTTLs ?? []);
  const minimumTTL = Math.min(...ranges.map(({ minimum }) => minimum));
  const maximumTTL = Math.max(...ranges.map(({ maximum }) => maximum));
  return withoutDefaults({ minimumTTL, maximumTTL }, { minimumTTL: strictTTL, maximumTTL: strictTTL });
}

function joinNotify(own: Notify | undefined, ofGroup: Notify | undefined): Notify | undefined {
  if (!own || !ofGroup) return own ?? ofGroup;
  const programs = [...(own.programs ?? []), ...(ofGroup.programs ?? [])];
  const { priorityChanges } = own;
  return {
    ...(programs.length > 0 && { programs }),
    ...((own.mail || ofGroup.mail) && { mail: true }),
    ...(priorityChanges && { priorityChanges }),
  };
}

/** The group of the spec of a node. */
export function notifyOfGroup({ node: { loaded }, router }: Member): NonNullable<NodeAgentSpec["groups"]>[number] | undefined {
  return loaded.spec.groups?.find(({ name }) => name === router.group);
}
