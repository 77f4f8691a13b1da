/**
 * Rules that a type cannot state, each in two languages: CEL, which kube-apiserver evaluates (it is generated into the CRDs), and TypeScript, which holds
 * for files and for objects older than the rule. test/apiserver/schema.test.ts checks that both give the same verdict.
 */
import type { z } from "zod";

export interface Rule<T> {
  /** CEL over `self`. https://kubernetes.io/docs/reference/using-api/cel */
  cel: string;
  /** The same for a parsed value. Must not throw, whatever else is wrong with the value. */
  holds(value: T): boolean;
  /** Names the field and says what is allowed. */
  message: string;
  /** The field that the message is about, when it is not the value itself; a path below it such as "overrides" or "vrrp.version". */
  field?: string;
}

/** The schema with the rules added in both languages. Call it once per schema: a second call would replace the first one's CEL. */
export function withRules<Schema extends z.ZodType>(schema: Schema, rules: readonly Rule<z.output<Schema>>[]): Schema {
  const refined = schema.superRefine((value, context) => {
    for (const { holds, message, field } of rules) {
      if (!holds(value)) context.addIssue({ code: "custom", message, path: field?.split(".") ?? [] });
    }
  });
  const validations = rules.map(({ cel, message, field }) => ({ rule: cel, message, ...(field && { fieldPath: `.${field}` }) }));
  return refined.meta({ ...schema.meta(), "x-kubernetes-validations": validations });
}

/** A list whose items are told apart by `keys`, as server-side apply merges it; two items with equal keys are refused. */
export function mapList<Schema extends z.ZodArray<z.ZodObject>>(schema: Schema, keys: readonly string[]): Schema {
  const distinct = schema.superRefine((items, context) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const key = JSON.stringify(keys.map((name) => item[name]));
      if (seen.has(key))
        context.addIssue({ code: "custom", message: `stands in the list already: ${key}`, path: [index, ...keys.slice(0, 1)] });
      seen.add(key);
    }
  });
  return distinct.meta({ ...schema.meta(), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [...keys] });
}

/**
 * A list that has one writer, who always writes all of it. As a map, an item that somebody else added by hand would be his for ever:
 * server-side apply removes only what the same manager has applied before.
 */
export function wholeList<Schema extends z.ZodArray>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), "x-kubernetes-list-type": "atomic" });
}
