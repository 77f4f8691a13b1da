/**
 * The whole plan for Services: who has which addresses, on which VirtualIPs, and what is written where. Pure; what is made of a single object is kept with it.
 * Nothing is used before it stands in the status of its pool: what is planned from unrecorded addresses is only that record.
 */
import { mostAssignments } from "../../../api/addressPoolStatus.ts";
import { allocateAddresses } from "../../allocate/serviceAddresses.ts";
import type { PoolClaim } from "../../allocate/serviceClaims.ts";
import { type PoolView, runningRouters, type VirtualIPView } from "../cluster.ts";
import { findPoolConflict, judgePools, type PoolVerdicts, specifiedAddresses } from "../poolVerdicts.ts";
import { claimOf, isOurs, mayUse } from "./claims.ts";
import { planDataPlanes } from "./dataPlanes.ts";
import { additionsOf, isAsGenerated } from "./generatedVirtualIPs.ts";
import type { VirtualServerChanges } from "./generatedVirtualServers.ts";
import type { VirtualIPChanges } from "./generation.ts";
import { type Layout, layOut } from "./layout.ts";
import { Ledger } from "./ledger.ts";
import { findLostLabels } from "./lostLabels.ts";
import { type PoolPlan, planPool } from "./poolPlans.ts";
import { planServiceWrites, type ServicePlan } from "./servicePlans.ts";
import type { ServicesMemory, ServicesQuestion } from "./servicesQuestion.ts";
import type { ServiceView } from "./views.ts";
import { Whereabouts } from "./whereabouts.ts";
import { followWishes, type Wishes } from "./wishes.ts";

export interface ServicesPlan {
  pools: PoolPlan[];
  services: ServicePlan[];
  virtualIPs: VirtualIPChanges;
  virtualServers: VirtualServerChanges;
  memory: ServicesMemory;
  /** Services that a pool knows and nobody else; pools that VirtualIPs name and nobody else. */
  unknown: { services: string[]; pools: string[] };
}

export function planServices(asked: ServicesQuestion): ServicesPlan {
  const running = runningRouters(asked.agents);
  const relabelled = findLostLabels(asked, running);
  const question = { ...asked, virtualIPs: relabelled.virtualIPs };
  const verdicts = judgePools(question.pools, question.virtualIPs, running);
  const virtualIPs = question.virtualIPs.filter((view) => !findPoolConflict(view, question.pools, verdicts, running));
  const whereabouts = new Whereabouts({ ...question, virtualIPs, running, before: question.memory.traces });
  const unknownPools = findUnknownPools(question);
  const views = new Map(question.services.map((view) => [view.key, view]));
  const ledger = new Ledger(question, views);
  const wishes = followWishes(question.services, question.memory.wishes);
  const results = allocate(question, { verdicts, views, wishes });
  const held = ledger.effective(results);
  const layout = layOut({ ...question, views, held, ghosts: ledger.ghosts, whereabouts });
  const dataPlanes = planDataPlanes({ ...question, views, held, layout });
  const services = planServiceWrites({ question, ledger, results, layout, whereabouts, foreign: dataPlanes.foreign });
  const pools = question.pools.map((view) => planPool(view, question, verdicts, ledger.next(view, results, whereabouts)));
  const plan: ServicesPlan = {
    pools,
    services: services.plans,
    virtualIPs: compareVirtualIPs(layout, question, relabelled.names),
    virtualServers: dataPlanes,
    memory: { traces: whereabouts.traces, answers: services.answers, wishes },
    unknown: { services: ledger.unknown, pools: unknownPools },
  };
  // Pools of which nobody knows anything, though their VirtualIPs stand: a list that went wrong. Nothing is taken away for it.
  return unknownPools.some((name) => !question.gone.has(name)) ? { ...plan, ...noWrites } : plan;
}

const noWrites = {
  pools: [],
  services: [],
  virtualIPs: { apply: [], grow: [], remove: [] },
  virtualServers: { apply: [], remove: [], foreign: [] },
} satisfies Partial<ServicesPlan>;

function findUnknownPools({ pools, virtualIPs }: ServicesQuestion): string[] {
  const known = new Set(pools.map(({ name }) => name));
  const named = new Set(virtualIPs.flatMap(({ generated }) => generated?.pool ?? []));
  return [...named].filter((name) => !known.has(name)).sort();
}

/** Also room for both families of a Service. */
const mostGiven = mostAssignments - 1;

function allocate(
  { pools, services, namespaces, isDefault, virtualIPs }: ServicesQuestion,
  { verdicts, views, wishes }: { verdicts: PoolVerdicts; views: ReadonlyMap<string, ServiceView>; wishes: Wishes },
) {
  const poolOf = new Map(pools.map((view) => [view.name, view]));
  const labels = new Map(namespaces.map((namespace) => [namespace.name, namespace.labels]));
  return allocateAddresses({
    pools: pools.map((view) => poolClaim(view, verdicts)),
    services: services.filter((view) => isOurs(view, isDefault) && !view.deleting).map((view) => claimOf(view)),
    taken: takenBy(virtualIPs),
    mayUse: (service, pool) => mayUse(views.get(service), poolOf.get(pool), labels),
    wishes,
  });
}

function poolClaim({ name, ranges, spec, status }: PoolView, verdicts: PoolVerdicts): PoolClaim {
  return {
    name,
    ranges,
    open: verdicts.get(name)?.accepted === true,
    priority: spec?.priority ?? 0,
    autoAssign: spec?.autoAssign ?? false,
    skipZeroAnd255: spec?.skipZeroAnd255 ?? false,
    sharing: spec?.sharing ?? "Disabled",
    assignments: status.assignments ?? [],
    most: mostGiven,
  };
}

/** Addresses of VirtualIPs that are not of a pool. */
function takenBy(virtualIPs: readonly VirtualIPView[]): Map<string, string> {
  const others = virtualIPs.filter(({ generated }) => !generated);
  return new Map(others.flatMap((view) => specifiedAddresses(view).map(({ text }) => [text, `VirtualIP "${view.name}"`] as const)));
}

function compareVirtualIPs(
  { generated, kept }: Layout,
  { virtualIPs, pools, gone }: ServicesQuestion,
  mislabelled: ReadonlySet<string>,
): VirtualIPChanges {
  const standing = new Map(virtualIPs.map((view) => [view.name, view]));
  const wanted = new Set(generated.map(({ name }) => name));
  const plannable = new Set([...pools.filter(({ spec }) => spec).map(({ name }) => name), ...gone]);
  const changes = generated.flatMap((each) => {
    const view = standing.get(each.name);
    if (view && (view.deleting || (isAsGenerated(each, view) && !mislabelled.has(view.name)))) return [];
    return [{ each, added: view?.generated?.role === "shared" ? additionsOf(each, view) : 0 }];
  });
  const growing = changes.filter(({ added }) => added > 0).sort((a, b) => b.added - a.added);
  return {
    apply: changes.filter(({ added }) => added === 0).map(({ each }) => each),
    grow: growing.map(({ each }) => each),
    remove: virtualIPs.filter((view) => {
      const { name, deleting, generated: origin } = view;
      return origin !== undefined && !deleting && plannable.has(origin.pool) && !wanted.has(name) && !kept.has(name);
    }),
  };
}
