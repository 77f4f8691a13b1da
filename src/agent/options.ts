import type { TunnelDevice } from "../api/nodeAgent.ts";
import type { LogLevel } from "../runtime/log.ts";

export interface AgentOptions {
  /** Where the configuration comes from. */
  source:
    | { kind: "standalone"; file: string; configId?: string }
    | { kind: "cluster"; kubeconfig?: string }
    | { kind: "realserver"; addresses: string[]; tunnels: TunnelDevice[] };
  /** Name of this node, which is also the name of its NodeAgent. */
  node: string;
  stateDirectory: string;
  /** What stands for /proc/sys where that can only be read. */
  sysctlDirectory?: string;
  /** Directories below which programs of checks and notifications may lie; none: no program runs. */
  allowedDirectories: string[];
  /** The user that they run as; undefined for the default. */
  scriptUser?: string;
  /** Where /metrics, /healthz and /readyz are served; undefined when they are not. */
  http?: { host: string; port: number };
  logLevel: LogLevel;
}
