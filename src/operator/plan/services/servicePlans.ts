/** What is written to all Services and told of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AddressRefusal, ServiceAddresses } from "../../allocate/serviceClaims.ts";
import type { Notice } from "../notices.ts";
import { dataPlaneOf, isOthers, isOurs, limitsInVain, openToAll } from "./claims.ts";
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
  plans: ServicePlan[];
  /** What is told now of who answers. */
  answers: Map<string, string>;
}

export function planServiceWrites(facts: ServiceWriteFacts): ServiceWrites {
  const { question, results } = facts;
  const writes: ServiceWrites = { plans: [], answers: new Map() };
  for (const view of question.services) {
    const result = results.get(view.key);
    const plan = result ? planServed(view, result, facts) : planLeaving(view, facts);
    if (!plan) continue;
    writes.plans.push(plan);
    if (result) tellAnswer(plan, result, facts, writes.answers);
  }
  return writes;
}

/** Who answers is news only to who knows the address. */
function tellAnswer(
  { view, changed, notices }: ServicePlan,
  { addresses }: ServiceAddresses,
  facts: ServiceWriteFacts,
  answers: ServiceWrites["answers"],
): void {
  const { question, layout } = facts;
  const told = question.memory.answers.get(view.key);
  const answer = changed ? undefined : layout.answers.get(view.key);
  answers.set(view.key, answer && !isSettling(answer) ? textOf(answer) : (told ?? untold(view)));
  const isNews = answer !== undefined && told !== textOf(answer) && (told !== undefined || !("node" in answer));
  if (isNews) notices.push(...answerNotices(answer, addresses, layout.placeOf.get(view.key)));
}

/** Who answered already when this process came is no news, but whoever answers for a new Service is. */
function untold({ ingress }: ServiceView): string {
  return ingress.length > 0 ? "settling" : "new";
}

function planServed(view: ServiceView, result: ServiceAddresses, { question, ledger, foreign }: ServiceWriteFacts): ServicePlan {
  const { pools, wallNow } = question;
  const recorded = new Set(ledger.recordedOf(view.key).map(({ address }) => address));
  const isRecorded = result.addresses.every((address) => recorded.has(address));
  const dataPlane = dataPlaneOf(
    view,
    pools.find(({ name }) => name === result.pool),
  );
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
  const message = `the nodes have given up ${[...own].join(", ")}`;
  const notices: Notice[] = isDone && own.size > 0 ? [{ type: "Normal", reason: "Released", message }] : [];
  return { view, status: nothing, changed, finalizer, notices };
}
