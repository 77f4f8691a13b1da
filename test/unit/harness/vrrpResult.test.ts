import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatResult,
  isMet,
  type Measure,
  ratioOf,
  type ScenarioResult,
  toJson,
  toMarkdown,
  verdictOf,
} from "../../../bench/vrrp/result.ts";

const measure = (aloft: number[], keepalived: number[], changes: Partial<Measure> = {}): Measure => ({
  what: "takeover",
  unit: "ms",
  values: { aloft, keepalived },
  judged: "max",
  bar: { most: 32.5, text: "Active_Down 30.5 + 2" },
  ...changes,
});

const result = (...measures: Measure[]): ScenarioResult => ({ name: "single", title: "1 router", subject: "agent", measures, notes: [] });

test("the bar is about the greatest or the middle of the runs, as the measure says", () => {
  assert.equal(verdictOf(measure([30, 32.5], [40])), "met");
  assert.equal(verdictOf(measure([30, 30, 32.6], [40])), "MISSED");
  assert.equal(verdictOf(measure([30, 30, 99], [40], { judged: "median" })), "met");
});

test("what never came or was not measured meets no bar, and without a bar there is no verdict", () => {
  assert.equal(verdictOf(measure([30, Number.POSITIVE_INFINITY], [40])), "MISSED");
  assert.equal(verdictOf(measure([], [40])), "not measured");
  assert.equal(verdictOf(measure([99], [40], { bar: undefined })), "");
  assert.equal(isMet(result(measure([30], [40]), measure([99], [40], { bar: undefined }))), true);
  assert.equal(isMet(result(measure([30], [40]), measure([], [40]))), false);
});

test("the ratio is of the judged values, and against what never came it is 0", () => {
  assert.equal(ratioOf(measure([10, 20], [40, 80])), 0.25);
  assert.equal(ratioOf(measure([10, 20, 90], [40, 40, 40], { judged: "median" })), 0.5);
  assert.equal(ratioOf(measure([10], [Number.POSITIVE_INFINITY])), 0);
  assert.equal(ratioOf(measure([Number.POSITIVE_INFINITY], [10])), undefined);
  assert.equal(ratioOf(measure([0], [0])), undefined);
});

test("the table shows middle and greatest of both makes, ratio, bar and verdict", () => {
  const [title, head = "", line = ""] = formatResult(result(measure([30, 31, 33], [30, Number.POSITIVE_INFINITY, 40])));
  assert.equal(title, "single: 1 router (Aloft: agent)");
  assert.match(head, /^WHAT\s+UNIT\s+N\s+KEEPALIVED\s+ALOFT\s+RATIO\s+BAR\s+VERDICT$/);
  assert.match(line, /^takeover\s+ms\s+3\s+40\.00 \/ never\s+31\.00 \/ 33\.00\s+0\.000\s+max ≤ Active_Down 30\.5 \+ 2\s+MISSED$/);
});

test("in JSON what never came is a word, for JSON would make it null", () => {
  const [first] = JSON.parse(JSON.stringify(toJson([result(measure([30], [Number.POSITIVE_INFINITY]))])));
  assert.deepEqual(first.measures[0].values, { aloft: [30], keepalived: ["never"] });
  assert.equal(first.measures[0].verdict, "met");
});

test("in Markdown a scenario is a table with the unit behind what was measured, and its notes below", () => {
  const text = toMarkdown({ ...result(measure([31, 33], [40])), notes: ["One note.", "Another."] });
  const [title, , , titles, rule, row, , notes] = text.split("\n");
  assert.equal(title, "### 1 router");
  assert.equal(titles, "| what | n | keepalived | aloft | ratio | bar | verdict |");
  assert.equal(rule, "| --- | ---: | ---: | ---: | ---: | --- | --- |");
  assert.equal(row, "| takeover, ms | 2 | 40.00 | 32.00 / 33.00 | 0.825 | max ≤ Active_Down 30.5 + 2 | MISSED |");
  assert.equal(notes, "One note. Another.");
});
