import type { LogLevel } from "../runtime/log.ts";

export interface OperatorOptions {
  /** Default: $KUBECONFIG, then the pod's service account. */
  kubeconfig?: string;
  /** Where /metrics, /healthz and /readyz are served; undefined when they are not. */
  http?: { host: string; port: number };
  /** Where people can look at the status page; undefined when it is not served. */
  statusPage?: { host: string; port: number };
  /** Where the Lease of the leader election stands; default the namespace of the pod or of the kubeconfig's context. */
  leaseNamespace?: string;
  /** Unique per process. Default: made from the name of the pod or host. */
  identity?: string;
  /** How long the other replica waits after the leader's last sign of life. */
  leaseDurationMs: number;
  /** A node whose agent has not reported for so long counts as dead. More than two of its heartbeats, which come every 30 s. */
  deadAfterMs: number;
  /** Whether Services of type LoadBalancer without a class are served, too. */
  defaultLoadBalancer: boolean;
  logLevel: LogLevel;
}
