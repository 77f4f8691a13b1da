/** A director on a node of a LAN that runs a file: Aloft's standalone agent, or keepalived's checkers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import type { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { hopeless, until } from "../support/waiting.ts";
import { savedTable } from "./director.ts";
import { type ProcTable, readProcTable } from "./procTable.ts";

export type Make = "aloft" | "keepalived";

export interface FileDirectorOptions {
  /** Default: a keepalived.conf. */
  ending?: "conf" | "yaml";
  /** Whose state it goes on with. */
  after?: FileDirector;
  flags?: string[];
}

let started = 0;

/** Text of a sample. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/keepalived/${name}.conf`, import.meta.url), "utf8");
}

export class FileDirector {
  readonly node: string;
  readonly make: Make;
  readonly process: BackgroundProcess;
  readonly #lan: Lan;
  readonly #file: string;
  readonly #stateDirectory: string;

  private constructor(lan: Lan, node: string, make: Make, text: string, { ending = "conf", after, flags = [] }: FileDirectorOptions) {
    const name = `${make}-${node}-${started++}`;
    const folder = join(lan.directory, name);
    mkdirSync(folder);
    this.#lan = lan;
    this.#file = join(folder, `director.${ending}`);
    this.#stateDirectory = after ? after.#stateDirectory : folder;
    this.node = node;
    this.make = make;
    writeFileSync(this.#file, text);
    const command = make === "aloft" ? this.#aloft(flags) : this.#keepalived();
    this.process = lan.spawn(node, name, command, { cwd: "/" });
  }

  #aloft(flags: readonly string[]): string[] {
    // As keepalived runs them: wherever they are, as root.
    const programs = ["--allow-scripts", "/", "--script-user", "root"];
    const state = ["--state-dir", this.#stateDirectory, "--http", "127.0.0.1:9105", "--node", this.node];
    return [aloftProgram, "agent", "--standalone", "--config", this.#file, ...state, ...programs, ...flags];
  }

  get #pidFile(): string {
    return join(this.#stateDirectory, "checkers.pid");
  }

  #keepalived(): string[] {
    const files = [`--use-file=${this.#file}`, `--pid=${join(this.#stateDirectory, "parent.pid")}`, `--checkers_pid=${this.#pidFile}`];
    return ["keepalived", "--dont-fork", "--check", "--log-console", ...files];
  }

  /** Starts it; ready() tells when it is. */
  static launch(lan: Lan, node: string, make: Make, text: string, options: FileDirectorOptions = {}): FileDirector {
    return new FileDirector(lan, node, make, text, options);
  }

  static async start(lan: Lan, node: string, make: Make, text: string, options: FileDirectorOptions = {}): Promise<FileDirector> {
    const director = new FileDirector(lan, node, make, text, options);
    await director.ready();
    return director;
  }

  /** Waits until it has taken the file, for the `count`-th time. */
  async ready(count = 1): Promise<void> {
    const { process, make } = this;
    const isReady = () => {
      if (!process.running) throw hopeless(`it ended with status ${process.status?.code}`);
      return make === "keepalived" ? existsSync(this.#pidFile) : this.logged("ready").length >= count;
    };
    await until(`${make} on ${this.node} ready`, isReady, { everyMs: 50, timeoutMs: 60_000, hint: () => process.logTail(8) });
  }

  /** Lines of the agent's log. */
  logged(msg: string): Record<string, unknown>[] {
    const lines = this.process.log().split("\n");
    return lines.filter((line) => line.includes(`"msg":"${msg}`) && line.endsWith("}")).map((line) => JSON.parse(line));
  }

  /** What stands on standard error beside the log. */
  remarks(): string[] {
    const lines = this.process.log().split("\n");
    return lines.filter((line) => line !== "" && !line.startsWith("{"));
  }

  /** Has it read this; the agent has it when this returns. */
  async reload(text: string): Promise<void> {
    const before = this.make === "aloft" ? this.logged("ready").length : 0;
    writeFileSync(this.#file, text);
    this.process.signal("SIGHUP");
    await this.ready(before + 1);
  }

  table(): ProcTable {
    return readProcTable(this.process.pid);
  }

  /** The servers of the service whose line begins so; undefined when there is none. */
  servers(service: string): string[] | undefined {
    for (const [line, servers] of this.table()) if (line.startsWith(service)) return servers;
    return undefined;
  }

  /** Waits for the servers of a service. Returns the moment. */
  async has(service: string, servers: readonly string[] | undefined, timeoutMs = 10_000): Promise<number> {
    const wanted = JSON.stringify(servers && [...servers].sort());
    const isSo = () => JSON.stringify(this.servers(service)) === wanted;
    const hint = () => `it is ${JSON.stringify(this.servers(service))}; ${this.process.logTail(6)}`;
    await until(`${this.make} on ${this.node}: ${service} with ${wanted}`, isSo, { everyMs: 10, timeoutMs, hint });
    return performance.now();
  }

  /** The values of a metric of the agent, by its labels as they are written. */
  async metric(name: string): Promise<Map<string, number>> {
    const text = await this.#lan.exec(this.node, ["curl", "-s", "http://127.0.0.1:9105/metrics"]);
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
    return new Map(lines.map((line) => [line.slice(name.length, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]));
  }

  /** As `ipvsadm -Sn` has it, the servers sorted. */
  async saved(): Promise<Record<string, string[]>> {
    const table = await savedTable(this.#lan, this.node);
    return Object.fromEntries([...table].map(([key, [head = "", ...servers]]) => [key, [head, ...servers.sort()]]));
  }
}
