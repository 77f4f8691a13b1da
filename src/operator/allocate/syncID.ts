/** Gives the sync daemons of each AgentConfig a number of their own. Pure: holders keep theirs, so a restart of the operator changes nothing. */
import { byName } from "./age.ts";

export interface SyncIDClaim {
  name: string;
  /** The number that the user gives: AgentConfigs with the same one are one group of directors. */
  explicit?: number;
  /** The number that is recorded in the status. */
  held?: number;
  /** Wants one. Otherwise it keeps what it holds. */
  asks: boolean;
}

const lastSyncID = 255;

/** The numbers of those that give none, by name; who holds one that is somebody else's, or finds none free, has none. */
export function allocateSyncIDs(claims: readonly SyncIDClaim[]): Map<string, number> {
  const ordered = claims.filter(({ explicit }) => explicit === undefined).sort(byName);
  const owners = new Map<number, string>();
  for (const { name, held } of ordered) if (held !== undefined && !owners.has(held)) owners.set(held, name);
  const results = new Map([...owners].map(([number, name]) => [name, number]));
  const explicit = new Set(claims.flatMap((claim) => claim.explicit ?? []));
  for (const { name, asks } of ordered) {
    if (!asks || results.has(name)) continue;
    const free = Array.from({ length: lastSyncID }, (_, index) => index + 1).find((number) => !owners.has(number) && !explicit.has(number));
    if (free === undefined) continue;
    owners.set(free, name);
    results.set(name, free);
  }
  return results;
}
