/** kubectl reads YAML 1.1, where bare words such as on, Off or y are booleans: no field and no value that people write may be one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";

const boolean = /^(y|n|yes|no|on|off|true|false)$/i;

/** Names of fields and values of enumerations below a JSON schema. */
function words(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, enum: values } = schema as { properties?: object; enum?: unknown };
  const texts = Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  return [...Object.keys(properties), ...texts, ...Object.values(schema).flatMap(words)];
}

for (const [kind, schema] of Object.entries({ VirtualIP: virtualIPSpecSchema, AgentConfig: agentConfigSpecSchema })) {
  test(`${kind}: no field or value is a boolean of YAML 1.1`, () => {
    const all = words(z.toJSONSchema(schema, { target: "openapi-3.0", io: "input" }));
    assert.ok(all.includes("debugUnknownRouters") || all.includes("Multicast"), "the schema was walked");
    assert.deepEqual(
      all.filter((word) => boolean.test(word)),
      [],
    );
  });
}
