/** What the core says and what was asked of it → NodeAgent.status. Pure. */
import { type Condition, setConditions } from "../../api/condition.ts";
import { roundToMicroseconds } from "../../api/duration.ts";
import type { Finding } from "../../api/finding.ts";
import type { InterfaceStatus, NodeAgentStatus, UnknownRouter, VirtualRouterStatus } from "../../api/nodeAgent.ts";
import type { NodeVirtualServerStatus } from "../../api/virtualServerStatus.ts";
import type { CheckReport } from "../checks/checkRunner.ts";
import { routerKey, splitKey } from "../desired/desiredRouter.ts";
import type { EntryProblem } from "../desired/specEntries.ts";
import type { DesiredRouter } from "../native/desiredState.ts";
import type { LinkSnapshot, RouterSnapshot, Snapshot } from "../native/snapshot.ts";
import { type PreflightFacts, routerProblem } from "../preflight.ts";
import type { AppliedSpec } from "../specRunner.ts";
import { agentState, failureOf, findConditions } from "./findings.ts";
import { cut, fittingReports } from "./serverReports.ts";

export interface StatusFacts {
  version: string;
  startedAt: Date;
  now: Date;
  stopped: boolean;
  /** Where metrics are served; absent: nowhere. */
  http?: string;
  applied?: AppliedSpec;
  snapshot: Snapshot;
  checks: CheckReport[];
  /** Absent: there never was one. */
  virtualServers?: NodeVirtualServerStatus[];
  preflight: PreflightFacts;
  /** The state directory, the last-known file, the Secrets: sentences about what is wrong with them. */
  fileProblems: string[];
  /** What the doctor has found. */
  findings: Finding[];
  /** The conditions of the status before, for lastTransitionTime. */
  conditions: Condition[];
}

/** Limits of the API schema. */
const most = {
  interfaces: 128,
  addresses: 256,
  routers: 1024,
  unknownRouters: 64,
  message: 1024,
  conditionMessage: 32_768,
  findings: 32,
  sentence: 512,
};

export function buildStatus(facts: StatusFacts): NodeAgentStatus {
  const { snapshot, applied } = facts;
  const problems = new Map(applied?.desired.routers.map((router) => [router.key, routerProblem(router, facts.preflight)]));
  const running = runningRouters(facts, problems);
  const refused = (applied?.rejected ?? []).flatMap((problem) => refusedRouter(problem, applied?.appliedAt ?? facts.now));
  const known = new Set(running.map(({ virtualIP, family }) => routerKey(virtualIP, family)));
  const virtualRouters = [...running, ...refused.filter(({ virtualIP, family }) => !known.has(routerKey(virtualIP, family)))];
  const count = (state: VirtualRouterStatus["state"]) => running.filter((router) => router.state === state).length;
  const findings = findConditions(facts, [...problems.values()]);
  const fitting = findings.map((finding) => ({ ...finding, message: cut(finding.message, most.conditionMessage) }));
  const conditions = setConditions(facts.conditions, fitting, applied?.generation, facts.now.toISOString());
  const macvlans = new Set(applied?.desired.routers.flatMap(({ virtualMACInterface: name }) => name ?? []));
  return {
    observedGeneration: applied?.generation,
    state: agentState(facts, conditions, count("FAULT")),
    version: facts.version,
    startTime: facts.startedAt.toISOString(),
    lastReportTime: facts.now.toISOString(),
    http: facts.http,
    masters: count("MASTER"),
    backups: count("BACKUP"),
    faults: count("FAULT"),
    virtualRouters: virtualRouters.slice(0, most.routers),
    virtualServers: facts.virtualServers && fittingReports(facts.virtualServers),
    interfaces: reportedInterfaces(snapshot.links.filter(({ name }) => !macvlans.has(name))),
    unknownRouters: unknownRouters(facts),
    findings: facts.findings.length > 0 ? facts.findings.slice(0, most.findings).map(cutFinding) : undefined,
    conditions,
  };
}

