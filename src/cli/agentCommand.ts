import type { AgentOptions } from "../agent/options.ts";
import { readEnvironment } from "../runtime/env.ts";
import { type FlagValues, flagHelp, parseFlags, UsageError } from "./flags.ts";
import { logLevelFlag, parseListenAddress } from "./values.ts";

export const agentFlags = {
  standalone: { help: "run without Kubernetes, from --config" },
  config: {
    placeholder: "FILE",
    help: "with --standalone: a keepalived.conf (*.conf), or YAML documents of kind VirtualIP, VirtualServer, AgentConfig, Secret",
  },
  "config-id": { placeholder: "ID", help: "what @ID in a keepalived.conf is compared with; default: the node's name up to its first dot" },
  kubeconfig: { placeholder: "FILE", help: "how to reach the API server; default: $KUBECONFIG, then the pod's service account" },
  "state-dir": { placeholder: "DIR", help: "where the agent keeps its state; one agent per directory", default: "/var/lib/aloft" },
  "sysctl-dir": { placeholder: "DIR", help: "where settings of the kernel are read and written; default: /proc/sys" },
  "allow-scripts": {
    placeholder: "DIR",
    help: "run programs of checks and notifications that lie below DIR; may be repeated; default: none runs",
    repeatable: true,
  },
  "script-user": { placeholder: "USER", help: "who runs them; default: keepalived_script if there is such a user, else nobody" },
  http: {
    placeholder: "ADDRESS:PORT",
    help: 'where /metrics, /healthz and /readyz are served, or "off"',
    parse: parseListenAddress,
    default: "127.0.0.1:9105",
  },
  node: { placeholder: "NAME", help: "name of this node; default: $NODE_NAME, then the host name" },
  "log-level": logLevelFlag,
} as const;

export const agentUsage = `usage: aloft agent --standalone --config FILE [flags]
       aloft agent [--kubeconfig FILE] [flags]

${flagHelp(agentFlags)}`;

/** @throws UsageError */
export function agentOptions(args: string[], environment = readEnvironment()): AgentOptions {
  const flags = parseFlags(agentFlags, args);
  return {
    source: agentSource(flags),
    node: flags.node ?? environment.nodeName ?? environment.hostName,
    stateDirectory: flags["state-dir"],
    sysctlDirectory: flags["sysctl-dir"],
    allowedDirectories: flags["allow-scripts"].map(absolute),
    scriptUser: flags["script-user"],
    http: flags.http,
    logLevel: flags["log-level"],
  };
}

function absolute(directory: string): string {
  if (!directory.startsWith("/")) throw new UsageError(`--allow-scripts ${directory}: must be an absolute path`);
  return directory;
}

function agentSource(flags: FlagValues<typeof agentFlags>): AgentOptions["source"] {
  const { standalone, config, kubeconfig, "config-id": configId } = flags;
  if (configId !== undefined && !config?.endsWith(".conf")) throw new UsageError("--config-id needs --config with a keepalived.conf");
  if (!standalone) {
    if (config !== undefined) throw new UsageError("--config needs --standalone: in a cluster the NodeAgent object is the configuration");
    return { kind: "cluster", kubeconfig };
  }
  if (kubeconfig !== undefined) throw new UsageError("--kubeconfig and --standalone exclude each other");
  if (config === undefined) throw new UsageError("--standalone needs --config FILE");
  if (!/\.(conf|ya?ml)$/.test(config)) throw new UsageError(`--config ${config}: the name of the file must end in .conf, .yaml or .yml`);
  return { kind: "standalone", file: config, configId };
}

/** Runs until a signal; the process exits from its own shutdown. */
export async function runAgentCommand(args: string[]): Promise<number | undefined> {
  const options = agentOptions(args);
  const { runAgent } = await import("../agent/main.ts");
  return runAgent(options);
}
