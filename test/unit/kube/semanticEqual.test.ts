import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { semanticEqual } from "../../../src/kube/semanticEqual.ts";

const cases: [unknown, unknown, boolean][] = [
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: null }, {}, false],
  [{ a: [] }, {}, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 1 }] } }, true],
  [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
  [undefined, {}, false],
  ["1", 1, false],
];

for (const [a, b, expected] of cases) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${expected ? "equal" : "different"}`, () => {
    assert.equal(semanticEqual(a, b), expected);
    assert.equal(semanticEqual(b, a), expected);
  });
}

test("JSON values are equal exactly when they are deeply equal", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      // A round trip, because JSON knows no -0.
      const [left, right] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
      assert.ok(semanticEqual(left, structuredClone(left)));
      assert.equal(semanticEqual(left, right), isDeepEqual(left, right));
    }),
  );
});

function isDeepEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(Object(a) === a ? { ...(a as object) } : a, Object(b) === b ? { ...(b as object) } : b);
    return Array.isArray(a) === Array.isArray(b);
  } catch {
    return false;
  }
}
