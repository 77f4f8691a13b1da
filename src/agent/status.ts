/** What the core says and what was asked of it → NodeAgent.status. Pure. */
import { type Condition, type ConditionFinding, setConditions } from "../api/condition.ts";
import { roundToMicroseconds } from "../api/duration.ts";
import { familyField } from "../api/fields.ts";
import type { InterfaceStatus, NodeAgentStatus, VirtualRouterStatus } from "../api/nodeAgent.ts";
import { type EntryProblem, routerKey } from "./desired.ts";
import type { DesiredRouter, LinkSnapshot, RouterSnapshot, Snapshot } from "./native.ts";
import { type PreflightFacts, processProblems, routerProblem } from "./preflight.ts";
import type { AppliedSpec } from "./specRunner.ts";

export interface StatusFacts {
  version: string;
  startedAt: Date;
  now: Date;
  stopped: boolean;
  applied?: AppliedSpec;
  snapshot: Snapshot;
  preflight: PreflightFacts;
  /** The state directory, the last-known file: sentences about what is wrong with them. */
  fileProblems: string[];
  /** The conditions of the status before, for lastTransitionTime. */
  conditions: Condition[];
}

/** Limits of the API schema. */
const most = { interfaces: 128, addresses: 256, routers: 1024, message: 1024, conditionMessage: 32_768 };

export function buildStatus(facts: StatusFacts): NodeAgentStatus {
  const { snapshot, applied } = facts;
  const problems = new Map(applied?.desired.routers.map((router) => [router.key, routerProblem(router, facts.preflight)]));
  const running = runningRouters(facts, problems);
  const refused = (applied?.rejected ?? []).flatMap((problem) => refusedRouter(problem, applied?.appliedAt ?? facts.now) ?? []);
  const known = new Set(running.map(({ virtualIP, family }) => routerKey(virtualIP, family)));
  const virtualRouters = [...running, ...refused.filter(({ virtualIP, family }) => !known.has(routerKey(virtualIP, family)))];
  const count = (state: VirtualRouterStatus["state"]) => running.filter((router) => router.state === state).length;
  const findings = [realTime(snapshot), preflightCondition(facts, problems), configurationApplied(applied)];
  const fitting = findings.map((finding) => ({ ...finding, message: cut(finding.message, most.conditionMessage) }));
  const conditions = setConditions(facts.conditions, fitting, applied?.generation, facts.now.toISOString());
  return {
    observedGeneration: applied?.generation,
    state: agentState(facts, conditions, count("FAULT")),
    version: facts.version,
    startTime: facts.startedAt.toISOString(),
    lastReportTime: facts.now.toISOString(),
    masters: count("MASTER"),
    backups: count("BACKUP"),
    faults: count("FAULT"),
    virtualRouters: virtualRouters.slice(0, most.routers),
    interfaces: reportedInterfaces(snapshot.links),
    conditions,
  };
}

function runningRouters(
  { snapshot, applied, now, stopped }: StatusFacts,
  problems: Map<string, string | undefined>,
): VirtualRouterStatus[] {
  const snapshots = new Map(snapshot.routers.map((router) => [router.key, router]));
  const adjusted = new Map(applied?.adjusted.map((problem) => [routerKey(problem.virtualIP, problem.family), problem.message]));
  return (applied?.desired.routers ?? []).map((desired) => {
    const state = stopped
      ? idleRouter(desired, now, "Stopped")
      : routerStatus(desired, snapshots.get(desired.key), applied?.appliedAt ?? now);
    const message = [state.message, problems.get(desired.key), adjusted.get(desired.key)].filter(Boolean).join(" ");
    return { ...state, message: message === "" ? undefined : cut(message, most.message) };
  });
}

function routerStatus(desired: DesiredRouter, router: RouterSnapshot | undefined, appliedAt: Date): VirtualRouterStatus {
  const idle = idleRouter(desired, appliedAt, "Starting");
  if (!router) return idle;
  return {
    ...idle,
    state: router.state,
    priority: router.priority,
    since: new Date(router.changedAt).toISOString(),
    reason: router.reason || idle.reason,
    peer: router.peer || undefined,
    silenceMs: router.silenceMs === undefined ? undefined : roundToMicroseconds(router.silenceMs),
    transitions: router.transitions,
    message: router.message || undefined,
  };
}

/** A router that the core does not know, or does not know any more. */
function idleRouter(
  { key, family, priority }: Pick<DesiredRouter, "key" | "family" | "priority">,
  since: Date,
  reason: string,
): VirtualRouterStatus {
  const virtualIP = key.slice(0, key.lastIndexOf("/"));
  return { virtualIP, family, state: "INIT", priority, since: since.toISOString(), reason, transitions: 0 };
}

/** None for an entry that names no virtual router: only the condition can tell of it. */
function refusedRouter(problem: EntryProblem, since: Date): VirtualRouterStatus | undefined {
  const { virtualIP, priority = 1, message } = problem;
  const family = familyField.safeParse(problem.family).data;
  if (virtualIP === "" || !family) return undefined;
  return { ...idleRouter({ key: routerKey(virtualIP, family), family, priority }, since, "Rejected"), message: cut(message, most.message) };
}

function realTime({ realTime: { granted, message } }: Snapshot): ConditionFinding {
  return granted
    ? { type: "RealTime", status: "True", reason: "Granted", message: "The timers run with real-time priority." }
    : { type: "RealTime", status: "False", reason: "NotPermitted", message: message || "The timers run without real-time priority." };
}

function preflightCondition(facts: StatusFacts, problems: Map<string, string | undefined>): ConditionFinding {
  const routers = new Set([...problems.values()].filter((problem) => problem !== undefined));
  const sentences = [...processProblems(facts.preflight), ...facts.fileProblems, ...routers];
  return sentences.length === 0
    ? { type: "Preflight", status: "True", reason: "Passed", message: "The node has what its virtual routers need." }
    : { type: "Preflight", status: "False", reason: "Failed", message: sentences.join(" ") };
}

function configurationApplied(applied: AppliedSpec | undefined): ConditionFinding {
  const type = "ConfigurationApplied";
  if (!applied) return { type, status: "Unknown", reason: "Waiting", message: "No configuration has been received yet." };
  const { coreError, rejected } = applied;
  if (coreError) return { type, status: "False", reason: "Refused", message: `The core refused the configuration: ${coreError.message}.` };
  if (rejected.length === 0) return { type, status: "True", reason: "Applied", message: "All virtual routers of the specification run." };
  const entries = rejected.map(({ virtualIP, family, message }) => `${routerKey(virtualIP || "?", family || "?")}: ${message}`);
  return { type, status: "False", reason: "EntriesRejected", message: `Refused: ${entries.join("; ")}.` };
}

/** Missing real time is a matter of the node's configuration, which the floor of the interval answers: it does not degrade the agent. */
function agentState(facts: StatusFacts, conditions: Condition[], faults: number): NodeAgentStatus["state"] {
  if (facts.stopped) return "Stopped";
  if (!facts.applied) return "Starting";
  const bad = conditions.some(({ type, status }) => type !== "RealTime" && status === "False");
  return bad || faults > 0 ? "Degraded" : "Running";
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

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
