/** A VRRP router of either make on a node of a LAN, so that tests and benchmarks treat Aloft and keepalived alike. */
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
  /** Default true. */
  preempt?: boolean;
}

export interface VrrpRouter {
  readonly make: "aloft" | "keepalived";
  readonly node: string;
  /** Process whose scheduling and CPU time matter; for keepalived the child that speaks VRRP. */
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
