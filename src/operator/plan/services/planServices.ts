/**
 * The whole plan for Services: who has which addresses, on which VirtualIPs, and what is written where. Pure; computed anew at every change.
 * Nothing is used before it stands in the status of its pool: what is planned from unrecorded addresses is only that record.
 */
import { isDeepStrictEqual } from "node:util";
import type { AddressPoolStatus } from "../../../api/addressPool.ts";
import { type Assignment, mostAssignments } from "../../../api/addressPoolStatus.ts";
import { findCondition } from "../../../api/condition.ts";
import { formatAddress } from "../../../api/ipAddress.ts";
import { loadBalancerClass } from "../../../api/service.ts";
import { allocateAddresses } from "../../allocate/serviceAddresses.ts";
import type { AddressRefusal, PoolClaim, ServiceAddresses } from "../../allocate/serviceClaims.ts";
import { type AgentView, type NodeView, type PoolView, runningRouters, type VirtualIPView, type VirtualServerView } from "../cluster.ts";
import type { Notice } from "../notices.ts";
import { judgePools, type PoolVerdicts, specifiedAddresses } from "../poolVerdicts.ts";
import { claimOf, dataPlaneOf, isOurs, limitsInVain, openToAll } from "./claims.ts";
import { planDataPlanes } from "./dataPlanes.ts";
import { type GeneratedVirtualIP, isAsGenerated } from "./generatedVirtualIPs.ts";
import type { VirtualServerChanges } from "./generatedVirtualServers.ts";
import { type Held, type Layout, layOut } from "./layout.ts";
import { poolStatusOf } from "./poolStatus.ts";
import { type Answer, answerNotice, assignmentNotices, nothing, type ServiceStatus, serviceStatusOf, textOf } from "./serviceStatus.ts";
import type { NamespaceView, ServiceView } from "./views.ts";
import { type Traces, Whereabouts } from "./whereabouts.ts";

export interface ServicesQuestion {
  pools: readonly PoolView[];
  /** All of the cluster. */
  services: readonly ServiceView[];
  /** Absent while they could not be read. */
  namespaces?: readonly NamespaceView[];
  /** Nodes with ready endpoints, by key of the Service. */
  endpoints: ReadonlyMap<string, ReadonlySet<string>>;
  nodes: readonly NodeView[];
  agents: readonly AgentView[];
  virtualIPs: readonly VirtualIPView[];
  /** Absent while they could not be read. */
  virtualServers?: readonly VirtualServerView[];
  /** Whether Services without a class are Aloft's, too. */
  isDefault: boolean;
  /** Keys of Services, and names of pools, that certainly do not exist. */
  gone: ReadonlySet<string>;
  memory: ServicesMemory;
  wallNow: string;
}

export interface ServicesMemory {
  traces: Traces;
  /** What was last told of who answers, by key of the Service. */
  answers: ReadonlyMap<string, string>;
}

export interface PoolPlan {
  view: PoolView;
  status: AddressPoolStatus;
  changed: boolean;
  finalizer: "add" | "keep" | "remove";
  notices: Notice[];
}

export interface ServicePlan {
  view: ServiceView;
  status: ServiceStatus;
  changed: boolean;
  finalizer: "add" | "keep" | "remove";
  notices: Notice[];
}

export interface ServicesPlan {
  pools: PoolPlan[];
  services: ServicePlan[];
  virtualIPs: { apply: GeneratedVirtualIP[]; remove: VirtualIPView[] };
  virtualServers: VirtualServerChanges;
  memory: ServicesMemory;
  /** Services that a pool knows and nobody else; pools that VirtualIPs name and nobody else. */
  unknown: { services: string[]; pools: string[] };
}

