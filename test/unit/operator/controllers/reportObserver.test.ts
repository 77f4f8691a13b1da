import assert from "node:assert/strict";
import { test } from "node:test";
import { ReportObserver } from "../../../../src/operator/controllers/reportObserver.ts";

test("silence: counted from when a report was seen to change, not from the time that it names", () => {
  const observer = new ReportObserver(60_000);
  assert.deepEqual(observer.observe("n1", "long ago", 5000, 5000), { reportedAt: 5000, silent: false });
  assert.equal(observer.observe("n1", "long ago", 64_999, 64_999).silent, false);
  assert.equal(observer.observe("n1", "long ago", 65_000, 65_000).silent, true);
  assert.deepEqual(observer.observe("n1", "now", 70_000, 70_000), { reportedAt: 70_000, silent: false });
});

test("silence: a watch that brings nothing makes nobody silent", () => {
  const observer = new ReportObserver(60_000);
  observer.observe("n1", "a", 0, 0);
  assert.equal(observer.observe("n1", "a", 500_000, 59_999).silent, false);
  assert.equal(observer.observe("n1", "a", 500_000, 60_000).silent, true);
});

test("silence: an agent that was forgotten is new when it returns", () => {
  const observer = new ReportObserver(60_000);
  observer.observe("n1", "a", 0, 0);
  observer.retain(new Set());
  assert.equal(observer.observe("n1", "a", 60_000, 60_000).silent, false);
});
