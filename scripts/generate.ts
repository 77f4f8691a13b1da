/**
 * Writes what is made of sources: crds/*.yaml and docs/conformance.md. With --check it writes nothing and ends with status 1 when a file
 * is not current.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

function generate(): [path: string, text: string][] {
  try {
    return [...customResourceDefinitions(), conformancePage()];
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

const stale = generate().filter(([path, text]) => readIfThere(path) !== text);
if (process.argv.includes("--check")) {
  for (const [path] of stale) process.stderr.write(`${path} is not current: run \`npm run generate\` and commit it\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
}
