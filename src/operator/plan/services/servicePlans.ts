/** What is written to all Services and told of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import { memoized } from "../../../plan/memoized.ts";
import type { AddressRefusal, ServiceAddresses } from "../../allocate/serviceClaims.ts";
import type { PoolView } from "../cluster.ts";
import type { Notice } from "../notices.ts";
import { type DataPlane, dataPlaneOf, isOthers, isOurs, limitsInVain, openToAll } from "./claims.ts";
import type { VirtualServerChanges } from "./generatedVirtualServers.ts";
import type { Layout } from "./layout.ts";
import type { Ledger } from "./ledger.ts";
import { answerNotices, assignmentNotices, isSettling, nothing, type ServiceStatus, serviceStatusOf, textOf } from "./serviceStatus.ts";
import type { ServicesQuestion } from "./servicesQuestion.ts";
import type { ServiceView } from "./views.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface ServicePlan {
  view: ServiceView;
  status: ServiceStatus;
  changed: boolean;
  finalizer: "add" | "keep" | "remove";
  notices: Notice[];
}

export interface ServiceWriteFacts {
  question: ServicesQuestion;
  ledger: Ledger;
  results: ReadonlyMap<string, ServiceAddresses>;
  layout: Layout;
  whereabouts: Whereabouts;
  /** VirtualServers that somebody else has made. */
  foreign: VirtualServerChanges["foreign"];
}

export interface ServiceWrites {
  /** Only of those of which there is something to write or to tell. */
  plans: ServicePlan[];
  /** What is told now of who answers. */
  answers: Map<string, string>;
}

export function planServiceWrites(facts: ServiceWriteFacts): ServiceWrites {
  const { question, results } = facts;
  const writes: ServiceWrites = { plans: [], answers: new Map() };
  const poolOf = new Map(question.pools.map((pool) => [pool.name, pool]));
  for (const view of question.services) {
    const result = results.get(view.key);
    const plan = result ? planServed(view, result, poolOf.get(result.pool ?? ""), facts) : planLeaving(view, facts);
    const answer = result && tellAnswer(view, result, plan?.changed === true, facts, writes.answers);
    if (plan) writes.plans.push(answer ? { ...plan, notices: [...plan.notices, ...answer] } : plan);
    else if (answer) writes.plans.push({ view, status: statusOf(view), changed: false, finalizer: "keep", notices: answer });
  }
  return writes;
}

/** The notices, if any. Who answers is news only to who knows the address. */
function tellAnswer(
  view: ServiceView,
  { addresses }: ServiceAddresses,
  changed: boolean,
  facts: ServiceWriteFacts,
  answers: ServiceWrites["answers"],
): Notice[] | undefined {
  const { question, layout } = facts;
  const told = question.memory.answers.get(view.key);
  const answer = changed ? undefined : layout.answers.get(view.key);
  answers.set(view.key, answer && !isSettling(answer) ? textOf(answer) : (told ?? untold(view)));
  const isNews = answer !== undefined && told !== textOf(answer) && (told !== undefined || !("node" in answer));
  return isNews ? answerNotices(answer, addresses, layout.placeOf.get(view.key)) : undefined;
}

/** Who answered already when this process came is no news, but whoever answers for a new Service is. */
function untold({ ingress }: ServiceView): string {
  return ingress.length > 0 ? "settling" : "new";
}

/** Undefined when nothing is to be written, as of most. */
function planServed(
  view: ServiceView,
  result: ServiceAddresses,
  pool: PoolView | undefined,
  { question, ledger, foreign }: ServiceWriteFacts,
): ServicePlan | undefined {
  const recorded = ledger.recordedOf(view.key);
  const { addresses } = result;
  const dataPlane = dataPlaneOf(view, pool);
  const taken = foreign.find(({ service }) => service === view.key);
  const refusal = result.refusal ?? (limitsInVain(view, dataPlane) ? openToAll : taken && nameTaken(taken.key));
  const isSaid = saysAlready(view, addresses.join(), result.pool, refusal?.reason, refusal?.message, dataPlane);
  // What is not recorded is not said.
  const changed = !isSaid && addresses.every((address) => recorded.some((each) => each.address === address));
  const finalizer = recorded.length > 0 && !view.hasFinalizer ? "add" : "keep";
  if (!changed && finalizer === "keep") return undefined;
  const status = changed ? serviceStatusOf(view, { ...result, refusal }, dataPlane, question.wallNow) : statusOf(view);
  return { view, status, changed, finalizer, notices: changed ? assignmentNotices(view, status) : [] };
}

function statusOf({ ingress, conditions }: ServiceView): ServiceStatus {
  return { ingress, conditions };
}

/** Whether its status says that already. */
const saysAlready = memoized(
  (
    view: ServiceView,
    addresses: string,
    pool: string | undefined,
    reason: string | undefined,
    message: string | undefined,
    dataPlane: DataPlane,
  ): boolean => {
    const refusal = reason === undefined || message === undefined ? undefined : { reason, message };
    const result = { addresses: addresses === "" ? [] : addresses.split(","), pool, refusal };
    // What it says already is as old as it is.
    const now = view.conditions[0]?.lastTransitionTime ?? "";
    return isDeepStrictEqual(serviceStatusOf(view, result, dataPlane, now), statusOf(view));
  },
);

function nameTaken(key: string): AddressRefusal {
  return { reason: "NameTaken", message: `somebody else has made VirtualServer ${key}` };
}

/** A Service that is being deleted, or is not Aloft's any more, as long as it has something of Aloft's. */
function planLeaving(view: ServiceView, { question, ledger, results, whereabouts }: ServiceWriteFacts): ServicePlan | undefined {
  const recorded = ledger.recordedOf(view.key);
  const isOwn = isOurs(view, question.isDefault);
  // What it had may have been given back before its status said so.
  if (recorded.length === 0 && view.conditions.length === 0 && !(isOwn && view.hasFinalizer)) return undefined;
  const own = new Set(recorded.map(({ address }) => address));
  const isSaid = view.ingress.some(({ ip = "" }) => own.has(ip)) || view.conditions.length > 0;
  const isDone = view.hasFinalizer && !isOthers(view) && ledger.isReleased(view.key, results, whereabouts);
  const changed = isSaid && !view.deleting;
  const finalizer = isDone ? ("remove" as const) : ("keep" as const);
  if (!changed && !isDone) return undefined;
  const message = `the nodes have given up ${[...own].join(", ")}`;
  const notices: Notice[] = isDone && own.size > 0 ? [{ type: "Normal", reason: "Released", message }] : [];
  return { view, status: nothing, changed, finalizer, notices };
}
