import assert from "node:assert/strict";
import { test } from "node:test";
import { LossyWrites } from "../../../../src/operator/controllers/lossyWrites.ts";

const object = (generation: number, uid = "u1") => ({ apiVersion: "v1", kind: "X", metadata: { name: "n1", uid, generation } });

test("lossy writes: what an older CRD has cut off is not written again until object or plan is another one", () => {
  const writes = new LossyWrites();
  assert.equal(writes.isFutile("n1", { group: "a" }, object(1)), false);
  writes.remember("n1", { group: "a" }, object(2));
  assert.equal(writes.isFutile("n1", { group: "a" }, object(2)), true);
  assert.equal(writes.isFutile("n1", { group: "b" }, object(2)), false);
  assert.equal(writes.isFutile("n1", { group: "a" }, object(3)), false, "somebody changed it");
  assert.equal(writes.isFutile("n1", { group: "a" }, object(2, "u2")), false, "it was made anew");
  assert.equal(writes.isFutile("n1", { group: "a" }, undefined), false, "it is gone");
  assert.equal(writes.isFutile("n2", { group: "a" }, object(2)), false);
});
