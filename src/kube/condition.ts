/** metav1.Condition lists as values. Pure. */
import { formatTime } from "./object.ts";

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/**
 * The list with the conditions of `changes` set. lastTransitionTime is `now` for a condition that is new or whose status
 * differs, else what it was. Conditions that `changes` does not name stay. The result is sorted by type.
 */
export function setConditions(
  current: readonly Condition[] | undefined,
  changes: readonly Omit<Condition, "lastTransitionTime">[],
  now: Date,
): Condition[] {
  const byType = new Map((current ?? []).map((condition) => [condition.type, condition]));
  for (const change of changes) {
    const before = byType.get(change.type);
    const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : formatTime(now);
    byType.set(change.type, { ...change, lastTransitionTime });
  }
  return [...byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** The condition of that type. */
export function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}
