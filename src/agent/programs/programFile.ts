/**
 * Which file a command starts, and whether it may. A program that runs at a change of state, often as root, must not be one that
 * somebody else can write, replace or put a link in the place of: the rules are those of keepalived's enable_script_security.
 */
import type { Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Account } from "./accounts.ts";

export type ProgramFile = { ok: true; path: string } | { ok: false; problem: string };

/** Where a name without a slash is looked up. Not the agent's own PATH: what runs must not depend on who started the agent. */
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What of a file's status the rules need. */
export type FileStatus = Pick<Stats, "uid" | "gid" | "mode">;

const mode = { type: 0o170000, directory: 0o040000, regular: 0o100000, sticky: 0o1000, groupWrite: 0o020, othersWrite: 0o002 };
const execute = { owner: 0o100, group: 0o010, others: 0o001 };

/**
 * Why one component of a resolved path is unsafe for a program that runs as `uid`; undefined when it is safe. In a directory with the
 * sticky bit others may write, but not replace what is not theirs. Pure.
 */
export function componentProblem(path: string, status: FileStatus, uid: number): string | undefined {
  if (status.uid !== 0 && status.uid !== uid) return `${path} belongs to user ${status.uid}, who could change it`;
  const isDirectory = (status.mode & mode.type) === mode.directory;
  if (isDirectory && (status.mode & mode.sticky) !== 0) return undefined;
  if ((status.mode & mode.othersWrite) !== 0) return `everybody can write ${path}`;
  if ((status.mode & mode.groupWrite) !== 0 && status.gid !== 0) return `group ${status.gid} can write ${path}`;
  return undefined;
}

/** Whether the mode bits let an account without further groups execute a file. Pure. */
export function isExecutable(status: FileStatus, { uid, gid }: Pick<Account, "uid" | "gid">): boolean {
  if (uid === 0) return (status.mode & (execute.owner | execute.group | execute.others)) !== 0;
  if (status.uid === uid) return (status.mode & execute.owner) !== 0;
  if (status.gid === gid) return (status.mode & execute.group) !== 0;
  return (status.mode & execute.others) !== 0;
}

/** Whether `path` lies below `directory`; both are resolved. Pure. */
export function isBelow(path: string, directory: string): boolean {
  return directory === "/" || path.startsWith(`${directory}/`);
}

/** A path and all directories above it, outermost first: /, /etc, /etc/x. Pure. */
export function components(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
}

/** The file that `name` stands for, with all links resolved, if `account` may run it from one of the allowed directories. */
export async function findProgram(name: string, allowedDirectories: readonly string[], account: Account): Promise<ProgramFile> {
  if (allowedDirectories.length === 0) return refuse(`programs are not allowed on this node (--allow-scripts)`);
  if (name.includes("\0")) return refuse("its name holds a NUL");
  const found = await locate(name);
  if (!found.ok) return found;
  const { path } = found;
  const allowed = await Promise.all(allowedDirectories.map((directory) => realpath(directory).catch(() => undefined)));
  if (!allowed.some((directory) => directory !== undefined && isBelow(path, directory))) {
    return refuse(`${path} is not below an allowed directory (${allowedDirectories.join(", ")})`);
  }
  try {
    return (await fileProblem(path, account)) ?? { ok: true, path };
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

async function locate(name: string): Promise<ProgramFile> {
  if (!name.includes("/")) return search(name);
  if (!name.startsWith("/")) return refuse(`${name} is neither an absolute path nor a name without a slash`);
  try {
    return { ok: true, path: await realpath(name) };
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code === "ENOENT" ? `${name} does not exist` : (error as Error).message);
  }
}

async function search(name: string): Promise<ProgramFile> {
  for (const directory of searchPath.split(":")) {
    const path = await realpath(join(directory, basename(name))).catch(() => undefined);
    const status = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path !== undefined && status?.isFile()) return { ok: true, path };
  }
  return refuse(`there is no ${name} in ${searchPath}`);
}

async function fileProblem(path: string, account: Account): Promise<{ ok: false; problem: string } | undefined> {
  for (const component of components(path)) {
    const status = await lstat(component);
    const isLast = component === path;
    const type = status.mode & mode.type;
    if (type !== (isLast ? mode.regular : mode.directory)) return refuse(`${component} is not a ${isLast ? "regular file" : "directory"}`);
    const problem = componentProblem(component, status, account.uid);
    if (problem) return refuse(problem);
    if (isLast && !isExecutable(status, account)) return refuse(`user ${account.name} must not execute ${path}`);
  }
  return undefined;
}
