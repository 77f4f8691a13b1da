/** Services that want addresses and have none, or others: objects → findings. Pure. */
import { findCondition } from "../../api/condition.ts";
import { assignedCondition } from "../../api/service.ts";
import type { PlacedFinding } from "../findingView.ts";
import type { Patient } from "./patient.ts";

/** By reason of the condition; what is not here is explained by its message. */
const remedies: Record<string, string> = {
  PoolExhausted: "Give the AddressPool more addresses, or delete Services that need theirs no longer.",
  NoPool: "Make an AddressPool with autoAssign, or name one in the annotation aloft.dev/pool.",
  PoolNotFound: "Correct the annotation aloft.dev/pool, or make the AddressPool.",
  NamespaceUnknown: "Wait a moment; if it stays, see the log of the operator.",
  PoolNotAllowed: "Change the selectors of the AddressPool, or name another one.",
  PoolNotAccepted: "See the findings about the AddressPool.",
  AddressNotInPool: "Ask for an address that an AddressPool holds, or add it to one.",
  AddressTaken: "Ask for another address, or share it: annotation aloft.dev/sharing-key on both Services.",
  PortTaken: "Services that share an address need different ports.",
};

export function pendingServices({ services }: Pick<Patient, "services">): PlacedFinding[] {
  return services.flatMap(pending);
}

function pending({ key, conditions, ingress }: Patient["services"][number]): PlacedFinding[] {
  const assigned = findCondition(conditions, assignedCondition);
  if (!assigned || assigned.reason === "Assigned") return [];
  const has = ingress.length > 0;
  return [
    {
      severity: has ? "Warning" : "Error",
      where: `Service ${key}`,
      what: `${has ? "It has not what it asks for" : "It has no address"} (${assigned.reason}): ${assigned.message}`,
      why: has ? "It keeps what it had before." : "Nothing reaches it from outside.",
      fix: remedies[assigned.reason] ?? "Change the Service as it says.",
    },
  ];
}
