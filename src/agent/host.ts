/** What both ways in share: the state directory, the core, the journal, metrics and probes, and how all of it ends. */
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../runtime/clock.ts";
import { startHttpServer } from "../runtime/httpServer.ts";
import type { Logger } from "../runtime/log.ts";
import type { Shutdown } from "../runtime/shutdown.ts";
import type { PodWatch } from "./cluster/podWatch.ts";
import { Companions } from "./companions.ts";
import type { SecretSource } from "./credentials/secrets.ts";
import { logEvents } from "./eventLog.ts";
import { kernelSettingFiles } from "./kernelSettings/settingFiles.ts";
import { settingLog } from "./kernelSettings/settingLog.ts";
import { OwnedSysctls } from "./kernelSettings/sysctls.ts";
import { LoadBalancing } from "./loadBalancing.ts";
import { loadAddon } from "./native/addon.ts";
import type { Core } from "./native/core.ts";
import type { CoreEvent } from "./native/events.ts";
import { sumCounts } from "./notify/notificationCounters.ts";
import type { AgentOptions } from "./options.ts";
import type { LocalPrograms } from "./programs/localPrograms.ts";
import type { ServerSource } from "./serverSource.ts";
import { SpecRunner } from "./specRunner.ts";
import { HeldAddressJournal } from "./state/heldAddresses.ts";
import { lockStateDirectory, type StateLock } from "./state/stateLock.ts";
import { reportTable } from "./status/ipvsReport.ts";
import { type ClusterMetrics, createAgentMetrics } from "./status/metrics.ts";

export interface Host {
  /** Held until the process ends; it would be gone with the last reference to it. */
  lock: StateLock;
  core: Core;
  runner: SpecRunner;
  companions: Companions;
  balancing: LoadBalancing;
  programs: LocalPrograms;
  settings: OwnedSysctls;
  /** Sentences about the state directory that the status tells. */
  problems: string[];
  /** Adds a listener for all events of the core; returns how to take it away. */
  onEvents(listener: (batch: CoreEvent[]) => void): () => void;
}

/** What differs between the two ways in. */
export interface HostParts {
  programs: LocalPrograms;
  secrets: SecretSource;
  /** In a cluster. */
  pods?: PodWatch;
  /** In a cluster: who knows the VirtualServers that a configuration names. */
  servers?: ServerSource;
  /** Whether tracked files are made where the configuration says so. */
  makesFiles: boolean;
  /** In a cluster: addresses and settings of a real server stay when the agent ends, so that an update interrupts nothing. */
  staysPrepared: boolean;
  /** False: there will be no virtual routers, and so neither real time nor a gate is needed. Default: true. */
  elects?: boolean;
}

/** The core reads the links when it starts, on a thread of its own; there is always a loopback. */
const linksLimitMs = 2000;
const linksPollMs = 5;
/** How often the journal is looked through while it holds addresses that should be gone, or could not be written. */
const settleMs = 1000;
/** Of programs that still run when all has been told. */
const programsLimitMs = 1000;

/**
 * Locks the state directory and starts the core with what an earlier agent may have left in the kernel.
 * @throws Error with a code and a sentence for the person who started the agent.
 */
