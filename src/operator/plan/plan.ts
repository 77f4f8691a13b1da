/** The whole plan: everything that shall be written, computed from what is known. Pure; computed anew at every change. */
import { isDeepStrictEqual } from "node:util";
import { findCondition } from "../../api/condition.ts";
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { Move, VirtualIPStatus } from "../../api/virtualIP.ts";
import { type AgentConfigPlan, planAgentConfigs } from "./agentConfigs.ts";
import { type ClusterView, runningRouters, runningServers, serverKey, subnetsOf, type VirtualIPView } from "./cluster.ts";
import { findForeignVRIDs, ownAddresses } from "./foreignRouters.ts";
import type { HolderMemory } from "./holder.ts";
import { isSameSpec, planNodeAgents } from "./nodeAgents.ts";
import { placeServers } from "./nodeServers.ts";
import { type Notice, noticesOf } from "./notices.ts";
import { type Placement, place } from "./placements.ts";
import { placeRealServers } from "./realServers.ts";
import { checkRelease } from "./release.ts";
import { collectReports, type RouterReport } from "./reports.ts";
import { judgeServers } from "./serverVerdicts.ts";
import { judge, type Verdict } from "./verdicts.ts";
import { planStatus, type StatusQuestion } from "./virtualIPStatus.ts";
import { planVirtualServers, type VirtualServerPlan } from "./virtualServers.ts";

export interface PlanQuestion {
  cluster: ClusterView;
  /** What the plan before remembered, by name of the VirtualIP. */
  memory: ReadonlyMap<string, HolderMemory>;
  /** Names of VirtualIPs, and keys of VirtualServers, that certainly no longer exist. */
  gone: ReadonlySet<string>;
  /** Monotonic ms. */
  now: number;
  wallNow: Date;
}

export interface VirtualIPPlan {
  view: VirtualIPView;
  status: VirtualIPStatus;
  /** Whether `status` differs from what is recorded. */
  changed: boolean;
  finalizer: "add" | "keep" | "remove";
  notices: Notice[];
  move?: Move;
}

export interface Plan {
  virtualIPs: VirtualIPPlan[];
  /** Only the specs that differ from what stands. */
  nodeAgents: Map<string, NodeAgentSpec>;
  agentConfigs: AgentConfigPlan[];
  virtualServers: VirtualServerPlan[];
  memory: Map<string, HolderMemory>;
  /** When time alone may change the plan, in ms. */
  recheckInMs?: number;
  /** VirtualIPs that nodes run although nobody knows them. */
  unknown: string[];
  /** Keys of such VirtualServers; none while VirtualServers cannot be read. */
  unknownServers: string[];
}

export function makePlan(question: PlanQuestion): Plan {
  const { cluster, gone } = question;
  const own = ownAddresses(cluster.agents);
  const subnets = new Map(cluster.agents.map(({ name, status }) => [name, subnetsOf(status.interfaces ?? [])]));
  const silent = new Set(cluster.agents.filter((agent) => agent.silent).map(({ name }) => name));
  const running = runningRouters(cluster.agents);
  const reports = collectReports(cluster.agents);
  const wallNow = question.wallNow.toISOString();
  const verdicts = judge(cluster.virtualIPs, running, findForeignVRIDs(cluster, running, own), cluster.pools);
  const placements = place({ cluster, verdicts, running, reports, now: question.now, wallNow });
  const memory = new Map<string, HolderMemory>();
  const rechecks: number[] = [];
  const virtualIPs = placements
    .filter((placement) => isPlannable(placement, cluster))
    .map((placement) => {
      const answer = planVirtualIP(placement, question, reports.get(placement.view.name) ?? [], { silent, own, subnets });
      memory.set(placement.view.name, answer.memory);
      if (answer.recheckInMs !== undefined) rechecks.push(answer.recheckInMs);
      return answer.plan;
    });
  const known = new Set(cluster.virtualIPs.map(({ name }) => name));
  const activeNodes = new Map(virtualIPs.map(({ view, status }) => [view.name, status.activeNode]));
  const servers = planServers(question, verdicts, activeNodes);
  const specs = planNodeAgents({ cluster, placements, running, gone, ...servers.placed });
  return {
    virtualIPs,
    nodeAgents: differences(cluster, specs),
    virtualServers: servers.plan(specs),
    unknownServers: servers.unknown,
    agentConfigs: planAgentConfigs(cluster, wallNow),
    memory,
    recheckInMs: rechecks.length > 0 ? Math.min(...rechecks) : undefined,
    unknown: [...running.keys()].filter((name) => !known.has(name)).sort(),
  };
}

