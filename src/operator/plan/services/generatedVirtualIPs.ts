/** The VirtualIPs of a pool as they shall be: its template and the addresses that they hold. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AddressPoolSpec } from "../../../api/addressPool.ts";
import { parseDuration } from "../../../api/duration.ts";
import { canonicalAddress } from "../../../api/ipAddress.ts";
import type { LabelSelector } from "../../../api/labelSelector.ts";
import { excludeLabel, poolLabel, type Role, roleLabel } from "../../../api/service.ts";
import type { VirtualIPSpec, VirtualIPStatus } from "../../../api/virtualIP.ts";
import { memoized } from "../../../plan/memoized.ts";
import type { PoolView, VirtualIPView } from "../cluster.ts";
import { familyOf } from "./claims.ts";
import type { PlacedVirtualIP } from "./placing.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface GeneratedVirtualIP {
  name: string;
  labels: Record<string, string>;
  spec: VirtualIPSpec;
}

/**
 * Of the addresses only those that may stand there already; undefined where that is none.
 * `present` is the object as it stands.
 */
export function generateVirtualIP(
  pool: PoolView & { spec: AddressPoolSpec },
  { name, role, units, nodes }: PlacedVirtualIP,
  present: VirtualIPView | undefined,
  whereabouts: Whereabouts,
): GeneratedVirtualIP | undefined {
  const addresses = units.flatMap((unit) => unit.addresses).filter((address) => whereabouts.mayEnter(address, name));
  if (addresses.length === 0) return undefined;
  const { advertised, carried } = divide(addresses, present?.spec?.addresses.map(({ address }) => canonicalAddress(address)) ?? []);
  const { segment, interface: device, nodes: choice, vrrp, conflictDetection, deadManSwitch } = pool.spec.virtualIP;
  const spec: VirtualIPSpec = {
    addresses: advertised.map((address) => ({ address })),
    ...(carried.length > 0 && { excludedAddresses: carried.map((address) => ({ address })) }),
    segment,
    ...(device !== undefined && { interface: device }),
    nodes: nodesOf(choice, role, nodes),
    vrrp: { ...vrrp, preemptDelay: returnDelayOf(vrrp, present) },
    conflictDetection,
    deadManSwitch,
  };
  return { name, labels: labelsOf(pool.name, role), spec };
}

/** From the start of an agent until kube-proxy, which starts beside it, has all Services in its tables. */
const returnDelay = "15s";

/**
 * A node that comes back has no way to the pods yet: it does not take its addresses back sooner, unless the user has said when it shall. Not so
 * at first, when all nodes begin at once and the first that does need not be the one that shall lead.
 */
function returnDelayOf({ preempt, preemptDelay }: VirtualIPSpec["vrrp"], present: VirtualIPView | undefined): string {
  if (!preempt || parseDuration(preemptDelay) !== 0) return preemptDelay;
  const isDelayed = present?.spec?.vrrp.preemptDelay === returnDelay;
  return isDelayed || (present && isLedByTheHighest(present.status)) ? returnDelay : preemptDelay;
}

function isLedByTheHighest({ activeNode, nodes = [] }: VirtualIPStatus): boolean {
  const highest = Math.max(...nodes.map(({ priority }) => priority));
  return nodes.some(({ name, priority }) => name === activeNode && priority === highest);
}

function labelsOf(pool: string, role: Role): Record<string, string> {
  return { [poolLabel]: pool, [roleLabel]: role };
}

/** Whether the object is as it shall be. Where the addresses shall be, `kubectl vip move` says. */
export function isAsGenerated({ spec: wanted }: GeneratedVirtualIP, { spec }: VirtualIPView): boolean {
  if (!spec) return false;
  const { preferred: _preferred, ...nodes } = spec.nodes;
  return isDeepStrictEqual(inOrder({ ...spec, nodes }), inOrder(wanted));
}

/** How many addresses it shall carry besides those that it does, when nothing else changes; otherwise 0. */
export function additionsOf({ spec: wanted, ...rest }: GeneratedVirtualIP, present: VirtualIPView): number {
  const before = new Set((present.spec?.excludedAddresses ?? []).map(({ address }) => address));
  const { excludedAddresses: carried = [] } = wanted;
  const staying = carried.filter(({ address }) => before.has(address));
  return isAsGenerated({ ...rest, spec: { ...wanted, excludedAddresses: staying } }, present) ? carried.length - staying.length : 0;
}

/** Server-side apply leaves what was there before in its place. */
function inOrder(spec: VirtualIPSpec) {
  const { addresses, excludedAddresses = none } = spec;
  return { ...spec, addresses: textsOf(addresses), excludedAddresses: textsOf(excludedAddresses) };
}

const none: VirtualIPSpec["addresses"] = [];
const textsOf = memoized((list: VirtualIPSpec["addresses"]): readonly string[] => list.map(({ address }) => address).sort());

function nodesOf(
  { selector: given = {}, ...choice }: VirtualIPSpec["nodes"],
  role: Role,
  names: readonly string[] = [],
): VirtualIPSpec["nodes"] {
  const { matchLabels = {}, matchExpressions = [] } = given;
  // Server-side apply of an empty map takes none of its keys away.
  const selector = { ...(Object.keys(matchLabels).length > 0 && { matchLabels }), matchExpressions };
  // The names of a local one leave out what may not answer.
  if (role === "local") return { ...choice, ...(!selectsAll(selector) && { selector }), names: [...names] };
  return { ...choice, selector: { ...selector, matchExpressions: [...matchExpressions, { key: excludeLabel, operator: "DoesNotExist" }] } };
}

const selectsAll = ({ matchLabels, matchExpressions = [] }: LabelSelector) => !matchLabels && matchExpressions.length === 0;

/**
 * How many addresses adverts name. Not all: then each new Service would change the adverts, and for a moment they would differ between
 * nodes, which VRRP version 2 takes for those of somebody else. And not one: when it goes, the adverts would have nothing in common.
 */
const mostAdvertised = 4;

/** What is advertised stays so. One family is enough for an election, which moves all. */
function divide(addresses: readonly string[], before: readonly string[]): { advertised: string[]; carried: string[] } {
  const staying = before.filter((address) => addresses.includes(address)).slice(0, mostAdvertised);
  const isIPv4 = (address: string) => familyOf(address) === "IPv4";
  const family = familyOf(staying[0] ?? addresses.find(isIPv4) ?? addresses[0] ?? "");
  const known = new Set(staying);
  const isFull = staying.length === mostAdvertised;
  const others = isFull ? [] : addresses.filter((address) => familyOf(address) === family && !known.has(address)).sort();
  const advertised = [...staying, ...others].slice(0, mostAdvertised).sort();
  const named = new Set(advertised);
  return { advertised, carried: addresses.filter((address) => !named.has(address)).sort() };
}