export function planServices(question: ServicesQuestion): ServicesPlan {
  const running = runningRouters(question.agents);
  const verdicts = judgePools(question.pools, question.virtualIPs, running);
  const whereabouts = new Whereabouts(question.virtualIPs, running, question.agents, question.memory.traces);
  const unknownPools = findUnknownPools(question);
  const ledger = new Ledger(question);
  const results = allocate(question, verdicts);
  const held = ledger.effective(results);
  const layout = layOut({ ...question, held, ghosts: ledger.ghosts, whereabouts });
  const dataPlanes = planDataPlanes({ ...question, held, layout });
  const services = planServiceWrites(question, ledger, results, layout, whereabouts, dataPlanes.foreign);
  const pools = question.pools.map((view) => planPool(view, question, verdicts, ledger.next(view, results, whereabouts)));
  const plan: ServicesPlan = {
    pools,
    services: services.plans,
    virtualIPs: compareVirtualIPs(layout, question),
    virtualServers: dataPlanes,
    memory: { traces: whereabouts.traces, answers: services.answers },
    unknown: { services: ledger.unknown, pools: unknownPools },
  };
  // Pools of which nobody knows anything, though their VirtualIPs stand: a list that went wrong. Nothing is taken away for it.
  return unknownPools.length > 0 ? { ...plan, ...noWrites } : plan;
}

const noWrites = {
  pools: [],
  services: [],
  virtualIPs: { apply: [], remove: [] },
  virtualServers: { apply: [], remove: [], foreign: [] },
} satisfies Partial<ServicesPlan>;

/** What the pools have recorded, and what they shall. */
class Ledger {
  readonly #question: ServicesQuestion;
  readonly #services: ReadonlyMap<string, ServiceView>;
  /** Services that the cache lacks and the API server has not said to be gone: what they have stays. */
  readonly ghosts: ReadonlySet<string>;
  readonly unknown: string[];
  readonly #recorded = new Map<string, { pool: string; address: string }[]>();

