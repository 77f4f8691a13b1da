/**
 * One VirtualIP on one node: spec → entries of NodeAgent.spec. Pure. The one mapping that the operator and the standalone agent share;
 * what the operator chooses among nodes (priority, interface, VRID, peers, a hand-over) comes in as the candidate.
 */
import { formatDuration, parseDuration } from "../api/duration.ts";
import { defaultInterval } from "../api/interval.ts";
import type { Family } from "../api/ipAddress.ts";
import type { NodeCheck, VirtualRouterSpec } from "../api/nodeAgent.ts";
import type { PolicyRule, Route } from "../api/routing.ts";
import type { Track } from "../api/track.ts";
import type { VirtualIPSpec } from "../api/virtualIP.ts";
import { strictTTL } from "../api/vrrpParameters.ts";
import { carrierOf, familiesOf, familyOf, movedAddresses } from "./addresses.ts";
import type { InterfaceChoice } from "./interfaces.ts";
import { macvlanName } from "./macvlanName.ts";

export interface Candidate {
  /** Name of the node: selects spec.nodes.overrides. */
  node: string;
  /** Before tracking. */
  priority: number;
  /** A family without an interface is left out. */
  interfaces: InterfaceChoice;
  virtualRouterID: number;
  /** Mode Unicast: addresses of the other candidates; those of spec.vrrp.unicastPeers are added. */
  peers?: Partial<Record<Family, readonly string[]>>;
  /** Source of the adverts where the spec names none: the address by which the others know this one as their peer. */
  sourceAddress?: Partial<Record<Family, string>>;
  /** Whether another candidate could take over now: only then may the kernel shut the addresses when the agent stops. */
  liveOthers: boolean;
  /** NodeAgent.spec.virtualRouters[].handOver; absent: never asked. */
  handOver?: number;
}

/** What a VirtualIP brings to a NodeAgent. */
export interface NodePlan {
  virtualRouters: VirtualRouterSpec[];
  checks: NodeCheck[];
}

/** The interval of the VirtualIP, IPv6 included, in one unit: the families move together. */
export function effectiveInterval({ vrrp }: Pick<VirtualIPSpec, "vrrp">): string {
  const milliseconds = vrrp.advertisementInterval && parseDuration(vrrp.advertisementInterval);
  return milliseconds ? formatDuration(milliseconds) : defaultInterval[vrrp.version];
}

/** The name of a check in NodeAgent.spec.checks. */
export const checkName = (virtualIP: string, track: string) => `${virtualIP}.${track}`;

/** The sync group: that of the user, or where there are two families the one that joins them. No group of a user has a '/'. */
export function groupOf(virtualIP: string, spec: VirtualIPSpec): string | undefined {
  return spec.group ?? (familiesOf(spec).length > 1 ? `virtualip/${virtualIP}` : undefined);
}

/** The virtual routers of the node, IPv4 first, and the checks that they track. */
export function planVirtualRouters(virtualIP: string, spec: VirtualIPSpec, candidate: Candidate): NodePlan {
  const present = familiesOf(spec).filter((family) => candidate.interfaces[family] !== undefined);
  const tracked = tracksOf(spec, candidate.node);
  const shared = withoutAbsent({
    ...sharedPart(spec),
    group: groupOf(virtualIP, spec),
    track: tracked.length > 0 ? tracked.map((track) => trackEntry(virtualIP, track)) : undefined,
    deadMan: (spec.deadManSwitch === "Auto" && candidate.liveOthers) || undefined,
    handOver: candidate.handOver,
  });
  const virtualRouters = present.map((family) => ({
    virtualIP,
    family,
    ...familyPart(spec, candidate, family, present),
    ...shared,
    // The families change together, so one of them tells.
    ...(family === present[0] && spec.notify && { notify: spec.notify }),
  }));
  return { virtualRouters, checks: present.length > 0 ? tracked.flatMap((track) => checkOf(virtualIP, track)) : [] };
}

/** What does not depend on node or family. */
function sharedPart({ vrrp, conflictDetection }: VirtualIPSpec) {
  const { preempt, preemptDelay, gratuitousARP, downTimerAdverts, startupDelay, trackPrimary, accept, trackSourceAddress } = vrrp;
  const conflicts = conflictDetection === "Disabled" ? ("Off" as const) : conflictDetection;
  return {
    preempt,
    preemptDelay,
    announcements: gratuitousARP,
    downTimerAdverts,
    startupDelay,
    trackPrimary,
    trackSourceAddress,
    conflicts,
    accept,
  };
}

