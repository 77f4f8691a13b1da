import assert from "node:assert/strict";
import { test } from "node:test";
import { summarize } from "../../cluster/probe.ts";

/** "11--22": who answered question after question; "-" nobody, " " not asked. */
const questions = (text: string) =>
  new Map([...text].flatMap((node, time) => (node === " " ? [] : [[time, node === "-" ? undefined : node]])));

const cases: [text: string, outages: [from: string, to: string, ms: number][]][] = [
  ["1111", []],
  ["1122", [["1", "2", 0]]],
  ["11--22", [["1", "2", 4]]],
  [
    "1-1-11",
    [
      ["1", "1", 2],
      ["1", "1", 2],
    ],
  ],
  ["11    11", []],
  ["11-   22", [["1", "2", 8]]],
  ["--11", []],
];
for (const [text, outages] of cases) {
  test(`questions "${text}"`, () => {
    const summary = summarize(questions(text) as Map<number, string | undefined>);
    assert.deepEqual(
      summary.outages.map(({ from, to, ms }) => [from, to, ms]),
      outages,
    );
    assert.equal(summary.asked, text.replaceAll(" ", "").length);
    assert.equal(summary.answered, text.replaceAll(/[- ]/g, "").length);
  });
}
