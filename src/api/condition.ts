import { z } from "zod";
import { mapList } from "./rules.ts";

/** metav1.Condition: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md */
export const conditionSchema = z.object({
  type: z.string().min(1).max(316).describe("Type of the condition in CamelCase."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether the condition holds."),
  reason: z.string().min(1).max(1024).describe("One CamelCase word: why the condition has this status."),
  message: z.string().max(32768).describe("What it means, as a sentence for a person."),
  lastTransitionTime: z.string().meta({ format: "date-time" }).describe("When status last changed."),
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this was computed from."),
});
export type Condition = z.infer<typeof conditionSchema>;

/** A list of conditions in the form in which server-side apply merges it: a map keyed by type. */
export const conditionsSchema = mapList(z.array(conditionSchema).max(16), ["type"]).describe(
  "What is well and what is not, each with its reason.",
);

/** What was found out about one condition; when it became so follows from the list before. */
export type ConditionFinding = Omit<Condition, "lastTransitionTime" | "observedGeneration">;

/**
 * The list of `findings` as conditions, in their order. lastTransitionTime is `now` (RFC 3339) where the status is new, else what it was.
 * Conditions that `findings` does not name are dropped: each list has one writer, who names all of them.
 */
export function setConditions(
  before: readonly Condition[],
  findings: readonly ConditionFinding[],
  observedGeneration: number | undefined,
  now: string,
): Condition[] {
  return findings.map((finding) => {
    const old = findCondition(before, finding.type);
    return { ...finding, lastTransitionTime: old?.status === finding.status ? old.lastTransitionTime : now, observedGeneration };
  });
}

export function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}
