/** The programs that checks and notifications run: loaded when a configuration first names one, as most agents run none. */
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Program, ProgramRunner } from "./programRunner.ts";

export interface ProgramOptions {
  /** Directories below which programs may lie; none: no program runs. */
  allowedDirectories: string[];
  /** The user that they run as. */
  scriptUser?: string;
  /** Standalone, programs may name a user of their own: whoever writes the file is the administrator of the node. */
  perProgramUser: boolean;
  clock: Clock;
  log: Logger;
}

export class LocalPrograms {
  readonly #options: ProgramOptions;
  #runner: ProgramRunner | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  async load(): Promise<ProgramRunner> {
    const { ProgramRunner: Runner } = await import("./programRunner.ts");
    const { log, ...options } = this.#options;
    this.#runner ??= new Runner({ ...options, log: log.child({ component: "programs" }) });
    return this.#runner;
  }

  /** Why a program would not be started, in a sentence; undefined when it would. */
  async problem(program: Program): Promise<string | undefined> {
    return (await this.load()).problem(program);
  }

  async stop(limitMs: number): Promise<void> {
    await this.#runner?.stop(limitMs);
  }
}
