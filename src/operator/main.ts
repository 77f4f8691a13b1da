/** Wiring of the operator: client, leader election, HTTP, shutdown. */
import { randomUUID } from "node:crypto";
import { KubeClient } from "../kube/client.ts";
import { KubeError } from "../kube/kubeError.ts";
import { LeaderElector } from "../kube/leaderElection.ts";
import { createKubeMetrics } from "../kube/metrics.ts";
import { systemClock } from "../runtime/clock.ts";
import { readEnvironment } from "../runtime/env.ts";
import { limitGarbage } from "../runtime/heap.ts";
import { type HttpQuestion, startHttpServer } from "../runtime/httpServer.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { collectProcessMetrics, Metrics } from "../runtime/metrics.ts";
import { Shutdown } from "../runtime/shutdown.ts";
import { version } from "../runtime/version.ts";
import { createOperatorMetrics } from "./metrics.ts";
import { Onlooker } from "./onlooker.ts";
import type { OperatorOptions } from "./options.ts";
import type { PageFacts } from "./page/facts.ts";
import { StatusPage } from "./statusPage.ts";
import { Term } from "./term.ts";

const leaseName = "aloft-operator";
/** Enough to end a write and to release the lease; less than the 30 s that the kubelet waits. */
const shutdownLimitMs = 10_000;
/** Plans leave much behind, and what is kept of a cluster is little: half the memory, for a tenth more processor time. */
const mostGarbagePercent = 40;

/** Starts the operator, which then runs until a signal. Returns 1, with the reason on standard error, when it cannot start. */
export async function runOperator(options: OperatorOptions): Promise<number | undefined> {
  limitGarbage(mostGarbagePercent);
  const environment = readEnvironment();
  const identity = options.identity ?? `${environment.podName ?? environment.hostName}_${randomUUID()}`;
  const log = createLogger(options.logLevel, { identity });
  const shutdown = new Shutdown({ log: log.child({ component: "shutdown" }), timeLimit: shutdownLimitMs });
  process.on("uncaughtException", (error) => {
    log.fatal({ error }, "uncaught exception");
    process.exit(1);
  });
  try {
    const client = new KubeClient({ kubeconfig: options.kubeconfig, userAgent: `aloft-operator/${version}` });
    shutdown.step("connections", () => client.close());
    log.info({ version, server: client.server }, "starting");
    await run(options, client, identity, log, shutdown);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError || isSystemError(error))) throw error;
    process.stderr.write(`aloft: ${error.message}\n`);
    await shutdown.run(1);
    return 1;
  }
}

async function run(options: OperatorOptions, client: KubeClient, identity: string, log: Logger, shutdown: Shutdown): Promise<void> {
  const metrics = new Metrics();
  collectProcessMetrics(metrics);
  const kubeMetrics = createKubeMetrics(metrics);
  const operatorMetrics = createOperatorMetrics(metrics);
  const onlooker = new Onlooker({ client, deadAfterMs: options.deadAfterMs, clock: systemClock, log });
  shutdown.step("onlooker", () => onlooker.stop());
  const lease = { namespace: options.leaseNamespace ?? readEnvironment().podNamespace ?? client.namespace, name: leaseName };
  let term: Term | undefined;
  const elector = new LeaderElector({
    client,
    lease,
    identity,
    ...leaseTimes(options.leaseDurationMs),
    onStarted(signal) {
      const { deadAfterMs, defaultLoadBalancer } = options;
      term = new Term({
        client,
        identity,
        deadAfterMs,
        defaultLoadBalancer,
        clock: systemClock,
        log,
        metrics: operatorMetrics,
        kubeMetrics,
      });
      onlooker.beginTerm(term.caches);
      return term.run(signal);
    },
    onStopped() {
      term = undefined;
      onlooker.endTerm();
    },
    logger: log.child({ component: "leaderElection" }),
    metrics: kubeMetrics,
  });
  const readyChecks = {
    leader: () => (elector.leader() === "" ? "no leader has been seen yet" : undefined),
    caches: () => (term && term.caches.unsynced.length > 0 ? `waiting for the lists of ${term.caches.unsynced.join(", ")}` : undefined),
  };
  await serve(options, metrics, readyChecks, log, shutdown);
  const look = async () => ({
    ...(await onlooker.look()),
    replica: { identity, leads: elector.isLeader(), leader: elector.leader() },
    lease,
    isDefault: options.defaultLoadBalancer,
    version,
    now: systemClock.wallNow(),
  });
  await serveStatusPage(options, { metrics, readyChecks }, look, log, shutdown);
  const election = elector.run(shutdown.signal);
  shutdown.step("leadership", () => election);
}

/** As client-go's defaults of 15 s, 10 s and 2 s, in proportion. */
function leaseTimes(leaseDurationMs: number) {
  return { leaseDurationMs, renewDeadlineMs: (leaseDurationMs * 2) / 3, retryPeriodMs: (leaseDurationMs * 2) / 15 };
}

type Checks = Parameters<typeof startHttpServer>[0]["readyChecks"];

/** @throws the system's error when the address cannot be listened on: in a cluster the probes need it. */
async function serve({ http }: OperatorOptions, metrics: Metrics, readyChecks: Checks, log: Logger, shutdown: Shutdown): Promise<void> {
  if (!http) return;
  const result = await startHttpServer({ ...http, metrics, healthChecks: { process: () => undefined }, readyChecks });
  if (!result.ok) throw result.error;
  log.info({ host: http.host, port: result.server.port }, "serving /metrics, /healthz and /readyz");
  shutdown.step("http", () => result.server.close());
}

/** Nothing depends on it: an address that cannot be listened on is a warning. */
async function serveStatusPage(
  { statusPage: address }: OperatorOptions,
  others: { metrics: Metrics; readyChecks: Checks },
  look: () => Promise<PageFacts>,
  log: Logger,
  shutdown: Shutdown,
): Promise<void> {
  if (!address) return;
  const page = new StatusPage({ look, isLocal: isLoopback(address.host) });
  const documents = { "/": (question: HttpQuestion) => page.answer(question) };
  const result = await startHttpServer({ ...address, ...others, healthChecks: { process: () => undefined }, documents });
  if (!result.ok) return log.warn({ ...address, error: result.error }, "the status page is not served");
  log.info({ host: address.host, port: result.server.port }, "serving the status page");
  shutdown.step("status page", () => result.server.close());
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
