import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabelSelector } from "../../../src/api/labelSelector.ts";
import { matches } from "../../../src/plan/selector.ts";

const labels = { zone: "a", edge: "", "kubernetes.io/os": "linux" };

const cases: [selector: LabelSelector, expected: boolean][] = [
  [{}, true],
  [{ matchLabels: {} }, true],
  [{ matchLabels: { zone: "a" } }, true],
  [{ matchLabels: { zone: "b" } }, false],
  [{ matchLabels: { edge: "" } }, true],
  [{ matchLabels: { missing: "" } }, false],
  [{ matchLabels: { zone: "a", "kubernetes.io/os": "windows" } }, false],
  [{ matchExpressions: [{ key: "zone", operator: "In", values: ["b", "a"] }] }, true],
  [{ matchExpressions: [{ key: "zone", operator: "In", values: ["b"] }] }, false],
  [{ matchExpressions: [{ key: "missing", operator: "In", values: [""] }] }, false],
  [{ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["b"] }] }, true],
  [{ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a", "b"] }] }, false],
  // A label that is absent is not in any set.
  [{ matchExpressions: [{ key: "missing", operator: "NotIn", values: ["a"] }] }, true],
  [{ matchExpressions: [{ key: "edge", operator: "Exists" }] }, true],
  [{ matchExpressions: [{ key: "missing", operator: "Exists" }] }, false],
  [{ matchExpressions: [{ key: "edge", operator: "DoesNotExist" }] }, false],
  [{ matchExpressions: [{ key: "missing", operator: "DoesNotExist" }] }, true],
  [{ matchLabels: { zone: "a" }, matchExpressions: [{ key: "edge", operator: "DoesNotExist" }] }, false],
  // Names that every object has are no labels.
  [{ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, false],
];

for (const [selector, expected] of cases) {
  test(`selector ${JSON.stringify(selector)} ${expected ? "matches" : "does not match"}`, () => {
    assert.equal(matches(selector, labels), expected);
  });
}
