import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durationPattern, formatDuration, parseDuration } from "../../../src/api/duration.ts";

const durations: [text: string, milliseconds: number | undefined][] = [
  ["0", 0],
  ["0s", 0],
  ["10ms", 10],
  ["0.1s", 100],
  ["1.5s", 1500],
  ["40.95s", 40_950],
  ["1m30s", 90_000],
  ["2h45m", 9_900_000],
  ["1h1m1s1ms", 3_661_001],
  ["250us", 0.25],
  ["250µs", 0.25],
  ["1ns", 0.000001],
  ["", undefined],
  ["100", undefined],
  ["1 s", undefined],
  ["-1s", undefined],
  ["+1s", undefined],
  [".5s", undefined],
  ["1.s", undefined],
  ["1d", undefined],
  ["1s ", undefined],
  ["x1s", undefined],
  ["1sx", undefined],
];

for (const [text, milliseconds] of durations) {
  test(`"${text}" is ${milliseconds === undefined ? "no duration" : `${milliseconds} ms`}`, () => {
    assert.equal(parseDuration(text), milliseconds);
  });
}

const formats: [milliseconds: number, text: string][] = [
  [0, "0s"],
  [10, "10ms"],
  [100, "100ms"],
  [1000, "1s"],
  [1500, "1500ms"],
  [90_000, "90s"],
];

for (const [milliseconds, text] of formats) {
  test(`${milliseconds} ms is written "${text}"`, () => {
    assert.equal(formatDuration(milliseconds), text);
  });
}

test("what is written is read back, and fits the pattern of the CRDs", () => {
  fc.assert(
    fc.property(fc.nat(9_999_999), (milliseconds) => {
      const text = formatDuration(milliseconds);
      assert.equal(parseDuration(text), milliseconds);
      assert.match(text, durationPattern);
    }),
  );
});

test("whatever fits the pattern of the CRDs is a duration", () => {
  fc.assert(fc.property(fc.stringMatching(durationPattern), (text) => assert.notEqual(parseDuration(text), undefined)));
});
