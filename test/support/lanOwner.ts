/**
 * Who owns a LAN, and its end. Every way out takes the same shell program: destroy(), the end of the harness for whatever reason (a small
 * reaper waits for that), and the sweep at the next start, should the reaper have been killed too.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

const registry = "/run/aloft-lan";

/** Names of namespaces begin with this: the owner's pid, and a number that tells its LANs apart. */
const prefixPattern = /^al[0-9]+x[0-9]+-/;

/**
 * Kills by pid whatever runs in the namespaces of the LAN $1, then removes them, and the directory $2 if one is given.
 * Three rounds, for a process may fork while it is looked up. The registry file goes last: as long as it stands, the sweep finds the rest.
 */
const removal = `
names() { ls /run/netns 2>/dev/null | grep "^$1" || true; }
for round in 1 2 3; do
  busy=
  for name in $(names "$1"); do
    pids=$(ip netns pids "$name" 2>/dev/null)
    [ -z "$pids" ] || { busy=yes; kill -KILL $pids 2>/dev/null; }
  done
  [ -n "$busy" ] || break
  sleep 0.05
done
for name in $(names "$1"); do ip netns del "$name"; done
[ -z "$2" ] || rm -rf "$2"
rm -f ${registry}/"$1"
`;

interface Registration {
  pid: number;
  /** Field 22 of /proc/PID/stat: tells the owner from a later process of the same pid. */
  startTicks: string;
  /** Where its processes keep logs and state. */
  directory: string;
  /** Stays when the owner ends, until somebody removes it by name. */
  kept: boolean;
  /** What the owner wants to find again; opaque here. */
  note: unknown;
}

export interface KeptLan {
  prefix: string;
  note: unknown;
}

function startTicks(pid: number): string | undefined {
  try {
    // The second field, the program's name, may itself contain spaces and brackets.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    return undefined;
  }
}

function read(prefix: string): Registration | undefined {
  try {
    return JSON.parse(readFileSync(join(registry, prefix), "utf8")) as Registration;
  } catch {
    return undefined;
  }
}

/** In one move: to whoever sweeps, a LAN with half a registration is one that nobody owns. Another may remove the empty folder meanwhile. */
function write(prefix: string, registration: Registration): void {
  // No prefix by itself.
  const next = join(registry, `.${prefix}`);
  for (;;) {
    mkdirSync(registry, { recursive: true });
    try {
      writeFileSync(next, JSON.stringify(registration));
      renameSync(next, join(registry, prefix));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** The LANs that were left running on purpose. */
export function keptLans(): KeptLan[] {
  return prefixes().flatMap((prefix) => {
    const registration = read(prefix);
    return registration?.kept ? [{ prefix, note: registration.note }] : [];
  });
}

/** Removes a LAN, all that runs in it and its directory. Idempotent. */
export async function removeLan(prefix: string): Promise<void> {
  await run("sh", ["-c", removal, "sh", prefix, read(prefix)?.directory ?? ""], { timeoutMs: 30_000 });
}

/** Removes the LANs whose owner has gone without doing so. */
export async function sweepStaleLans(): Promise<string[]> {
  const stale = prefixes().filter((prefix) => !isOwned(prefix));
  await Promise.all(stale.map(removeLan));
  return stale;
}

function prefixes(): string[] {
  const files = [registry, "/run/netns"].flatMap((directory) => (existsSync(directory) ? readdirSync(directory) : []));
  return [...new Set(files.flatMap((file) => prefixPattern.exec(file)?.[0] ?? []))];
}

function isOwned(prefix: string): boolean {
  const registration = read(prefix);
  if (!registration) return false;
  return registration.kept || startTicks(registration.pid) === registration.startTicks;
}

/** This process as the owner of a LAN. */
export class LanOwner {
  readonly prefix: string;
  readonly directory: string;
  /** Leaves the directory when the LAN goes. */
  keepDirectory = false;
  private readonly reaper: ChildProcess;

  /** Registers the LAN and starts its reaper; to be made before the first namespace is. */
  constructor(prefix: string, directory: string) {
    this.prefix = prefix;
    this.directory = directory;
    write(prefix, { pid: process.pid, startTicks: startTicks(process.pid) ?? "", directory, kept: false, note: null });
    // Its standard input is a pipe whose other end only this process has: reading ends when this process does, even by SIGKILL.
    const program = `trap "" INT TERM HUP; read -r word; [ "$word" = leave ] && exit 0; sleep 0.1\n${removal}`;
    this.reaper = spawn("sh", ["-c", program, "sh", prefix, directory], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    this.reaper.stdin?.on("error", () => {});
    this.reaper.unref();
    (this.reaper.stdin as unknown as { unref(): void } | null)?.unref();
    process.on("exit", this.atExit);
  }

  private get removalArguments(): string[] {
    return ["-c", removal, "sh", this.prefix, this.keepDirectory ? "" : this.directory];
  }

  // The reaper does it too, but only after this process has ended: whoever waits for that may look at once. The reaper then finds
  // what a program that was still at work when this process ended has made afterwards.
  private readonly atExit = () => {
    spawnSync("sh", this.removalArguments, { timeout: 10_000 });
    if (this.keepDirectory) this.reaper.kill("SIGKILL");
  };

  private dismiss(): void {
    process.off("exit", this.atExit);
    this.reaper.stdin?.end("leave\n");
  }

  async remove(): Promise<void> {
    await run("sh", this.removalArguments, { timeoutMs: 30_000 });
    this.dismiss();
  }

  /** Leaves the LAN running when this process ends; `note` comes back from keptLans(). */
  keep(note: unknown): void {
    write(this.prefix, { pid: process.pid, startTicks: "", directory: this.directory, kept: true, note });
    this.dismiss();
  }
}

/**
 * Ends the harness in order on SIGINT, SIGTERM and SIGHUP, so that its exit handlers run. They go on when a second signal comes:
 * that is why the listeners stay.
 */
export function exitOnSignals(): void {
  for (const [signal, number] of [["SIGINT", 2] as const, ["SIGTERM", 15] as const, ["SIGHUP", 1] as const])
    if (process.listenerCount(signal) === 0) process.on(signal, () => process.exit(128 + number));
}

/** Forgets an empty registry, so that nothing is left behind. One that another has just written to stays. */
export function removeEmptyRegistry(): void {
  try {
    rmdirSync(registry);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
