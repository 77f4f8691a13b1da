/** Which AddressPools may give addresses: none that shares one with another pool or with a VirtualIP of somebody else. Pure. */
import { formatRange, holds, intersection } from "../../api/addressRange.ts";
import { findCondition } from "../../api/condition.ts";
import { formatAddress, type IpAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { memoized } from "../../plan/memoized.ts";
import { byPrecedence, type Claimant } from "../allocate/age.ts";
import { hostsOf, type PoolView, type RunningRouters, type VirtualIPView } from "./cluster.ts";

export type PoolVerdict =
  | { accepted: true }
  | { accepted: false; reason: "InvalidSpec" | "PoolOverlap" | "VirtualIPOverlap" | "Terminating"; message: string };

/** By name. */
export type PoolVerdicts = ReadonlyMap<string, PoolVerdict>;

export function judgePools(pools: readonly PoolView[], virtualIPs: readonly VirtualIPView[], running: RunningRouters): PoolVerdicts {
  const verdicts = new Map<string, PoolVerdict>();
  const accepted: PoolView[] = [];
  const owned = virtualIPs.filter(({ generated }) => !generated).map((view) => ({ view, addresses: specifiedAddresses(view) }));
  for (const pool of [...pools].sort((a, b) => byPrecedence(claimantOf(a), claimantOf(b)))) {
    const verdict = judgePool(pool, accepted, owned, running);
    verdicts.set(pool.name, verdict);
    // What is given stays its own while it goes, or is not valid in its present form.
    if (verdict.accepted || verdict.reason === "Terminating" || (pool.status.assignments ?? []).length > 0) accepted.push(pool);
  }
  return verdicts;
}

interface Owned {
  view: VirtualIPView;
  addresses: readonly Specified[];
}

function judgePool(pool: PoolView, others: readonly PoolView[], owned: readonly Owned[], running: RunningRouters): PoolVerdict {
  const reject = (reason: Exclude<PoolVerdict, { accepted: true }>["reason"], message: string) => ({
    accepted: false as const,
    reason,
    message,
  });
  if (pool.problem !== undefined) return reject("InvalidSpec", pool.problem);
  if (pool.deleting) return reject("Terminating", "it is being deleted: what is given stays until the Services give it up");
  for (const other of others) {
    if (other.segment !== pool.segment) continue;
    const [shared] = pool.ranges.flatMap((range) => other.ranges.flatMap((each) => intersection(range, each) ?? []));
    if (shared)
      return reject(
        "PoolOverlap",
        `spec.addresses: ${formatRange(shared)} of AddressPool "${pool.name}" is in AddressPool "${other.name}", too`,
      );
  }
  for (const { view, addresses } of owned) {
    const address = view.segment === pool.segment ? addresses.find((each) => isIn(pool, each)) : undefined;
    if (!address || !comesFirst(view, address, pool, running)) continue;
    return reject("VirtualIPOverlap", `spec.addresses: ${address.text} of AddressPool "${pool.name}" belongs to VirtualIP "${view.name}"`);
  }
  return { accepted: true };
}

/** The pool that has an address which a VirtualIP asks for, and comes first. */
export function findPoolConflict(
  view: VirtualIPView,
  pools: readonly PoolView[],
  verdicts: PoolVerdicts,
  running: RunningRouters,
): { address: string; pool: string } | undefined {
  if (view.generated) return undefined;
  const candidates = pools.filter(({ name, segment }) => segment === view.segment && verdicts.get(name)?.accepted);
  for (const address of specifiedAddresses(view)) {
    const pool = candidates.find((each) => isIn(each, address) && !comesFirst(view, address, each, running));
    if (pool) return { address: address.text, pool: pool.name };
  }
  return undefined;
}

/** Whether the VirtualIP has the address before the pool: it runs, or was accepted or made before. */
function comesFirst(view: VirtualIPView, { text: host }: Specified, pool: PoolView, running: RunningRouters): boolean {
  const routers = [...(running.get(view.name)?.values() ?? [])].flat();
  if (routers.some(({ addresses }) => hostsOf(addresses).includes(host))) return true;
  return byPrecedence(claimantOf(view), claimantOf(pool)) < 0;
}

function claimantOf({ name, createdAt, generation, status }: PoolView | VirtualIPView): Claimant {
  const accepted = findCondition(status.conditions, "Accepted");
  return { name, createdAt, settled: accepted?.status === "True" && accepted.observedGeneration === generation };
}

function isIn({ ranges }: PoolView, address: IpAddress): boolean {
  return ranges.some((range) => holds(range, address));
}

export interface Specified extends IpAddress {
  /** Canonical. */
  text: string;
}

/** All that its spec names, without prefix length. */
export function specifiedAddresses({ spec }: VirtualIPView): readonly Specified[] {
  return spec ? readAddresses(spec) : [];
}

const readAddresses = memoized(({ addresses, excludedAddresses = [] }: VirtualIPSpec): readonly Specified[] =>
  [...addresses, ...excludedAddresses].flatMap(({ address }) => {
    const prefix = parsePrefix(address);
    return prefix ? [{ family: prefix.family, bits: prefix.bits, text: formatAddress(prefix) }] : [];
  }),
);
