/**
 * What the core is to have.
 *
 * Units: intervals and delays in milliseconds (the core computes in nanoseconds), times in nanoseconds of CLOCK_MONOTONIC as bigint
 * where a name ends in `Ns`, wall-clock times in milliseconds since the epoch where it ends in `At`.
 */
import type { Family } from "../../api/ipAddress.ts";

/** An address of a virtual router, or a static one. */
export interface DesiredAddress {
  /** "ADDRESS/PREFIXLENGTH". */
  address: string;
  /** Default: the router's own interface. */
  interface?: string;
  /** "DEVICE:TEXT", IPv4 only. */
  label?: string;
  scope?: "global" | "site" | "link" | "host" | "nowhere";
  /** An IPv4 address. */
  broadcast?: string;
  /** Default true. False: moves along, but is not in the adverts; then it may be of the other family. */
  advertised?: boolean;
}

/** A route that is set while the router is MASTER, or always (static). */
export interface DesiredRoute {
  family: Family;
  /** "ADDRESS/PREFIXLENGTH"; the default route is 0.0.0.0/0 or ::/0. */
  destination: string;
  type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "local";
  /** One or more next hops; more than one is a multipath route. None for the types without one. */
  nextHops: { via?: string; interface?: string; weight?: number; onLink?: boolean }[];
  /** Preferred source address. */
  source?: string;
  metric?: number;
  table?: number;
  scope?: "global" | "site" | "link" | "host" | "nowhere";
  mtu?: number;
}

/** A policy rule that is set while the router is MASTER, or always (static). */
export interface DesiredRule {
  family: Family;
  priority?: number;
  from?: string;
  to?: string;
  inputInterface?: string;
  outputInterface?: string;
  firewallMark?: number;
  firewallMask?: number;
  action: "lookup" | "blackhole" | "unreachable" | "prohibit";
  /** With "lookup". */
  table?: number;
}

export interface DesiredTrack {
  /** Weight 0: FAULT while it is down. Positive: added to the priority while it is up; negative: added while it is down. -253 to 253. */
  weight: number;
  /** Negates what is added; with weight 0: FAULT while it is up. */
  reverse: boolean;
}

/** One election as the core wants it; the core never sees names of Kubernetes objects but in `key`. */
export interface DesiredRouter {
  /** Unique on the node: "<virtualIP>/<family>". */
  key: string;
  family: Family;
  interface: string;
  virtualRouterID: number;
  version: 2 | 3;
  priority: number;
  /** Multiples of 10 (version 3, 10–40950) or of 1000 (version 2, 1000–255000). */
  advertisementIntervalMs: number;
  preempt: boolean;
  preemptDelayMs: number;
  checksum: "Auto" | "WithoutPseudoHeader" | "WithPseudoHeader";
  addresses: DesiredAddress[];

  // All below may be left out; the defaults are those of native/vrrp/configuration.h.
  /** Default true: IPv6 adverts begin with a link-local address. */
  linkLocalFirst?: boolean;
  /** 1–100, default 3. */
  downTimerAdverts?: number;
  startupDelayMs?: number;
  /** Source address of the adverts. */
  sourceAddress?: string;
  /** FAULT while `sourceAddress` is not on the interface. */
  trackSourceAddress?: boolean;
  multicastGroup?: string;
  /** Not empty: unicast. */
  unicastPeers?: string[];
  /** Of each of `unicastPeers`, in their order: the TTL or hop limit that its adverts may arrive with. Default: 255 alone. */
  peerTTLs?: { minimum: number; maximum: number }[];
  /** Of the adverts to peers; default 255. */
  unicastTTL?: number;
  /** Version 2: at most 8 bytes. Never logged. */
  password?: string;
  /** Name of the macvlan with the virtual router MAC address. */
  virtualMACInterface?: string;
  /** Default true: adverts to a group come from that MAC address. */
  advertsWithVirtualMAC?: boolean;
  group?: string;
  /** By name, as given to `setChecks`. A check that nobody has reported yet counts as up. */
  checks?: (DesiredTrack & { check: string })[];
  interfaces?: (DesiredTrack & { interface: string })[];
  /** Default true. */
  trackPrimary?: boolean;
  announcements?: { atMs: number[]; copies: number; refreshMs: number; refreshCopies: number };
  conflicts?: "Off" | "Report" | "Enforce";
  /** Default true. False: the gate refuses packets to the addresses, but for Neighbor Discovery. */
  accept?: boolean;
  deadMan?: boolean;
  /** A greater number than before asks the MASTER to hand over make-before-break, once. */
  handOver?: number;
  routes?: DesiredRoute[];
  rules?: DesiredRule[];
}

/** How far announcements are apart, in µs; absent: as fast as they can. */
export interface DesiredPace {
  /** That keep the distance together; none: each interface that no other entry names, by itself. */
  interfaces: string[];
  gratuitousARPUs?: number;
  unsolicitedNAUs?: number;
}

export interface DesiredInterface {
  name: string;
  downDelayMs: number;
  upDelayMs: number;
}

/** The whole desired state. `apply` computes the difference and is idempotent. */
export interface DesiredState {
  routers: DesiredRouter[];
  /** Set as long as the core runs, whatever the elections say; `interface` of each address is given. */
  static?: {
    addresses: DesiredAddress[];
    routes: DesiredRoute[];
    rules: DesiredRule[];
    /** They stay when the core ends, for the next one to adopt. Default false. */
    keep?: boolean;
  };
  /** How long a change of the carrier of these must last before it counts; of others each counts at once. */
  interfaces?: DesiredInterface[];
  announcementPacing?: DesiredPace[];
  /** Hear adverts of VRIDs that are not configured too, and report them (snapshot().unknownRouters). */
  debugUnknownRouters?: boolean;
}

/** A result of a check; rise, fall and delays were applied by the caller. */
export interface CheckResult {
  name: string;
  up: boolean;
  /** Of a tracked file: value × weight is added to the priority, instead of what `up` says. */
  value?: number;
}
