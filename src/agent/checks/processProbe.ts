/** Enough processes of a name run, and not too many. */
import type { NodeCheck } from "../../api/nodeAgent.ts";
import { badOutcome, goodOutcome, type Outcome, type Probe } from "./probe.ts";
import type { ProcessTable } from "./processTable.ts";

type ProcessCheck = NonNullable<NodeCheck["process"]>;

export class ProcessProbe implements Probe {
  readonly #check: ProcessCheck;
  readonly #processes: ProcessTable;

  constructor(check: ProcessCheck, processes: ProcessTable) {
    this.#check = check;
    this.#processes = processes;
  }

  async run(): Promise<Outcome | undefined> {
    try {
      return judgeCount(await this.#processes.count(this.#check), this.#check);
    } catch {
      // /proc cannot be read: nothing is known.
      return undefined;
    }
  }
}

/** A maximum of 0 wants that none runs, whatever the minimum says. Pure. */
export function judgeCount(count: number, { minimum, maximum }: Pick<ProcessCheck, "minimum" | "maximum">): Outcome {
  const least = Math.min(minimum, maximum ?? minimum);
  if (count < least) return badOutcome(`${count} of at least ${least} processes run`);
  if (maximum !== undefined && count > maximum) return badOutcome(`${count} of at most ${maximum} processes run`);
  return goodOutcome;
}
