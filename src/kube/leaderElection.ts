/** Leader election on a coordination.k8s.io Lease: at most one of several processes acts. */
import type { Clock } from "../runtime/clock.ts";
import type { KubeClient } from "./client.ts";
import type { Logger } from "./logger.ts";
import type { KubeMetrics } from "./metrics.ts";

export interface LeaderElectionOptions {
  client: Pick<KubeClient, "find" | "create" | "replace">;
  lease: { namespace: string; name: string };
  /** Unique per process, not per host: two processes of one identity would both lead. */
  identity: string;
  /** How long others wait after the last renewal that they saw; default 15 s. */
  leaseDurationMs?: number;
  /** A leader that could not renew for this long stops; default 10 s, must be less than leaseDurationMs. */
  renewDeadlineMs?: number;
  /** Time between tries; default 2 s. */
  retryPeriodMs?: number;
  /** Called on becoming leader; `signal` aborts when leadership ends. When its promise settles early, leadership is given up. */
  onStarted: (signal: AbortSignal) => Promise<void>;
  /** Called after each leadership, when the promise of onStarted has settled or the renew deadline has passed. */
  onStopped?: () => void | Promise<void>;
  /** Called with the identity of each leader that is seen, also the own one. */
  onNewLeader?: (identity: string) => void;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  random?: () => number;
}

export declare class LeaderElector {
  constructor(options: LeaderElectionOptions);
  /** Whether this process leads now, by its own monotonic clock. */
  isLeader(): boolean;
  /** Identity of the leader that was seen last; "" if none. */
  leader(): string;
  /** Stands for election until `signal` aborts, again and again; then releases the lease and resolves. Throws when called twice. */
  run(signal: AbortSignal): Promise<void>;
}
