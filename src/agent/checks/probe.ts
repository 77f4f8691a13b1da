/** What a kind of check offers to the runner. */
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import type { PodLister } from "./podLister.ts";
import type { ProcessTable } from "./processTable.ts";

/** What one run found. */
export interface Outcome {
  good: boolean;
  /** Why it is bad, in a few words; "" when it is good. */
  message: string;
  /** Of a tracked file: counts at once, without rise and fall. */
  value?: number;
}

export interface Probe {
  /**
   * One run. It ends soon after `signal` is aborted, when its time is over; what it finds then is not looked at. Undefined: nothing can be
   * said, and the result stays as it is. To reject is to fail.
   */
  run(signal: AbortSignal): Promise<Outcome | undefined>;
  /** Calls `hint` when a run now would probably find something new. */
  watch?(hint: () => void): void;
  /** Ends the watching. */
  close?(): void;
}

export interface ProbeTools {
  /** Which initial files are made: none in a cluster, whose objects write no files of the node; none is overwritten at a reload. */
  initialFiles: "None" | "Missing" | "All";
  programs: ProgramRunner;
  processes: ProcessTable;
  pods: PodLister | undefined;
  log: Logger;
  clock: Clock;
}

export const goodOutcome: Outcome = { good: true, message: "" };

export function badOutcome(message: string): Outcome {
  return { good: false, message };
}

/** The message of a failed connection: of several attempts (IPv6 and IPv4 of one name) the first. */
export function errorMessage(error: Error): string {
  return error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0].message : error.message;
}
