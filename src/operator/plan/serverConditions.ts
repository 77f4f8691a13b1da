/** The conditions of a VirtualServer. Pure. */
import type { Condition, ConditionFinding } from "../../api/condition.ts";
import type { VirtualServerView } from "./cluster.ts";
import type { ServerReport } from "./serverReports.ts";
import { describePorts, describeServer } from "./serverSummary.ts";
import type { ServerVerdict } from "./serverVerdicts.ts";
import { countOf, list } from "./words.ts";

/** One node that shall have it. */
export interface ServingNode {
  name: string;
  /** Its agent no longer reports. */
  silent: boolean;
  /** The kernel has it, as the newest generation says. */
  programmed: boolean;
  /** What is wrong there. */
  message?: string;
}

export interface ServerConditionQuestion {
  view: VirtualServerView;
  verdict: ServerVerdict;
  nodes: readonly ServingNode[];
  /** Who holds the addresses of its VirtualIP. */
  activeNode?: string;
  /** As the active node sees it; without one as any node does. */
  report?: ServerReport;
}

type Finding = (status: Condition["status"], reason: string, message: string) => ConditionFinding;

const finder =
  (type: string): Finding =>
  (status, reason, message) => ({ type, status, reason, message });

export function findServerConditions(question: ServerConditionQuestion): ConditionFinding[] {
  return [findAccepted, findProgrammed, findReady, findDegraded].map((find) => find(question));
}

function findAccepted({ view: { spec }, verdict, nodes }: ServerConditionQuestion): ConditionFinding {
  const finding = finder("Accepted");
  if (!verdict.accepted) {
    const rest = nodes.length > 0 ? "; what was accepted before goes on" : "";
    return finding("False", verdict.reason, verdict.message + rest);
  }
  const where = verdict.addresses.length > 0 ? ` on ${list(verdict.addresses)}` : "";
  return finding("True", "Accepted", `it serves ${spec ? describePorts(spec) : ""}${where}`);
}

function findProgrammed({ view, verdict, nodes }: ServerConditionQuestion): ConditionFinding {
  const finding = finder("Programmed");
  if (nodes.length === 0) return finding("False", ...withoutNodes(view, verdict));
  const living = nodes.filter(({ silent }) => !silent);
  if (living.length === 0) return finding("Unknown", "NoReports", "no node reports; what runs on them goes on");
  const lacking = living.filter(({ programmed }) => !programmed);
  const failed = lacking.filter(({ message }) => message !== undefined);
  if (failed.length > 0) return finding("False", "NodesFailed", list(failed.map(({ name, message }) => `${name}: ${message}`)));
  if (lacking.length > 0) return finding("False", "Pending", `waiting for ${list(lacking.map(({ name }) => name))}`);
  return finding("True", "Programmed", `${list(living.map(({ name }) => name))} ${living.length === 1 ? "has" : "have"} it`);
}

function withoutNodes({ spec }: VirtualServerView, verdict: ServerVerdict): [reason: string, message: string] {
  if (!verdict.accepted) return ["NotAccepted", "see condition Accepted"];
  return ["NoNodes", spec?.virtualIP === undefined ? "no node runs it" : `VirtualIP "${spec.virtualIP}" runs on no node`];
}

function findReady({ view, verdict, nodes, activeNode, report }: ServerConditionQuestion): ConditionFinding {
  const finding = finder("Ready");
  if (nodes.length === 0) return finding("False", ...withoutNodes(view, verdict));
  if (nodes.every(({ silent }) => silent)) return finding("Unknown", "NoReports", "no node reports; what runs on them goes on");
  if (view.spec?.virtualIP !== undefined && activeNode === undefined) {
    return finding("False", "NoActiveNode", `no node answers for VirtualIP "${view.spec.virtualIP}"`);
  }
  const node = nodes.find(({ name }) => name === report?.node);
  if (!report || !node?.programmed)
    return finding("False", "NotProgrammed", activeNode ? `${activeNode} does not have it yet` : "no node has it yet");
  const state = `${report.up} of ${countOf(report.total, "server")} up`;
  if (!report.quorum) return finding("False", "QuorumLost", `${state}${report.sorryServer ? "; the sorry server serves" : ""}`);
  return finding("True", "Serving", `${report.node} serves it, ${state}`);
}

function findDegraded({ nodes, report }: ServerConditionQuestion): ConditionFinding {
  const finding = finder("Degraded");
  if (nodes.length === 0 || !report) return finding("Unknown", "NotRunning", "no node runs it, as far as is known");
  const down = (report.servers ?? []).filter(({ up }) => !up);
  if (report.up < report.total) {
    const texts = down.map((server) => describeServer(server) + (server.message ? ` (${server.message})` : ""));
    return finding("True", "ServersDown", `${countOf(report.total - report.up, "server")} down: ${list(texts)}`);
  }
  const lacking = nodes.filter(({ programmed, silent }) => silent || !programmed);
  if (lacking.length > 0) return finding("True", "NodesNotReady", `not ready to take over: ${list(lacking.map(({ name }) => name))}`);
  return finding("False", "AllUp", `all ${countOf(report.total, "server")} up, and all nodes ready`);
}
