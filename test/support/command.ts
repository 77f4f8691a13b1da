/** Running a program to its end. */
import { execFile } from "node:child_process";

export interface RunOptions {
  /** Written to the program's standard input, which is then closed. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds until the program is killed; default 20 s. */
  timeoutMs?: number;
}

/**
 * Runs `file` and returns what it wrote on standard output.
 * @throws Error with code COMMAND_FAILED and the program's standard error in the message.
 */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { env: options.env ?? process.env, timeout: options.timeoutMs ?? 20_000, killSignal: "SIGKILL", maxBuffer: 64 << 20 },
      (cause, stdout, stderr) => {
        if (!cause) return resolve(stdout);
        const [firstLine] = [file, ...args].join(" ").split("\n");
        const said = stderr.trim() || stdout.trim() || (cause.killed ? "took too long" : `exit status ${cause.code}`);
        reject(Object.assign(new Error(`${firstLine}: ${said}`), { code: "COMMAND_FAILED" }));
      },
    );
    // A program that ends before it has read its input is no failure of its own.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}
