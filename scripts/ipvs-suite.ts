/**
 * The suite that needs the kernel's IPVS, whatever kernel the machine has: each test file runs in User-Mode Linux, which is booted for it.
 * Where that cannot run, the suite says so and is skipped.
 */
import { fileURLToPath } from "node:url";
import { missingPackages, runInUserModeLinux } from "../test/support/userModeLinux.ts";
import { runVariable } from "./leftovers.ts";
import { runFiles, type SuiteResult } from "./test-file.ts";

/** Of one file. */
const timeoutMs = 120_000;
/** For the boot, and for the runner to end a file that takes too long. */
const graceMs = 30_000;

const inside = fileURLToPath(new URL("test-file-inside.ts", import.meta.url));

export async function runIpvsSuite(files: string[], signal: AbortSignal): Promise<SuiteResult> {
  const missing = missingPackages();
  if (missing.length > 0) return skipped(`it needs what Debian calls ${missing.join(", ")}`);
  return runFiles(files, signal, (file) => runInside(file, signal));
}

function skipped(unavailable: string): SuiteResult {
  return { passed: 0, failed: 0, skipped: 0, unavailable };
}

async function runInside(file: string, signal: AbortSignal): Promise<SuiteResult> {
  const command = [process.execPath, inside, file, String(timeoutMs)];
  const env = { [runVariable]: process.env[runVariable] ?? "" };
  const { output, report, trouble, unable } = await runInUserModeLinux(command, { timeoutMs: timeoutMs + graceMs, env, signal });
  if (unable) return skipped(`User-Mode Linux cannot run here: ${trouble}`);
  process.stdout.write(output);
  if (report) return JSON.parse(report) as SuiteResult;
  process.stdout.write(`  ✖ ${file}: User-Mode Linux: ${trouble || "it left no result"}\n`);
  return { passed: 0, failed: 1, skipped: 0 };
}
