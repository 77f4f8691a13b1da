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
export const conditionsSchema = mapList(z.array(conditionSchema).max(16), ["type"]);
