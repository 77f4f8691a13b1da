/** A standalone agent in the network namespace of a node, and what its log says. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import type { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

export interface LogLine {
  time: string;
  msg: string;
  virtualRouter?: string;
  virtualRouters?: { virtualRouter: string; state: string }[];
  from?: string;
  to?: string;
  reason?: string;
  silenceMs?: number;
  changedAt?: string;
  problems?: string[];
}

export interface AgentSettings {
  /** Text of its file. */
  text: string;
  /** Ending of the file's name. Default: "yaml". */
  ending?: "yaml" | "conf";
  /** Default: a new one. */
  stateDirectory?: string;
  /** Further flags. */
  flags?: string[];
  /** Launcher; default: the checkout's. */
  program?: string;
}

let started = 0;

export function newStateDirectory(lan: Lan): string {
  const directory = join(lan.directory, `state-${started++}`);
  mkdirSync(directory);
  return directory;
}

export class Agent {
  readonly node: string;
  readonly file: string;
  readonly stateDirectory: string;
  readonly process: BackgroundProcess;

  constructor(lan: Lan, node: string, settings: AgentSettings) {
    const { text, ending = "yaml", stateDirectory = newStateDirectory(lan), flags = [], program = aloftProgram } = settings;
    const name = `agent-${node}-${started++}`;
    this.node = node;
    this.file = join(lan.directory, `${name}.${ending}`);
    this.stateDirectory = stateDirectory;
    writeFileSync(this.file, text);
    const all = ["--config", this.file, "--state-dir", stateDirectory, "--node", node, "--http", "127.0.0.1:9105", ...flags];
    this.process = lan.spawn(node, name, [program, "agent", "--standalone", ...all], { cwd: "/" });
  }

  /** Writes the file anew and has it read. */
  reload(text: string): void {
    writeFileSync(this.file, text);
    this.process.signal("SIGHUP");
  }

  lines(): LogLine[] {
    const lines = this.process.log().split("\n");
    return lines.filter((line) => line.startsWith("{") && line.endsWith("}")).map((line) => JSON.parse(line));
  }

  /** What stands on standard error beside the log. */
  remarks(): string[] {
    return this.process
      .log()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("{"));
  }

  /** Waits for the `count`-th line of this text. */
  logged(text: string, count = 1): Promise<LogLine> {
    const find = () => this.lines().filter(({ msg }) => msg === text)[count - 1];
    return until(`"${text}" from ${this.process.name}`, find, { everyMs: 20, hint: () => this.process.logTail(8) });
  }

  /** State changes of one virtual router, oldest first. */
  changes(virtualRouter: string): LogLine[] {
    return this.lines().filter((line) => line.msg === "virtual router changed its state" && line.virtualRouter === virtualRouter);
  }

  becomes(state: string, virtualRouter: string): Promise<LogLine> {
    const newest = () => this.changes(virtualRouter).at(-1);
    const find = () => (newest()?.to === state ? newest() : undefined);
    return until(`${state} of ${virtualRouter} on ${this.node}`, find, { everyMs: 5, hint: () => this.process.logTail(8) });
  }
}

/** Documents as one file; JSON is YAML. */
export const yamlFile = (...documents: object[]) => documents.map((document) => `---\n${JSON.stringify(document)}\n`).join("");
