/** What a run of the tests may leave behind: namespaces, mounts and processes. All of it is read from the kernel, nothing from our own books. */
import { readdirSync, readFileSync } from "node:fs";

/** In the environment of everything that a run starts, however deep. */
export const runVariable = "ALOFT_TEST_RUN";

export interface Leftovers {
  namespaces: string[];
  mounts: string[];
  processes: { pid: number; command: string }[];
}

/** Namespaces and mounts of Aloft, whoever made them: taken before a run, they are none of its leftovers. */
export function findTraces(): Set<string> {
  return new Set([...namespaces(), ...mounts()]);
}

/** What is there now, was not there `before`, and belongs to nobody who is still at work. */
export function findLeftovers(runId: string, before: ReadonlySet<string>): Leftovers {
  return {
    namespaces: namespaces().filter((name) => !before.has(name) && !hasLivingOwner(name)),
    mounts: mounts().filter((mount) => !before.has(mount) && !hasLivingOwner(mount)),
    processes: processesOf(runId),
  };
}

export function describeLeftovers({ namespaces, mounts, processes }: Leftovers): string[] {
  return [
    ...namespaces.map((name) => `network namespace ${name}`),
    ...mounts.map((mount) => `mount ${mount}`),
    ...processes.map(({ pid, command }) => `process ${pid} (${command})`),
  ];
}

/** The harness names its namespaces after the process that made them. */
const ownedName = /\bal([0-9]+)x[0-9]+-/;

function hasLivingOwner(text: string): boolean {
  const owner = ownedName.exec(text)?.[1];
  try {
    return owner !== undefined && process.kill(Number(owner), 0);
  } catch {
    return false;
  }
}

function namespaces(): string[] {
  try {
    return readdirSync("/run/netns").filter((name) => ownedName.test(name));
  } catch {
    return []; // Nobody has made any yet.
  }
}

function mounts(): string[] {
  const targets = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? []);
  return targets.filter((target) => ownedName.test(target) || target.includes("aloft"));
}

function processesOf(runId: string): Leftovers["processes"] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${runVariable}=${runId}`)) return [];
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim() }];
    } catch {
      return []; // It has ended meanwhile, or is another user's.
    }
  });
}
