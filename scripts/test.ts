/**
 * Runs the test suites and sums them up.
 *
 *   npm test                    all of them but those on demand, as CI does
 *   npm test -- unit native     these
 *   npm test -- ipvs table.test reconcile.test    of these the test files with one of that in their path
 *
 * Ends with status 1 when a test failed, when a suite ran no test though it could, or when something was left behind; with 130 or 143 after
 * an interrupt.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describeLeftovers, findLeftovers, findTraces, type Leftovers, runVariable } from "./leftovers.ts";
import { type Suite, suites } from "./suites.ts";
import type { SuiteResult } from "./test-file.ts";

interface Row extends SuiteResult {
  suite: string;
  seconds: number;
}

const exitStatus = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** How long what we started may take to end by itself. */
const settleMs = 10_000;

/** What names a test file names no suite. */
const isFile = (argument: string) => /\W/.test(argument);

function choose(names: string[]): Suite[] {
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    const known = suites.map(({ name }) => `[${name}]`).join(" ");
    process.stderr.write(`there is no suite "${unknown}"; usage: npm test [-- ${known} [FILE.test.ts]...]\n`);
    process.exit(2);
  }
  return suites.filter(({ name, onDemand }) => (names.length === 0 ? !onDemand : names.includes(name)));
}

async function runAll(chosen: Suite[], only: readonly string[], signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for (const suite of chosen) {
    if (signal.aborted) break;
    process.stdout.write(`\n${suite.name}\n`);
    const start = performance.now();
    const result = await suite.run(signal, only);
    if (result.unavailable) process.stdout.write(`  ! skipped: ${result.unavailable}\n`);
    rows.push({ suite: suite.name, ...result, seconds: (performance.now() - start) / 1000 });
  }
  return rows;
}

/** Waits for processes and namespaces that are on their way out. */
async function settle(runId: string, before: ReadonlySet<string>): Promise<Leftovers> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const leftovers = findLeftovers(runId, before);
    if (describeLeftovers(leftovers).length === 0 || performance.now() > deadline) return leftovers;
    await sleep(100);
  }
}

function report(rows: Row[], problems: string[]): void {
  const line = (cells: (string | number)[]) =>
    `${String(cells[0]).padEnd(12)}${cells
      .slice(1)
      .map((cell) => String(cell).padStart(9))
      .join("")}\n`;
  process.stdout.write(`\n${line(["suite", "passed", "failed", "skipped", "seconds"])}`);
  for (const { suite, passed, failed, skipped, seconds } of rows)
    process.stdout.write(line([suite, passed, failed, skipped, seconds.toFixed(1)]));
  for (const problem of problems) process.stdout.write(`✖ ${problem}\n`);
  for (const { suite, unavailable } of rows) if (unavailable) process.stdout.write(`! the suite ${suite} was skipped: ${unavailable}\n`);
  const total = (key: "passed" | "failed" | "skipped") => rows.reduce((sum, row) => sum + row[key], 0);
  const skipped = total("skipped") > 0 ? `, ${total("skipped")} skipped` : "";
  process.stdout.write(`\n${total("passed")} passed, ${total("failed") + problems.length} failed${skipped}\n`);
}

function ranNothing({ passed, failed, unavailable }: Row): boolean {
  return passed + failed === 0 && unavailable === undefined;
}

const words = process.argv.slice(2);
const chosen = choose(words.filter((word) => !isFile(word)));
const only = words.filter(isFile);
const runId = randomUUID();
process.env[runVariable] = runId;
const before = findTraces();
const interrupt = new AbortController();
let status = 0;
for (const [signal, number] of Object.entries(exitStatus)) {
  process.on(signal, () => {
    status = number;
    process.stdout.write("\ninterrupted: ending what runs\n");
    interrupt.abort();
  });
}

const rows = await runAll(chosen, only, interrupt.signal);
const leftovers = await settle(runId, before);
const problems = [
  ...rows.filter(ranNothing).map(({ suite }) => `the suite ${suite} ran no test`),
  ...describeLeftovers(leftovers).map((what) => `left behind: ${what}`),
];
report(rows, problems);
for (const { pid } of leftovers.processes) process.kill(pid, "SIGKILL");
process.exit(status || (problems.length > 0 || rows.some(({ failed }) => failed > 0) ? 1 : 0));