/** VirtualServers: which nodes shall have them, and once that is known, their statuses. */
function planServers(
  { cluster, gone, wallNow }: PlanQuestion,
  virtualIPs: ReadonlyMap<string, Verdict>,
  activeNodes: ReadonlyMap<string, string | undefined>,
) {
  const running = runningServers(cluster.agents);
  const verdicts = judgeServers({ cluster, verdicts: virtualIPs, running });
  const known = new Set(cluster.virtualServers?.map(({ key }) => key));
  const named = new Set([...running.keys(), ...cluster.agents.flatMap(({ spec }) => (spec.realServers ?? []).map(serverKey))]);
  return {
    placed: {
      serversOf: placeServers({ cluster, verdicts, running, gone }),
      realServersOf: placeRealServers({ cluster, verdicts, gone }),
    },
    plan: (specs: ReadonlyMap<string, NodeAgentSpec>) =>
      planVirtualServers({ cluster, verdicts, specs, activeNodes, wallNow: wallNow.toISOString() }),
    unknown: cluster.virtualServers ? [...named].filter((key) => !known.has(key)).sort() : [],
  };
}

/** A cluster without any node is a list that went wrong: what was placed stays. */
function isPlannable({ view }: Placement, { nodes }: ClusterView): boolean {
  return nodes.length > 0 || (view.status.nodes ?? []).length === 0;
}

function planVirtualIP(
  placement: Placement,
  { cluster, memory, now, wallNow }: PlanQuestion,
  reports: readonly RouterReport[],
  facts: Pick<StatusQuestion, "silent" | "own" | "subnets">,
) {
  const { view } = placement;
  const before = memory.get(view.name) ?? {};
  const answer = planStatus({ placement, reports, ...facts, memory: before, now, wallNow: wallNow.toISOString() });
  const { status, move, recheckInMs } = answer;
  const { finalizer, notices } = view.deleting ? planRelease(view, cluster) : planFinalizer(placement);
  const plan: VirtualIPPlan = {
    view,
    status,
    changed: !isDeepStrictEqual(status, ownPart(view.status, status)),
    finalizer,
    notices: [...notices, ...noticesOf(view.status, status, move)],
    move,
  };
  return { plan, memory: answer.memory, recheckInMs };
}

/** Of what is recorded: others may add conditions of their own types, which stay. */
function ownPart(recorded: VirtualIPStatus, { conditions = [] }: VirtualIPStatus): VirtualIPStatus {
  if (!recorded.conditions) return recorded;
  return { ...recorded, conditions: recorded.conditions.filter(({ type }) => findCondition(conditions, type)) };
}

interface Finalization {
  finalizer: VirtualIPPlan["finalizer"];
  notices: Notice[];
}

function planFinalizer({ view, verdict }: Placement): Finalization {
  return { finalizer: verdict?.accepted && !view.hasFinalizer ? "add" : "keep", notices: [] };
}

function planRelease(view: VirtualIPView, cluster: ClusterView): Finalization {
  const { done, skipped } = checkRelease(view, cluster);
  if (!done || !view.hasFinalizer) return { finalizer: "keep", notices: [] };
  const addresses = view.spec?.addresses.map(({ address }) => canonicalAddress(address)).join(", ") ?? "the addresses";
  const released: Notice = { type: "Normal", reason: "Released", message: `the nodes have given up ${addresses}` };
  const warnings = skipped.map((node): Notice => {
    const message = `${node} no longer reports and was not waited for: it may still answer for ${addresses}`;
    return { type: "Warning", reason: "NodeSkipped", message };
  });
  return { finalizer: "remove", notices: [...warnings, released] };
}

/** Also those that are missing, and those that belong to an earlier Node of that name, with which they would be deleted. */
function differences({ agents, nodes }: ClusterView, specs: ReadonlyMap<string, NodeAgentSpec>): Map<string, NodeAgentSpec> {
  if (nodes.length === 0) return new Map();
  const standing = new Map(agents.map((agent) => [agent.name, agent]));
  const owners = new Map(nodes.map(({ name, uid }) => [name, uid]));
  const differs = ([name, spec]: [string, NodeAgentSpec]) => {
    const agent = standing.get(name);
    return !agent || !isSameSpec(spec, agent.spec) || agent.nodeUid !== (owners.get(name) ?? agent.nodeUid);
  };
  return new Map([...specs].filter(differs));
}
