/**
 * The suites that need the kernel's IPVS, whatever kernel the machine has: each test file runs in a machine of its own, which is booted for it.
 * Where there can be none, the suite says so and is skipped.
 */
import { fileURLToPath } from "node:url";
import { missingForEmulation, runInEmulatedMachine } from "../test/support/emulatedMachine.ts";
import { missingPackages, runInUserModeLinux } from "../test/support/userModeLinux.ts";
import { runVariable } from "./leftovers.ts";
import { runFiles, type SuiteResult } from "./test-file.ts";

/** Of one file. */
const timeoutMs = 120_000;
/** For the boot, and for the runner to end a file that takes too long. */
const graceMs = 30_000;

const inside = fileURLToPath(new URL("test-file-inside.ts", import.meta.url));

interface Machine {
  name: string;
  run: typeof runInUserModeLinux;
}

export async function runIpvsSuite(files: string[], signal: AbortSignal): Promise<SuiteResult> {
  const missing = missingPackages();
  if (missing.length > 0) return skipped(`it needs what Debian calls ${missing.join(", ")}`);
  const machine = { name: "User-Mode Linux", run: runInUserModeLinux };
  return runFiles(files, signal, (file) => runInside(machine, file, signal));
}

/** What needs nf_tables beside IPVS: User-Mode Linux has none for IP. */
export const filesWithTables = ["ipvs/pods.test.ts"];

export async function runEmulatedSuite(files: string[], signal: AbortSignal): Promise<SuiteResult> {
  const missing = missingForEmulation();
  if (missing.length > 0) return skipped(`there is no ${missing.join(", ")}`);
  const machine = { name: "the emulated machine", run: runInEmulatedMachine };
  return runFiles(files, signal, (file) => runInside(machine, file, signal));
}

function skipped(unavailable: string): SuiteResult {
  return { passed: 0, failed: 0, skipped: 0, unavailable };
}

async function runInside({ name, run }: Machine, file: string, signal: AbortSignal): Promise<SuiteResult> {
  const command = [process.execPath, inside, file, String(timeoutMs)];
  const env = { [runVariable]: process.env[runVariable] ?? "" };
  const { output, report, trouble, unable } = await run(command, { timeoutMs: timeoutMs + graceMs, env, signal });
  if (unable) return skipped(`${name} cannot run here: ${trouble}`);
  process.stdout.write(output);
  if (report) return JSON.parse(report) as SuiteResult;
  process.stdout.write(`  ✖ ${file}: ${name}: ${trouble || "it left no result"}\n`);
  return { passed: 0, failed: 1, skipped: 0 };
}
