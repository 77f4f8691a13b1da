/** What each node shall run: placements → NodeAgent.spec. Pure. */
import { isDeepStrictEqual } from "node:util";
import { families } from "../../api/ipAddress.ts";
import type { NodeAgentSpec, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { planVirtualRouters } from "../../plan/virtualRouters.ts";
import type { ClusterView, RunningRouters } from "./cluster.ts";
import type { Placement } from "./placements.ts";

/**
 * The spec of the NodeAgent of every node; an empty one for a NodeAgent whose node is gone. `gone` names VirtualIPs of which it is
 * certain that they no longer exist; what runs for others that are merely unknown goes on.
 */
export function planNodeAgents(
  cluster: ClusterView,
  placements: readonly Placement[],
  running: RunningRouters,
  gone: ReadonlySet<string>,
): Map<string, NodeAgentSpec> {
  const nodes = new Set(cluster.nodes.filter(({ deleting }) => !deleting).map(({ name }) => name));
  const specs = new Map([...nodes, ...cluster.agents.map(({ name }) => name)].map((name) => [name, [] as VirtualRouterSpec[]]));
  const known = new Set(placements.map(({ view }) => view.name));
  const planned = placements.flatMap((placement) => routersOf(placement, running));
  const unknown = [...running].filter(([name]) => !known.has(name) && !gone.has(name)).flatMap(([, byNode]) => runningOn(byNode));
  for (const [node, router] of [...planned, ...unknown]) if (nodes.has(node)) specs.get(node)?.push(router);
  return new Map([...specs].map(([node, routers]) => [node, { virtualRouters: routers.sort(byKey) }]));
}

/** Whether two specs ask for the same, in whatever order. */
export function isSameSpec(a: NodeAgentSpec, b: NodeAgentSpec): boolean {
  return isDeepStrictEqual(normalize(a), normalize(b));
}

/** Whether the status holds what must be recorded, and the finalizer stands, before a node may use it. */
export function isRecorded({ view, verdict }: Placement): boolean {
  return verdict?.accepted === true && view.hasFinalizer && view.status.virtualRouterID === verdict.virtualRouterID;
}

type NodeRouter = [node: string, router: VirtualRouterSpec];

function routersOf(placement: Placement, running: RunningRouters): NodeRouter[] {
  const { view, verdict, candidates } = placement;
  if (view.deleting) return [];
  if (!verdict?.accepted || !view.spec || !isRecorded(placement)) return runningOn(running.get(view.name));
  const { spec } = view;
  const { virtualRouterID } = verdict;
  return candidates.flatMap(({ node, priority, interfaces }) => {
    const plan = planVirtualRouters(view.name, spec, { node, priority, interfaces, virtualRouterID, liveOthers: false });
    return plan.virtualRouters.map((router): NodeRouter => [node, router]);
  });
}

function runningOn(byNode: ReadonlyMap<string, readonly VirtualRouterSpec[]> | undefined): NodeRouter[] {
  return [...(byNode ?? [])].flatMap(([node, routers]) => routers.map((router): NodeRouter => [node, router]));
}

function byKey(a: VirtualRouterSpec, b: VirtualRouterSpec): number {
  if (a.virtualIP !== b.virtualIP) return a.virtualIP < b.virtualIP ? -1 : 1;
  return families.indexOf(a.family) - families.indexOf(b.family);
}

function normalize({ virtualRouters }: NodeAgentSpec): VirtualRouterSpec[] {
  return virtualRouters
    .map((router) => ({ ...router, addresses: [...router.addresses].sort((a, b) => (a.address < b.address ? -1 : 1)) }))
    .sort(byKey);
}
