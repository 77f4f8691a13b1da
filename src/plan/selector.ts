/** Kubernetes label selectors: metav1.LabelSelector as kube-apiserver's labels package reads it. Pure. */
import type { LabelSelector } from "../api/labelSelector.ts";

type Labels = Readonly<Record<string, string>>;
type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

/** NotIn and DoesNotExist also hold for an object that has no such label. */
const holds: Record<Requirement["operator"], (value: string | undefined, values: readonly string[]) => boolean> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/** Whether the labels fulfil all requirements; an empty selector selects everything. */
export function matches(selector: LabelSelector, labels: Labels): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labelOf(labels, key) === value);
  return (
    equal && (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => holds[operator](labelOf(labels, key), values))
  );
}

/** A label may be called like a property that every object has. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
