/** What each node shall run: placements → NodeAgent.spec. Pure. */
import { isDeepStrictEqual } from "node:util";
import { families } from "../../api/ipAddress.ts";
import type { NodeAgentSpec, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { memoized } from "../../plan/memoized.ts";
import { mergeConfigs, mergeNodePlans } from "../../plan/nodeAgentSpec.ts";
import { type NodePlan, planVirtualRouters } from "../../plan/virtualRouters.ts";
import { configsOf } from "./agentConfigs.ts";
import type { AgentView, ClusterView, NodeView, RunningRouters } from "./cluster.ts";
import { addServers, type ServersOf } from "./nodeServers.ts";
import type { Placement } from "./placements.ts";
import type { RealServersOf } from "./realServers.ts";

export interface NodeAgentQuestion {
  cluster: ClusterView;
  placements: readonly Placement[];
  running: RunningRouters;
  /** VirtualIPs of which it is certain that they no longer exist; what runs for others that are merely unknown goes on. */
  gone: ReadonlySet<string>;
  serversOf: ServersOf;
  realServersOf: RealServersOf;
}

/** The spec of the NodeAgent of every node; an empty one for a NodeAgent whose node is gone. */
export function planNodeAgents(question: NodeAgentQuestion): Map<string, NodeAgentSpec> {
  const { cluster, placements, running, gone, serversOf, realServersOf } = question;
  const agents = new Map(cluster.agents.map((agent) => [agent.name, agent]));
  const live = new Set(cluster.nodes.filter((node) => isLive(node, agents.get(node.name))).map(({ name }) => name));
  const known = new Set(placements.map(({ view }) => view.name));
  const unknown = [...running].filter(([name]) => !known.has(name) && !gone.has(name));
  const planned = [
    ...placements.flatMap((placement) => plansOf(placement, { running, agents, live })),
    ...unknown.flatMap(([name]) => kept(name, running, agents)),
  ];
  const byNode = Map.groupBy(planned, ([node]) => node);
  const nodes = new Map(cluster.nodes.filter(({ deleting }) => !deleting).map((node) => [node.name, node]));
  const names = new Set([...nodes.keys(), ...agents.keys()]);
  const specs = new Map((cluster.virtualServers ?? []).flatMap(({ key, spec }) => (spec ? [[key, spec]] : [])));
  return new Map(
    [...names].map((name) => {
      const node = nodes.get(name);
      if (!node) return [name, mergeNodePlans([])];
      const agent = agents.get(name);
      const plans = (byNode.get(name) ?? []).map(([, plan]) => plan);
      const configs = cluster.configs && configsOf(node, cluster.configs);
      const spec = configs ? mergeNodePlans(plans, configs) : withConfigOf(agent?.spec, mergeNodePlans(plans));
      const servers = serversOf(name, new Set(spec.virtualRouters.map(({ virtualIP }) => virtualIP)));
      const serving = addServers({ spec, servers, agent, settings: configs && mergeConfigs(configs), specs });
      const realServers = realServersOf(node, agent);
      return [name, realServers.length > 0 ? { ...serving, realServers } : serving];
    }),
  );
}

/** Whether two specs ask for the same, in whatever order. */
export function isSameSpec(a: NodeAgentSpec, b: NodeAgentSpec): boolean {
  const [one, other] = [normalize(a), normalize(b)];
  return isDeepStrictEqual(one.spec, other.spec) && one.lists.every((list, index) => isSameList(list, other.lists[index] ?? []));
}

const isSameList = memoized((a: VirtualRouterSpec["addresses"], b: VirtualRouterSpec["addresses"]): boolean => {
  const inOrder = (list: typeof a) => sortBy(list, ({ address }) => address);
  return isDeepStrictEqual(inOrder(a), inOrder(b));
});

/** Whether the status holds what must be recorded, and the finalizer stands, before a node may use it. */
export function isRecorded({ view, verdict }: Placement): boolean {
  return verdict?.accepted === true && view.hasFinalizer && view.status.virtualRouterID === verdict.virtualRouterID;
}

type PlanOnNode = [node: string, plan: NodePlan];

/** Whether the node could take something over. A NodeAgent that somebody has just deleted says nothing about its agent. */
function isLive({ ready }: NodeView, agent: AgentView | undefined): boolean {
  return agent ? !agent.silent : ready;
}

interface Facts {
  running: RunningRouters;
  agents: ReadonlyMap<string, AgentView>;
  live: ReadonlySet<string>;
}

function plansOf(placement: Placement, { running: all, agents, live }: Facts): PlanOnNode[] {
  const { view, verdict, candidates, seating } = placement;
  const { spec } = view;
  if (view.deleting) return [];
  if (!verdict?.accepted || !spec || !isRecorded(placement)) return kept(view.name, all, agents);
  const running = all.get(view.name);
  const started = candidates.filter(({ node }) => seating.get(node)?.waitsFor === undefined);
  return started.map(({ node, priority, interfaces }) => {
    const plan = planVirtualRouters(view.name, spec, {
      node,
      priority,
      interfaces,
      virtualRouterID: verdict.virtualRouterID,
      ...seating.get(node),
      liveOthers: started.some((other) => other.node !== node && live.has(other.node)),
      handOver: handOverOf(placement, node, running?.get(node)),
    });
    return [node, plan];
  });
}

/** The greatest number that the node was ever asked with, and of the newest request only once it is recorded. */
function handOverOf({ view }: Placement, node: string, routers: readonly VirtualRouterSpec[] = []): number | undefined {
  const { plannedMove } = view.status;
  const asked = plannedMove?.state === "HandingOver" && plannedMove.from === node ? (plannedMove.handOver ?? 0) : 0;
  return Math.max(asked, ...routers.map(({ handOver = 0 }) => handOver)) || undefined;
}

/** What runs for a VirtualIP, as it is. */
function kept(name: string, running: RunningRouters, agents: ReadonlyMap<string, AgentView>): PlanOnNode[] {
  return [...(running.get(name) ?? [])].map(([node, virtualRouters]): PlanOnNode => {
    const tracked = new Set(virtualRouters.flatMap(({ track = [] }) => track.map(({ check }) => check)));
    const checks = (agents.get(node)?.spec.checks ?? []).filter((check) => tracked.has(check.name));
    return [node, { virtualRouters: [...virtualRouters], checks }];
  });
}

/** What the node has from AgentConfigs stays while those cannot be read. */
function withConfigOf(before: NodeAgentSpec | undefined, planned: NodeAgentSpec): NodeAgentSpec {
  const { notify, static: standing, interfaces, announcementPacing, debugUnknownRouters, virtualRouters = [] } = before ?? {};
  const delayOf = (router: VirtualRouterSpec) => virtualRouters.find((other) => sortKey(other) === sortKey(router))?.startupDelay;
  return {
    ...planned,
    virtualRouters: planned.virtualRouters.map((router) => {
      const startupDelay = router.startupDelay ?? delayOf(router);
      return startupDelay === undefined ? router : { ...router, startupDelay };
    }),
    ...(notify && { notify }),
    ...(standing && { static: standing }),
    ...(interfaces && { interfaces }),
    ...(announcementPacing && { announcementPacing }),
    ...(debugUnknownRouters !== undefined && { debugUnknownRouters }),
  };
}

function sortKey({ virtualIP, family }: VirtualRouterSpec): string {
  return `${virtualIP} ${families.indexOf(family)}`;
}

/** Lists without an order of their own, sorted; apart from the rest the addresses of each virtual router, which may be many. */
function normalize({ virtualRouters, checks = [], ...rest }: NodeAgentSpec) {
  const routers = sortBy(virtualRouters, sortKey);
  const spec = { ...rest, virtualRouters: routers.map(withoutAddresses), checks: sortBy(checks, ({ name }) => name) };
  return { spec, lists: routers.map(({ addresses }) => addresses) };
}

function withoutAddresses({ addresses: _apart, ...router }: VirtualRouterSpec) {
  return router;
}

function sortBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
