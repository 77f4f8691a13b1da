/** Wiring of the agent: in a cluster, or standalone from a file. */
import { createLogger } from "../runtime/log.ts";
import { Shutdown } from "../runtime/shutdown.ts";
import { version } from "../runtime/version.ts";
import type { AgentOptions } from "./options.ts";

/** More than the core needs to resign and the API server to take a last report; less than the 30 s that the kubelet waits. */
const shutdownLimitMs = 10_000;

/** Starts the agent, which then runs until a signal. Returns 1, with the reason on standard error, when it cannot start. */
export async function runAgent(options: AgentOptions): Promise<number | undefined> {
  const log = createLogger(options.logLevel, { node: options.node });
  const shutdown = new Shutdown({ log: log.child({ component: "shutdown" }), timeLimit: shutdownLimitMs });
  process.on("uncaughtException", (error) => {
    log.fatal({ error }, "uncaught exception");
    // The core's own clean-up hook resigns.
    process.exit(1);
  });
  try {
    log.info({ version, stateDirectory: options.stateDirectory, source: options.source }, "starting");
    const { source } = options;
    // Each way in loads only what it needs: an agent in a pod has no use for a YAML parser.
    if (source.kind === "standalone") await (await import("./standalone/standalone.ts")).runStandalone(source, options, log, shutdown);
    else if (source.kind === "realserver") await (await import("./realServer.ts")).runRealServer(source, options, log, shutdown);
    else await (await import("./cluster/cluster.ts")).runInCluster(source.kubeconfig, options, log, shutdown);
    return undefined;
  } catch (error) {
    // Errors with a code are sentences for the person who started the agent; anything else is a defect and shows its stack.
    const { code, message, stack } = error as NodeJS.ErrnoException;
    process.stderr.write(`aloft: ${code?.startsWith("ALOFT_") ? message : stack}\n`);
    await shutdown.run(1);
    return 1;
  }
}
