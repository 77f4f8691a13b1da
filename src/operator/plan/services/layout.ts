/** Where the addresses of all pools stand, or shall stand, and who answers for the Services. Pure. */
import type { AddressPoolSpec } from "../../../api/addressPool.ts";
import { findCondition } from "../../../api/condition.ts";
import type { NodeView, PoolView, VirtualIPView } from "../cluster.ts";
import { type AddressUnit, type Holding, unitsOf } from "./addressUnits.ts";
import { type GeneratedVirtualIP, generateVirtualIP } from "./generatedVirtualIPs.ts";
import { eligibleNodes, placeUnits } from "./placing.ts";
import type { Answer } from "./serviceStatus.ts";
import type { ServiceView } from "./views.ts";
import type { Whereabouts } from "./whereabouts.ts";

/** What a Service has and may use: all of one pool. */
export interface Held extends Holding {
  pool: string;
}

export interface LayoutQuestion {
  pools: readonly PoolView[];
  /** Services by their keys. */
  views: ReadonlyMap<string, ServiceView>;
  endpoints: ReadonlyMap<string, ReadonlySet<string>>;
  nodes: readonly NodeView[];
  virtualIPs: readonly VirtualIPView[];
  held: readonly Held[];
  /** Keys of Services that the cache lacks. */
  ghosts: ReadonlySet<string>;
  whereabouts: Whereabouts;
}

export interface Layout {
  generated: GeneratedVirtualIP[];
  /** Names of generated VirtualIPs that stay as they are. */
  kept: Set<string>;
  /** The VirtualIP of each Service, by its key. */
  placeOf: Map<string, string>;
  answers: Map<string, Answer>;
}

export function layOut(question: LayoutQuestion): Layout {
  const { pools, virtualIPs, held } = question;
  const layout: Layout = { generated: [], kept: new Set(), placeOf: new Map(), answers: new Map() };
  const byPool = Map.groupBy(held, ({ pool }) => pool);
  for (const pool of pools) {
    const { spec } = pool;
    if (spec) layOutPool({ ...pool, spec }, unitsOf(byPool.get(pool.name) ?? []), question, layout);
    else for (const { name, generated } of virtualIPs) if (generated?.pool === pool.name) layout.kept.add(name);
  }
  return layout;
}

function layOutPool(
  pool: PoolView & { spec: AddressPoolSpec },
  units: readonly AddressUnit[],
  question: LayoutQuestion,
  layout: Layout,
): void {
  const { virtualIPs, whereabouts, ghosts } = question;
  const standing = new Map(virtualIPs.map((view) => [view.name, view]));
  const frozen = new Set(units.filter(({ services }) => services.some((service) => ghosts.has(service))).map(({ key }) => key));
  const placing = placeUnits({ pool, units, nodesOf: candidatesOf(pool, units, question), frozen, virtualIPs, whereabouts });
  for (const placed of placing.virtualIPs) {
    const view = standing.get(placed.name);
    const generated = generateVirtualIP(pool, placed, view, whereabouts);
    if (generated) layout.generated.push(generated);
    for (const unit of placed.units) {
      const isThere = unit.addresses.every((address) => whereabouts.placeOf(address) === placed.name);
      for (const service of unit.services) layout.placeOf.set(service, placed.name);
      answer(unit, answerOf(isThere ? view : undefined), layout);
    }
  }
  for (const unit of units) {
    const reason = placing.unplaced.get(unit.key);
    if (reason) answer(unit, { reason }, layout);
  }
}

function answer({ services }: AddressUnit, found: Answer, { answers }: Layout): void {
  for (const service of services) answers.set(service, found);
}

/** Of units with a Service that only some nodes may answer for: those that may do so for all of them. */
function candidatesOf(pool: PoolView & { spec: AddressPoolSpec }, units: readonly AddressUnit[], question: LayoutQuestion) {
  const { views, endpoints, nodes } = question;
  const eligible = eligibleNodes(pool.spec.virtualIP, nodes);
  const candidates = new Map<string, ReadonlySet<string>>();
  for (const unit of units) {
    const local = unit.services.filter((key) => views.get(key)?.isLocal);
    if (local.length === 0) continue;
    const [ready, ...others] = local.map((key) => endpoints.get(key));
    const nodes = [...(ready ?? [])].filter((node) => eligible.has(node) && others.every((each) => each?.has(node)));
    candidates.set(unit.key, new Set(nodes));
  }
  return candidates;
}

function answerOf(view: VirtualIPView | undefined): Answer {
  const { activeNode, conditions = [] } = view?.status ?? {};
  if (activeNode !== undefined) return { node: activeNode };
  const isRefused = findCondition(conditions, "Accepted")?.status === "False";
  if (isRefused && !view?.deleting) return { reason: "NotAccepted" };
  const ready = findCondition(conditions, "Ready");
  return ready?.status === "False" && ready.reason === "NoCandidates" ? { reason: "Unanswered" } : { reason: "Settling" };
}
