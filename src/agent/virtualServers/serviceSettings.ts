/** Scheduler flags, persistence and times of a VirtualServer as the kernel has them. Pure. */
import { parseDuration } from "../../api/duration.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { IpvsService } from "../native/ipvsState.ts";

type SchedulerFlag = NonNullable<VirtualServerSpec["schedulerFlags"]>[number];

/** sh and mh give two of the three flags a name: linux/ip_vs.h, IP_VS_SVC_F_SCHED_SH_FALLBACK and …_PORT. */
const flags: Record<SchedulerFlag, "Flag1" | "Flag2" | "Flag3"> = {
  Fallback: "Flag1",
  Port: "Flag2",
  Flag1: "Flag1",
  Flag2: "Flag2",
  Flag3: "Flag3",
};

export function schedulerFlagsOf({ scheduler, schedulerFlags }: VirtualServerSpec): IpvsService["schedulerFlags"] {
  // With the port hashed a lost connection table costs no connection: each director finds the same server again.
  const given = schedulerFlags ?? (scheduler === "mh" ? ["Port" as const] : []);
  return [...new Set(given.map((flag) => flags[flag]))].sort();
}

export function persistenceOf({ persistence }: VirtualServerSpec, family: Family): IpvsService["persistence"] {
  if (!persistence) return undefined;
  const prefixLength = family === "IPv4" ? persistence.prefixLengthIPv4 : persistence.prefixLengthIPv6;
  return { timeoutSeconds: Math.max(1, durationSeconds(persistence.timeout)), prefixLength, engine: persistence.engine };
}

/** Whole seconds, rounded up, and no more than the core takes; the schema has checked the form. */
export function durationSeconds(duration: string): number {
  return Math.min(Math.ceil((parseDuration(duration) ?? 0) / 1000), mostSeconds);
}

/** A month. */
const mostSeconds = 31 * 86_400;
