/**
 * The only file that loads the addon, and its whole typed surface.
 *
 * Units: intervals and delays in milliseconds (the core computes in nanoseconds), times in nanoseconds of CLOCK_MONOTONIC as bigint
 * where a name ends in `Ns`, wall-clock times in milliseconds since the epoch where it ends in `At`.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Family } from "../api/ipAddress.ts";

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

/**
 * What an earlier process of this state directory may have left behind in the kernel. Routes and rules need no journal: they carry a
 * protocol number of ours; nor do macvlans, which carry an alias of ours.
 */
export interface HeldAddress {
  interface: string;
  /** "ADDRESS/PREFIXLENGTH" */
  address: string;
}

export interface StartOptions {
  /** Adopted when a desired router still has them, removed otherwise. Taken at start only. */
  heldAddresses: HeldAddress[];
  /** Ask for SCHED_FIFO and locked memory; when refused the core runs without and says so in `snapshot().realTime`. */
  realTime: boolean;
  /** Load the gate (BPF): dead-man switch, conflict detection, thousands of addresses. When refused the core runs without and says so in `snapshot().gate`. */
  gate: boolean;
}

export type RouterStateName = "INIT" | "BACKUP" | "MASTER" | "FAULT";

export interface StateChangedEvent {
  type: "stateChanged";
  key: string;
  from: RouterStateName;
  to: RouterStateName;
  /** One of `transitionReasons` in src/api/nodeAgent.ts. */
  reason: string;
  /** Address of the peer that the reason speaks of; "" when it speaks of none. */
  peer: string;
  /** Becoming MASTER: ms since the last advert of the previous one; otherwise undefined. */
  silenceMs?: number;
  /** Wall clock, ms since the epoch. */
  changedAt: number;
}

/** A kernel operation of the actuator failed; it is tried again by the core. */
export interface OperationFailedEvent {
  type: "operationFailed";
  key: string;
  operation: string;
  errno: number;
  /** E.g. "add 192.0.2.10/24 to eth0: Operation not permitted". */
  message: string;
  changedAt: number;
}

/** Something that people should know of, without a change of state; but for PriorityChanged at most once a minute per router and kind. */
export interface NoticeEvent {
  type: "notice";
  key: string;
  /** LowerPriority: as MASTER an advert of lower priority was heard. SecondOwner: as address owner one of another owner. */
  notice: "AddressConflict" | "ForeignRouter" | "DuplicateSource" | "LowerPriority" | "SecondOwner" | "PriorityChanged";
  /** AddressConflict: our address that is claimed; else the address of the other router; "" when there is none. */
  address: string;
  /** PriorityChanged: the priority after tracking now. */
  priority?: number;
  /** AddressConflict: who claims it. */
  mac?: string;
  changedAt: number;
}

/** Somebody had removed the gate from an interface, or set something before it; it stands again. At most once a minute and interface. */
export interface GateRestoredEvent {
  type: "gateRestored";
  interface: string;
}

/** Links or addresses of the host changed: read `snapshot().links` again. */
export interface LinksChangedEvent {
  type: "linksChanged";
}

/** The ring overflowed: events were lost, read `snapshot()` whole. */
export interface ResyncEvent {
  type: "resync";
}

export type CoreEvent = StateChangedEvent | OperationFailedEvent | NoticeEvent | GateRestoredEvent | LinksChangedEvent | ResyncEvent;

/** Counters of one virtual router since it was first applied. */
export interface RouterCounters {
  advertsSent: number;
  advertsReceived: number;
  priorityZeroSent: number;
  priorityZeroReceived: number;
  transitionsToMaster: number;
  gratuitousSent: number;
  sendErrors: number;
}

export interface RouterSnapshot {
  key: string;
  state: RouterStateName;
  reason: string;
  /** After tracking. */
  priority: number;
  /** As configured. */
  basePriority: number;
  peer: string;
  /** Interval that the timers use now: one's own, or what the MASTER advertises (version 3). */
  effectiveIntervalMs: number;
  /** Whether adverts carry the pseudo-header form of the checksum now. */
  pseudoHeader: boolean;
  /** Addresses that the kernel has through us. */
  addressesHeld: string[];
  /** Somebody else claims one of our addresses, seen within the last minute. */
  conflict?: { address: string; mac: string; at: number };
  /** A router that cannot be of ours uses our VRID, seen within the last minute. */
  foreignRouter?: { address: string; reason: string; at: number };
  /** BACKUP: ms until a takeover if nothing more were heard; MASTER: until the next advert. */
  deadlineMs?: number;
  silenceMs?: number;
  changedAt: number;
  transitions: number;
  counters: RouterCounters;
  /** Why a router is in FAULT or an address is missing; "" when all is well. */
  message: string;
}

export interface LinkSnapshot {
  index: number;
  name: string;
  up: boolean;
  mac: string;
  /** "ADDRESS/PREFIXLENGTH" of all addresses that are not ours, tentative ones left out. */
  addresses: string[];
  loopback: boolean;
  /** Linux link kind ("veth", "bridge", "vlan", "bond", "macvlan", …; "" for a physical device). */
  kind: string;
  /** Index of the bridge or bond this link is enslaved to, 0 for none. */
  master: number;
}

