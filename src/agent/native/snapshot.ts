/** What the core has, as one value. Times end in `At`: wall clock, milliseconds since the epoch. */
import type { Family } from "../../api/ipAddress.ts";
import type { RouterStateName } from "./events.ts";

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
