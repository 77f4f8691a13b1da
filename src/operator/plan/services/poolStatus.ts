/** AddressPool.status. Pure. */
import type { AddressPoolStatus, Assignment, Usage } from "../../../api/addressPoolStatus.ts";
import { countZeroAnd255, holds, sizeOf } from "../../../api/addressRange.ts";
import { type ConditionFinding, findCondition, setConditions } from "../../../api/condition.ts";
import { type Family, families, type IpAddress, parseAddress } from "../../../api/ipAddress.ts";
import { memoized } from "../../../plan/memoized.ts";
import type { PoolView } from "../cluster.ts";
import type { PoolVerdict } from "../poolVerdicts.ts";
import { countOf, list } from "../words.ts";

export interface PoolFacts {
  view: PoolView;
  verdict: PoolVerdict;
  assignments: readonly Assignment[];
  /** RFC 3339. */
  wallNow: string;
}

export function poolStatusOf({ view, verdict, assignments, wallNow }: PoolFacts): AddressPoolStatus {
  const { spec, status: before, generation } = view;
  const given = inOrder(assignments);
  const usages = new Map(families.map((family) => [family, usageOf(family, view, given)]));
  const ordered = given.map(({ assignment }) => assignment);
  const services = new Set(assignments.flatMap((each) => each.services)).size;
  const text = (usage: Usage | undefined) => (usage ? `${usage.used}/${usage.total}` : undefined);
  const [ipv4, ipv6] = [usages.get("IPv4"), usages.get("IPv6")];
  return withoutAbsent({
    observedGeneration: generation,
    ipv4,
    ipv6,
    services,
    assignments: ordered.length > 0 ? ordered : undefined,
    conditions: setConditions(before.conditions ?? [], findConditions(view, verdict, given, usages), generation, wallNow),
    summary: withoutAbsent({
      addresses: spec ? spec.addresses.join(",") : before.summary?.addresses,
      ipv4: text(ipv4),
      ipv6: text(ipv6),
    }),
  });
}

interface Given extends IpAddress {
  assignment: Assignment;
}

const readAssignment = memoized((assignment: Assignment): Given | undefined => {
  const address = parseAddress(assignment.address);
  return address && { ...address, assignment };
});

function inOrder(assignments: readonly Assignment[]): Given[] {
  const given = assignments.flatMap((assignment) => readAssignment(assignment) ?? []);
  return given.sort((a, b) => families.indexOf(a.family) - families.indexOf(b.family) || (a.bits < b.bits ? -1 : 1));
}

/** Of a family that it has neither addresses of nor has given any of: nothing. */
function usageOf(family: Family, { ranges, spec }: PoolView, given: readonly Given[]): Usage | undefined {
  const own = ranges.filter((range) => range.family === family);
  const skipped = spec?.skipZeroAnd255 ? own.reduce((sum, range) => sum + countZeroAnd255(range), 0n) : 0n;
  const total = own.reduce((sum, range) => sum + sizeOf(range), 0n) - skipped;
  const used = given.filter((each) => each.family === family);
  if (own.length === 0 && used.length === 0) return undefined;
  const free = total - BigInt(used.filter((each) => isInside(own, each)).length);
  return { total: counted(total), used: used.length, free: counted(free > 0n ? free : 0n) };
}

/** A range of IPv6 holds more than a number can say. */
function counted(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function isInside(ranges: PoolView["ranges"], address: IpAddress): boolean {
  return ranges.some((range) => holds(range, address));
}

/** A pool with less than a tenth free is worth a look. */
const scarce = 10;

function findConditions(
  view: PoolView,
  verdict: PoolVerdict,
  given: readonly Given[],
  usages: ReadonlyMap<Family, Usage | undefined>,
): ConditionFinding[] {
  const rest = given.length > 0 ? "; what is given stays" : "";
  const accepted: ConditionFinding = verdict.accepted
    ? { type: "Accepted", status: "True", reason: "Accepted", message: "it gives addresses" }
    : {
        type: "Accepted",
        status: "False",
        reason: verdict.reason,
        message: `${verdict.message}${verdict.reason === "Terminating" ? "" : rest}`,
      };
  return [accepted, findOutside(view, given), findExhausted(usages)];
}

function findOutside({ ranges, spec }: PoolView, given: readonly Given[]): ConditionFinding {
  const type = "OutOfRange";
  const outside = spec ? given.filter((each) => !isInside(ranges, each)) : [];
  if (outside.length === 0) return { type, status: "False", reason: "InRange", message: "all that is given is in spec.addresses" };
  const texts = outside.map(({ assignment: { address, services } }) => `${address} (${services.join(", ")})`);
  const message = `${countOf(outside.length, "address", "addresses")} given that spec.addresses no longer ${outside.length === 1 ? "holds" : "hold"}: ${list(texts)}; nothing is taken away`;
  return { type, status: "True", reason: "PoolShrunk", message };
}

function findExhausted(usages: ReadonlyMap<Family, Usage | undefined>): ConditionFinding {
  const type = "Exhausted";
  const known = [...usages].flatMap(([family, usage]) => (usage ? [{ family, ...usage }] : []));
  const empty = known.filter(({ free }) => free === 0);
  const describe = ({ family, free, total }: (typeof known)[number]) =>
    `${free} of ${countOf(total, `${family} address`, `${family} addresses`)} free`;
  if (empty.length > 0) return { type, status: "True", reason: "NoFreeAddress", message: list(empty.map(describe)) };
  const low = known.filter(({ free, total }) => free * scarce < total);
  if (low.length > 0) return { type, status: "False", reason: "NearlyExhausted", message: list(low.map(describe)) };
  return { type, status: "False", reason: "FreeAddresses", message: "more than a tenth is free" };
}

/**
 * The merge patch (RFC 7386) that makes the one status of the other, guarded by the version that the other one has; conditions of others stay.
 * Not server-side apply: that parses YAML and compares field by field, a thousand addresses each time, and every new Service waits for it.
 */
export function poolPatchOf(status: AddressPoolStatus, before: AddressPoolStatus): object {
  const { conditions = [], summary = {} } = status;
  const others = (before.conditions ?? []).filter(({ type }) => !findCondition(conditions, type));
  return {
    ...goneFrom(before, status),
    ...status,
    conditions: [...conditions, ...others],
    summary: { ...goneFrom(before.summary ?? {}, summary), ...summary },
  };
}

/** Null for each field that is there no longer: a merge patch leaves alone what it does not name. */
function goneFrom(before: object, after: object): Record<string, null> {
  return Object.fromEntries(Object.keys(before).flatMap((field) => (Object.hasOwn(after, field) ? [] : [[field, null]])));
}

/** As JSON will have it: a key without value would make equal statuses differ. */
function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
