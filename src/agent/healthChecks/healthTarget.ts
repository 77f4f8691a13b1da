/** What is checked, and what is known of it: between the virtual servers and the runner of their health checks. */
import type { HealthCheck } from "../../api/healthCheck.ts";

/** One check of one real server. Equal targets of several virtual servers are one: the key says who asks. */
export interface HealthTarget {
  /** Unique. */
  key: string;
  /** The real server's own; the check may say otherwise (host, port). */
  address: string;
  port: number;
  check: HealthCheck;
  /** The virtual server that asks: checks of one hold up no others when they hang. Default: the check stands for itself. */
  group?: string;
}

export interface HealthResult {
  key: string;
  up: boolean;
  /** The server's weight is this instead (exec with dynamicWeight). */
  weight?: number;
  /** The server's weight is changed by this (file). */
  weightChange?: number;
  /** When `up` began; undefined before the first result. */
  since?: Date;
  /** Why it is down, or why nothing can be found out; "" when all is well. */
  message: string;
}

/** What the runner offers. */
export interface HealthChecks {
  /** Makes these the ones that run; what stands as it was goes on with its state. Results are known at once, by `initial`. */
  configure(targets: readonly HealthTarget[]): void;
  result(key: string): HealthResult | undefined;
  stop(): Promise<void>;
}
