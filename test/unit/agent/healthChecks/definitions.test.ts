import assert from "node:assert/strict";
import { test } from "node:test";
import { Definitions } from "../../../../src/agent/healthChecks/definitions.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";

function target(fields: Record<string, unknown> = {}, address = "192.0.2.1", port = 80) {
  return { key: "any", address, port, check: healthCheckSchema.parse({ tcp: {}, ...fields }) };
}

test("definitions: equal checks of a server are one, and all else is another", () => {
  const definitions = new Definitions();
  const all = [target(), target({ interval: "3s" }), target({}, "192.0.2.2"), target({}, "192.0.2.1", 81)].map((it) => definitions.of(it));
  assert.equal(new Set(all).size, 4);
  assert.equal(definitions.of({ ...target(), key: "other" }), all[0]);
});

test("definitions: of the next configuration they are the same, whatever came or went between", () => {
  const first = new Definitions();
  const [a, b] = [first.of(target()), first.of(target({ interval: "3s" }))];
  const second = new Definitions(first);
  const c = second.of(target({ interval: "4s" }));
  assert.equal(second.of(target()), a);
  const third = new Definitions(second);
  assert.deepEqual([third.of(target({ interval: "4s" })), third.of(target())], [c, a]);
  // It was forgotten; what comes back begins anew.
  assert.ok(![a, b, c].includes(third.of(target({ interval: "3s" }))));
});
