/** Which VirtualIPs are accepted, with which VRID; why the others are not. Pure. */
import { findCondition } from "../../api/condition.ts";
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { memoized } from "../../plan/memoized.ts";
import { type AddressClaim, findAddressConflicts } from "../allocate/addressConflicts.ts";
import {
  allocateVirtualRouterIDs,
  type IsForeign,
  type VirtualRouterIDClaim,
  type VirtualRouterIDResult,
} from "../allocate/virtualRouterID.ts";
import { hostsOf, type PoolView, type RunningRouters, type VirtualIPView } from "./cluster.ts";
import type { ForeignVRIDs } from "./foreignRouters.ts";
import { findPoolConflict, judgePools } from "./poolVerdicts.ts";
import { findGroupMismatches, type GroupClaim } from "./units.ts";

export type RejectionReason = "InvalidSpec" | "AddressConflict" | "GroupMismatch" | "VirtualRouterIDConflict" | "VirtualRouterIDsExhausted";

export type Verdict =
  | { accepted: true; virtualRouterID: number }
  /** `virtualRouterID`: what goes on running, if anything does. */
  | { accepted: false; reason: RejectionReason; message: string; virtualRouterID?: number };

interface Rejection {
  reason: RejectionReason;
  message: string;
}

const noForeign: ForeignVRIDs = { bySegment: new Map(), anywhere: new Set() };

/**
 * The verdict on every VirtualIP that is not being deleted. Those that are deleted keep their addresses and VRIDs reserved until they
 * are gone, and so does what still runs for an object that is not accepted in its present form.
 */
export function judge(
  virtualIPs: readonly VirtualIPView[],
  running: RunningRouters,
  foreign: ForeignVRIDs = noForeign,
  pools: readonly PoolView[] = [],
): Map<string, Verdict> {
  const rejections = new Map<string, Rejection>();
  for (const { name, problem, deleting } of virtualIPs) {
    if (problem !== undefined && !deleting) rejections.set(name, { reason: "InvalidSpec", message: problem });
  }
  const conflicts = findAddressConflicts(virtualIPs.map((view) => addressClaim(view, running)));
  const views = new Map(virtualIPs.map((view) => [view.name, view]));
  for (const [name, { index, other }] of conflicts) {
    const message = `spec.addresses[${index}].address: ${writtenAddress(views.get(name), index)} belongs to VirtualIP "${other}"`;
    rejections.set(name, { reason: "AddressConflict", message });
  }
  const poolVerdicts = judgePools(pools, virtualIPs, running);
  for (const view of virtualIPs) {
    const conflict = view.deleting || rejections.has(view.name) ? undefined : findPoolConflict(view, pools, poolVerdicts, running);
    if (!conflict) continue;
    const message = `spec.addresses: ${conflict.address} of VirtualIP "${view.name}" belongs to AddressPool "${conflict.pool}"`;
    rejections.set(view.name, { reason: "AddressConflict", message });
  }
  const eligible = virtualIPs.filter(({ name, deleting }) => !deleting && !rejections.has(name));
  for (const [name, message] of findGroupMismatches(eligible.flatMap(groupClaim)))
    rejections.set(name, { reason: "GroupMismatch", message });
  const isForeign: IsForeign = (segment, number) => foreign.anywhere.has(number) || foreign.bySegment.get(segment)?.has(number) === true;
  const claims = virtualIPs.map((view) => virtualRouterIDClaim(view, running, view.deleting || rejections.has(view.name), isForeign));
  const numbers = allocateVirtualRouterIDs(claims, isForeign);
  const judged = claims.filter((_, index) => virtualIPs[index]?.deleting === false);
  return new Map(judged.map((claim) => [claim.name, verdictOf(claim, rejections.get(claim.name), numbers.get(claim.name))]));
}

function verdictOf({ held }: VirtualRouterIDClaim, rejection: Rejection | undefined, number: VirtualRouterIDResult | undefined): Verdict {
  if (rejection) return { accepted: false, ...rejection, virtualRouterID: number?.ok ? number.virtualRouterID : undefined };
  if (number?.ok) return { accepted: true, virtualRouterID: number.virtualRouterID };
  const { reason, message } = number ?? { reason: "VirtualRouterIDsExhausted", message: "no VRID was found" };
  return { accepted: false, reason, message, virtualRouterID: held };
}

/** Whether the object was accepted in its present form. */
function isSettled({ status, generation }: VirtualIPView): boolean {
  const accepted = findCondition(status.conditions, "Accepted");
  return accepted?.status === "True" && accepted.observedGeneration === generation;
}

function addressClaim(view: VirtualIPView, running: RunningRouters): AddressClaim {
  const { name, createdAt, segment, deleting } = view;
  const wanted = view.spec ? canonicalHosts(view.spec) : [];
  const routers = [...(running.get(name)?.values() ?? [])].flat();
  const held = new Set(routers.flatMap(({ addresses }) => hostsOf(addresses)));
  const settled = isSettled(view);
  return { name, createdAt, segment, settled, held: deleting ? [...held, ...wanted] : [...held], wanted };
}

const canonicalHosts = memoized((spec: VirtualIPSpec): readonly string[] =>
  allAddresses(spec).map(({ address }) => canonicalAddress(address)),
);

function allAddresses({ addresses, excludedAddresses = [] }: VirtualIPSpec) {
  return [...addresses, ...excludedAddresses];
}

function writtenAddress(view: VirtualIPView | undefined, index: number): string {
  return (view?.spec && allAddresses(view.spec)[index]?.address) ?? "";
}

function groupClaim(view: VirtualIPView): GroupClaim[] {
  const { name, createdAt, spec } = view;
  return spec ? [{ name, createdAt, settled: isSettled(view), spec }] : [];
}

function virtualRouterIDClaim(view: VirtualIPView, running: RunningRouters, frozen: boolean, isForeign: IsForeign): VirtualRouterIDClaim {
  const { name, createdAt, segment, spec, status } = view;
  const [routers = []] = running.get(name)?.values() ?? [];
  const recorded = status.virtualRouterID ?? routers[0]?.virtualRouterID;
  // Before anybody has answered with it, a number that turns out to be taken costs nothing to give up.
  const isUnused = !frozen && (status.history ?? []).length === 0;
  const held = recorded !== undefined && isUnused && isForeign(segment, recorded) ? undefined : recorded;
  return { name, createdAt, segment, settled: isSettled(view), explicit: spec?.vrrp.virtualRouterID, held, frozen };
}
