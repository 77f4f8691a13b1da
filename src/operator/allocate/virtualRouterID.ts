/**
 * Gives each VirtualIP of a segment a VRID of its own. Pure: holders keep theirs, so a restart of the operator changes nothing.
 * IPv4 and IPv6 of one VirtualIP share the number.
 */
import { byPrecedence, type Claimant } from "./age.ts";

export interface VirtualRouterIDClaim extends Claimant {
  segment: string;
  /** The number that the user asks for. */
  explicit?: number;
  /** The number that is recorded in the status or runs on a node. */
  held?: number;
  /** Only keeps what it holds, and may ask for nothing new: it is being deleted or was not accepted. */
  frozen?: boolean;
}

export type VirtualRouterIDResult =
  | { ok: true; virtualRouterID: number }
  | { ok: false; reason: "VirtualRouterIDConflict" | "VirtualRouterIDsExhausted"; message: string };

const lastVirtualRouterID = 255;

/** Whether a router outside uses the number on the segment. */
export type IsForeign = (segment: string, virtualRouterID: number) => boolean;

/**
 * The result of every claim by its name; frozen claims that hold nothing have none. Nobody is given a foreign number who does not ask
 * for it; who holds one keeps it.
 */
export function allocateVirtualRouterIDs(
  claims: readonly VirtualRouterIDClaim[],
  isForeign: IsForeign = () => false,
): Map<string, VirtualRouterIDResult> {
  const bySegment = Map.groupBy([...claims].sort(byPrecedence), ({ segment }) => segment);
  return new Map([...bySegment.values()].flatMap((members) => [...allocateSegment(members, isForeign)]));
}

/**
 * Four passes, each in order of precedence: holders; those that give one number up for another; newcomers that ask for a number;
 * newcomers that take any. The old number of the second kind stays reserved: nodes still run it.
 */
function allocateSegment(members: readonly VirtualRouterIDClaim[], isForeign: IsForeign): Map<string, VirtualRouterIDResult> {
  const owners = new Map<number, string>();
  const results = new Map<string, VirtualRouterIDResult>();
  const holders = members.filter(({ name, held }) => held !== undefined && take(owners, held, name));
  const isHolder = new Set(holders.map(({ name }) => name));
  for (const { name, held, explicit, frozen } of holders) {
    if (held !== undefined && (frozen || explicit === undefined || explicit === held))
      results.set(name, { ok: true, virtualRouterID: held });
  }
  const open = members.filter(({ name, frozen }) => !frozen && !results.has(name));
  const asking = open.filter(({ explicit }) => explicit !== undefined);
  for (const claim of [...asking.filter(({ name }) => isHolder.has(name)), ...asking.filter(({ name }) => !isHolder.has(name))]) {
    results.set(claim.name, takeExplicit(owners, claim));
  }
  for (const claim of open.filter(({ explicit }) => explicit === undefined)) results.set(claim.name, takeLowest(owners, claim, isForeign));
  return results;
}

/** Whether `name` owns the number now. */
function take(owners: Map<number, string>, virtualRouterID: number, name: string): boolean {
  if (!owners.has(virtualRouterID)) owners.set(virtualRouterID, name);
  return owners.get(virtualRouterID) === name;
}

function takeExplicit(owners: Map<number, string>, { name, segment, explicit = 0 }: VirtualRouterIDClaim): VirtualRouterIDResult {
  if (take(owners, explicit, name)) return { ok: true, virtualRouterID: explicit };
  const message = `spec.vrrp.virtualRouterID: VRID ${explicit} of segment "${segment}" belongs to VirtualIP "${owners.get(explicit)}"`;
  return { ok: false, reason: "VirtualRouterIDConflict", message };
}

function takeLowest(owners: Map<number, string>, { name, segment }: VirtualRouterIDClaim, isForeign: IsForeign): VirtualRouterIDResult {
  for (let candidate = 1; candidate <= lastVirtualRouterID; candidate += 1) {
    if (!owners.has(candidate) && !isForeign(segment, candidate)) {
      owners.set(candidate, name);
      return { ok: true, virtualRouterID: candidate };
    }
  }
  const message = `all ${lastVirtualRouterID} VRIDs of segment "${segment}" are in use, here or by routers outside: delete a VirtualIP, add the address to another one, or use another segment`;
  return { ok: false, reason: "VirtualRouterIDsExhausted", message };
}
