/** `aloft installation`: what the Helm chart runs in Jobs. */
import { parseDuration } from "../api/duration.ts";
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import { readEnvironment } from "../runtime/env.ts";
import type { Output } from "./cli.ts";
import { flagHelp, parseArguments, UsageError } from "./flags.ts";
import type { Surroundings } from "./installation/surroundings.ts";

export const installationFlags = {
  timeout: { placeholder: "DURATION", help: "how long to wait until it is so", parse: parseTimeout, default: "60s" },
  namespace: { placeholder: "NAMESPACE", help: "of operator and agents; default: $POD_NAMESPACE, then that of the kubeconfig" },
  kubeconfig: {
    placeholder: "FILE",
    help: "how to reach the API server; default: $KUBECONFIG, then the pod's service account, then ~/.kube/config",
  },
} as const;

export const installationUsage = `usage: aloft installation verify    whether operator and agents work (helm test)
       aloft installation withdraw  end the operator, have all nodes give up what they hold, let objects be deleted (helm uninstall)

${flagHelp(installationFlags)}`;

const subcommands: Record<string, () => Promise<(surroundings: Surroundings) => Promise<boolean>>> = {
  verify: async () => (await import("./installation/verify.ts")).verify,
  withdraw: async () => (await import("./installation/withdraw.ts")).withdraw,
};

const pollMs = 500;
/** As the operator's --dead-after. */
const silentMs = 60_000;

/** @returns 0; 1 when the API server cannot be asked, or it is not so in time. */
export async function runInstallationCommand(args: string[], output: Output): Promise<number> {
  const { flags, words } = parseArguments(installationFlags, args);
  const load = subcommands[words[0] ?? ""];
  if (!load || words.length > 1) throw new UsageError("installation: expected verify or withdraw");
  const { KubeClient } = await import("../kube/client.ts");
  let client: InstanceType<typeof KubeClient> | undefined;
  try {
    client = new KubeClient({ kubeconfig: flags.kubeconfig });
    const run = await load();
    const namespace = flags.namespace ?? readEnvironment().podNamespace ?? client.namespace;
    const waitUntil = patience(systemClock, flags.timeout);
    const isSilent: Surroundings["isSilent"] = ({ lastReportTime }) =>
      lastReportTime === undefined || Date.now() - Date.parse(lastReportTime) > silentMs;
    return (await run({ client, namespace, say: output.out, waitUntil, isSilent })) ? 0 : 1;
  } catch (error) {
    output.error(`aloft: ${(error as Error).message}`);
    return 1;
  } finally {
    await client?.close();
  }
}

/** One deadline for all that is waited for. */
function patience(clock: Clock, waitMs: number): Surroundings["waitUntil"] {
  const deadline = clock.now() + waitMs;
  return async (isTrue) => {
    while (!(await isTrue())) {
      if (clock.now() >= deadline) return false;
      await sleep(clock, pollMs);
    }
    return true;
  };
}

function parseTimeout(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new Error('must be a duration such as "60s"');
  return milliseconds;
}
