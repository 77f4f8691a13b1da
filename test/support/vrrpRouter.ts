/** A VRRP router of any make on a node of a LAN, so that tests and benchmarks treat Aloft, keepalived and FRR alike. */
import type { Family } from "../../src/api/ipAddress.ts";

/** One virtual router as one node shall run it. */
export interface RouterSettings {
  virtualRouterID: number;
  family: Family;
  version: 2 | 3;
  priority: number;
  advertisementIntervalMs: number;
  /** Each with its prefix length. */
  addresses: string[];
  /** Default eth0. Agents from YAML only. */
  interface?: string;
  /** Default true. */
  preempt?: boolean;
  /** Adverts go from one address to another instead of to the group. */
  unicast?: { source: string; peer: string };
  /** The least TTL with which unicast adverts count; default: what the make takes. */
  minimumTTL?: number;
  /** PASS of version 2. */
  password?: string;
  /** The addresses stand on a macvlan with the virtual router's own MAC address. Default false; FRR knows nothing else. */
  virtualMAC?: boolean;
}

export interface VrrpRouter {
  readonly make: "aloft" | "keepalived" | "frr";
  readonly node: string;
  /** Process whose scheduling and CPU time matter; for keepalived the child that speaks VRRP, for FRR vrrpd. */
  readonly pid: number;
  /** SIGTERM: the router resigns. Returns when it has ended. */
  stop(): Promise<void>;
  /** SIGTERM without waiting. */
  terminate(): void;
  /** SIGKILL of all its processes at once. Returns when they have ended. */
  kill(): Promise<void>;
  /** The last lines of its log. */
  logTail(): string;
}
