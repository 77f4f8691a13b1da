import assert from "node:assert/strict";
import { test } from "node:test";
import { silencesOf, summarize } from "../../cluster/silences.ts";

/** "++--+": question after question, 10 ms apart; "-" was not answered, " " not asked. */
const questions = (text: string) => [...text].flatMap((each, time) => (each === " " ? [] : [{ atMs: time * 10, answered: each === "+" }]));

const cases: [text: string, silences: [fromMs: number, toMs: number][]][] = [
  ["++++", []],
  ["++--+", [[10, 40]]],
  [
    "+-+-+",
    [
      [0, 20],
      [20, 40],
    ],
  ],
  ["++    ++", []],
  ["++-   ++", [[10, 60]]],
  ["--++", []],
  ["++--", [[10, 30]]],
];
for (const [text, silences] of cases) {
  test(`questions "${text}"`, () => {
    assert.deepEqual(
      silencesOf("192.0.2.1", questions(text)).map(({ fromMs, toMs }) => [fromMs, toMs]),
      silences,
    );
  });
}

test("all addresses: what was lost, and who never answered", () => {
  const all = new Map([
    ["192.0.2.1", questions("+-+")],
    ["192.0.2.2", questions("---")],
  ]);
  const { asked, lost, silences, mute } = summarize(all);
  assert.deepEqual([asked, lost, mute], [6, 4, ["192.0.2.2"]]);
  assert.deepEqual(silences, [{ address: "192.0.2.1", fromMs: 0, toMs: 20 }]);
});
