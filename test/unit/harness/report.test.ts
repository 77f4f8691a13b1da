import assert from "node:assert/strict";
import { test } from "node:test";
import { type DrillResult, type FamilyResult, failures, formatDrills } from "../../e2e/report.ts";
import { formatTable, spread } from "../../support/table.ts";

test("a table aligns text left and numbers right, by characters", () => {
  const columns = [
    { title: "A", cell: (row: [string, string]) => row[0] },
    { title: "B", cell: (row: [string, string]) => row[1], align: "right" as const },
    { title: "", cell: () => "" },
  ];
  assert.deepEqual(
    formatTable(columns, [
      ["n1 → n2", "1.0"],
      ["x", "123.4"],
    ]),
    ["A             B", "n1 → n2     1.0", "x         123.4"],
  );
});

test("the median of an even number of values lies between the two in the middle", () => {
  assert.deepEqual(spread([4, 1, 3, 2]), { count: 4, min: 1, median: 2.5, max: 4 });
  assert.deepEqual(spread([9, 7, 8]), { count: 3, min: 7, median: 8, max: 9 });
  assert.equal(spread([]), undefined);
});

const family = {
  family: "IPv4",
  takeoverMs: 314.6,
  outageMs: 0,
  doubleAnswerMs: 0,
  isDoubleAnswerLasting: false,
  masters: ["n1", "n2"],
} as const;
const drill: DrillResult = {
  drill: "kill -9",
  from: "n1",
  to: "n2",
  protocolMs: 304.6875,
  boundMs: 314.6875,
  families: [
    { ...family, masters: ["n1", "n2"] },
    { ...family, masters: ["n1", "n2"], family: "IPv6", takeoverMs: 314.7, outageMs: 1, doubleAnswerMs: 2, isDoubleAnswerLasting: true },
  ],
};
/** The drill with one family that differs. */
const drillWith = (changes: Partial<FamilyResult>, more: Partial<DrillResult> = {}): DrillResult => ({
  ...drill,
  ...more,
  families: [{ ...family, masters: ["n1", "n2"], ...changes }],
});

test("a drill fails beyond its bound, when two nodes answer or advert, and when nobody takes over", () => {
  assert.deepEqual(failures([drill]), [
    "kill -9: the IPv6 takeover took 314.7 ms, its bound is 314.7 ms",
    "kill -9: two nodes answered for the IPv6 address for 2.0 ms",
  ]);
  assert.deepEqual(failures([drillWith({ takeoverMs: undefined, masters: ["n1"] })]), ["kill -9: nobody took over the IPv4 address"]);
  assert.deepEqual(failures([drillWith({ masters: ["n1", "n2", "n1"] })]), ["kill -9: the IPv4 adverts came from n1, then n2, then n1"]);
});

test("a node that comes back must look before it adverts", () => {
  const returned = (lookedMs?: number) => drillWith({ masters: ["n1", "n2", "n1"], lookedMs }, { looksMs: 300.8 });
  assert.deepEqual(failures([returned(301)]), []);
  assert.deepEqual(failures([returned(5)]), ["kill -9: n1 looked for 5.0 ms before its first IPv4 advert, not 300.8 ms"]);
  assert.deepEqual(failures([drillWith({}, { looksMs: 300.8 })]), ["kill -9: the IPv4 adverts came from n1, then n2"]);
});

test("the table has one line per family and names the drill once", () => {
  const [titles = "", first = "", second = ""] = formatDrills([drill]);
  assert.match(titles, /^DRILL\s+FROM → TO\s+FAMILY\s+TAKEOVER\s+PROTOCOL\s+BOUND\s+CLIENT OUTAGE\s+TWO ANSWERED$/);
  assert.match(first, /^kill -9\s+n1 → n2\s+IPv4\s+314\.6\s+304\.7\s+314\.7\s+0\.0\s+0\.0\s+ok$/);
  assert.match(second, /^\s+IPv6\s+314\.7.*1\.0\s+> 2\.0\s+PAST ITS BOUND$/);
});
