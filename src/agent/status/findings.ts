/** The conditions of a NodeAgent, from what the agent knows. Pure. */
import type { Condition, ConditionFinding } from "../../api/condition.ts";
import type { NodeAgentStatus } from "../../api/nodeAgent.ts";
import type { CheckReport } from "../checks/checkRunner.ts";
import type { DesiredRouter } from "../native/desiredState.ts";
import type { Snapshot } from "../native/snapshot.ts";
import { processProblems } from "../preflight.ts";
import type { AppliedSpec } from "../specRunner.ts";
import type { StatusFacts } from "./status.ts";

/** @param routerProblems what is wrong on the node for each virtual router; undefined where nothing is. */
export function findConditions(facts: StatusFacts, routerProblems: readonly (string | undefined)[]): ConditionFinding[] {
  return [
    realTime(facts.snapshot),
    preflight(facts, routerProblems),
    configurationApplied(facts.applied),
    deadManSwitch(facts),
    ...checks(facts.checks),
  ];
}

function realTime({ realTime: { granted, message } }: Snapshot): ConditionFinding {
  return granted
    ? { type: "RealTime", status: "True", reason: "Granted", message: "The timers run with real-time priority." }
    : { type: "RealTime", status: "False", reason: "NotPermitted", message: message || "The timers run without real-time priority." };
}

function preflight(facts: StatusFacts, routerProblems: readonly (string | undefined)[]): ConditionFinding {
  const ofRouters = new Set(routerProblems.filter((problem) => problem !== undefined));
  const sentences = [...processProblems(facts.preflight, facts.applied?.accepted), ...facts.fileProblems, ...ofRouters];
  return sentences.length === 0
    ? { type: "Preflight", status: "True", reason: "Passed", message: "The node has what its virtual routers need." }
    : { type: "Preflight", status: "False", reason: "Failed", message: sentences.join(" ") };
}

function configurationApplied(applied: AppliedSpec | undefined): ConditionFinding {
  const type = "ConfigurationApplied";
  if (!applied) return { type, status: "Unknown", reason: "Waiting", message: "No configuration has been received yet." };
  const { coreError, rejected, adjusted } = applied;
  if (coreError) return { type, status: "False", reason: "Refused", message: `The core refused the configuration: ${coreError.message}.` };
  const refused = [...rejected, ...adjusted.filter(({ isOutdated }) => isOutdated)];
  if (refused.length === 0) return { type, status: "True", reason: "Applied", message: "All of the specification runs." };
  const entries = refused.map(({ subject, message }) => `${subject}: ${message}`);
  return { type, status: "False", reason: "EntriesRejected", message: `Refused: ${entries.join("; ")}.` };
}

/** Whether a virtual router does less without the gate in the kernel. */
const needsGate = ({ deadMan, conflicts = "Off" }: DesiredRouter) => deadMan === true || conflicts !== "Off";

function deadManSwitch({ snapshot: { gate }, applied, preflight: { missingCapabilities } }: StatusFacts): ConditionFinding {
  const type = "DeadManSwitch";
  const routers = applied?.desired.routers ?? [];
  const guarded = routers.filter(({ deadMan }) => deadMan).length;
  if (gate.active && gate.message === "" && guarded > 0) {
    const message = `The kernel shuts the addresses of ${guarded} virtual routers when their adverts stop.`;
    return { type, status: "True", reason: "Armed", message };
  }
  if ((gate.active && guarded === 0) || !routers.some(needsGate)) {
    return { type, status: "False", reason: "NotNeeded", message: "No virtual router of this node asks for it." };
  }
  const hint = missingCapabilities.includes("CAP_BPF") ? " The agent lacks CAP_BPF." : "";
  const message = `When the agent stops, its addresses go on answering, and conflicts are not seen: ${gate.message}.${hint}`;
  return { type, status: "False", reason: "Unavailable", message };
}

/** "Check web.nginx has been down since 2026-01-01T00:00:00.000Z: connection refused." */
export function failureOf({ name, since, message }: CheckReport): string {
  return `Check ${name} ${since ? `has been down since ${since.toISOString()}` : "has not succeeded yet"}${message ? `: ${message}` : ""}.`;
}

/** None where nothing is checked. */
function checks(reports: readonly CheckReport[]): ConditionFinding[] {
  if (reports.length === 0) return [];
  const failing = reports.filter(({ up }) => !up);
  const passed = `${reports.length - failing.length} of ${reports.length} checks are up.`;
  return failing.length === 0
    ? [{ type: "Checks", status: "True", reason: "Up", message: passed }]
    : [{ type: "Checks", status: "False", reason: "Down", message: [passed, ...failing.map(failureOf)].join(" ") }];
}

/**
 * Missing real time is a matter of the node's configuration, which the floor of the interval answers, and a check that is down speaks of a
 * service, whose virtual router tells what it means: neither degrades the agent.
 */
const isHarmless = ({ type, reason }: Condition) => type === "RealTime" || type === "Checks" || reason === "NotNeeded";

export function agentState(facts: StatusFacts, conditions: readonly Condition[], faults: number): NodeAgentStatus["state"] {
  if (facts.stopped) return "Stopped";
  if (!facts.applied) return "Starting";
  const isBad = conditions.some((condition) => condition.status === "False" && !isHarmless(condition));
  return isBad || faults > 0 ? "Degraded" : "Running";
}
