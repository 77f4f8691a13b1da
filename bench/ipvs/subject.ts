/** Whoever is the director of a pool; each step returns when the kernel has all of it. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IpvsService } from "../../src/agent/native/ipvsState.ts";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { RemoteControl } from "../../test/support/remoteControl.ts";
import { aloftProgram } from "../../test/support/standaloneAgent.ts";
import { hopeless, until } from "../../test/support/waiting.ts";
import type { CoreAnswers, CoreRequest } from "./coreHost.ts";
import { toConf } from "./pool.ts";
import type { ProbeAnswers, ProbeRequest } from "./tableProbe.ts";

/** The agent from a keepalived.conf; its planner and the native core from VirtualServers; keepalived from the same file as the agent. */
export type SubjectName = "agent" | "core" | "keepalived";

export interface Took {
  ms: number;
  /** Of it the planning, where that is told apart. */
  planMs?: number;
}

export interface Subject {
  /** Whatever has to be done before the pool is handed over. */
  prepare(pool: readonly IpvsService[]): Promise<void>;
  start(): Promise<Took>;
  reload(): Promise<Took>;
  stop(): Promise<Took>;
  /** All its processes. */
  pids(): number[];
}

export const subjects: Record<SubjectName, (lan: Lan, node: string) => Subject> = {
  agent: (lan, node) => new AgentSubject(lan, node),
  core: (lan, node) => new CoreSubject(lan, node),
  keepalived: (lan, node) => new KeepalivedSubject(lan, node),
};

const limitMs = 60_000;
const everyMs = 5;

class CoreSubject implements Subject {
  private readonly host: RemoteControl<CoreRequest, CoreAnswers>;

  constructor(lan: Lan, node: string) {
    this.host = new RemoteControl(lan, node, fileURLToPath(new URL("coreHost.ts", import.meta.url)));
  }

  async prepare(pool: readonly IpvsService[]): Promise<void> {
    await this.host.ask({ do: "prepare", pool });
  }

  start(): Promise<Took> {
    return this.reload();
  }

  async reload(): Promise<Took> {
    const { planMs, applyMs } = await this.host.ask({ do: "apply" });
    return { ms: planMs + applyMs, planMs };
  }

  async stop(): Promise<Took> {
    const { applyMs } = await this.host.ask({ do: "stop" });
    await this.host.kill();
    return { ms: applyMs };
  }

  pids(): number[] {
    return [];
  }
}

async function timed(step: () => Promise<void>): Promise<Took> {
  const start = performance.now();
  await step();
  return { ms: performance.now() - start };
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

  start(): Promise<Took> {
    return timed(async () => {
      this.process = this.lan.spawn(this.node, `subject-${started++}`, this.command);
      await this.untilReady();
    });
  }

  reload(): Promise<Took> {
    return timed(async () => {
      this.process?.signal("SIGHUP");
      await this.untilReady();
    });
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

  stop(): Promise<Took> {
    return timed(async () => {
      await this.process?.stop(limitMs);
    });
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

  override async stop(): Promise<Took> {
    const took = await super.stop();
    await this.probe.kill();
    return took;
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
