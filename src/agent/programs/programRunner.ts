/**
 * Runs programs of the node: exec checks and what is to run on a change of state. No shell, an unprivileged account, a group of processes
 * that is killed as a whole, a limit in time, and never a wait of the event loop for more than one fork.
 *
 * Supplementary groups: libuv calls setgroups(0, NULL) in the child before setgid and setuid, so a program has its account's
 * primary group and no other; no helper is needed. The capabilities go with the change of the uid, as for every exec after setuid(2).
 * A script without #! is run by /bin/sh, since libuv starts programs by execvp(3); keepalived does the same.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { type Account, type AccountResult, findAccount } from "./accounts.ts";
import { BoundedText } from "./boundedText.ts";
import { findProgram, searchPath } from "./programFile.ts";

export interface Program {
  /** Program and arguments: an absolute path, or a name that is looked up in the usual directories. */
  command: readonly string[];
  /** "USER" or "USER:GROUP" instead of the script user. */
  user?: string;
}

export interface RunLimits {
  /** After this many ms it is ended: SIGTERM to its process group, then SIGKILL. */
  timeoutMs?: number;
  /** Ends it likewise. */
  signal?: AbortSignal;
}

export type ProgramEnd =
  /** It was never started; why, in a sentence. */
  | { kind: "refused"; problem: string }
  /** It has ended by itself, or because it was ended (`stopped`). */
  | { kind: "ended"; status: number | null; signal: NodeJS.Signals | null; stopped: boolean };

export interface ProgramRunnerOptions {
  /** Programs run from below these only; none: no program runs. */
  allowedDirectories: readonly string[];
  /** Who runs programs; default: keepalived_script if there is such a user, else nobody. */
  scriptUser?: string;
  /** Whether a program may name its own user: a file on the node may, an object of a cluster may not. */
  perProgramUser: boolean;
  log: Logger;
  clock: Clock;
}

/** Between SIGTERM and SIGKILL, as keepalived. */
const killAfterMs = 2000;
/** Of the output of one run. */
const outputBytes = 4096;
/** How long the log waits for the rest of the output of a program that has ended; its children may hold the pipe for ever. */
const outputWaitMs = 200;

interface Running {
  child: ChildProcess;
  pid: number;
  stop: () => void;
  ended: Promise<ProgramEnd>;
}

