/** The agent without Kubernetes: a file instead of the NodeAgent, SIGHUP instead of the watch. */
import { readFile } from "node:fs/promises";
import type { Logger } from "../runtime/log.ts";
import type { Shutdown } from "../runtime/shutdown.ts";
import { readMissingCapabilities } from "./capabilities.ts";
import { type Host, serveProbes, startHost } from "./host.ts";
import { canMulticast } from "./linkFlags.ts";
import type { DesiredState } from "./native.ts";
import type { AgentOptions } from "./options.ts";
import { processProblems, routerProblem } from "./preflight.ts";
import { type FileProblem, type ParsedFile, parseStandaloneFile } from "./standaloneFile.ts";
import { planStandalone } from "./standalonePlan.ts";

/** @throws Error with code ALOFT_CONFIGURATION when the file cannot be used. */
export async function runStandalone(file: string, options: AgentOptions, log: Logger, shutdown: Shutdown): Promise<void> {
  // Before anything is touched: a mistake in the file must not cost a running twin its state directory's lock or the core a start.
  usable(file, await load(file));
  const host = await startHost(options, log, shutdown);
  const problems = await applyFile(file, options.node, host, log);
  if (problems.length > 0) throw configurationError(file, problems);
  await serveProbes(options, host, {}, log);
  announceReady(host, log);
  let reloading: Promise<void> = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(() => reload(file, options.node, host, log));
  });
}

async function reload(file: string, node: string, host: Host, log: Logger): Promise<void> {
  const problems = await applyFile(file, node, host, log).catch((error: Error) => [error.message]);
  if (problems.length > 0) log.error({ file, problems }, "reload refused; the old configuration goes on");
  else announceReady(host, log);
}

/** Reads, plans and applies the file, or returns what is wrong with it, and nothing has changed. */
async function applyFile(file: string, node: string, host: Host, log: Logger): Promise<string[]> {
  const { core, runner } = host;
  const parsed = await load(file);
  if (!parsed.ok) return lines(file, parsed.problems);
  const plan = planStandalone(parsed.virtualIPs, { name: node, links: core.snapshot().links });
  if (!plan.ok) return lines(file, plan.problems);
  const { coreError, rejected, desired } = await runner.apply(plan.spec);
  warnOfProblems(desired, host, log);
  const refused = rejected.map(({ virtualIP, family, message }) => `${file}: ${virtualIP}/${family}: ${message}`);
  return coreError ? [`${file}: ${coreError.message}`] : refused;
}

/** What a NodeAgent's condition Preflight tells in a cluster: it does not stop the agent, as a link may come up later. */
function warnOfProblems({ routers }: DesiredState, { core }: Host, log: Logger): void {
  const facts = { missingCapabilities: readMissingCapabilities(), links: core.snapshot().links, multicast: canMulticast };
  for (const problem of processProblems(facts)) log.warn({ problem }, "the node lacks something");
  for (const router of routers) {
    const problem = routerProblem(router, facts);
    if (problem) log.warn({ virtualRouter: router.key, problem }, "a virtual router lacks something on this node");
  }
}

async function load(file: string): Promise<ParsedFile> {
  try {
    return parseStandaloneFile(await readFile(file, "utf8"));
  } catch (cause) {
    throw Object.assign(new Error(`cannot read ${file}: ${(cause as Error).message}`, { cause }), { code: "ALOFT_CONFIGURATION" });
  }
}

function usable(file: string, parsed: ParsedFile): void {
  if (!parsed.ok) throw configurationError(file, lines(file, parsed.problems));
}

function lines(file: string, problems: FileProblem[]): string[] {
  return problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
}

function configurationError(file: string, problems: string[]): Error {
  const message = `${file} cannot be used:\n${problems.join("\n")}`;
  return Object.assign(new Error(message), { code: "ALOFT_CONFIGURATION" });
}

/** One line that names all virtual routers, once each of them has left INIT. */
function announceReady({ core, runner, onEvents }: Host, log: Logger): void {
  const wanted = runner.applied?.desired.routers.map(({ key }) => key) ?? [];
  const check = () => {
    const states = new Map(core.snapshot().routers.map(({ key, state }) => [key, state]));
    if (wanted.some((key) => (states.get(key) ?? "INIT") === "INIT")) return;
    stop();
    log.info({ virtualRouters: wanted.map((key) => ({ virtualRouter: key, state: states.get(key) })) }, "ready");
  };
  const stop = onEvents(check);
  check();
}
