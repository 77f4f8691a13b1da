/** Checks that change the weight of a server: a program by its exit status, a file by the number that it holds. */
import type { HealthCheck } from "../../api/healthCheck.ts";
import { judge } from "../checks/execProbe.ts";
import type { FileProbe } from "../checks/fileProbe.ts";
import { badOutcome, goodOutcome, type Outcome, type Probe, Unasked } from "../checks/probe.ts";
import type { ProgramEnd, ProgramRunner } from "../programs/programRunner.ts";

type ExecCheck = NonNullable<HealthCheck["exec"]>;

/** keepalived's MISC_CHECK. */
export class HealthExecProbe implements Probe {
  readonly #check: ExecCheck;
  readonly #programs: ProgramRunner;

  constructor(check: ExecCheck, programs: ProgramRunner) {
    this.#check = check;
    this.#programs = programs;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    const end = await this.#programs.run(this.#check, { signal });
    // As in keepalived, a program that is not there or must not run says nothing of the server.
    if (end.kind === "refused") throw new Unasked(end.problem);
    return (this.#check.dynamicWeight ? weighed(end) : undefined) ?? judge(end);
  }
}

/** Status 2 to 255: well, with that status less 2 as the weight. Pure. */
function weighed(end: ProgramEnd): Outcome | undefined {
  if (end.kind !== "ended" || end.stopped || end.status === null || end.status < 2) return undefined;
  return { ...goodOutcome, weight: end.status - 2 };
}

/** Or less is down. */
const downWeight = -(2 ** 31);

/** keepalived's FILE_CHECK. */
export class HealthFileProbe implements Probe {
  readonly #file: FileProbe;
  readonly #weight: number;

  constructor(file: FileProbe, weight: number) {
    this.#file = file;
    this.#weight = weight;
  }

  async run(): Promise<Outcome | undefined> {
    const outcome = await this.#file.run();
    if (outcome?.value === undefined) return undefined;
    // Adding 0 makes -0 into 0.
    const weightChange = outcome.value * this.#weight + 0;
    return weightChange <= downWeight ? badOutcome(outcome.message) : { ...goodOutcome, weightChange };
  }

  watch(hint: () => void): void {
    this.#file.watch(hint);
  }

  close(): void {
    this.#file.close();
  }
}
