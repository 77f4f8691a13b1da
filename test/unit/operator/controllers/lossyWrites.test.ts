import assert from "node:assert/strict";
import { test } from "node:test";
import { LossyWrites } from "../../../../src/operator/controllers/lossyWrites.ts";

const object = (generation: number, uid = "u1") => ({ apiVersion: "v1", kind: "X", metadata: { name: "n1", uid, generation } });

test("lossy writes: what an older CRD has cut off is not written again until object or plan is another one", () => {
  const writes = new LossyWrites();
  assert.equal(writes.isFutile("n1", { group: "a" }, object(1), 0), false);
  writes.remember("n1", { group: "a" }, object(2), 0);
  assert.equal(writes.isFutile("n1", { group: "a" }, object(2), 0), true);
  assert.equal(writes.isFutile("n1", { group: "b" }, object(2), 0), false);
  assert.equal(writes.isFutile("n1", { group: "a" }, object(3), 0), false, "somebody changed it");
  assert.equal(writes.isFutile("n1", { group: "a" }, object(2, "u2"), 0), false, "it was made anew");
  assert.equal(writes.isFutile("n1", { group: "a" }, undefined, 0), false, "it is gone");
  assert.equal(writes.isFutile("n2", { group: "a" }, object(2), 0), false);
});

test("lossy writes: what nobody asks for again is forgotten, what is asked for at each pass is not", () => {
  const writes = new LossyWrites();
  const minutes = (count: number) => count * 60_000;
  for (let minute = 0; minute < 60; minute += 1) {
    writes.remember(`gone${minute}`, { group: "a" }, object(1), minutes(minute));
    if (minute === 0) writes.remember("n1", { group: "a" }, object(2), minutes(minute));
    assert.equal(writes.isFutile("n1", { group: "a" }, object(2), minutes(minute)), true);
  }
  assert.equal(writes.size, 6);
});
