/** What `kubectl explain` says of the kinds. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

/** Those that every object has are the API server's to describe. */
const common = ["apiVersion", "kind", "metadata"];

function undescribed({ properties = {}, items, additionalProperties }: Schema, path: string): string[] {
  const own = Object.entries(properties).flatMap(([name, schema]) => [
    ...(schema.description ? [] : [`${path}.${name}`]),
    ...undescribed(schema, `${path}.${name}`),
  ]);
  return [...own, ...[items, additionalProperties].flatMap((inner) => (inner ? undescribed(inner, `${path}[]`) : []))];
}

for (const file of globSync(join(import.meta.dirname, "../../../crds/*.yaml"))) {
  test(`${basename(file)}: every field is described`, () => {
    const { openAPIV3Schema } = parse(readFileSync(file, "utf8")).spec.versions[0].schema;
    const missing = undescribed(openAPIV3Schema, "").filter((path) => !common.includes(path.slice(1)));
    assert.deepEqual(missing, []);
  });
}
