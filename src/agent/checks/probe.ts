/** What a kind of check offers to the runner. */
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import type { Connector } from "./connector.ts";
import type { EchoSockets } from "./echoSockets.ts";
import type { PodLister } from "./podLister.ts";
import type { ProcessTable } from "./processTable.ts";

/** What one run found. */
export interface Outcome {
  good: boolean;
  /** Why it is bad, in a few words; "" when it is good. */
  message: string;
  /** Of a tracked file: counts at once, without rise and fall. */
  value?: number;
  /** Of a health check: the server's weight is this instead. */
  weight?: number;
  /** Of a health check: the server's weight is changed by this. */
  weightChange?: number;
}

export interface Probe {
  /**
   * One run. It ends soon after `signal` is aborted, when its time is over; what it finds then is not looked at. Undefined: nothing can be
   * said, and the result stays as it is; so does an Unasked. To reject otherwise is to fail. A run of several steps calls `renew` before
   * each but the first: its time begins anew.
   */
  run(signal: AbortSignal, renew?: () => void): Promise<Outcome | undefined>;
  /** What it means when the time of a run is over. Default: a failure. */
  readonly silence?: Outcome;
  /** Calls `hint` when a run now would probably find something new. */
  watch?(hint: () => void): void;
  /** Ends the watching. */
  close?(): void;
}

export interface ProbeTools {
  /** Which initial files are made: none in a cluster, whose objects write no files of the node; none is overwritten at a reload. */
  initialFiles: "None" | "Missing" | "All";
  connector: Connector;
  echoes: EchoSockets;
  programs: ProgramRunner;
  processes: ProcessTable;
  pods: PodLister | undefined;
  log: Logger;
  clock: Clock;
}

/** Thrown by a run that could not be made here: it says nothing of what it would have asked. */
export class Unasked extends Error {}

export const goodOutcome: Outcome = { good: true, message: "" };

export function badOutcome(message: string): Outcome {
  return { good: false, message };
}

/** What an error says of what was asked. */
export function failed(error: unknown): Outcome {
  if (error instanceof Unasked) throw error;
  return badOutcome(error instanceof Error ? error.message : String(error));
}
