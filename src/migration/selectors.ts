/** Several label selectors, any of which may hold → one. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { LabelSelector } from "../api/labelSelector.ts";

/** The label that Kubernetes gives every namespace: its name. */
export const namespaceNameLabel = "kubernetes.io/metadata.name";

/** Values of one label, as most lists of selectors name nodes and namespaces. */
interface Choice {
  key: string;
  values: readonly string[];
}

/** Undefined where no selector says it: selectors have "and", and no "or". */
export function anyOf(selectors: readonly LabelSelector[]): LabelSelector | undefined {
  if (selectors.some(selectsAll)) return {};
  const [first] = selectors;
  if (first && selectors.every((selector) => isDeepStrictEqual(selector, first))) return first;
  const choices = selectors.map(choiceOf);
  const key = choices[0]?.key;
  if (key === undefined || !choices.every((choice) => choice?.key === key)) return undefined;
  return { matchExpressions: [{ key, operator: "In", values: [...new Set(choices.flatMap((choice) => choice?.values ?? []))] }] };
}

export function namespacesSelector(names: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key: namespaceNameLabel, operator: "In", values: [...names] }] };
}

const selectsAll = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector) =>
  Object.keys(matchLabels).length + matchExpressions.length === 0;

function choiceOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): Choice | undefined {
  const [label, ...labels] = Object.entries(matchLabels);
  const [expression, ...expressions] = matchExpressions;
  if (labels.length + expressions.length > 0 || (label && expression)) return undefined;
  if (label) return { key: label[0], values: [label[1]] };
  return expression?.operator === "In" ? { key: expression.key, values: expression.values ?? [] } : undefined;
}
