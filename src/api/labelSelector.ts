/** A label selector, as metav1.LabelSelector. */
import { z } from "zod";
import { type Rule, withRules } from "./rules.ts";

interface Requirement {
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

const requirementRules: Rule<Requirement>[] = [
  {
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    holds: ({ operator, values = [] }) => (operator === "In" || operator === "NotIn") === values.length > 0,
    message: "values must be given with the operators In and NotIn, and left out with Exists and DoesNotExist",
    field: "values",
  },
];

const requirementSchema = withRules(
  z.object({
    key: z.string().min(1).max(316).describe("The label's key."),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How the label's value is compared."),
    values: z.array(z.string().max(63)).max(64).optional().describe("What it is compared with; only for In and NotIn."),
  }),
  requirementRules,
);

/** `what`: "node". */
export const labelSelectorOf = (what: string) =>
  z
    .object({
      matchLabels: z.record(z.string().max(316), z.string().max(63)).optional().describe(`Labels that a ${what} must have.`),
      matchExpressions: z.array(requirementSchema).max(16).optional().describe(`Requirements that a ${what} must all fulfil.`),
    })
    .describe(`A label selector over ${what}s.`);

export const labelSelectorSchema = labelSelectorOf("node");
export type LabelSelector = z.infer<typeof labelSelectorSchema>;
