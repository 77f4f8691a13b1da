/** The test suites, and how each is run. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { clusterLacks } from "../test/support/kubeCluster.ts";
import { filesWithTables, runEmulatedSuite, runIpvsSuite } from "./ipvs-suite.ts";
import { withProgress } from "./progress.ts";
import { type FileOptions, runFile, runFiles, type SuiteResult, testFilesOf } from "./test-file.ts";

export interface Suite {
  name: string;
  /** Not one of all. */
  onDemand?: boolean;
  /** `only`: test files by a part of their path; empty for all. A suite that has no files runs whole. */
  run(signal: AbortSignal, only: readonly string[]): Promise<SuiteResult>;
}

/** Tests of the native suite at a time. */
const cores = 2;

/** In this order: what fails fastest comes first. */
export const suites: Suite[] = [
  nodeSuite("unit", { timeoutMs: 60_000 }),
  { name: "native", run: runCTest },
  { name: "fuzz", run: runFuzzers },
  nodeSuite("netns", { timeoutMs: 300_000 }),
  { name: "ipvs", run: (signal, only) => runIpvsSuite(testFilesOf("ipvs", only), signal) },
  nodeSuite("apiserver", { timeoutMs: 300_000 }),
  nodeSuite("package", { timeoutMs: 120_000 }),
  nodeSuite("e2e", { timeoutMs: 600_000 }),
  ifClusterCanBe(nodeSuite("cluster", { timeoutMs: 600_000, showsFigures: true })),
  { name: "emulated", onDemand: true, run: runEmulated },
];

function runEmulated(signal: AbortSignal, only: readonly string[]): Promise<SuiteResult> {
  return runEmulatedSuite(testFilesOf("ipvs", only.length > 0 ? only : filesWithTables), signal);
}

/** A cluster with kubelets needs what containers need. */
function ifClusterCanBe({ name, run }: Suite): Suite {
  const lacks = clusterLacks();
  if (lacks === undefined) return { name, run };
  return { name, run: async () => ({ passed: 0, failed: 0, skipped: 0, unavailable: lacks }) };
}

function nodeSuite(name: string, options: FileOptions): Suite {
  const run = (signal: AbortSignal, only: readonly string[]) =>
    runFiles(testFilesOf(name, only), signal, (file) => runFile(file, options, signal));
  return { name, run };
}

const nativeBuild = "build/native";
const junitFile = `${nativeBuild}/ctest.xml`;

/** GoogleTest programs through CTest. */
async function runCTest(signal: AbortSignal): Promise<SuiteResult> {
  rmSync(junitFile, { force: true });
  const args = ["--test-dir", nativeBuild, "--output-on-failure", "--no-tests=error", "--timeout", "300", "--parallel", String(cores)];
  const { status, output } = await runProgram("ctest", [...args, "--output-junit", "ctest.xml"], signal);
  if (status !== 0) process.stdout.write(`${output.slice(-20_000)}\n`);
  const counts = signal.aborted ? { passed: 0, failed: 1, skipped: 0 } : readJUnit();
  // A program that cannot be started is no test in the file.
  return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** Of each fuzzer; `npm run fuzz` takes longer. */
const fuzzSeconds = 4;

/** Each parser of foreign bytes, and the engine, under AddressSanitizer and UBSan for a few seconds: what was found before is in the corpus. */
async function runFuzzers(signal: AbortSignal): Promise<SuiteResult> {
  const { status, output } = await runProgram("env", ["ALOFT_FUZZ_SEED=1", "sh", "test/fuzz/run.sh", String(fuzzSeconds)], signal);
  const passed = output.match(/^#\d+\s+DONE/gm)?.length ?? 0;
  if (status !== 0) process.stdout.write(`${output.slice(-20_000)}\n`);
  return { passed, failed: status === 0 ? 0 : 1, skipped: 0 };
}

/** With all that it starts in a session of its own, so that an interrupt ends them with it. */
async function runProgram(command: string, args: string[], signal: AbortSignal): Promise<{ status: number | null; output: string }> {
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  signal.addEventListener("abort", end);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk));
  const status = await withProgress(
    command === "ctest" ? command : "fuzzers",
    () => new Promise<number | null>((resolve) => child.on("close", resolve)),
  );
  signal.removeEventListener("abort", end);
  return { status, output };
}

/** The totals in the first element of CTest's JUnit file. */
function readJUnit(): SuiteResult {
  let head: string;
  try {
    head = /<testsuite [^>]*>/.exec(readFileSync(junitFile, "utf8"))?.[0] ?? "";
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const count = (name: string) => Number(new RegExp(`\\b${name}="([0-9]+)"`).exec(head)?.[1] ?? 0);
  const skipped = count("skipped") + count("disabled");
  return { passed: count("tests") - count("failures") - skipped, failed: count("failures"), skipped };
}
