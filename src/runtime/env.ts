/** The only place that reads process.env. */
import { hostname } from "node:os";
import { z } from "zod";

const environmentSchema = z.object({
  KUBECONFIG: z.string().optional(),
  HOME: z.string().optional(),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: z.string().optional(),
  NODE_NAME: z.string().optional(),
  POD_NAME: z.string().optional(),
  POD_NAMESPACE: z.string().optional(),
});

export interface Environment {
  /** Paths of KUBECONFIG, in order; empty when it is not set. */
  kubeconfigPaths: string[];
  home: string;
  /** Where a pod reaches the API server; undefined outside a cluster. */
  inCluster?: { host: string; port: number };
  /** NODE_NAME, which the DaemonSet sets from spec.nodeName; undefined elsewhere. */
  nodeName?: string;
  podName?: string;
  podNamespace?: string;
  hostName: string;
}

/** Empty variables count as absent, as they do for kubectl. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const env = environmentSchema.parse(present);
  const inCluster = env.KUBERNETES_SERVICE_HOST
    ? { host: env.KUBERNETES_SERVICE_HOST, port: Number(env.KUBERNETES_SERVICE_PORT ?? 443) }
    : undefined;
  return {
    kubeconfigPaths: (env.KUBECONFIG ?? "").split(":").filter((path) => path !== ""),
    home: env.HOME ?? "/",
    inCluster,
    nodeName: env.NODE_NAME,
    podName: env.POD_NAME,
    podNamespace: env.POD_NAMESPACE,
    hostName: hostname(),
  };
}
