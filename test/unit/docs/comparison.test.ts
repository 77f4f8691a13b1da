/** docs/comparison.md keeps its word: every scenario of the peers has a test that exists, or a reason why there is none. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missingTests, namedTests } from "../../../scripts/test-titles.ts";

const root = join(import.meta.dirname, "../../..");
const rows = readFileSync(join(root, "docs/comparison.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| scenario |"))
  .map((line) => line.split("|").slice(1, -1))
  .map(([scenario = "", theirs = "", shown = "", difference = ""]) => ({ scenario: scenario.trim(), theirs, shown, difference }));

test("the scenarios of the peers are there", () => {
  assert.ok(rows.length > 40, `${rows.length}`);
  for (const peer of [/\bM\b/, /\bK\b/]) assert.ok(rows.some(({ theirs }) => peer.test(theirs)));
});

test("every scenario names a test, or says what is not there or is otherwise", () => {
  const silent = rows.filter(({ shown, difference }) => namedTests(shown).length === 0 && !/\*\*(No|Otherwise)\b/.test(difference));
  assert.deepEqual(
    silent.map(({ scenario }) => scenario),
    [],
  );
});

test("the tests exist", () => {
  const missing = rows.flatMap(({ scenario, shown }) =>
    missingTests(root, namedTests(shown)).map(({ title, file }) => `${scenario}: ${file}: ${title}`),
  );
  assert.deepEqual(missing, []);
});
