/**
 * Counts processes by name or executable. One reading of /proc serves all checks that want one at the same time.
 *
 * Of 5,000 processes few are new and few are wanted: a reading looks at those that are new, young or due; those that match are looked at
 * each time they are counted. A process that changes its name late in its life (exec after more than `youngMs`) is found up to `recheckMs`
 * later, one that ends at once.
 */
import { closeSync, openSync, readlinkSync, readSync } from "node:fs";
import { readdir, readFile, realpath } from "node:fs/promises";
import type { Clock } from "../../runtime/clock.ts";
import { commOf, isAlive, isLongName, matchArguments, type ProcessQuery, parseCommandLine, parseStat } from "./processMatch.ts";

interface Known {
  comm: string;
  /** As far as somebody has asked for paths; "" when it cannot be told. */
  executable: string | undefined;
  /** Looked at in each reading until then. */
  youngUntil: number;
  /** And again at this time. */
  recheckAt: number;
}

export interface ProcessTableOptions {
  clock: Clock;
  /** Where proc(5) is mounted. */
  root?: string;
}

const youngMs = 10_000;
const recheckMs = 5000;
/** A reading that is no older than this is not repeated. */
const shareMs = 50;
/** Processes looked at in one turn of the event loop, less than a millisecond. */
const perTurn = 64;

export class ProcessTable {
  readonly #clock: Clock;
  readonly #root: string;
  readonly #known = new Map<string, Known>();
  readonly #buffer = Buffer.alloc(512);
  #wantsExecutables = false;
  #reading: Promise<void> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #byName = new Map<string, string[]>();
  #byExecutable = new Map<string, string[]>();
  #looks = 0;

  constructor({ clock, root = "/proc" }: ProcessTableOptions) {
    this.#clock = clock;
    this.#root = root;
  }

  /** How many processes have been looked at, for measuring. */
  get looks(): number {
    return this.#looks;
  }

  /** How many processes that match run now; zombies do not. */
  async count(query: ProcessQuery): Promise<number> {
    const isPath = query.name.includes("/");
    if (isPath) this.#wantExecutables();
    await this.#read();
    const candidates = isPath ? await this.#ofExecutable(query.name) : (this.#byName.get(commOf(query.name)) ?? []);
    let count = 0;
    for (const [index, pid] of candidates.entries()) {
      if (index % perTurn === perTurn - 1) await nextTurn();
      if (await this.#matches(pid, query, isPath)) count += 1;
    }
    return count;
  }

  /** The first query for a path makes the next reading look at all processes anew. */
  #wantExecutables(): void {
    if (this.#wantsExecutables) return;
    this.#wantsExecutables = true;
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** The kernel names an executable without links; who configured it may not have. */
  async #ofExecutable(path: string): Promise<readonly string[]> {
    const resolved = await realpath(path).catch(() => path);
    const found = this.#byExecutable.get(path) ?? [];
    return resolved === path ? found : [...found, ...(this.#byExecutable.get(resolved) ?? [])];
  }

  async #matches(pid: string, query: ProcessQuery, isPath: boolean): Promise<boolean> {
    this.#looks += 1;
    const status = parseStat(this.#readText(pid, "stat"));
    if (!status || !isAlive(status)) return false;
    if (!isPath && status.comm !== commOf(query.name)) return false;
    const isLong = !isPath && commOf(query.name) !== query.name;
    if (query.arguments === undefined && !isLong) return true;
    const commandLine = await this.#commandLine(pid);
    if (isLong && !isLongName(query.name, commandLine)) return false;
    return matchArguments(query, commandLine.slice(1));
  }

  #read(): Promise<void> {
    if (!this.#reading && this.#clock.now() - this.#readAt > shareMs) {
      this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined;
      });
    }
    return this.#reading ?? Promise.resolve();
  }

  async #readAll(): Promise<void> {
    const now = this.#clock.now();
    const isFirst = this.#known.size === 0;
    const pids = (await readdir(this.#root)).filter(isNumber);
    const present = new Set(pids);
    for (const pid of this.#known.keys()) if (!present.has(pid)) this.#known.delete(pid);
    let looked = 0;
    for (const pid of pids) {
      if (!this.#isDue(this.#known.get(pid), now)) continue;
      await this.#look(pid, now, isFirst);
      looked += 1;
      if (looked % perTurn === 0) await nextTurn();
    }
    this.#index();
    this.#readAt = now;
  }

  #isDue(known: Known | undefined, now: number): boolean {
    if (!known || now < known.youngUntil || now >= known.recheckAt) return true;
    return this.#wantsExecutables && known.executable === undefined;
  }

  async #look(pid: string, now: number, isFirst: boolean): Promise<void> {
    this.#looks += 1;
    const comm = this.#readText(pid, "comm").slice(0, -1);
    if (comm === "") {
      this.#known.delete(pid);
      return;
    }
    const executable = this.#wantsExecutables ? await this.#executable(pid) : undefined;
    const known = this.#known.get(pid);
    // Those that were there before the agent are as old as they will get. By their number they are spread over the time to the next look.
    const youngUntil = known?.youngUntil ?? (isFirst ? now : now + youngMs);
    const spread = (Number(pid) * 617) % recheckMs;
    const recheckAt = known && now < known.recheckAt ? known.recheckAt : now + (known ? recheckMs : spread);
    this.#known.set(pid, { comm, executable, youngUntil, recheckAt });
  }

  #index(): void {
    this.#byName = new Map();
    this.#byExecutable = new Map();
    for (const [pid, { comm, executable }] of this.#known) {
      append(this.#byName, comm, pid);
      if (executable) append(this.#byExecutable, executable, pid);
    }
  }

  /** Without the right to follow the link (CAP_SYS_PTRACE) the first word of the command line has to do. Kernel threads have neither. */
  async #executable(pid: string): Promise<string> {
    try {
      // After an upgrade of its package a program runs on from a file that is gone.
      return readlinkSync(`${this.#root}/${pid}/exe`).replace(/ \(deleted\)$/, "");
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EACCES" ? ((await this.#commandLine(pid))[0] ?? "") : "";
    }
  }

  /** On a thread of the pool: it is read from the memory of the process, whose lock may be held for ever. */
  async #commandLine(pid: string): Promise<string[]> {
    return parseCommandLine(await readFile(`${this.#root}/${pid}/cmdline`, "utf8").catch(() => ""));
  }

  /** A small file that the kernel writes without waiting for the process; "" when the process is gone. */
  #readText(pid: string, name: "comm" | "stat"): string {
    let file: number;
    try {
      file = openSync(`${this.#root}/${pid}/${name}`, "r");
    } catch {
      return "";
    }
    try {
      return this.#buffer.toString("utf8", 0, readSync(file, this.#buffer, 0, this.#buffer.length, null));
    } catch {
      return "";
    } finally {
      closeSync(file);
    }
  }
}

function isNumber(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

function append(index: Map<string, string[]>, key: string, pid: string): void {
  const pids = index.get(key);
  if (pids) pids.push(pid);
  else index.set(key, [pid]);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
