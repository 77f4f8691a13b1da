/** The core: the election on its own threads. */
import type { CheckResult, DesiredState } from "./desiredState.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * What an earlier process of this state directory may have left behind in the kernel. Routes and rules need no journal: they carry a
 * protocol number of ours; nor do macvlans, which carry an alias of ours.
 */
export interface HeldAddress {
  interface: string;
  /** "ADDRESS/PREFIXLENGTH" */
  address: string;
}

export interface StartOptions {
  /** Adopted when a desired router still has them, removed otherwise. Taken at start only. */
  heldAddresses: HeldAddress[];
  /** Ask for SCHED_FIFO and locked memory; when refused the core runs without and says so in `snapshot().realTime`. */
  realTime: boolean;
  /** Load the gate (BPF): dead-man switch, conflict detection, thousands of addresses. When refused the core runs without and says so in `snapshot().gate`. */
  gate: boolean;
}

/** An operation that failed: values, never exceptions, cross the boundary. `path` names a field of DesiredState ("routers[2].interface"). */
export interface CoreError {
  operation: string;
  errno: number;
  message: string;
  path?: string;
}
export type CoreResult = { ok: true } | { ok: false; error: CoreError };

export interface Core {
  /** Validates all of `desired` and, if all is good, hands it to the vrrp thread; a bad state changes nothing. Returns at once. */
  apply(desired: DesiredState): CoreResult;
  snapshot(): Snapshot;
  /** Hands over the results of checks; names that no router tracks are remembered for later configurations. Returns at once. */
  setChecks(results: CheckResult[]): CoreResult;
  /**
   * Hands over make-before-break (RFC priority 0; the addresses stay until a peer has announced them, at most 500 ms), removes the own
   * addresses, joins both threads. Later calls get the same promise.
   * With `keepAddresses` nothing is sent or removed: the next process adopts what stands.
   */
  stop(options?: { keepAddresses?: boolean }): Promise<CoreResult>;
}
