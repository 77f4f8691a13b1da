/** The Kubernetes Events that a new status gives rise to. Pure: what the status records already is not told again. */
import { type Condition, findCondition } from "../../api/condition.ts";
import type { Move, VirtualIPStatus } from "../../api/virtualIP.ts";
import { describeMove } from "./moves.ts";

export interface Notice {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** Statuses of conditions that a person should hear of, by type; the message comes from the condition. */
const warnings: Record<string, { status: Condition["status"]; reasons?: readonly string[] }> = {
  Accepted: { status: "False" },
  Ready: { status: "False", reasons: ["NoCandidates", "MultipleMasters", "FamilySplit"] },
  Degraded: { status: "True", reasons: ["RouterFault"] },
  AddressConflict: { status: "True" },
  ForeignRouter: { status: "True" },
  OutsideSubnet: { status: "True" },
};

export function noticesOf(before: VirtualIPStatus, after: VirtualIPStatus, move: Move | undefined): Notice[] {
  const changed = (after.conditions ?? []).filter((condition) => {
    const warning = warnings[condition.type];
    if (condition.status !== warning?.status || warning.reasons?.includes(condition.reason) === false) return false;
    const old = findCondition(before.conditions, condition.type);
    return old?.status !== condition.status || old.reason !== condition.reason;
  });
  const notices = changed.map(({ reason, message }): Notice => ({ type: "Warning", reason, message }));
  return [...(move ? [moveNotice(move)] : []), ...plannedNotices(before, after), ...notices];
}

/** The end of a move that was asked for; one that began with the preferred node in place was none. */
function plannedNotices({ plannedMove: old }: VirtualIPStatus, { plannedMove: move }: VirtualIPStatus): Notice[] {
  if (move?.state !== "Done" || move.from === "" || (old?.state === "Done" && old.time === move.time)) return [];
  const reason = move.reason === "Drain" ? "Drained" : "Moved";
  return [{ type: "Normal", reason, message: move.message ?? `${move.from} has handed over to ${move.to}` }];
}

function moveNotice(move: Move): Notice {
  const message = describeMove(move);
  if (move.to === "") return { type: "Warning", reason: "Unanswered", message };
  return { type: "Normal", reason: move.from === "" ? "Announced" : "FailedOver", message };
}
