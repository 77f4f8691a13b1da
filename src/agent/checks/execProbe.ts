/** A program of the node ends with status 0 in time. */
import type { Program, ProgramEnd, ProgramRunner } from "../programs/programRunner.ts";
import { badOutcome, goodOutcome, type Outcome, type Probe } from "./probe.ts";

export class ExecProbe implements Probe {
  readonly #program: Program;
  readonly #programs: ProgramRunner;

  constructor(program: Program, programs: ProgramRunner) {
    this.#program = program;
    this.#programs = programs;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    return judge(await this.#programs.run(this.#program, { signal }));
  }
}

/** Pure. */
export function judge(end: ProgramEnd): Outcome {
  if (end.kind === "refused") return badOutcome(end.problem);
  if (end.status === 0 && !end.stopped) return goodOutcome;
  return badOutcome(end.status === null ? `ended by ${end.signal}` : `exit status ${end.status}`);
}