export class ProgramRunner {
  readonly #options: ProgramRunnerOptions;
  readonly #running = new Set<Running>();
  /** Starts are one per turn of the event loop: a fork of a process of this size takes milliseconds. */
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ProgramRunnerOptions) {
    this.#options = options;
  }

  /** Whether any program may run. */
  get enabled(): boolean {
    return this.#options.allowedDirectories.length > 0;
  }

  /** Who runs programs that name nobody. */
  account(): Promise<AccountResult> {
    return findAccount(this.#options.scriptUser);
  }

  /** Why a program would not be started, in a sentence; undefined when it would. */
  async problem(program: Program): Promise<string | undefined> {
    const prepared = await this.#prepare(program);
    return prepared.ok ? undefined : prepared.problem;
  }

  /** Runs a program until it ends or its time is over. Never rejects. */
  async run(program: Program, { timeoutMs, signal }: RunLimits = {}): Promise<ProgramEnd> {
    const prepared = await this.#prepare(program).catch((error: Error) => ({ ok: false as const, problem: error.message }));
    if (!prepared.ok) return { kind: "refused", problem: prepared.problem };
    await this.#nextTurn();
    if (this.#stopped || signal?.aborted) return { kind: "refused", problem: "it is no longer wanted" };
    const started = await this.#start(program, prepared.path, prepared.account);
    if ("kind" in started) return started;
    const timer = timeoutMs === undefined ? undefined : this.#options.clock.setTimeout(started.stop, timeoutMs);
    signal?.addEventListener("abort", started.stop, { once: true });
    const end = await started.ended;
    timer?.clear();
    signal?.removeEventListener("abort", started.stop);
    return end;
  }

  /** Starts nothing more, ends what runs and waits for that, `limitMs` at most. */
  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    const ends = [...this.#running].map(({ stop, ended }) => {
      stop();
      return ended;
    });
    let timer: ReturnType<Clock["setTimeout"]> | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = this.#options.clock.setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.all(ends), limit]);
    timer?.clear();
    for (const { pid } of this.#running) killGroup(pid, "SIGKILL");
  }

  async #prepare({ command, user }: Program): Promise<{ ok: true; path: string; account: Account } | { ok: false; problem: string }> {
    const [name = ""] = command;
    if (command.some((word) => word.includes("\0"))) return { ok: false, problem: "the command holds a NUL" };
    if (user !== undefined && !this.#options.perProgramUser) return { ok: false, problem: "an object must not choose the user" };
    const found = await findAccount(user ?? this.#options.scriptUser);
    if (!found.ok) return found;
    const file = await findProgram(name, this.#options.allowedDirectories, found.account);
    return file.ok ? { ok: true, path: file.path, account: found.account } : file;
  }

  #nextTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#turn;
  }

  /** Forks. The file is named by its resolved path, so that no link can be put in its place any more. */
  #start({ command }: Program, path: string, account: Account): Promise<Running | ProgramEnd> {
    const isRoot = process.getuid?.() === 0;
    // A pipe would end with the agent and take with it what a program leaves running in the background: only who debugs gets one.
    const keepsOutput = this.#options.log.isLevelEnabled("debug");
    const options: SpawnOptions = {
      argv0: command[0],
      cwd: "/",
      env: environment(account),
      stdio: keepsOutput ? ["ignore", "pipe", "pipe"] : "ignore",
      // Its own session and process group, which is what is killed.
      detached: true,
      ...(isRoot && { uid: account.uid, gid: account.gid }),
    };
    return new Promise((resolve) => {
      const refuse = (error: Error) => resolve({ kind: "refused", problem: startProblem(error as NodeJS.ErrnoException, path, account) });
      try {
        const child = spawn(path, command.slice(1), options);
        child.on("error", refuse);
        child.once("spawn", () => resolve(this.#watch(child, command, account)));
      } catch (error) {
        refuse(error as Error);
      }
    });
  }

  #watch(child: ChildProcess, command: readonly string[], account: Account): Running {
    const { clock, log } = this.#options;
    const pid = child.pid as number;
    const startedAt = clock.now();
    const output = child.stdout && child.stderr ? new BoundedText(outputBytes) : undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => output?.add(chunk));
      stream?.on("error", () => {});
    }
    let stopped = false;
    let killTimer: ReturnType<Clock["setTimeout"]> | undefined;
    const stop = () => {
      if (stopped || child.exitCode !== null || child.signalCode !== null) return;
      stopped = true;
      if (!killGroup(pid, "SIGTERM"))
        log.error({ command, user: account.name }, "a program cannot be ended: the agent lacks the capability KILL");
      killTimer = clock.setTimeout(() => killGroup(pid, "SIGKILL"), killAfterMs);
    };
    const ended = new Promise<ProgramEnd>((resolve) => {
      child.once("exit", (status, signal) => {
        killTimer?.clear();
        // Its children that did not heed SIGTERM: the number of the group is not given anew before they are gone.
        if (stopped) killGroup(pid, "SIGKILL");
        this.#running.delete(running);
        const fields = { command, user: account.name, status, signal, stopped, tookMs: Math.round(clock.now() - startedAt) };
        void outputOf(child, output, clock).then((text) => log.debug({ ...fields, output: text }, "program ended"));
        resolve({ kind: "ended", status, signal, stopped });
      });
    });
    const running: Running = { child, pid, stop, ended };
    this.#running.add(running);
    return running;
  }
}

/** What a program finds in its environment: nothing of the agent's own. Pure. */
export function environment({ name, home }: Account): Record<string, string> {
  return { PATH: searchPath, HOME: home, USER: name, LOGNAME: name, LANG: "C.UTF-8" };
}

/** False when the processes are another user's, and root has been left without the capability that it takes. */
function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // Or nobody of the group is left.
    return (error as NodeJS.ErrnoException).code !== "EPERM";
  }
}

function startProblem({ code, message }: NodeJS.ErrnoException, path: string, account: Account): string {
  if (code === "EPERM") return `the agent must not run it as ${account.name}: it lacks the capabilities SETUID and SETGID`;
  if (code === "ENOENT") return `${path} or the interpreter that its first line names does not exist`;
  if (code === "EACCES") return `user ${account.name} must not execute ${path}, its interpreter, or enter its directory`;
  return message;
}

/** Waits a little for what is still in the pipes. They are read on after that, and thrown away: a full pipe would stop the writer. */
async function outputOf(child: ChildProcess, output: BoundedText | undefined, clock: Clock): Promise<string | undefined> {
  if (!output) return undefined;
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, outputWaitMs);
    child.once("close", () => {
      timer.clear();
      resolve();
    });
  });
  for (const stream of [child.stdout, child.stderr] as (Readable & { unref?(): void })[]) {
    stream.removeAllListeners("data");
    stream.resume();
    stream.unref?.();
  }
  return output.text();
}
