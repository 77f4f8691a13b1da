import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { withEqualParts } from "../../../src/plan/equalParts.ts";

test("equal parts: what has not changed is the same object, and nothing else", () => {
  const before = { spec: { addresses: [{ address: "192.0.2.1" }, { address: "192.0.2.2" }] }, status: { count: 1, labels: {} } };
  const read = structuredClone(before);
  read.status.count = 2;
  read.spec.addresses.push({ address: "192.0.2.3" });
  const now = withEqualParts(read, before);
  assert.deepEqual(now, read);
  assert.deepEqual([now.spec === before.spec, now.status === before.status], [false, false]);
  assert.ok(now.spec.addresses[0] === before.spec.addresses[0] && now.status.labels === before.status.labels);
  const again = withEqualParts(structuredClone(now), now);
  assert.equal(again, now);
  assert.equal(withEqualParts(structuredClone(now.spec), now.spec), now.spec);
});

test("equal parts: what differs by one element, by a key or by what no comparison looks into is what was read", () => {
  const pairs: [unknown, unknown][] = [
    [
      [1, 2],
      [1, 3],
    ],
    [[{ up: true }], [{ up: false }]],
    [{ name: undefined }, { port: 80 }],
    [{ since: new Date(1) }, { since: new Date(0) }],
  ];
  for (const [now, before] of pairs) assert.deepEqual(withEqualParts(now, before), now);
});

test("equal parts property: always the value that was read, of which nothing is lost or added, and neither one is changed", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, fc.boolean(), (one, other, isNested) => {
      const before = isNested ? { one, other, list: [one, other] } : one;
      const now = isNested ? { one: other, other, list: [one, one, other] } : other;
      const [copyOfBefore, copyOfNow] = [structuredClone(before), structuredClone(now)];
      assert.deepEqual(withEqualParts(now, before), copyOfNow);
      assert.deepEqual([before, now], [copyOfBefore, copyOfNow]);
      assert.ok(Object.is(withEqualParts(structuredClone(before), before), before));
    }),
  );
});