function familyPart(spec: VirtualIPSpec, candidate: Candidate, family: Family, present: readonly Family[]) {
  const { vrrp } = spec;
  const { virtualRouterID, priority } = candidate;
  const device = candidate.interfaces[family] ?? "";
  const isCarried = (item: { family: Family }) => carrierOf(item.family, present) === family;
  const routes = (spec.routes ?? []).filter((route) => isCarried({ family: familyOf(route.destination) }));
  const rules = (spec.rules ?? []).filter((rule) => isCarried({ family: familyOfRule(rule) }));
  return withoutAbsent({
    interface: device,
    virtualRouterID,
    version: family === "IPv6" ? (3 as const) : vrrp.version,
    priority,
    advertisementInterval: effectiveInterval(spec),
    checksum: vrrp.checksum,
    addresses: movedAddresses(spec, family),
    ...transportPart(spec, candidate, family),
    linkLocalFirst: family === "IPv6" ? vrrp.linkLocalFirst : undefined,
    virtualMACInterface: vrrp.virtualMAC ? macvlanName(family, virtualRouterID, device) : undefined,
    advertsWithVirtualMAC: vrrp.advertsWithVirtualMAC,
    passwordRef: family === "IPv4" ? vrrp.authentication?.secretRef : undefined,
    routes: routes.length > 0 ? routes.map((route) => withInterface(route, device)) : undefined,
    rules: rules.length > 0 ? rules : undefined,
  });
}

const fieldOf = { IPv4: "ipv4", IPv6: "ipv6" } as const;

/** What the user says that adverts of a node come from. */
export function sourceAddressOf({ vrrp, nodes }: VirtualIPSpec, node: string, family: Family): string | undefined {
  const override = nodes.overrides?.find(({ name }) => name === node)?.sourceAddress;
  return override?.[fieldOf[family]] ?? vrrp.sourceAddress?.[fieldOf[family]];
}

function transportPart(spec: VirtualIPSpec, { node, peers, sourceAddress }: Candidate, family: Family) {
  const { vrrp } = spec;
  const source = sourceAddressOf(spec, node, family) ?? sourceAddress?.[family];
  if (vrrp.mode === "Multicast") return { sourceAddress: source, multicastGroup: vrrp.multicastGroup?.[fieldOf[family]] };
  const outside = (vrrp.unicastPeers ?? []).filter((peer) => familyOf(peer) === family && peer !== source);
  const unicastPeers = [...new Set([...(peers?.[family] ?? []), ...outside])];
  return { sourceAddress: source, unicastPeers, peerTTLs: peerTTLsOf(vrrp, unicastPeers), unicastTTL: vrrp.unicastTTL };
}

function peerTTLsOf({ minimumTTL, maximumTTL }: VirtualIPSpec["vrrp"], peers: readonly string[]): VirtualRouterSpec["peerTTLs"] {
  if (minimumTTL === undefined && maximumTTL === undefined) return undefined;
  return peers.map((peer) => ({ peer, minimum: minimumTTL ?? strictTTL, maximum: maximumTTL ?? strictTTL }));
}

/** What the node tracks: its overrides replace entries of the same name. */
function tracksOf({ track = [], nodes }: VirtualIPSpec, node: string): Track[] {
  const own = nodes.overrides?.find(({ name }) => name === node)?.track ?? [];
  return [...new Map([...track, ...own].map((entry) => [entry.name, entry])).values()];
}

type TrackEntry = NonNullable<VirtualRouterSpec["track"]>[number];

function trackEntry(virtualIP: string, { name, interface: device, weight, reverse }: Track): TrackEntry {
  return device === undefined ? { check: checkName(virtualIP, name), weight, reverse } : { interface: device, weight, reverse };
}

/** None for an interface: the core watches those itself. */
function checkOf(virtualIP: string, { name, interface: device, weight: _weight, reverse: _reverse, ...check }: Track): NodeCheck[] {
  return device === undefined ? [{ ...check, name: checkName(virtualIP, name) }] : [];
}

function withInterface(route: Route, device: string): Route {
  const isPlain = route.type === "unicast" && (route.nextHops ?? []).length === 0;
  return isPlain ? { ...route, nextHops: [{ interface: device }] } : route;
}

function familyOfRule({ family, from, to }: PolicyRule): Family {
  const text = from ?? to;
  return family ?? (text === undefined ? "IPv4" : familyOf(text));
}

type WithoutAbsent<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/** As JSON will have it: a key without value would make equal specs differ. */
function withoutAbsent<T extends object>(value: T): WithoutAbsent<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as WithoutAbsent<T>;
}
