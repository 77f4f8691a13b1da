/** The agent in a cluster: watch → last-known file → core, and core → status. */

import type { Condition } from "../../api/condition.ts";
import type { NodeAgentStatus } from "../../api/nodeAgent.ts";
import { systemClock as clock } from "../../runtime/clock.ts";
import { readEnvironment } from "../../runtime/env.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Shutdown } from "../../runtime/shutdown.ts";
import { version } from "../../runtime/version.ts";
import { shareSecrets } from "../credentials/secrets.ts";
import { nodeDoctor } from "../doctor/nodeDoctor.ts";
import { readMachine } from "../doctor/readMachine.ts";
import { type Host, serveProbes, startHost } from "../host.ts";
import { describeSetting } from "../kernelSettings/settingFiles.ts";
import type { OwnedSysctls } from "../kernelSettings/sysctls.ts";
import type { AgentOptions } from "../options.ts";
import { LocalPrograms } from "../programs/localPrograms.ts";
import { spareMemory } from "../spareMemory.ts";
import { removeEmptyState } from "../state/emptyState.ts";
import { LastKnownFile } from "../state/lastKnown.ts";
import { readNodeFacts } from "../status/nodeFacts.ts";
import { buildStatus } from "../status/status.ts";
import { ApiClient } from "./apiClient.ts";
import { loadClusterAccess } from "./clusterAccess.ts";
import { ClusterSecrets } from "./clusterSecrets.ts";
import { NodeAgentController } from "./nodeAgentController.ts";
import { writeStatus } from "./nodeAgentStatus.ts";
import { watchNodeAgent } from "./nodeAgentWatch.ts";
import { NodeRemoval } from "./nodeRemoval.ts";
import { PodWatch } from "./podWatch.ts";
import { Reporter } from "./reporter.ts";
import { VirtualServerWatch } from "./virtualServerWatch.ts";

/** A node that goes down must not wait for an API server that is down too. */
const lastReportLimitMs = 2000;

/** @throws Error with a code and a sentence when the agent cannot start. An API server that does not answer is no reason. */
export async function runInCluster(kubeconfig: string | undefined, options: AgentOptions, log: Logger, shutdown: Shutdown): Promise<void> {
  const access = await loadClusterAccess(kubeconfig, readEnvironment(), clock);
  const client = new ApiClient(access, clock);
  // One that could not start has nothing to tell, and the files may be another agent's.
  let hasStarted = false;
  shutdown.step("remove the state of a node that runs nothing", () => (hasStarted ? removeEmptyState(options.stateDirectory) : undefined));
  shutdown.step("close the connections", () => client.close());
  const stopped = { value: false };
  const reporter: Reporter = new Reporter({
    clock,
    log: log.child({ component: "reporter" }),
    build: () => build(),
    write: (status, signal) => writeStatus(client, options.node, status, signal),
  });
  // Before the host, so that it runs after the host's steps: first resign, then tell.
  shutdown.step("report the end", async () => {
    stopped.value = true;
    if (hasStarted) await reporter.stop(lastReportLimitMs);
  });
  const { stateDirectory, node, allowedDirectories, scriptUser } = options;
  const { signal } = shutdown;
  const secrets = new ClusterSecrets({
    client,
    namespace: access.namespace(),
    stateDirectory,
    clock,
    log: log.child({ component: "secrets" }),
    signal,
    onChange: () => void host.runner.applyAgain().then(() => reporter.changed()),
  });
  const pods = new PodWatch({ client, node, clock, log: log.child({ component: "pods" }), signal });
  const secretsFor = shareSecrets(secrets);
  const servers = new VirtualServerWatch({
    client,
    node: options.node,
    secrets: secretsFor(),
    stateDirectory,
    clock,
    log: log.child({ component: "virtual servers" }),
    signal,
    onChange: () => void host.balancing.sourceChanged(),
  });
  // An object of the cluster must not choose who its programs run as.
  const programs = new LocalPrograms({ allowedDirectories, scriptUser, perProgramUser: false, clock, log });
  const parts = { programs, secrets: secretsFor(), pods, servers, makesFiles: false, staysPrepared: true };
  const host: Host = await startHost(options, parts, log, shutdown);
  const damagedSecrets = await secrets.open();
  if (damagedSecrets) host.problems.push(damagedSecrets);
  await servers.open();
  let http: string | undefined;
  const controller = new NodeAgentController({
    lastKnown: new LastKnownFile(stateDirectory, node, clock.wallNow),
    runner: host.runner,
    log: log.child({ component: "configuration" }),
    // An agent is often there before its NodeAgent, and its reports have failed until then.
    onChange: () => reporter.reachable(),
  });
  const fileProblems = () => [
    ...host.problems,
    ...[host.runner.journalError, controller.saveError].flatMap((problem) => (problem ? `${problem}.` : [])),
    ...secrets.problems,
    ...host.balancing.problems,
    ...servers.problems,
    ...host.settings.problems,
  ];
  const build = statusBuilder(host, fileProblems, stopped, () => http);
  hasStarted = true;
  host.onEvents(() => reporter.changed());
  host.companions.onResults(() => reporter.changed());
  host.balancing.onStatus(() => reporter.serversChanged());
  const damage = await controller.start();
  if (damage) host.problems.push(damage);
  // The configuration is the API server's business; some init systems send it nevertheless, and its default is to end the process.
  process.on("SIGHUP", () => log.info({}, "there is nothing to reload in a cluster"));
  const removal = new NodeRemoval({
    client,
    node,
    clock,
    log: log.child({ component: "removal" }),
    signal,
    onRemoved: () => controller.onNodeRemoved(),
  });
  const watch = watchNodeAgent(
    node,
    {
      onObject: (object) => {
        removal.onPresent();
        controller.onObject(object);
      },
      onMissing: () => {
        controller.onMissing();
        removal.onMissing();
      },
      onReachable: () => reporter.reachable(),
    },
    { client, clock, log: log.child({ component: "watch" }), signal },
  );
  http = await serveProbes(options, host, { lastKnownSavedAt: () => controller.savedAt, apiSilence: () => watch.silence }, log);
  void watch.run();
  reporter.changed();
  spareMemory();
}

function statusBuilder(
  { core, runner, companions, balancing, settings }: Host,
  fileProblems: () => string[],
  stopped: { value: boolean },
  http: () => string | undefined,
): () => NodeAgentStatus {
  const startedAt = clock.wallNow();
  const findingsOf = nodeDoctor(
    () => readMachine(contested(settings)),
    () => balancing.schedulers(),
    clock,
  );
  let conditions: Condition[] = [];
  let snapshot = core.snapshot();
  return () => {
    // A core that has ended has nothing to tell any more.
    if (!stopped.value) snapshot = core.snapshot();
    const status = buildStatus({
      version,
      startedAt,
      now: clock.wallNow(),
      stopped: stopped.value,
      http: stopped.value ? undefined : http(),
      applied: runner.applied,
      snapshot,
      checks: companions.checkReports(),
      virtualServers: balancing.statuses(),
      preflight: readNodeFacts(snapshot),
      fileProblems: fileProblems(),
      findings: runner.applied ? findingsOf(runner.applied.accepted) : [],
      conditions,
    });
    conditions = status.conditions ?? [];
    return status;
  };
}

function contested({ changes }: OwnedSysctls) {
  return changes.map(({ path, ...change }) => ({ ...change, setting: describeSetting(path) }));
}
