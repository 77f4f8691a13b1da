/** Tables of documents that name tests keep their word: what happens to a node, and what happens between two versions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hasTest, readTestFile } from "../../../scripts/test-titles.ts";

const root = join(import.meta.dirname, "../../..");

/** Tests that the rows of a section end with. */
function namedTests(document: string, heading: string): { title: string; file: string }[] {
  const [, section = ""] = readFileSync(join(root, "docs", document), "utf8").split(`\n## ${heading}\n`);
  const links = (section.split("\n## ")[0] ?? "").matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\) \|$/gm);
  return [...links].map(([, title = "", file = ""]) => ({ title, file }));
}

function assertThere(tests: readonly { title: string; file: string }[]): void {
  assert.notEqual(tests.length, 0);
  const missing = tests.filter(({ title, file }) => !hasTest(readTestFile(join(root, file)), title));
  assert.deepEqual(missing, []);
}

test("what happens to a node: each row names a test that exists, and each of those tests has a row", () => {
  const tests = namedTests("operations.md", "What happens to a node");
  assertThere(tests);
  assert.equal(tests.length, readTestFile(join(root, "test/apiserver/operator/nodes.test.ts")).titles.length);
});

test("two versions at once: each row names a test that exists", () => assertThere(namedTests("versions.md", "Two versions at once")));
