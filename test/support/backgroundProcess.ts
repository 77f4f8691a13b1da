/** A program that runs beside the test, with its output in a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  /** Takes standard error, and standard output unless that is a pipe. Appended to. */
  logFile: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Gives the caller standard output as a pipe (`child.stdout`). */
  pipeStdout?: boolean;
  /** Gives the caller standard input as a pipe (`child.stdin`); otherwise it is empty. */
  pipeStdin?: boolean;
}

export class BackgroundProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly child: ChildProcess;
  /** Settles when the process has ended. */
  readonly exited: Promise<ExitStatus>;
  status: ExitStatus | undefined;

  private constructor(name: string, pid: number, child: ChildProcess, logFile: string) {
    this.name = name;
    this.pid = pid;
    this.child = child;
    this.logFile = logFile;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.status = { code, signal };
        resolve(this.status);
      });
    });
  }

  /**
   * Starts a program in a session of its own, so that Ctrl-C reaches only the harness, which then ends everything in order.
   * @throws Error when the program cannot be started.
   */
  static start(name: string, file: string, args: readonly string[], options: SpawnOptions): BackgroundProcess {
    const log = openSync(options.logFile, "a");
    try {
      const child = spawn(file, args, {
        detached: true,
        env: options.env ?? process.env,
        cwd: options.cwd,
        stdio: [options.pipeStdin ? "pipe" : "ignore", options.pipeStdout ? "pipe" : log, log],
      });
      child.on("error", () => {});
      if (child.pid === undefined) throw Object.assign(new Error(`cannot start ${file}`), { code: "SPAWN_FAILED" });
      return new BackgroundProcess(name, child.pid, child, options.logFile);
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    return this.status === undefined;
  }

  /** Sends a signal to this process; nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.child.kill(signal);
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  /** SIGTERM, and SIGKILL when the process is still there after `graceMs`. Returns how it ended. */
  async stop(graceMs = 5_000): Promise<ExitStatus> {
    this.signal("SIGTERM");
    const late = new AbortController();
    void sleep(graceMs, undefined, { signal: late.signal }).then(
      () => this.signal("SIGKILL"),
      () => {},
    );
    const status = await this.exited;
    late.abort();
    return status;
  }

  /** Lets the harness end while this process goes on. */
  release(): void {
    this.child.unref();
  }

  log(): string {
    return readFileSync(this.logFile, "utf8");
  }

  /** The last lines of the log, for a failure's message. */
  logTail(lines = 15): string {
    return this.log().trimEnd().split("\n").slice(-lines).join("\n");
  }
}