export interface Snapshot {
  routers: RouterSnapshot[];
  links: LinkSnapshot[];
  /**
   * Adverts that were discarded, by reason; no virtual router can be told for most of them. Those with a wrong TTL, size, version or type,
   * and those of VRIDs that nobody configured, are rejected in the kernel but for a sample of one in 64, which counts for 64.
   */
  discarded: Record<string, number>;
  /** `wakeup − deadline` of the vrrp thread: cumulative counts per upper bound in microseconds, +Inf last. */
  lateness: { boundsUs: number[]; counts: number[]; sumUs: number; maxUs: number };
  realTime: { granted: boolean; message: string };
  /** Whether the kernel has taken the gate; why not, or on which interface it does not stand. */
  gate: { active: boolean; message: string };
  /** With `debugUnknownRouters`: adverts of VRIDs that nobody configured, the last 64. */
  unknownRouters: { interface: string; family: Family; virtualRouterID: number; address: string; at: number }[];
  /** Events that the ring could not take. */
  eventsLost: number;
}

/** An operation that failed: values, never exceptions, cross the boundary. `path` names a field of DesiredState ("routers[2].interface"). */
export interface CoreError {
  operation: string;
  errno: number;
  message: string;
  path?: string;
}
export type CoreResult = { ok: true } | { ok: false; error: CoreError };

export interface Core {
  /** Validates all of `desired` and, if all is good, hands it to the vrrp thread; a bad state changes nothing. Returns at once. */
  apply(desired: DesiredState): CoreResult;
  snapshot(): Snapshot;
  /** Hands over the results of checks; names that no router tracks are remembered for later configurations. Returns at once. */
  setChecks(results: CheckResult[]): CoreResult;
  /**
   * Hands over make-before-break (RFC priority 0; the addresses stay until a peer has announced them, at most 500 ms), removes the own
   * addresses, joins both threads. Later calls get the same promise.
   * With `keepAddresses` nothing is sent or removed: the next process adopts what stands.
   */
  stop(options?: { keepAddresses?: boolean }): Promise<CoreResult>;
}

/** A node as it takes part in one election now. */
export interface ForecastCandidate {
  /** With the priority after tracking. */
  router: DesiredRouter;
  /** That it sends from. */
  address: string;
}

/** What comes when the MASTER is lost. */
export interface LossForecast {
  /** It falls silent: ms from its last advert to the successor's first. */
  killed: TakeoverForecast;
  /** It resigns: ms from its advert of priority 0. */
  stopped: TakeoverForecast;
}

export interface TakeoverForecast {
  /** Place among the candidates; absent when nobody takes over. */
  successor?: number;
  takeoverMs: number;
}

// ----- IPVS: a part of its own with a thread of its own, loaded when a configuration has virtual servers -----

/** Either address and port of a protocol, or a firewall mark. */
export interface IpvsServiceKey {
  family: Family;
  protocol?: "TCP" | "UDP" | "SCTP";
  address?: string;
  /** 0: all ports. */
  port?: number;
  firewallMark?: number;
}

export interface IpvsDestinationKey {
  address: string;
  port: number;
}

export interface IpvsDestination extends IpvsDestinationKey {
  forwarding: "NAT" | "DR" | "TUN";
  weight: number;
  /** 0: none. */
  upperThreshold?: number;
  lowerThreshold?: number;
  tunnel?: { type: "IPIP" | "GUE" | "GRE"; port?: number; checksum?: "None" | "Checksum" | "RemoteChecksum" };
}

export interface IpvsService {
  key: IpvsServiceKey;
  scheduler: string;
  /** Flag1 is Fallback of sh and mh, Flag2 is Port. */
  schedulerFlags?: ("Flag1" | "Flag2" | "Flag3")[];
  onePacket?: boolean;
  persistence?: { timeoutSeconds: number; prefixLength: number; engine?: string };
  /** In the order that all directors have. */
  destinations: IpvsDestination[];
  /** Those that have failed go at once; others that are no longer wanted drain. */
  failed?: IpvsDestinationKey[];
  /** Default 0: they go at once, too. */
  drainSeconds?: number;
}

export interface IpvsDaemon {
  role: "Master" | "Backup";
  interface: string;
  syncID: number;
  maxLength?: number;
  group?: string;
  port?: number;
  ttl?: number;
}

/** The whole desired state of what is ours. Foreign services are never touched. */
export interface IpvsState {
  services: IpvsService[];
  /** Further services, which stay as they were in the last state that was taken: of thousands few change at a time. */
  kept?: IpvsServiceKey[];
  /** Absent: daemons are not ours. */
  daemons?: IpvsDaemon[];
  /** Seconds. */
  timeouts?: { tcp?: number; tcpFin?: number; udp?: number };
}

export interface IpvsStatistics {
  connections: number;
  inPackets: number;
  outPackets: number;
  inBytes: number;
  outBytes: number;
}

