/** What is written to an AddressPool and told of it. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AddressPoolStatus } from "../../../api/addressPool.ts";
import type { Assignment } from "../../../api/addressPoolStatus.ts";
import { findCondition } from "../../../api/condition.ts";
import type { PoolView } from "../cluster.ts";
import type { Notice } from "../notices.ts";
import type { PoolVerdicts } from "../poolVerdicts.ts";
import { poolStatusOf } from "./poolStatus.ts";
import type { ServicesQuestion } from "./servicesQuestion.ts";

export interface PoolPlan {
  view: PoolView;
  status: AddressPoolStatus;
  changed: boolean;
  finalizer: "add" | "keep" | "remove";
  notices: Notice[];
}

export function planPool(view: PoolView, question: ServicesQuestion, verdicts: PoolVerdicts, assignments: readonly Assignment[]): PoolPlan {
  const verdict = verdicts.get(view.name) ?? { accepted: false, reason: "InvalidSpec", message: "it was not looked at" };
  const status = poolStatusOf({ view, verdict, assignments, wallNow: question.wallNow });
  const changed = !isDeepStrictEqual(status, ownPart(view.status, status));
  const isEmpty = assignments.length === 0 && (view.status.assignments ?? []).length === 0;
  const stands = question.virtualIPs.some(({ generated }) => generated?.pool === view.name);
  const isDone = isEmpty && !stands;
  return { view, status, changed, finalizer: finalizerOf(view, isDone), notices: poolNotices(view.status, status) };
}

function finalizerOf({ deleting, hasFinalizer }: PoolView, isDone: boolean): PoolPlan["finalizer"] {
  if (!deleting) return hasFinalizer ? "keep" : "add";
  return hasFinalizer && isDone ? "remove" : "keep";
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
