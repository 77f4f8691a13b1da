/** Whatever happens to Services, pools, endpoints, nodes and operators, in whatever order: ServedCluster looks for what must never be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ServiceView } from "../../../../../src/operator/plan/services/views.ts";
import { steps, untouched } from "./anySteps.ts";

test("Services property: no address twice at any moment, and in the end rest, and an address for everybody as far as there are any", () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), fc.nat(3), (all, generationTakes) => {
      const cluster = untouched();
      cluster.generationTakes = generationTakes;
      for (const step of all) step(cluster);
      cluster.rest();
      for (const view of cluster.services) checkEnd(view);
      const told = new Set(cluster.services.flatMap(({ ingress }) => ingress.flatMap(({ ip }) => ip ?? [])));
      const recorded = cluster.pools.flatMap(({ status }) => status.assignments ?? []);
      for (const { address } of recorded) assert.ok(told.has(address), `${address} is recorded for nobody`);
    }),
    { numRuns: 200 },
  );
});

function checkEnd({ key, deleting, loadBalancerClass, ingress, conditions }: ServiceView): void {
  const isOther = loadBalancerClass === "other";
  assert.ok(isOther || !deleting, `${key} is stuck`);
  if (isOther) assert.ok(deleting || ingress.length === 0);
  else assert.ok(ingress.length > 0 || conditions[0]?.status === "False", key);
}
