/**
 * The only file that loads the addon, and its whole typed surface.
 *
 * Units: intervals and delays in milliseconds (the core computes in nanoseconds), times in nanoseconds of CLOCK_MONOTONIC as bigint
 * where a name ends in `Ns`, wall-clock times in milliseconds since the epoch where it ends in `At`.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Family } from "../api/ipAddress.ts";

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
  /** "ADDRESS/PREFIXLENGTH" of the router's family. */
  addresses: string[];
}

/** The whole desired state. `apply` computes the difference and is idempotent. */
export interface DesiredState {
  routers: DesiredRouter[];
}

/** An address that an earlier process of this state directory may have left behind in the kernel. */
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

/** Links or addresses of the host changed: read `snapshot().links` again. */
export interface LinksChangedEvent {
  type: "linksChanged";
}

/** The ring overflowed: events were lost, read `snapshot()` whole. */
export interface ResyncEvent {
  type: "resync";
}

export type CoreEvent = StateChangedEvent | OperationFailedEvent | LinksChangedEvent | ResyncEvent;

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
  priority: number;
  peer: string;
  /** Interval that the timers use now: one's own, or what the MASTER advertises (version 3). */
  effectiveIntervalMs: number;
  /** Whether adverts carry the pseudo-header form of the checksum now. */
  pseudoHeader: boolean;
  /** Addresses that the kernel has through us. */
  addressesHeld: string[];
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
  /** Adverts that were discarded, by reason; no virtual router can be told for most of them. */
  discarded: Record<string, number>;
  /** `wakeup − deadline` of the vrrp thread: cumulative counts per upper bound in microseconds, +Inf last. */
  lateness: { boundsUs: number[]; counts: number[]; sumUs: number; maxUs: number };
  realTime: { granted: boolean; message: string };
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
  /**
   * Resigns (gate, priority 0), removes the own addresses, joins both threads. Later calls get the same promise.
   * With `keepAddresses` nothing is sent or removed: the next process adopts what stands.
   */
  stop(options?: { keepAddresses?: boolean }): Promise<CoreResult>;
}

interface Addon {
  start(options: StartOptions, onEvents: (batch: CoreEvent[]) => void): { ok: true; core: Core } | { ok: false; error: CoreError };
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
