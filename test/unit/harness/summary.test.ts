import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, formatComparisons } from "../../../bench/summary.ts";
import type { Trial } from "../../../bench/trial.ts";

const trial = (make: Trial["make"], scenario: Trial["scenario"], takeoverMs: number | undefined, outageMs: number): Trial => ({
  make,
  scenario,
  intervalMs: 100,
  family: "IPv4",
  phase: 0.5,
  takeoverMs,
  outageMs,
  doubleAnswerMs: 0,
});

test("after a kill the takeover on the wire is compared, after a cut the client's outage", () => {
  const trials = (["kill", "cut"] as const).flatMap((scenario) => [
    trial("aloft", scenario, 300, 10),
    trial("keepalived", scenario, 310, 40),
  ]);
  assert.equal(compare(trials, "kill", 100, 304.7).ratio, 300 / 310);
  assert.equal(compare(trials, "cut", 100, 304.7).ratio, 0.25);
  assert.equal(compare(trials, "cut", 100, 304.7).verdict, "better");
});

test("trials of other scenarios and intervals do not count, and one without a takeover is a miss", () => {
  const trials = [
    trial("aloft", "kill", 300, 0),
    trial("aloft", "kill", undefined, 900),
    trial("aloft", "stop", 5, 5),
    { ...trial("aloft", "kill", 30, 0), intervalMs: 10 },
  ];
  const { aloft, keepalived, ratio } = compare(trials, "kill", 100, 304.7);
  assert.deepEqual(aloft.takeoverMs, { count: 1, min: 300, median: 300, max: 300 });
  assert.equal(aloft.missed, 1);
  assert.equal(keepalived.outageMs, undefined);
  assert.equal(ratio, undefined);
});

test("medians that cannot be told apart are equal", () => {
  const verdict = (ours: number, theirs: number) =>
    compare([trial("aloft", "kill", ours, 0), trial("keepalived", "kill", theirs, 0)], "kill", 100, 304.7).verdict;
  assert.equal(verdict(304.84, 304.8), "equal");
  assert.equal(verdict(304.9, 304.8), "worse");
  assert.equal(verdict(304.7, 304.8), "better");
});

test("the table has one line per make", () => {
  const comparison = compare([trial("aloft", "kill", 300, 0), trial("keepalived", "kill", 310, 0)], "kill", 100, 304.6875);
  const [, aloft = "", keepalived = ""] = formatComparisons([comparison]);
  assert.match(aloft, /^kill\s+100\s+304\.69\s+aloft\s+1\s+300\.00 \/ 300\.00 \/ 300\.00\s.*0\.968\s+better$/);
  assert.match(keepalived, /^\s+keepalived\s+1\s+310\.00 \/ 310\.00 \/ 310\.00/);
});
