/** The agent without Kubernetes: a file instead of the NodeAgent, SIGHUP instead of the watch. */
import { systemClock as clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Shutdown } from "../../runtime/shutdown.ts";
import { FixedSecrets } from "../credentials/secrets.ts";
import type { Plan } from "../desired/desired.ts";
import { planSpec } from "../desired/planSpec.ts";
import type { EntryProblem } from "../desired/specEntries.ts";
import { type Host, serveProbes, startHost } from "../host.ts";
import { readHostLinks } from "../kernelSettings/hostLinks.ts";
import type { AgentOptions } from "../options.ts";
import { processProblems, routerProblem } from "../preflight.ts";
import { LocalPrograms } from "../programs/localPrograms.ts";
import { serverPrograms } from "../serverPrograms.ts";
import { spareMemory } from "../spareMemory.ts";
import { readNodeFacts } from "../status/nodeFacts.ts";
import { announceReady } from "../status/ready.ts";
import { loadConfiguration, type StandaloneConfiguration, type StandaloneSource } from "./standaloneSource.ts";

export interface StandaloneFile {
  file: string;
  configId?: string;
}

/** @throws Error with code ALOFT_CONFIGURATION when the file cannot be used; what is wrong has been written to standard error then. */
export async function runStandalone(
  { file, configId }: StandaloneFile,
  options: AgentOptions,
  log: Logger,
  shutdown: Shutdown,
): Promise<void> {
  const { node, allowedDirectories, scriptUser } = options;
  const source: StandaloneSource = { file, node, configId, hasScriptUser: scriptUser !== undefined };
  const programs = new LocalPrograms({ allowedDirectories, scriptUser, perProgramUser: true, clock, log });
  // Before anything is touched: a mistake in the file must not cost a running twin its state directory's lock or the core a start.
  const problems = await problemsOf(source, programs);
  if (problems.length > 0) throw configurationError(file, problems);
  const started = Promise.withResolvers<Host>();
  // From now on, as the signal's default is to end the process: whoever sends it early is served when all runs.
  let reloading = started.promise;
  process.on("SIGHUP", () => {
    reloading = reloading.then(async (host) => {
      if (!shutdown.signal.aborted) await reload(source, host, log);
      return host;
    });
  });
  const host = await startHost(options, { programs, secrets: new FixedSecrets(), makesFiles: true, staysPrepared: false }, log, shutdown);
  const refused = await applyFile(source, host, log);
  if (refused.length > 0) throw configurationError(file, refused);
  await serveProbes(options, host, {}, log);
  announceReady(host, log);
  started.resolve(host);
}

async function reload(source: StandaloneSource, host: Host, log: Logger): Promise<void> {
  const { file } = source;
  const problems = await applyFile(source, host, log).catch((error: Error) => [`${file}: error: ${error.message}`]);
  if (problems.length === 0) return announceReady(host, log);
  write(problems);
  log.error({ file, problems }, "reload refused; the old configuration goes on");
}

/** What is wrong with the file, as far as can be told without the core. */
async function problemsOf(source: StandaloneSource, programs: LocalPrograms): Promise<string[]> {
  const loaded = await loadConfiguration(source, readHostLinks());
  if (!loaded.ok) return loaded.problems;
  const { configuration } = loaded;
  const { spec, secrets, servers } = configuration;
  const plan = await planSpec(spec, { realTime: true, secrets, programs, seesPods: false, makesFiles: true });
  const { refused } = await serverPrograms(servers.virtualServers(), programs);
  return refusals([...plan.rejected, ...refused], configuration);
}

/** Reads, plans and applies the file, or returns what is wrong with it, and nothing has changed. */
async function applyFile(source: StandaloneSource, host: Host, log: Logger): Promise<string[]> {
  const { core, runner, programs } = host;
  const loaded = await loadConfiguration(source, core.snapshot().links);
  if (!loaded.ok) return loaded.problems;
  const { configuration } = loaded;
  const { spec, secrets, servers, warnings, line } = configuration;
  const { refused, skipped } = await serverPrograms(servers.virtualServers(), programs);
  if (refused.length > 0) return refusals(refused, configuration);
  const applied = await runner.apply(spec, { secrets, servers, wholeOrNothing: true });
  if (applied.coreError) return [`${source.file}:1:1: error: ${applied.coreError.message}`];
  const problems = refusals(applied.rejected, configuration);
  if (problems.length > 0) return problems;
  const told = [...applied.adjusted, ...skipped];
  write([...warnings, ...told.map(({ path, subject, message }) => line(path, "warning", `${subject}: ${message}`))]);
  warnOfProblems(applied, host, log);
  spareMemory();
  return [];
}

function refusals(problems: readonly EntryProblem[], { line }: StandaloneConfiguration): string[] {
  return problems.map(({ path, subject, message }) => line(path, "error", `${subject}: ${message}`));
}

/** What a NodeAgent's condition Preflight tells in a cluster: it does not stop the agent, as a link may come up later. */
function warnOfProblems({ desired, accepted }: Plan, { core }: Host, log: Logger): void {
  const facts = readNodeFacts(core.snapshot());
  for (const problem of processProblems(facts, accepted)) log.warn({ problem }, "the node lacks something");
  for (const router of desired.routers) {
    const problem = routerProblem(router, facts);
    if (problem) log.warn({ virtualRouter: router.key, problem }, "a virtual router lacks something on this node");
  }
}

/** As compilers do, beside the log: FILE:LINE:COLUMN: error|warning: MESSAGE. */
function write(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

function configurationError(file: string, problems: string[]): Error {
  write(problems);
  return Object.assign(new Error(`${file} cannot be used`), { code: "ALOFT_CONFIGURATION" });
}
