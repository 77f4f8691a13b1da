import assert from "node:assert/strict";
import { test } from "node:test";
import { longestOutage } from "../../ipvs/outage.ts";

/** "+" got a connection, "-" did not; the times are those of the attempts. */
const of = (signs: string, times: number[]) =>
  longestOutage(
    times.map((began, index) => ({ began, connected: signs[index] === "+" })),
    10,
  );

const cases: [what: string, signs: string, times: number[], outageMs: number][] = [
  ["nothing failed, whatever the client's pauses", "+++", [0, 10, 500], 0],
  ["one attempt: from the good one before to the one after", "+-+", [0, 10, 19], 19],
  ["the client did not run before and after", "+-+", [0, 40, 81], 20],
  ["a row, with a pause within it", "+---+", [0, 10, 300, 310, 320], 320],
  ["the longest of several", "+-+--+", [0, 10, 20, 30, 40, 50], 30],
  ["none was good before", "-+", [0, 10], Number.POSITIVE_INFINITY],
  ["none was good after", "+-", [0, 10], Number.POSITIVE_INFINITY],
];

for (const [what, signs, times, outageMs] of cases) {
  test(`outage: ${what}`, () => assert.equal(of(signs, times), outageMs));
}
