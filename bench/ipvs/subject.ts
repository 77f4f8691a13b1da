/** Either make as the director of a pool; each step returns when the kernel has all of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IpvsService } from "../../src/agent/native.ts";
import { Director } from "../../test/ipvs/director.ts";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { until } from "../../test/support/waiting.ts";
import type { Make } from "../make.ts";
import { toConf } from "./pool.ts";

export interface Subject {
  /** Whatever has to be done before the pool is handed over. */
  prepare(pool: readonly IpvsService[]): Promise<void>;
  start(): Promise<void>;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export const subjects: Record<Make, (lan: Lan, node: string) => Promise<Subject>> = {
  aloft: async (lan, node) => new AloftSubject(await Director.start(lan, node)),
  keepalived: async (lan, node) => new KeepalivedSubject(lan, node),
};

class AloftSubject implements Subject {
  private readonly director: Director;
  private pool: readonly IpvsService[] = [];

  constructor(director: Director) {
    this.director = director;
  }

  async prepare(pool: readonly IpvsService[]): Promise<void> {
    this.pool = pool;
  }

  start(): Promise<void> {
    return this.reload();
  }

  async reload(): Promise<void> {
    if (!(await this.director.serve(...this.pool))) throw new Error("the kernel did not take all of it");
  }

  stop(): Promise<void> {
    return this.director.stop();
  }
}

let started = 0;

/** Its checker process alone. */
class KeepalivedSubject implements Subject {
  private readonly lan: Lan;
  private readonly node: string;
  private readonly folder: string;
  private process: BackgroundProcess | undefined;
  private ready = 0;

  constructor(lan: Lan, node: string) {
    this.lan = lan;
    this.node = node;
    this.folder = join(lan.directory, `keepalived-${started++}`);
    mkdirSync(this.folder);
  }

  private get file(): string {
    return join(this.folder, "keepalived.conf");
  }

  async prepare(pool: readonly IpvsService[]): Promise<void> {
    writeFileSync(this.file, toConf(pool));
  }

  async start(): Promise<void> {
    const pids = [`--pid=${join(this.folder, "parent.pid")}`, `--checkers_pid=${join(this.folder, "checkers.pid")}`];
    const command = ["keepalived", "--dont-fork", "--check", "--log-console", `--use-file=${this.file}`, ...pids];
    this.process = this.lan.spawn(this.node, `keepalived-${started++}`, command);
    await this.untilReady();
  }

  async reload(): Promise<void> {
    this.process?.signal("SIGHUP");
    await this.untilReady();
  }

  /** It begins with its checks when the table is done: see toConf(). */
  private async untilReady(): Promise<void> {
    this.ready += 1;
    const times = () => this.process?.log().split("Activating healthchecker").length ?? 0;
    const hint = () => `its log ends:\n${this.process?.logTail(5)}`;
    await until("keepalived's table", () => times() > this.ready, { everyMs: 5, timeoutMs: 60_000, hint });
  }

  async stop(): Promise<void> {
    await this.process?.stop(60_000);
  }
}
