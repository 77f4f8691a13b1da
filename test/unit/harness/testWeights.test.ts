import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { weightOf, weights } from "../../../scripts/test-weights.ts";

const files = globSync("test/**/*.test.ts", { cwd: join(import.meta.dirname, "../../..") });

for (const [pattern, weight] of weights)
  test(`the weight for ${pattern} is that of a test file`, () => assert.ok(files.some((file) => weightOf(file) === weight)));
