/** How long VRRP allows a takeover to last, from priorities and interval. Pure; all times in milliseconds. */

import { parseDuration } from "../../src/api/duration.ts";
import type { VirtualIPStatus } from "../../src/api/virtualIP.ts";

/** How the MASTER goes: with a farewell (an advert of priority 0), or without a word. */
export type Departure = "resigns" | "falls silent";

/** What the machine may add to the protocol's time: a late wake-up of the backup, and of the kernel that delivers. */
export const slackMs: Record<Departure, number> = { resigns: 15, "falls silent": 10 };

/** Skew_Time. Version 3: RFC 9568 §6.1, of the MASTER's interval; version 2: RFC 3768 §6.1, of a second. */
export function skewTime(priority: number, intervalMs: number, version: 2 | 3 = 3): number {
  return ((256 - priority) * (version === 3 ? intervalMs : 1000)) / 256;
}

/** Active_Down_Interval of version 3, Master_Down_Interval of version 2: when a silent MASTER counts as gone. */
export function activeDownInterval(priority: number, intervalMs: number, version: 2 | 3 = 3): number {
  return 3 * intervalMs + skewTime(priority, intervalMs, version);
}

/** What the protocol itself takes until a backup of this priority adverts, counted from the last advert of the old MASTER. */
export function protocolBound(departure: Departure, priority: number, intervalMs: number, version: 2 | 3 = 3): number {
  return departure === "resigns" ? skewTime(priority, intervalMs, version) : activeDownInterval(priority, intervalMs, version);
}

/** The same with what the machine may add: a takeover that takes longer is a failure. */
export function takeoverBound(departure: Departure, priority: number, intervalMs: number, version: 2 | 3 = 3): number {
  return protocolBound(departure, priority, intervalMs, version) + slackMs[departure];
}

export interface Standing {
  active: string;
  activePriority: number;
  /** The backup that will take over: the highest priority among those that stand by. */
  successor: string;
  successorPriority: number;
  intervalMs: number;
  virtualRouterID: number;
}

/**
 * Who holds the addresses and who comes next, by the VirtualIP's status.
 * Undefined while the status does not yet say so: no single active node, no backup that is BACKUP in every family.
 */
export function standing(status: VirtualIPStatus): Standing | undefined {
  const { activeNode, virtualRouterID, nodes = [] } = status;
  const intervalMs = parseDuration(status.advertisementInterval ?? "");
  const backups = nodes.filter((node) => [node.v4, node.v6].every((state) => state === undefined || state === "BACKUP"));
  const [successor] = backups
    .filter((node) => node.name !== activeNode && (node.v4 ?? node.v6) !== undefined)
    .sort((a, b) => b.priority - a.priority);
  const activePriority = nodes.find(({ name }) => name === activeNode)?.priority;
  if (!activeNode || activePriority === undefined || !successor || !virtualRouterID || intervalMs === undefined) return undefined;
  return {
    active: activeNode,
    activePriority,
    successor: successor.name,
    successorPriority: successor.priority,
    intervalMs,
    virtualRouterID,
  };
}
