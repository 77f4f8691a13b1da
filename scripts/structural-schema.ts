/**
 * JSON Schema as zod writes it (target openapi-3.0) → the structural schema that kube-apiserver takes. Pure.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */

export type JsonSchema = { [key: string]: unknown };

/** Keywords that a structural schema cannot express or that mean something else there. Meeting one is an error of the schema in src/api. */
const refused = ["$ref", "anyOf", "oneOf", "allOf", "not", "const", "prefixItems", "patternProperties", "propertyNames", "uniqueItems"];

/** Throws an Error with the path of what cannot be expressed. */
export function structural(schema: JsonSchema, path = "schema"): JsonSchema {
  const wrong = refused.find((keyword) => keyword in schema);
  if (wrong) throw new Error(`${path}: a structural schema has no "${wrong}"; state it as a CEL rule`);
  if (typeof schema.type !== "string") throw new Error(`${path}: a structural schema needs a type`);
  const { properties, items, additionalProperties, ...rest } = schema;
  const result: JsonSchema = { ...rest, ...integerRange(schema) };
  if (properties) result.properties = mapValues(properties as JsonSchema, (value, key) => structural(value, `${path}.${key}`));
  if (items) result.items = structural(items as JsonSchema, `${path}[]`);
  // `false` is what kube-apiserver does anyway (it prunes), and is refused next to properties.
  if (additionalProperties) result.additionalProperties = structural(additionalProperties as JsonSchema, `${path}{}`);
  return result;
}

function mapValues(object: JsonSchema, map: (value: JsonSchema, key: string) => JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value as JsonSchema, key)]));
}

/** The bounds of JavaScript's safe integers say nothing about the field: the width of the type does. */
function integerRange({ type, minimum, maximum, enum: values }: JsonSchema): JsonSchema {
  if (type !== "integer" || values) return {};
  const isBounded = typeof maximum === "number" && maximum < 2 ** 31;
  return {
    format: isBounded ? "int32" : "int64",
    minimum: minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum,
    maximum: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
  };
}
