/** What is written to a Service and told of it. Pure. */
import { type Condition, setConditions } from "../../../api/condition.ts";
import { assignedCondition } from "../../../api/service.ts";
import type { ServiceAddresses } from "../../allocate/serviceClaims.ts";
import type { Notice } from "../notices.ts";
import type { DataPlane } from "./claims.ts";
import type { Ingress, ServiceView } from "./views.ts";

export interface ServiceStatus {
  ingress: readonly Ingress[];
  conditions: readonly Condition[];
}

/** Kubernetes' own proxies leave an address with mode Proxy to the node that answers for it. https://kep.k8s.io/1860 */
const ipModes: Record<DataPlane, string> = { KubeProxy: "VIP", IPVS: "Proxy" };

export function serviceStatusOf(view: ServiceView, result: ServiceAddresses, dataPlane: DataPlane, wallNow: string): ServiceStatus {
  const { addresses, pool, refusal } = result;
  const has = addresses.length > 0;
  const given = has ? `${addresses.join(", ")} of AddressPool "${pool}"` : "it asks for no address";
  const finding = {
    type: assignedCondition,
    status: has ? ("True" as const) : ("False" as const),
    reason: refusal?.reason ?? (has ? "Assigned" : "Pending"),
    message: refusal ? `${refusal.message}${has ? `; it keeps ${given}` : ""}` : given,
  };
  const [condition] = setConditions(view.conditions, [finding], undefined, wallNow);
  const { observedGeneration: _none, ...plain } = condition ?? { ...finding, lastTransitionTime: wallNow };
  return { ingress: addresses.map((ip) => ({ ip, ipMode: ipModes[dataPlane] })), conditions: [plain] };
}

/** Of a Service that is given up. */
export const nothing: ServiceStatus = { ingress: [], conditions: [] };

/** What the new status says that the old one did not. */
export function assignmentNotices(
  { conditions: [before] }: Pick<ServiceView, "conditions">,
  { conditions: [after] }: ServiceStatus,
): Notice[] {
  if (!after || (before?.reason === after.reason && before.message === after.message)) return [];
  return [{ type: after.reason === "Assigned" ? "Normal" : "Warning", reason: after.reason, message: after.message }];
}

export type Unplaced = "NoReadyEndpoint" | "TooManyCandidateSets" | "TooManyAddresses";

/** Who answers for a Service, or why nobody does. */
export type Answer = { node: string } | { reason: Unanswered } | { reason: "Settling" };

type Unanswered = Unplaced | "NotAccepted" | "Unanswered";

const explanations: Record<Unanswered, string> = {
  NoReadyEndpoint: "no node has a ready endpoint, and externalTrafficPolicy is Local",
  TooManyCandidateSets:
    "its endpoints are on a set of nodes for which there is no VirtualIP left: raise spec.maxLocalVirtualRouters of the AddressPool, place its pods where those of other Services are, or set externalTrafficPolicy to Cluster",
  TooManyAddresses: "the VirtualIPs of the AddressPool carry no more addresses: raise spec.virtualRouters",
  NotAccepted: "its VirtualIP is not accepted; its conditions say why",
  Unanswered: "no node answers for its VirtualIP",
};

/** One text for each answer, to tell whether it is another one. */
export function textOf(answer: Answer): string {
  return "node" in answer ? `node ${answer.node}` : answer.reason;
}

/** Nothing to be told of yet. */
export function isSettling(answer: Answer): boolean {
  return "reason" in answer && answer.reason === "Settling";
}

export function answerNotices(answer: Answer, addresses: readonly string[], virtualIP: string | undefined): Notice[] {
  if ("node" in answer) {
    return [
      { type: "Normal", reason: "Answering", message: `${answer.node} answers for ${addresses.join(", ")} (VirtualIP ${virtualIP})` },
    ];
  }
  if (answer.reason === "Settling") return [];
  const place = virtualIP === undefined ? "" : ` (VirtualIP ${virtualIP})`;
  return [
    {
      type: "Warning",
      reason: answer.reason,
      message: `nobody answers for ${addresses.join(", ")}${place}: ${explanations[answer.reason]}`,
    },
  ];
}
