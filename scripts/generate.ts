/**
 * Writes what is made of sources: crds/*.yaml, docs/conformance.md, the schema of the chart's values, and deploy/*.yaml, which are made of the
 * chart. With --check it writes nothing and ends with status 1 when a file is not current.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartSchema, plainManifests } from "./chart/generateChart.ts";
import { customResourceDefinitions } from "./generate-crds.ts";
import { conformancePage } from "./generate-docs.ts";

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

type File = [path: string, text: string];

/** In this order: the manifests are made of the chart, which has the kinds and the schema in it. */
const makers: (() => Promise<File[]>)[] = [
  async () => customResourceDefinitions(),
  async () => [conformancePage()],
  async () => [chartSchema()],
  plainManifests,
];

function report(path: string): void {
  process.stderr.write(`${path} is not current: run \`npm run generate\` and commit it\n`);
  process.exitCode = 1;
}

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

try {
  for (const make of makers) {
    for (const [path, text] of await make()) {
      if (readIfThere(path) === text) continue;
      if (process.argv.includes("--check")) report(path);
      else write(path, text);
    }
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
