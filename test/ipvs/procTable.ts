/** The kernel's table as /proc shows it: read without the start of a program, so that it can be watched by the millisecond. */
import { readFileSync } from "node:fs";
import type { Moment } from "./moment.ts";

/** "TCP 192.0.2.10:80 rr" → "198.51.100.61:80 Route 1", …, sorted. */
export type ProcTable = Map<string, string[]>;

/** That of the network namespace of a process; empty where the kernel has no IPVS yet. Settings of persistence are left out. */
export function readProcTable(pid: number): ProcTable {
  return parseProcTable(readFile(`/proc/${pid}/net/ip_vs`));
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function parseProcTable(text: string): ProcTable {
  const table: ProcTable = new Map();
  let servers: string[] = [];
  for (const line of text.split("\n").slice(3)) {
    const [first = "", second = "", third = "", fourth = ""] = line.trim().split(/\s+/);
    if (first === "->") servers.push(`${readable(second)} ${third} ${fourth}`);
    else if (first !== "") {
      servers = [];
      table.set(`${first} ${first === "FWM" ? Number.parseInt(second, 16) : readable(second)} ${third}`, servers);
    }
  }
  for (const list of table.values()) list.sort();
  return table;
}

/** "C000020A:0050", "[2001:0db8:…]:0050". */
function readable(text: string): string {
  const [, ipv6, ipv4 = "", port = ""] = /^(?:\[(.*)\]|([0-9A-F]{8})):([0-9A-F]{4})$/.exec(text) ?? [];
  const address = ipv6 === undefined ? [...Buffer.from(ipv4, "hex")].join(".") : `[${ipv6}]`;
  return `${address}:${Number.parseInt(port, 16)}`;
}

export interface TableChange {
  /** Between two looks. */
  at: Moment;
  pid: number;
  service: string;
  server: string;
  stands: boolean;
}

const everyMs = 20;

/** Tells when entries came and went, from its making to its end. */
export class TableWatch {
  readonly changes: TableChange[] = [];
  readonly #last = new Map<number, ProcTable>();
  readonly #lookedAt = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    for (const pid of pids) {
      this.#lookedAt.set(pid, performance.now());
      this.#last.set(pid, readProcTable(pid));
    }
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  #look(): void {
    for (const [pid, before] of this.#last) {
      const begun = performance.now();
      const now = readProcTable(pid);
      const at = { earliest: this.#lookedAt.get(pid) ?? begun, latest: performance.now() };
      this.#note(before, now, { at, pid, stands: false });
      this.#note(now, before, { at, pid, stands: true });
      this.#last.set(pid, now);
      this.#lookedAt.set(pid, begun);
    }
  }

  /** What is in one and not in the other. */
  #note(one: ProcTable, other: ProcTable, change: Pick<TableChange, "at" | "pid" | "stands">): void {
    for (const [service, servers] of one) {
      const others = new Set(other.get(service));
      for (const server of servers) if (!others.has(server)) this.changes.push({ ...change, service, server });
    }
  }

  /** When a server, of whatever weight, first came or went after a moment. */
  when(pid: number, server: string, stands: boolean, after: number): Moment | undefined {
    const wanted = this.changes.find(
      (change) => change.pid === pid && change.at.latest >= after && change.stands === stands && change.server.startsWith(`${server} `),
    );
    return wanted?.at;
  }

  /** After a last look. */
  end(): void {
    this.#look();
    clearInterval(this.#timer);
  }
}
