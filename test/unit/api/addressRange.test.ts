import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  countZeroAnd255,
  endsInZeroOr255,
  formatRange,
  intersection,
  mergeRanges,
  parseRange,
  sizeOf,
} from "../../../src/api/addressRange.ts";

const ranges: [text: string, expected: string | undefined][] = [
  ["192.0.2.7", "192.0.2.7"],
  ["192.0.2.0/30", "192.0.2.0-192.0.2.3"],
  ["192.0.2.9-192.0.3.1", "192.0.2.9-192.0.3.1"],
  ["2001:db8::/126", "2001:db8::-2001:db8::3"],
  ["2001:DB8::1-2001:db8::1", "2001:db8::1"],
  ["192.0.2.1/30", undefined],
  ["192.0.2.9-192.0.2.8", undefined],
  ["192.0.2.1-2001:db8::1", undefined],
  ["192.0.2.1-192.0.2.2-192.0.2.3", undefined],
  ["::ffff:192.0.2.1", undefined],
  ["192.0.2.0/30-192.0.2.9", undefined],
  ["", undefined],
];

for (const [text, expected] of ranges) {
  test(`the range "${text}" is ${expected ?? "none"}`, () => {
    const range = parseRange(text);
    assert.equal(range && formatRange(range), expected);
  });
}

test("ranges that touch or overlap are joined, families apart", () => {
  const texts = ["192.0.2.8/30", "2001:db8::1", "192.0.2.0/29", "192.0.2.4-192.0.2.9", "192.0.2.20"];
  const merged = mergeRanges(texts.flatMap((text) => parseRange(text) ?? []));
  assert.deepEqual(merged.map(formatRange), ["192.0.2.0-192.0.2.11", "192.0.2.20", "2001:db8::1"]);
});

test("what two ranges share", () => {
  const [a, b, c] = ["192.0.2.0/28", "192.0.2.12-192.0.2.30", "192.0.2.16/28"].flatMap((text) => parseRange(text) ?? []);
  assert.ok(a && b && c);
  const shared = intersection(a, b);
  assert.equal(shared && formatRange(shared), "192.0.2.12-192.0.2.15");
  assert.equal(intersection(a, c), undefined);
});

test("addresses that end in .0 or .255 are counted as they are found", () => {
  const ends = fc.tuple(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 1200 }));
  fc.assert(
    fc.property(ends, ([a, b]) => {
      const range = { family: "IPv4" as const, first: BigInt(Math.min(a, b)), last: BigInt(Math.max(a, b)) };
      const all = Array.from({ length: Number(sizeOf(range)) }, (_, index) => range.first + BigInt(index));
      const found = all.filter((bits) => endsInZeroOr255({ family: "IPv4", bits }));
      assert.equal(countZeroAnd255(range), BigInt(found.length));
    }),
  );
});
