import assert from "node:assert/strict";
import { test } from "node:test";
import { memoized } from "../../../src/plan/memoized.ts";

test("memoized: computed once for each object, and anew when anything else differs", () => {
  let computed = 0;
  const sum = memoized((subject: { value: number }, ...others: number[]) => {
    computed += 1;
    return others.reduce((total, other) => total + other, subject.value);
  });
  const [one, two] = [{ value: 1 }, { value: 2 }];
  const question: [typeof one, ...number[]][] = [[one, 1], [one, 1], [two, 1], [one, 1], [one, 2], [one, 1], [one], [{ value: 1 }, 1]];
  const answers = question.map(([subject, ...others]) => `${sum(subject, ...others)} after ${computed}`);
  assert.deepEqual(answers, ["2 after 1", "2 after 1", "3 after 2", "2 after 2", "3 after 3", "2 after 4", "1 after 5", "2 after 6"]);
});

test("memoized: one more of the others, and each of them, counts", () => {
  const list = memoized((_subject: object, ...others: string[]) => others.join("+"));
  const subject = {};
  const questions = [["a"], ["a", "b"], ["a", "c"], ["a"]];
  assert.deepEqual(
    questions.map((others) => list(subject, ...others)),
    ["a", "a+b", "a+c", "a"],
  );
});

test("memoized: nothing is a result, too", () => {
  let computed = 0;
  const nothing = memoized((_subject: object) => {
    computed += 1;
  });
  const subject = {};
  nothing(subject);
  nothing(subject);
  assert.equal(computed, 1);
});
