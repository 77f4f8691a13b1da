/** What a process costs: processor time by thread, memory by kind. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** Nanoseconds of processor time so far, by name of thread. Exact: the scheduler's own account, not its ticks. */
function cpuByThread(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8").trim();
    const [running = "0"] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ");
    times.set(name, (times.get(name) ?? 0) + Number(running));
  }
  return times;
}

export interface CpuShare {
  /** Of one core. */
  percent: number;
  byThread: Record<string, number>;
}

/** Measures a process from now on until the returned function is called. */
export function watchCpu(pid: number): () => CpuShare {
  const begin = process.hrtime.bigint();
  const before = cpuByThread(pid);
  return () => {
    const elapsed = Number(process.hrtime.bigint() - begin);
    const shares = [...cpuByThread(pid)].map(([name, time]) => [name, (100 * (time - (before.get(name) ?? 0))) / elapsed] as const);
    return { percent: shares.reduce((sum, [, share]) => sum + share, 0), byThread: Object.fromEntries(shares) };
  };
}

const bytesPerMB = 1e6;

/** Resident memory of all these processes in MB (10^6 bytes). */
export function residentMB(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0));
  return (kilobytes.reduce((sum, value) => sum + value, 0) * 1024) / bytesPerMB;
}

interface Mapping {
  path: string;
  residentMB: number;
}

/** Pure: /proc/PID/smaps. */
export function parseMappings(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head) mappings.push({ path: head[1] ?? "", residentMB: 0 });
    const resident = /^Rss:\s+(\d+) kB/.exec(line);
    const current = mappings.at(-1);
    if (resident && current) current.residentMB = (Number(resident[1]) * 1024) / bytesPerMB;
  }
  return mappings;
}

/** What a mapping is, by what is mapped. */
const kinds: { kind: string; is: (path: string) => boolean }[] = [
  { kind: "Node's executable", is: (path) => basename(path) === "node" },
  { kind: "the core (aloft.node)", is: (path) => basename(path) === "aloft.node" },
  { kind: "the gate's arrays (BPF)", is: (path) => path.includes("bpf") },
  { kind: "libraries", is: (path) => path.startsWith("/") },
  { kind: "the C heap ([heap])", is: (path) => path === "[heap]" },
  { kind: "anonymous: V8's heap, arenas, stacks", is: () => true },
];

/** Resident memory in MB by kind, the greatest first. */
export function memoryByKind(pid: number): [string, number][] {
  const sums = new Map<string, number>();
  for (const { path, residentMB: resident } of parseMappings(readFileSync(`/proc/${pid}/smaps`, "utf8"))) {
    const kind = kinds.find(({ is }) => is(path))?.kind ?? "";
    sums.set(kind, (sums.get(kind) ?? 0) + resident);
  }
  return [...sums].filter(([, resident]) => resident >= 0.05).sort((a, b) => b[1] - a[1]);
}