function runningRouters(facts: StatusFacts, problems: Map<string, string | undefined>): VirtualRouterStatus[] {
  const { snapshot, applied, now, stopped, checks } = facts;
  const snapshots = new Map(snapshot.routers.map((router) => [router.key, router]));
  const adjusted = Map.groupBy(applied?.adjusted ?? [], ({ subject }) => subject);
  const failing = new Map(checks.flatMap((check) => (check.up ? [] : [[check.name, failureOf(check)]])));
  return (applied?.desired.routers ?? []).map((desired) => {
    const state = stopped
      ? idleRouter(desired, now, "Stopped")
      : routerStatus(desired, snapshots.get(desired.key), applied?.appliedAt ?? now);
    const message = [
      state.message,
      problems.get(desired.key),
      ...(desired.checks ?? []).map(({ check }) => failing.get(check)),
      ...(adjusted.get(desired.key) ?? []).map((problem) => problem.message),
    ];
    return { ...state, message: cut(message.filter(Boolean).join(" "), most.message) || undefined };
  });
}

function routerStatus(desired: DesiredRouter, router: RouterSnapshot | undefined, appliedAt: Date): VirtualRouterStatus {
  const idle = idleRouter(desired, appliedAt, "Starting");
  if (!router) return idle;
  const { conflict, foreignRouter } = router;
  return {
    ...idle,
    state: router.state,
    priority: router.priority,
    since: new Date(router.changedAt).toISOString(),
    reason: router.reason || idle.reason,
    peer: router.peer || undefined,
    silenceMs: router.silenceMs === undefined ? undefined : roundToMicroseconds(router.silenceMs),
    transitions: router.transitions,
    handOver: desired.handOver,
    conflict: conflict && { address: conflict.address, mac: conflict.mac, time: new Date(conflict.at).toISOString() },
    foreignRouter: foreignRouter && {
      address: foreignRouter.address,
      reason: foreignRouter.reason,
      time: new Date(foreignRouter.at).toISOString(),
    },
    message: router.message || undefined,
  };
}

/** A router that the core does not know, or does not know any more. */
function idleRouter(
  { key, family, priority }: Pick<DesiredRouter, "key" | "family" | "priority">,
  since: Date,
  reason: string,
): VirtualRouterStatus {
  const { virtualIP } = splitKey(key);
  return { virtualIP, family, state: "INIT", priority, since: since.toISOString(), reason, transitions: 0 };
}

/** None for an entry that names no virtual router: only the condition can tell of it. */
function refusedRouter({ router, message }: EntryProblem, since: Date): VirtualRouterStatus[] {
  if (!router) return [];
  const { virtualIP, family, priority = 1 } = router;
  const idle = idleRouter({ key: routerKey(virtualIP, family), family, priority }, since, "Rejected");
  return [{ ...idle, message: cut(message, most.message) }];
}

/** How long an unknown router is told of after it was heard. */
const unknownRouterMs = 600_000;

/** Absent unless somebody asked for it. */
function unknownRouters({ snapshot, applied, now }: StatusFacts): UnknownRouter[] | undefined {
  if (!applied?.desired.debugUnknownRouters) return undefined;
  const recent = snapshot.unknownRouters.filter(({ at }) => now.getTime() - at <= unknownRouterMs);
  return recent.slice(0, most.unknownRouters).map(({ at, ...router }) => ({ ...router, time: new Date(at).toISOString() }));
}

/** Names that container networks and virtual machines give to the host's ends of their links. */
const foreignNames =
  /^(veth|cali|cilium|lxc|cni|flannel|docker|br-[0-9a-f]{12}$|kube-|nodelocaldns|virbr|vnet|tap|tunl|antrea|ovs|weave|podman)/;

/** The interfaces that can carry a virtual IP: no loopback, no port of a bridge or bond, nothing of a container network. */
export function reportedInterfaces(links: LinkSnapshot[]): InterfaceStatus[] {
  return links
    .filter(({ loopback, master, name }) => !loopback && master === 0 && !foreignNames.test(name))
    .map(({ name, up, mac, addresses }) => ({ name, up, mac: mac || undefined, addresses: addresses.slice(0, most.addresses) }))
    .slice(0, most.interfaces);
}

function cutFinding({ severity, what, why, fix }: Finding): Finding {
  return { severity, what: cut(what, most.sentence), why: cut(why, most.sentence), fix: cut(fix, most.sentence) };
}
