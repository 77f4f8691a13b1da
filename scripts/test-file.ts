/** One test file of Node's test runner, in a process of its own. */
import { globSync } from "node:fs";
import { run as runTests } from "node:test";
import { inspect } from "node:util";
import { runJobs } from "./pool.ts";
import { inOrder, percent, weightOf } from "./test-weights.ts";

export interface SuiteResult {
  passed: number;
  failed: number;
  skipped: number;
  /** Why none of its tests was run, where that is no failure. */
  unavailable?: string;
}

/** The test files below test/<suite>: all, or those whose path has one of `only` in it. */
export function testFilesOf(suite: string, only: readonly string[]): string[] {
  const files = globSync(`test/${suite}/**/*.test.ts`).sort();
  return only.length === 0 ? files : files.filter((file) => only.some((part) => file.includes(part)));
}

/** As many at a time as the processors bear. What cannot be run at all ends it. */
export async function runFiles(files: string[], signal: AbortSignal, run: (file: string) => Promise<SuiteResult>): Promise<SuiteResult> {
  const total: SuiteResult = { passed: 0, failed: 0, skipped: 0 };
  const add = async (file: string) => {
    if (total.unavailable !== undefined) return;
    const { passed, failed, skipped, unavailable } = await run(file);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    if (unavailable !== undefined) total.unavailable = unavailable;
  };
  const jobs = files.map((file) => ({ ...weightOf(file), run: () => add(file) }));
  await runJobs(jobs.sort(inOrder), percent, signal);
  return total;
}

export interface FileOptions {
  timeoutMs: number;
  /** Prints what its tests measured, too. */
  showsFigures?: boolean;
}

/** Prints a line, and of what failed all there is to know. */
export async function runFile(file: string, { timeoutMs, showsFigures }: FileOptions, signal: AbortSignal): Promise<SuiteResult> {
  const result: SuiteResult = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const figures: string[] = [];
  let output = "";
  const fail = (title: string, why: string) => {
    result.failed += 1;
    failures.push(`    ✖ ${title}\n${why.replaceAll(/^/gm, "      ")}\n`);
  };
  const start = performance.now();
  // The runner's own timeout fails a test; a file that does not end after that is ended.
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs + 5000)]);
  const stream = runTests({ files: [file], timeout: timeoutMs, isolation: "process", signal: limit });
  const keep = ({ message }: { message: string }) => {
    output += message;
  };
  stream.on("test:stdout", keep);
  stream.on("test:stderr", keep);
  // The runner itself says how many tests there were, of no file.
  stream.on("test:diagnostic", ({ file: of, message }) => showsFigures && of !== undefined && figures.push(`      ${message}\n`));
  stream.on("test:pass", ({ name, skip, todo, details }) => {
    if (details.type === "suite") return;
    if (skip !== undefined || todo !== undefined) result.skipped += 1;
    else if (name === file) fail(name, "contains no test");
    else result.passed += 1;
  });
  stream.on("test:fail", ({ name, todo, details }) => {
    if (todo !== undefined) result.skipped += 1;
    else if (!isEcho(details.error)) fail(name, inspect(details.error.cause ?? details.error, { depth: 5 }));
  });
  stream.resume();
  await new Promise<void>((resolve, reject) => {
    stream.once("close", resolve);
    stream.once("error", reject);
  });
  const { passed, failed, skipped } = result;
  const words = [`${passed} passed`, `${failed} failed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`  ${failed > 0 ? "✖" : "✔"} ${file}: ${words.join(", ")} (${seconds} s)\n`);
  process.stdout.write(figures.join(""));
  if (failed > 0) process.stdout.write(failures.join("") + output);
  return result;
}

/** A group fails when one of its tests does: that one has been printed. */
function isEcho(error: Error & { failureType?: string }): boolean {
  return error.failureType === "subtestsFailed";
}
