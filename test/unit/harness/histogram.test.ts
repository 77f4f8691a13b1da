import assert from "node:assert/strict";
import { test } from "node:test";
import { excessUs, histogramQuantile, quantile } from "../../../bench/histogram.ts";

const lateness = (counts: number[], maxUs: number) => ({ boundsUs: [50, 100, 500], counts, sumUs: 0, maxUs });

test("a quantile of a histogram is the upper bound of its bucket, and never above the greatest value", () => {
  assert.equal(histogramQuantile(lateness([98, 99, 100, 100], 400), 0.5), 50);
  assert.equal(histogramQuantile(lateness([98, 99, 100, 100], 400), 0.99), 100);
  assert.equal(histogramQuantile(lateness([98, 99, 100, 100], 400), 1), 400);
  assert.equal(histogramQuantile(lateness([10, 10, 10, 15], 900), 0.99), 900);
  assert.equal(histogramQuantile(lateness([0, 0, 0, 0], 0), 0.99), undefined);
});

test("a quantile of values is the nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile([], 0.5), undefined);
});

test("excess is what a gap has beyond the interval", () => {
  assert.deepEqual(excessUs([0n, 10_000_000n, 20_500_000n, 30_000_000n], 10), [0, 500, 0]);
});