export async function startHost(options: AgentOptions, parts: HostParts, log: Logger, shutdown: Shutdown): Promise<Host> {
  const lock = lockStateDirectory(options.stateDirectory);
  const clock = systemClock;
  const journal = new HeldAddressJournal(options.stateDirectory, clock.wallNow);
  const earlier = await journal.open();
  const problems = earlier.kind === "damaged" ? [`The journal of held addresses was damaged (${earlier.reason}).`] : [];
  if (earlier.kind === "damaged") log.error({ ...earlier }, "the journal of held addresses is damaged and was set aside");

  const linkIndex = (name: string) => core.snapshot().links.find((link) => link.name === name)?.index;
  const settings = new OwnedSysctls(options.stateDirectory, kernelSettingFiles(linkIndex, options.sysctlDirectory), clock.wallNow);
  problems.push(...(await openSettings(settings, log)));

  const { programs, secrets, pods, servers, makesFiles, staysPrepared, elects = true } = parts;
  const listeners = new Set<(batch: CoreEvent[]) => void>();
  const addon = loadAddon();
  const started = addon.start({ heldAddresses: journal.addresses, realTime: elects, gate: elects }, (batch) => {
    for (const listener of listeners) listener(batch);
  });
  if (!started.ok) throw Object.assign(new Error(`the core cannot start: ${started.error.message}`), { code: "ALOFT_CORE" });
  const { core } = started;
  const shared = { core, startDialer: addon.startDialer, nat: addon, node: options.node, programs, clock, log };
  const companions = new Companions({ ...shared, pods, makesFiles });
  const { startIpvs } = addon;
  const { stateDirectory } = options;
  // An update of the agent must not cost a connection; without Kubernetes nobody may want what is left behind.
  const balancing = new LoadBalancing({ ...shared, startIpvs, stateDirectory, source: servers, keepsTable: servers !== undefined });
  const damage = await balancing.open();
  if (damage !== undefined) problems.push(damage);
  const facts = { programs, seesPods: pods !== undefined, makesFiles, staysPrepared };
  const runner = new SpecRunner({
    core,
    journal,
    secrets,
    companions,
    balancing,
    settings,
    ...facts,
    clock,
    log: log.child({ component: "core" }),
  });
  // They run in the opposite order: checks end first, and what the end of all else is told by runs last.
  shutdown.step("end the programs", () => programs.stop(programsLimitMs));
  shutdown.step("tell of the end", () => Promise.all([balancing.stopNotify(), companions.stopNotify()]).then(() => {}));
  if (!staysPrepared) shutdown.step("put the settings back", () => settings.restore());
  shutdown.step("end the virtual servers", () => balancing.stop());
  shutdown.step("resign and remove the addresses", () => stopCore(core, runner, log));
  shutdown.step("end the checks", () => Promise.all([balancing.stopChecks(), companions.stopChecks()]).then(() => {}));
  listeners.add((batch) => logEvents(batch, log));
  listeners.add((batch) => companions.onEvents(batch));
  listeners.add((batch) => balancing.onEvents(batch));
  for (let waited = 0; waited < linksLimitMs && core.snapshot().links.length === 0; waited += linksPollMs) await delay(linksPollMs);
  const { realTime, gate } = core.snapshot();
  if (elects && !realTime.granted) log.warn({ reason: realTime.message }, "the core runs without real-time priority");
  if (elects && !gate.active) log.warn({ reason: gate.message }, "the core runs without dead-man switch and detection of conflicts");

  // It also keeps the process alive: neither the core nor signal handlers do, and the HTTP server may be off.
  const logSettings = settingLog(settings, clock, log.child({ component: "settings" }));
  setInterval(() => {
    if (runner.needsSettling) void runner.settle();
    void settings.check().then(logSettings);
  }, settleMs);
  const onEvents: Host["onEvents"] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { lock, core, runner, companions, balancing, settings, programs, problems, onEvents };
}

/** Sentences about what is wrong with their journal. */
async function openSettings(settings: OwnedSysctls, log: Logger): Promise<string[]> {
  const earlier = await settings.open();
  if (earlier.kind !== "damaged") return [];
  log.error({ ...earlier }, "the journal of settings is damaged and was set aside");
  return [`The journal of settings was damaged (${earlier.reason}): what they were before is not known.`];
}

async function stopCore(core: Core, runner: SpecRunner, log: Logger): Promise<void> {
  const result = await core.stop();
  if (result.ok) await runner.forget();
  else log.error({ coreError: result.error }, "the core could not end in order; the journal keeps its addresses for the next start");
}

/**
 * Serves /metrics, /ipvs, /healthz and /readyz until the process ends; a busy port is a warning: addresses matter more than being watched.
 * @returns where: "ADDRESS:PORT".
 */
export async function serveProbes(options: AgentOptions, host: Host, cluster: ClusterMetrics, log: Logger): Promise<string | undefined> {
  if (!options.http) return undefined;
  const { core, runner, companions, balancing } = host;
  const beside = {
    checks: () => companions.checkReports(),
    notifications: () => sumCounts(companions.notificationCounts(), balancing.notificationCounts()),
    balancing,
  };
  const result = await startHttpServer({
    ...options.http,
    metrics: createAgentMetrics({ snapshot: () => core.snapshot(), ...beside, wallNow: systemClock.wallNow, ...cluster }),
    healthChecks: { core: () => void core.snapshot() },
    // A virtual router in FAULT does not count: a cable that is out on one node must not hold up the update of all others.
    readyChecks: { configuration: () => (runner.applied ? undefined : "no configuration has been applied yet") },
    pages: { "/ipvs": async () => reportTable(options.node, await balancing.table(), systemClock.wallNow()) },
  });
  if (!result.ok) {
    log.warn({ ...options.http, error: result.error }, "metrics and probes are not served");
    return undefined;
  }
  const { host: address } = options.http;
  const { port } = result.server;
  log.info({ host: address, port }, "serving metrics and probes");
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
