/** What Services ask for, and what pools have. */

import type { Assignment } from "../../api/addressPoolStatus.ts";
import type { AddressRange } from "../../api/addressRange.ts";
import type { Family, IpAddress } from "../../api/ipAddress.ts";

export interface AddressRefusal {
  /** One CamelCase word. */
  reason: string;
  message: string;
}

export interface ServiceClaim {
  /** NAMESPACE/NAME. */
  key: string;
  namespace: string;
  createdAt: string;
  /** Those that it wants an address of, the most important first. */
  families: readonly Family[];
  /** Whether it must have all of them, and not only one. */
  needsAll: boolean;
  /** At most one of each family. */
  requested: readonly IpAddress[];
  /** Name of a pool. */
  pool?: string;
  sharingKey?: string;
  /** "TCP/80": what nobody else may have at a shared address. */
  ports: readonly string[];
  /** What its status says it has, in canonical form. */
  present: readonly string[];
  /** What is wrong with its wishes: it keeps what it has. */
  problem?: AddressRefusal;
}

export interface PoolClaim {
  name: string;
  /** In ascending order, without overlap. */
  ranges: readonly AddressRange[];
  /** Gives addresses; otherwise it only keeps what is recorded. */
  open: boolean;
  priority: number;
  autoAssign: boolean;
  skipZeroAnd255: boolean;
  sharing: "Disabled" | "Namespace" | "Cluster";
  /** As recorded. */
  assignments: readonly Assignment[];
  /** The most addresses that may be recorded. */
  most: number;
}

export interface ServiceAddresses {
  /** Absent when it has none. */
  pool?: string;
  /** One of each family at the most, in the order of the families. */
  addresses: string[];
  /** Why it has none, or not what it asks for. */
  refusal?: AddressRefusal;
}
