/** The record of a coordination.k8s.io/v1 Lease as leader election reads and writes it. Pure; all durations in ms. */
import { formatMicroTime, type KubeObject, type ObjectRef, type Resource } from "./object.ts";

export const leases: Resource = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** MicroTime. Only ever compared for equality: clocks of other hosts are not trusted. */
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

/** What is written when `identity` takes the lease, renews it, or creates it. */
export function heldBy(identity: string, durationMs: number, before: LeaseSpec | undefined, wallNow: Date): LeaseSpec {
  const now = formatMicroTime(wallNow);
  const isRenewal = before?.holderIdentity === identity;
  const transitions = before?.leaseTransitions ?? 0;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
    acquireTime: (isRenewal && before.acquireTime) || now,
    renewTime: now,
    leaseTransitions: before === undefined || isRenewal ? transitions : transitions + 1,
  };
}

/** What is written when the holder gives the lease back: the next one need not wait. */
export function released(before: LeaseSpec | undefined, wallNow: Date): LeaseSpec {
  const now = formatMicroTime(wallNow);
  return { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: before?.leaseTransitions ?? 0 };
}

/** The lease with another spec; its resourceVersion guards the write. */
export function withSpec(lease: Lease, spec: LeaseSpec): Lease {
  return { ...lease, spec: { ...lease.spec, ...spec } };
}

export function newLease(ref: Required<ObjectRef>, spec: LeaseSpec): Lease {
  return { metadata: { ...ref }, spec };
}

/**
 * Remembers when, on the own monotonic clock, the record of a lease was last seen to change. A lease counts as alive for its duration
 * after that, so a holder with a wrong clock neither loses it early nor keeps it for ever.
 */
export class LeaseObservation {
  #record = "";
  #changedAt = 0;

  /** Takes note of what was read at `now`. */
  observe(spec: LeaseSpec | undefined, now: number): void {
    const record = JSON.stringify([spec?.holderIdentity, spec?.renewTime, spec?.acquireTime, spec?.leaseTransitions]);
    if (record === this.#record) return;
    this.#record = record;
    this.#changedAt = now;
  }

  /** Whether another than `identity` holds the lease and may still be acting. `defaultMs` counts when the record names no duration. */
  isHeldByOther(spec: LeaseSpec | undefined, identity: string, defaultMs: number, now: number): boolean {
    const holder = spec?.holderIdentity ?? "";
    if (holder === "" || holder === identity) return false;
    const durationMs = spec?.leaseDurationSeconds ? spec.leaseDurationSeconds * 1000 : defaultMs;
    return now < this.#changedAt + durationMs;
  }
}