export interface IpvsDestinationSnapshot extends IpvsDestinationKey {
  forwarding: string;
  weight: number;
  activeConnections: number;
  inactiveConnections: number;
  persistentConnections: number;
  statistics: IpvsStatistics;
  /** Weight 0 until its connections are gone. */
  draining: boolean;
}

export interface IpvsServiceSnapshot {
  key: IpvsServiceKey;
  scheduler: string;
  statistics: IpvsStatistics;
  destinations: IpvsDestinationSnapshot[];
  /** False: somebody else's. */
  ours: boolean;
  /** Why it is not as it should be; "" when it is. */
  message: string;
}

export interface IpvsSnapshot {
  /** Whether the kernel has all of the state that was applied last. */
  programmed: boolean;
  services: IpvsServiceSnapshot[];
  daemons: IpvsDaemon[];
  /** What had to be set right because somebody else had changed it, since the start. */
  repairs: number;
  /** Requests to the kernel that failed, since the start. */
  failures: number;
  /** Why IPVS cannot be used; "" when it can. */
  message: string;
}

export type IpvsEvent =
  /** The state that was applied last is in the kernel, or as much of it as the kernel takes. */
  | { type: "applied"; programmed: boolean }
  /** Somebody else had changed what is ours; it is right again. */
  | { type: "repaired"; message: string; changedAt: number }
  | { type: "operationFailed"; operation: string; errno: number; message: string; changedAt: number }
  | { type: "drained"; service: IpvsServiceKey; destination: IpvsDestinationKey; changedAt: number };

export interface Ipvs {
  /** Validates all of `state` and hands it to the thread; a bad state changes nothing. Returns at once. */
  apply(state: IpvsState): CoreResult;
  /**
   * The virtual addresses that this node has as MASTER. While there is a master daemon, all connections to them are told to the other
   * directors, again and again: the daemon itself tells of those alone that packets pass on.
   */
  carry(addresses: string[]): CoreResult;
  /** Resolves when the others have been told of every connection. */
  tellConnections(): Promise<void>;
  /** With counters, read from the kernel now. */
  snapshot(): Promise<IpvsSnapshot>;
  /** Removes what is ours, or with `keep` leaves it for the next process to adopt. Later calls get the same promise. */
  stop(options?: { keep?: boolean }): Promise<CoreResult>;
}

export interface IpvsOptions {
  /** Services that an earlier process of this state directory may have left: removed with the first apply that does not have them. */
  owned: IpvsServiceKey[];
}

// ----- Connections of health checks: options that Node's own sockets do not have, and thousands of them a second -----

export interface DialOptions {
  /** A UDP socket is made and bound; who gets it connects it. */
  protocol: "TCP" | "UDP";
  address: string;
  port: number;
  sourceAddress?: string;
  /** Its connection is reset when it is closed, so that the port is free for the next one. */
  sourcePort?: number;
  /** Needs CAP_NET_RAW. A link-local address needs it. */
  interface?: string;
  /** Needs CAP_NET_ADMIN. */
  firewallMark?: number;
  /** False: all that is wanted is whether the connection opens; it is reset at once, which leaves no TIME_WAIT behind. */
  keep: boolean;
}

/** In the event loop, without a thread of its own. It keeps the loop alive while connections are under way. */
export interface Dialer {
  /** No program that this process starts gets any of its present descriptors: not all libraries open theirs so. */
  closeOnExec(): void;
  /** Begins a connection; its end is told to `onResults` in a later turn. */
  dial(options: DialOptions): { ok: true; id: number } | { ok: false; error: CoreError };
  /** Gives up: no result comes. Harmless after the result. */
  cancel(id: number): void;
  /** Gives up all. */
  close(): void;
}

/**
 * Of each connection that has been decided three numbers: its id, an errno (0: it stands), and the descriptor (-1 unless it stands and was
 * to be kept), which is the listener's own from then on.
 */
export type DialResults = number[];
export type StartDialer = (onResults: (results: DialResults) => void) => { ok: true; dialer: Dialer } | { ok: false; error: CoreError };

interface Addon {
  /** Runs the election in virtual time with the engine of the core. `active`: place of the MASTER among the candidates. */
  forecast(candidates: ForecastCandidate[], active: number): ({ ok: true } & LossForecast) | { ok: false; error: CoreError };
  start(options: StartOptions, onEvents: (batch: CoreEvent[]) => void): { ok: true; core: Core } | { ok: false; error: CoreError };
  startDialer: StartDialer;
  startIpvs(options: IpvsOptions, onEvents: (batch: IpvsEvent[]) => void): { ok: true; ipvs: Ipvs } | { ok: false; error: CoreError };
  version: string;
}

/**
 * Where the build puts the addon; the same place seen from src/agent and from dist/agent.
 * @throws Error with code ALOFT_ADDON_MISSING when it is not built or was built for another machine.
 */
export function loadAddon(): Addon {
  const path = fileURLToPath(new URL("../../build/native/aloft.node", import.meta.url));
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw Object.assign(new Error(`cannot load the native core from ${path}: run "npm run build"`, { cause }), {
      code: "ALOFT_ADDON_MISSING",
    });
  }
}