  constructor(question: ServicesQuestion) {
    this.#question = question;
    this.#services = new Map(question.services.map((view) => [view.key, view]));
    for (const { name: pool, status } of question.pools) {
      for (const { address, services } of status.assignments ?? []) {
        for (const service of services) this.#recorded.set(service, [...this.recordedOf(service), { pool, address }]);
      }
    }
    this.unknown = [...this.#recorded.keys()].filter((key) => !this.#services.has(key) && !question.gone.has(key)).sort();
    this.ghosts = new Set(this.unknown);
  }

  recordedOf(service: string): readonly { pool: string; address: string }[] {
    return this.#recorded.get(service) ?? [];
  }

  /** Of what Services shall have that which is recorded, and so may be used. */
  effective(results: ReadonlyMap<string, ServiceAddresses>): Held[] {
    const wanted = [...results].map(([service, { pool, addresses }]) => ({ service, pool, addresses }));
    const ghosts = this.unknown.map((service) => ({
      service,
      pool: this.recordedOf(service)[0]?.pool,
      addresses: this.recordedOf(service).map(({ address }) => address),
    }));
    return [...wanted, ...ghosts].flatMap(({ service, pool, addresses }) => {
      const own = addresses.filter((address) => this.recordedOf(service).some((each) => each.pool === pool && each.address === address));
      return pool !== undefined && own.length > 0 ? [{ service, pool, addresses: own }] : [];
    });
  }

  /** Who gives an address up stays recorded for it as long as a node may answer for it, or the Service waits for that. */
  next({ name, status }: PoolView, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): Assignment[] {
    const wanted = new Map<string, Set<string>>();
    const add = (address: string, service: string) => wanted.set(address, (wanted.get(address) ?? new Set()).add(service));
    for (const [service, { pool, addresses }] of results) if (pool === name) for (const address of addresses) add(address, service);
    for (const { address, services } of status.assignments ?? []) {
      for (const service of services) if (this.ghosts.has(service)) add(address, service);
      const isInUse = (wanted.get(address)?.size ?? 0) > 0;
      for (const service of services) {
        if (this.#waits(service) || (!isInUse && !whereabouts.isClear(address))) add(address, service);
      }
    }
    return [...wanted].map(([address, services]) => ({ address, services: [...services].sort() }));
  }

  /** Whether nothing that the Service has, or has had, may still be answered for its sake alone. */
  isReleased(service: string, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): boolean {
    const used = new Set([...results.values()].flatMap(({ addresses }) => addresses));
    return this.recordedOf(service).every(({ address }) => used.has(address) || whereabouts.isClear(address));
  }

  /** Whether it is given up, and its finalizer still stands that says so. */
  #waits(service: string): boolean {
    const view = this.#services.get(service);
    const isServed = view && isOurs(view, this.#question.isDefault) && !view.deleting;
    return view !== undefined && !isServed && view.hasFinalizer && !isOthers(view);
  }
}

/** Whether another controller serves it, which has put the same finalizer there. */
function isOthers({ isLoadBalancer, loadBalancerClass: wanted }: ServiceView): boolean {
  return isLoadBalancer && wanted !== undefined && wanted !== loadBalancerClass;
}

function findUnknownPools({ pools, virtualIPs, gone }: ServicesQuestion): string[] {
  const known = new Set(pools.map(({ name }) => name));
  const named = new Set(virtualIPs.flatMap(({ generated }) => generated?.pool ?? []));
  return [...named].filter((name) => !known.has(name) && !gone.has(name)).sort();
}

/** Also room for both families of a Service. */
const mostGiven = mostAssignments - 1;

function allocate({ pools, services, namespaces, isDefault, virtualIPs }: ServicesQuestion, verdicts: PoolVerdicts) {
  const facts = { pools, namespaces: namespaces && new Map(namespaces.map(({ name, labels }) => [name, labels])) };
  const claims = services.filter((view) => isOurs(view, isDefault) && !view.deleting).map((view) => claimOf(view, facts));
  return allocateAddresses({ pools: pools.map((view) => poolClaim(view, verdicts)), services: claims, taken: takenBy(virtualIPs) });
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
  return new Map(others.flatMap((view) => specifiedAddresses(view).map((address) => [formatAddress(address), `VirtualIP "${view.name}"`] as const)));
}

function compareVirtualIPs({ generated, kept }: Layout, { virtualIPs, pools, gone }: ServicesQuestion) {
  const standing = new Map(virtualIPs.map((view) => [view.name, view]));
  const wanted = new Set(generated.map(({ name }) => name));
  const plannable = new Set([...pools.filter(({ spec }) => spec).map(({ name }) => name), ...gone]);
  return {
    apply: generated.filter((each) => {
      const view = standing.get(each.name);
      return !view || (!view.deleting && !isAsGenerated(each, view));
    }),
    remove: virtualIPs.filter((view) => {
      const { name, deleting, generated: origin } = view;
      return origin !== undefined && !deleting && plannable.has(origin.pool) && !wanted.has(name) && !kept.has(name);
    }),
  };
}

function planPool(view: PoolView, question: ServicesQuestion, verdicts: PoolVerdicts, assignments: readonly Assignment[]): PoolPlan {
  const verdict = verdicts.get(view.name) ?? { accepted: false, reason: "InvalidSpec", message: "it was not looked at" };
  const status = poolStatusOf({ view, verdict, assignments, wallNow: question.wallNow });
  const changed = !isDeepStrictEqual(status, ownPart(view.status, status));
  const isEmpty = assignments.length === 0 && (view.status.assignments ?? []).length === 0;
  const stands = question.virtualIPs.some(({ generated }) => generated?.pool === view.name);
  const finalizer = view.deleting ? (view.hasFinalizer && isEmpty && !stands ? "remove" : "keep") : view.hasFinalizer ? "keep" : "add";
  return { view, status, changed, finalizer, notices: poolNotices(view.status, status) };
}

/** Of what is recorded: others may add conditions of their own types, which stay. */
function ownPart(recorded: AddressPoolStatus, { conditions = [] }: AddressPoolStatus): AddressPoolStatus {
  if (!recorded.conditions) return recorded;
  return { ...recorded, conditions: recorded.conditions.filter(({ type }) => findCondition(conditions, type)) };
}

/** By type: the status that a person should hear of. */
const poolWarnings: Record<string, "True" | "False"> = { Accepted: "False", OutOfRange: "True", Exhausted: "True" };

function poolNotices(before: AddressPoolStatus, after: AddressPoolStatus): Notice[] {
  return (after.conditions ?? []).flatMap(({ type, status, reason, message }): Notice[] => {
    const old = findCondition(before.conditions, type);
    if (status !== poolWarnings[type] || (old?.status === status && old.reason === reason)) return [];
    return [{ type: "Warning", reason, message }];
  });
}

function planServiceWrites(
  question: ServicesQuestion,
  ledger: Ledger,
  results: ReadonlyMap<string, ServiceAddresses>,
  layout: Layout,
  whereabouts: Whereabouts,
  foreign: VirtualServerChanges["foreign"],
): { plans: ServicePlan[]; answers: Map<string, string> } {
  const plans: ServicePlan[] = [];
  const answers = new Map<string, string>();
  for (const view of question.services) {
    const result = results.get(view.key);
    const plan = result ? planServed(view, result, question, ledger, foreign) : planLeaving(view, question, ledger, results, whereabouts);
    if (!plan) continue;
    const answer = layout.answers.get(view.key);
    if (result && answer && !plan.changed) {
      const told = question.memory.answers.get(view.key);
      const text = textOf(answer);
      answers.set(view.key, "node" in answer || answer.reason !== "Settling" ? text : (told ?? text));
      const notice = noticeOf(answer, told, result, layout.placeOf.get(view.key));
      if (notice) plan.notices.push(notice);
    } else {
      const told = question.memory.answers.get(view.key);
      if (result) answers.set(view.key, told ?? (view.ingress.length > 0 ? "" : "new"));
    }
    plans.push(plan);
  }
  return { plans, answers };
}

/** Told when it is new; who answered already when this process came is no news. */
function noticeOf(answer: Answer, told: string | undefined, { addresses }: ServiceAddresses, virtualIP: string | undefined): Notice | undefined {
  if (told === textOf(answer) || (told === undefined && "node" in answer)) return undefined;
  return answerNotice(answer, addresses, virtualIP);
}

function planServed(
  view: ServiceView,
  result: ServiceAddresses,
  { pools, wallNow }: ServicesQuestion,
  ledger: Ledger,
  foreign: VirtualServerChanges["foreign"],
): ServicePlan {
  const recorded = new Set(ledger.recordedOf(view.key).map(({ address }) => address));
  const isRecorded = result.addresses.every((address) => recorded.has(address));
  const dataPlane = dataPlaneOf(view, pools.find(({ name }) => name === result.pool));
  const taken = foreign.find(({ service }) => service === view.key);
  const shown = { refusal: taken && nameTaken(taken.key), ...(limitsInVain(view, dataPlane) && { refusal: openToAll }), ...result };
  const status = serviceStatusOf(view, shown, dataPlane, wallNow);
  // What is not recorded is not said.
  const changed = isRecorded && !isDeepStrictEqual(status, { ingress: view.ingress, conditions: view.conditions });
  return {
    view,
    status,
    changed,
    finalizer: recorded.size > 0 && !view.hasFinalizer ? "add" : "keep",
    notices: changed ? assignmentNotices(view, status) : [],
  };
}

function nameTaken(key: string): AddressRefusal {
  return { reason: "NameTaken", message: `somebody else has made VirtualServer ${key}` };
}

/** A Service that is being deleted, or is not Aloft's any more, as long as it has something of Aloft's. */
function planLeaving(
  view: ServiceView,
  { isDefault }: ServicesQuestion,
  ledger: Ledger,
  results: ReadonlyMap<string, ServiceAddresses>,
  whereabouts: Whereabouts,
): ServicePlan | undefined {
  const recorded = ledger.recordedOf(view.key);
  const isOwn = isOurs(view, isDefault);
  if (recorded.length === 0 && !(isOwn && view.hasFinalizer)) return undefined;
  const own = new Set(recorded.map(({ address }) => address));
  const isSaid = view.ingress.some(({ ip = "" }) => own.has(ip)) || view.conditions.length > 0;
  const isDone = view.hasFinalizer && !isOthers(view) && ledger.isReleased(view.key, results, whereabouts);
  const changed = isSaid && !view.deleting;
  const finalizer = isDone ? ("remove" as const) : ("keep" as const);
  const message = `the nodes have given up ${[...own].join(", ")}`;
  const notices: Notice[] = isDone && own.size > 0 ? [{ type: "Normal", reason: "Released", message }] : [];
  return { view, status: nothing, changed, finalizer, notices };
}
