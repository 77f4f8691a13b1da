/** Whoever is the director of a pool; each step returns when the kernel has all of it. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IpvsService } from "../../src/agent/native.ts";
import { Director } from "../../test/ipvs/director.ts";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { RemoteControl } from "../../test/support/remoteControl.ts";
import { aloftProgram } from "../../test/support/standaloneAgent.ts";
import { hopeless, until } from "../../test/support/waiting.ts";
import { toConf } from "./pool.ts";
import type { ProbeAnswers, ProbeRequest } from "./tableProbe.ts";

/** The agent from a keepalived.conf; the addon in a process that is given the services themselves; keepalived from the same file. */
export type SubjectName = "agent" | "core" | "keepalived";

export interface Subject {
  /** Whatever has to be done before the pool is handed over. */
  prepare(pool: readonly IpvsService[]): Promise<void>;
  start(): Promise<void>;
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** All its processes. */
  pids(): number[];
}

export const subjects: Record<SubjectName, (lan: Lan, node: string) => Promise<Subject>> = {
  agent: async (lan, node) => new AgentSubject(lan, node),
  core: async (lan, node) => new CoreSubject(await Director.start(lan, node)),
  keepalived: async (lan, node) => new KeepalivedSubject(lan, node),
};

const limitMs = 60_000;
const everyMs = 5;

class CoreSubject implements Subject {
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

  pids(): number[] {
    return [];
  }
}

let started = 0;

/** A daemon with a keepalived.conf, whose log tells how often it has been ready. */
abstract class ConfSubject implements Subject {
  protected readonly lan: Lan;
  protected readonly node: string;
  protected readonly folder: string;
  protected process: BackgroundProcess | undefined;
  /** Where the log has been read to. */
  private read = 0;

  protected abstract readonly command: string[];
  protected abstract readonly readyWord: string;

  constructor(lan: Lan, node: string) {
    this.lan = lan;
    this.node = node;
    this.folder = join(lan.directory, `subject-${started++}`);
    mkdirSync(this.folder);
  }

  protected get file(): string {
    return join(this.folder, "keepalived.conf");
  }

  async prepare(pool: readonly IpvsService[]): Promise<void> {
    writeFileSync(this.file, toConf(pool));
  }

  async start(): Promise<void> {
    this.process = this.lan.spawn(this.node, `subject-${started++}`, this.command);
    await this.untilReady();
  }

  async reload(): Promise<void> {
    this.process?.signal("SIGHUP");
    await this.untilReady();
  }

  /** Reads only what is new of the log: there is one processor for all. */
  protected async untilReady(): Promise<void> {
    let seen = 0;
    const isReady = () => {
      if (!this.process?.running) throw hopeless("it has ended");
      const { logFile } = this.process;
      const { size } = statSync(logFile);
      if (size === seen) return false;
      seen = size;
      const found = readFileSync(logFile).indexOf(this.readyWord, this.read);
      if (found >= 0) this.read = found + this.readyWord.length;
      return found >= 0;
    };
    await until("the table", isReady, { everyMs, timeoutMs: limitMs, hint: () => `its log ends:\n${this.process?.logTail(5)}` });
  }

  async stop(): Promise<void> {
    await this.process?.stop(limitMs);
  }

  pids(): number[] {
    const { pid } = this.process ?? {};
    if (pid === undefined) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return [pid, ...children.map(Number)];
  }
}

/** It is ready when the native core has the table; the kernel has it a little later. */
class AgentSubject extends ConfSubject {
  private readonly probe: RemoteControl<ProbeRequest, ProbeAnswers>;
  private former: readonly IpvsService[] = [];
  private pool: readonly IpvsService[] = [];

  protected readonly readyWord = '"msg":"ready';
  protected readonly command: string[];

  constructor(lan: Lan, node: string) {
    super(lan, node);
    const flags = ["--config", this.file, "--state-dir", this.folder, "--http", "off", "--node", node];
    this.command = [aloftProgram, "agent", "--standalone", ...flags];
    this.probe = new RemoteControl(lan, node, fileURLToPath(new URL("tableProbe.ts", import.meta.url)));
  }

  override async prepare(pool: readonly IpvsService[]): Promise<void> {
    await super.prepare(pool);
    this.former = this.pool;
    this.pool = pool;
    await this.probe.ask({ do: "look", at: undefined });
  }

  protected override async untilReady(): Promise<void> {
    await super.untilReady();
    // The native core works from the first to the last.
    const last = this.pool.findLast((service, index) => JSON.stringify(service) !== JSON.stringify(this.former[index]));
    this.former = this.pool;
    await this.probe.ask({ do: "look", at: last });
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.probe.kill();
  }
}

/** Its checker process alone. It begins with its checks when the table is done: see toConf(). */
class KeepalivedSubject extends ConfSubject {
  protected readonly readyWord = "Activating healthchecker";
  protected readonly command: string[];

  constructor(lan: Lan, node: string) {
    super(lan, node);
    const pids = [`--pid=${join(this.folder, "parent.pid")}`, `--checkers_pid=${join(this.folder, "checkers.pid")}`];
    this.command = ["keepalived", "--dont-fork", "--check", "--log-console", `--use-file=${this.file}`, ...pids];
  }
}
