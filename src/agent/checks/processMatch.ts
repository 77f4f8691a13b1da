/** Whether a process is the one that a check names. Pure. */
import type { NodeCheck } from "../../api/nodeAgent.ts";

type ProcessCheck = NonNullable<NodeCheck["process"]>;

export interface ProcessQuery {
  /** Name as in /proc/PID/comm, or with a slash the path of the executable. */
  name: string;
  arguments?: readonly string[];
  argumentsMatch: ProcessCheck["argumentsMatch"];
}

export interface ProcessStatus {
  comm: string;
  /** One letter, as in proc(5). */
  state: string;
}

/** TASK_COMM_LEN is 16 with the terminator. */
const commBytes = 15;

/** What /proc/PID/comm shows of a name. */
export function commOf(name: string): string {
  const bytes = Buffer.from(name);
  return bytes.length <= commBytes ? name : bytes.toString("utf8", 0, commBytes);
}

/** The fields of /proc/PID/stat that are needed; the name stands in brackets and may hold brackets and blanks itself. */
export function parseStat(text: string): ProcessStatus | undefined {
  const end = text.lastIndexOf(")");
  const start = text.indexOf("(");
  if (start < 0 || end < start || end + 2 >= text.length) return undefined;
  return { comm: text.slice(start + 1, end), state: text.charAt(end + 2) };
}

/** Zombies have ended, they only wait for their parent to notice. */
export function isAlive({ state }: ProcessStatus): boolean {
  return state !== "Z" && state !== "X" && state !== "x";
}

/**
 * Whether a name that comm had to cut is the process's own: by its command line or that of the interpreter that runs it. A process that
 * shows none is taken by the beginning of its name.
 */
export function isLongName(name: string, commandLine: readonly string[]): boolean {
  if (Buffer.byteLength(name) <= commBytes || commandLine.length === 0) return true;
  return commandLine.slice(0, 2).some((word) => word.slice(word.lastIndexOf("/") + 1) === name);
}

type ArgumentsRule = (wanted: readonly string[], given: readonly string[]) => boolean;

const startsWith: ArgumentsRule = (wanted, given) => wanted.every((word, index) => given[index] === word);

const argumentsRules: Record<ProcessQuery["argumentsMatch"], ArgumentsRule> = {
  Exact: (wanted, given) => given.length === wanted.length && startsWith(wanted, given),
  Partial: startsWith,
  Initial: (wanted, given) => {
    const last = wanted.length - 1;
    return last < 0 || (startsWith(wanted.slice(0, last), given) && (given[last]?.startsWith(wanted[last] ?? "") ?? false));
  },
  Contains: (wanted, given) => {
    let next = 0;
    for (const word of given) if (next < wanted.length && word === wanted[next]) next += 1;
    return next === wanted.length;
  },
};

/** Whether the arguments (without argv[0]) are those that a query wants. */
export function matchArguments({ arguments: wanted, argumentsMatch }: ProcessQuery, given: readonly string[]): boolean {
  return wanted === undefined || argumentsRules[argumentsMatch](wanted, given);
}

/** The words of /proc/PID/cmdline. */
export function parseCommandLine(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}
