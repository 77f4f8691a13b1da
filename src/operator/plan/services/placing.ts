/** Which VirtualIP of a pool holds which addresses: shards for most, sets of nodes for externalTrafficPolicy Local. Pure. */
import type { AddressPoolSpec } from "../../../api/addressPool.ts";
import { excludeLabel, type Role } from "../../../api/service.ts";
import { mostNames } from "../../../api/virtualIP.ts";
import { matches } from "../../../plan/selector.ts";
import { placeInSets } from "../../allocate/candidateSets.ts";
import { placeInShards } from "../../allocate/shards.ts";
import type { NodeView, PoolView, VirtualIPView } from "../cluster.ts";
import type { AddressUnit } from "./addressUnits.ts";
import type { Whereabouts } from "./whereabouts.ts";

/** As many as a VirtualIP may carry: spec.addresses with the few that are advertised, and spec.excludedAddresses. */
const shardCapacity = 1024;

export interface PlacingQuestion {
  pool: PoolView & { spec: AddressPoolSpec };
  units: readonly AddressUnit[];
  /** Nodes that may answer for a unit, by its key; absent: any node. */
  nodesOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Units that stay where they are: what their Services want is not known. */
  frozen: ReadonlySet<string>;
  /** All of the cluster. */
  virtualIPs: readonly VirtualIPView[];
  whereabouts: Whereabouts;
}

export interface PlacedVirtualIP {
  name: string;
  role: Role;
  units: AddressUnit[];
  /** Of a local one. */
  nodes?: string[];
}

export interface Placing {
  virtualIPs: PlacedVirtualIP[];
  /** Why a unit has no place, by its key. */
  unplaced: Map<string, "NoReadyEndpoint" | "TooManyCandidateSets" | "TooManyAddresses">;
}

export function placeUnits(question: PlacingQuestion): Placing {
  const { pool, units, virtualIPs, whereabouts, nodesOf, frozen } = question;
  const own = virtualIPs.filter(({ generated }) => generated?.pool === pool.name);
  const roleOf = new Map(own.map(({ name, generated }) => [name, generated?.role]));
  const places = new Map(units.map((unit) => [unit.key, findPlace(unit, whereabouts, roleOf)]));
  const placeOf = ({ key }: AddressUnit) => places.get(key);
  const isLocal = (unit: AddressUnit) => {
    const role = frozen.has(unit.key) ? roleOf.get(placeOf(unit) ?? "") : undefined;
    return role === undefined ? nodesOf.has(unit.key) : role === "local";
  };
  const { local = [], shared = [] } = Object.groupBy(units, (unit) => (isLocal(unit) ? "local" : "shared"));
  const foreign = new Set(virtualIPs.filter(({ name }) => !roleOf.has(name)).map(({ name }) => name));
  const standing = own.filter(({ deleting }) => !deleting);
  const shards = placeShared(pool, shared, placeOf, foreign, own);
  const sets = placeLocal({ ...question, units: local }, placeOf, standing, new Set(virtualIPs.map(({ name }) => name)));
  return { virtualIPs: [...shards.virtualIPs, ...sets.virtualIPs], unplaced: new Map([...shards.unplaced, ...sets.unplaced]) };
}

/** The first of the pool's own VirtualIPs that is to hold one of its addresses. */
function findPlace({ addresses }: AddressUnit, whereabouts: Whereabouts, own: ReadonlyMap<string, unknown>): string | undefined {
  for (const address of addresses) {
    const name = whereabouts.placeOf(address);
    if (name !== undefined && own.has(name)) return name;
  }
  return undefined;
}

type PlaceOf = (unit: AddressUnit) => string | undefined;

function placeShared(
  { name: pool, spec }: PlacingQuestion["pool"],
  units: readonly AddressUnit[],
  placeOf: PlaceOf,
  foreign: ReadonlySet<string>,
  own: readonly VirtualIPView[],
): Placing {
  const leaving = new Set(own.filter(({ deleting }) => deleting).map(({ name }) => name));
  const names: string[] = [];
  for (let index = 0; names.length < spec.virtualRouters; index += 1) {
    const name = `${pool}-${index}`;
    if (!foreign.has(name)) names.push(name);
  }
  const members = units.map((unit) => ({ key: unit.key, size: unit.addresses.length, current: placeOf(unit) }));
  const places = placeInShards({ members, shards: names.filter((name) => !leaving.has(name)), capacity: shardCapacity });
  const unplaced = units.filter(({ key }) => !places.has(key)).map(({ key }) => [key, "TooManyAddresses"] as const);
  return { virtualIPs: gather(units, places, "shared"), unplaced: new Map(unplaced) };
}

function placeLocal(
  { pool, units, nodesOf, frozen }: PlacingQuestion,
  placeOf: PlaceOf,
  standing: readonly VirtualIPView[],
  taken: ReadonlySet<string>,
): Placing {
  const existing = standing
    .filter(({ generated }) => generated?.role === "local")
    .map(({ name, spec }) => ({ name, nodes: spec?.nodes.names ?? [] }));
  const nodesNow = new Map(existing.map(({ name, nodes }) => [name, nodes]));
  const members = units.map((unit) => {
    const current = placeOf(unit);
    const now = new Set(nodesNow.get(current ?? ""));
    return { key: unit.key, nodes: frozen.has(unit.key) && now.size > 0 ? now : (nodesOf.get(unit.key) ?? new Set<string>()), current };
  });
  const { sets, places } = placeInSets({
    members: members.filter(({ nodes }) => nodes.size > 0),
    existing,
    limit: pool.spec.maxLocalVirtualRouters,
    mostNodes: mostNames,
    newName: (used) => freeName(`${pool.name}-local`, (name) => used.has(name) || taken.has(name)),
  });
  const unplaced = members
    .filter(({ key }) => !places.has(key))
    .map(({ key, nodes }) => [key, nodes.size === 0 ? ("NoReadyEndpoint" as const) : ("TooManyCandidateSets" as const)] as const);
  return {
    virtualIPs: gather(units, places, "local").map((placed) => ({ ...placed, nodes: sets.get(placed.name) ?? [] })),
    unplaced: new Map(unplaced),
  };
}

function gather(units: readonly AddressUnit[], places: ReadonlyMap<string, string>, role: Role): PlacedVirtualIP[] {
  const placed = units.flatMap((unit) => {
    const name = places.get(unit.key);
    return name === undefined ? [] : [{ name, unit }];
  });
  const byName = Map.groupBy(placed, ({ name }) => name);
  return [...byName].sort().map(([name, members]) => ({ name, role, units: members.map(({ unit }) => unit) }));
}

function freeName(prefix: string, isTaken: (name: string) => boolean): string {
  for (let index = 0; ; index += 1) {
    const name = `${prefix}-${index}`;
    if (!isTaken(name)) return name;
  }
}

/** Nodes that may answer for Services of the pool at all. */
export function eligibleNodes({ nodes: { selector = {}, names } }: AddressPoolSpec["virtualIP"], nodes: readonly NodeView[]): Set<string> {
  const eligible = nodes.filter(({ name, labels, deleting }) => {
    return !deleting && !Object.hasOwn(labels, excludeLabel) && matches(selector, labels) && names?.includes(name) !== false;
  });
  return new Set(eligible.map(({ name }) => name));
}
