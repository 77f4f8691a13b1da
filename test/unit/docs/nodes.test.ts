/** The table of what happens to a node in docs/operations.md keeps its word: each row has its test, and each of those tests its row. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hasTest, readTestFile } from "../../../scripts/test-titles.ts";

const root = join(import.meta.dirname, "../../..");
const [, section = ""] = readFileSync(join(root, "docs/operations.md"), "utf8").split("\n## What happens to a node\n");
const links = [...(section.split("\n## ")[0] ?? "").matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\) \|$/gm)];

test("each row names a test that exists, and each test of nodes has a row", () => {
  const missing = links.filter(([, title = "", file = ""]) => !hasTest(readTestFile(join(root, file)), title)).map(([, title]) => title);
  assert.deepEqual(missing, []);
  const { titles } = readTestFile(join(root, "test/apiserver/operator/nodes.test.ts"));
  assert.equal(links.length, titles.length);
});
