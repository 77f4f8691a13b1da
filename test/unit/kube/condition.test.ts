import assert from "node:assert/strict";
import { test } from "node:test";
import { findCondition, setConditions } from "../../../src/kube/condition.ts";

const early = new Date("2026-01-01T00:00:00.123Z");
const late = new Date("2026-01-01T01:00:00.456Z");
const ready = { type: "Ready", status: "True", reason: "Answering", message: "n1 answers", observedGeneration: 1 } as const;

test("a new condition gets the time in whole seconds", () => {
  assert.deepEqual(setConditions(undefined, [ready], early), [{ ...ready, lastTransitionTime: "2026-01-01T00:00:00Z" }]);
});

test("the time changes only with the status; everything else is taken over", () => {
  const before = setConditions([], [ready], early);
  const reworded = { ...ready, reason: "Moved", message: "n2 answers", observedGeneration: 2 };
  assert.deepEqual(setConditions(before, [reworded], late), [{ ...reworded, lastTransitionTime: "2026-01-01T00:00:00Z" }]);
  const lost = { ...ready, status: "False" } as const;
  assert.equal(setConditions(before, [lost], late)[0]?.lastTransitionTime, "2026-01-01T01:00:00Z");
});

test("conditions of others stay, sorted by type, and the input is not changed", () => {
  const accepted = { type: "Accepted", status: "True", reason: "Valid", message: "", lastTransitionTime: "x" } as const;
  const before = Object.freeze(setConditions([accepted], [ready], early));
  const after = setConditions(before, [{ ...ready, status: "Unknown" }], late);
  assert.deepEqual(
    after.map(({ type, status }) => [type, status]),
    [
      ["Accepted", "True"],
      ["Ready", "Unknown"],
    ],
  );
  assert.equal(findCondition(after, "Accepted"), accepted);
  assert.equal(findCondition(undefined, "Accepted"), undefined);
});
