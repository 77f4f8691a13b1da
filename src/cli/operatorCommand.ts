import { parseDuration } from "../api/duration.ts";
import type { OperatorOptions } from "../operator/options.ts";
import { flagHelp, parseFlags } from "./flags.ts";
import { logLevelFlag, parseListenAddress } from "./values.ts";

export const operatorFlags = {
  kubeconfig: {
    placeholder: "FILE",
    help: "how to reach the API server; default: $KUBECONFIG, then the pod's service account, then ~/.kube/config",
  },
  http: {
    placeholder: "ADDRESS:PORT",
    help: 'where /metrics, /healthz and /readyz are served, or "off"',
    parse: parseListenAddress,
    default: "127.0.0.1:9106",
  },
  "status-page": {
    placeholder: "ADDRESS:PORT",
    help: "where the status page is served; on 127.0.0.1 of a pod only kubectl port-forward gets there",
    parse: parseListenAddress,
    default: "off",
  },
  "lease-namespace": {
    placeholder: "NAMESPACE",
    help: "where the Lease of the leader election stands; default: $POD_NAMESPACE, then that of the kubeconfig",
  },
  identity: { placeholder: "NAME", help: "name in the leader election, unique per process; default: made from $POD_NAME or the host name" },
  "lease-duration": {
    placeholder: "DURATION",
    help: "how long another replica waits after the leader's last sign of life",
    parse: atLeast(1000),
    default: "15s",
  },
  "dead-after": {
    placeholder: "DURATION",
    help: "a node whose agent has not reported for so long counts as dead; agents report every 30s",
    parse: atLeast(1000),
    default: "60s",
  },
  "default-load-balancer": { help: "serve Services of type LoadBalancer that name no loadBalancerClass, too" },
  "log-level": logLevelFlag,
} as const;

export const operatorUsage = `usage: aloft operator [--kubeconfig FILE] [flags]

${flagHelp(operatorFlags)}`;

/** @throws UsageError */
function operatorOptions(args: string[]): OperatorOptions {
  const flags = parseFlags(operatorFlags, args);
  return {
    kubeconfig: flags.kubeconfig,
    http: flags.http,
    statusPage: flags["status-page"],
    leaseNamespace: flags["lease-namespace"],
    identity: flags.identity,
    leaseDurationMs: flags["lease-duration"],
    deadAfterMs: flags["dead-after"],
    defaultLoadBalancer: flags["default-load-balancer"],
    logLevel: flags["log-level"],
  };
}

/** Runs until a signal; the process exits from its own shutdown. */
export async function runOperatorCommand(args: string[]): Promise<number | undefined> {
  const options = operatorOptions(args);
  const { runOperator } = await import("../operator/main.ts");
  return runOperator(options);
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const milliseconds = parseDuration(text);
    if (milliseconds === undefined || milliseconds < least) throw new Error(`must be a duration of at least ${least / 1000}s, such as 15s`);
    return milliseconds;
  };
}
