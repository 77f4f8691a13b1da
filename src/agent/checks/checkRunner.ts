/**
 * Runs the checks of a node and tells the core their results. The core keeps what it was told last: results stay as they are while
 * JavaScript is blocked, and a run whose deadline passed in such a time counts for nothing.
 */
import { constants } from "node:os";
import type { CheckKind } from "../../api/check.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Core } from "../native/core.ts";
import type { CheckResult } from "../native/desiredState.ts";
import type { StartDialer } from "../native/dialer.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import { Slots } from "../programs/slots.ts";
import { Connector } from "./connector.ts";
import { checkKind, createProbe } from "./createProbe.ts";
import { EchoSockets } from "./echoSockets.ts";
import type { PodLister } from "./podLister.ts";
import type { ProbeTools } from "./probe.ts";
import { ProcessTable } from "./processTable.ts";
import { firstDelay } from "./schedule.ts";
import { ScheduledCheck } from "./scheduledCheck.ts";

export interface CheckRunnerOptions {
  setChecks: Core["setChecks"];
  startDialer: StartDialer;
  programs: ProgramRunner;
  /** In a cluster. */
  pods?: PodLister;
  /** For checks that are created from now on. */
  initialFiles(): ProbeTools["initialFiles"];
  log: Logger;
  clock: Clock;
}

/** What is known of a check, for the status and for people. */
export interface CheckReport {
  name: string;
  kind: CheckKind;
  up: boolean;
  /** Of a file that holds a number. */
  value?: number;
  /** When the result began; undefined before the first. */
  since?: Date;
  /** Why it is down; "" when all is well. */
  message: string;
}

interface Entry {
  /** The check as text, and the part of it that says what is looked at. */
  definition: string;
  subject: string;
  scheduled: ScheduledCheck;
}

/**
 * How many of a kind run at a time. Files and processes are read on the four threads of the pool, which the journal needs as well: a
 * file system that does not answer must not take them all.
 */
const slotsPerKind: Record<CheckKind, number> = { tcp: 512, http: 256, icmp: 512, exec: 128, file: 2, process: 1024, podReady: 1024 };
/** The core refuses with EAGAIN while its thread is too busy to take commands. */
const retryMs = 50;

export class CheckRunner {
  readonly #options: CheckRunnerOptions;
  readonly #tools: Omit<ProbeTools, "initialFiles">;
  readonly #slots: Record<CheckKind, Slots>;
  #entries = new Map<string, Entry>();
  /** Not yet told to the core. */
  #untold = new Map<string, CheckResult>();
  #flushing: NodeJS.Immediate | undefined;
  #retry: Timer | undefined;
  #refusal = "";

  constructor(options: CheckRunnerOptions) {
    this.#options = options;
    const { startDialer, programs, pods, log, clock } = options;
    const connector = new Connector(startDialer);
    const echoes = new EchoSockets(() => connector.closeOnExec());
    this.#tools = { connector, echoes, programs, pods, log, clock, processes: new ProcessTable({ clock }) };
    const kinds = Object.entries(slotsPerKind) as [CheckKind, number][];
    this.#slots = Object.fromEntries(kinds.map(([kind, limit]) => [kind, new Slots(limit)])) as Record<CheckKind, Slots>;
  }

  /**
   * Makes `checks` those that run. A check that stands as it was goes on; one that looks at the same thing with another timing keeps its
   * result. All results are told to the core before this returns.
   */
  configure(checks: readonly NodeCheck[]): void {
    const entries = new Map<string, Entry>();
    const created: ScheduledCheck[] = [];
    for (const check of checks) {
      if (entries.has(check.name)) {
        this.#options.log.warn({ check: check.name }, "a second check of this name is ignored");
        continue;
      }
      const old = this.#entries.get(check.name);
      const definition = JSON.stringify(check);
      const entry = old?.definition === definition ? old : this.#create(check, definition, old);
      if (!entry) continue;
      entries.set(check.name, entry);
      if (entry !== old) created.push(entry.scheduled);
    }
    for (const [name, { scheduled }] of this.#entries) if (entries.get(name)?.scheduled !== scheduled) scheduled.stop();
    this.#entries = entries;
    const now = this.#options.clock.now();
    for (const [index, scheduled] of created.entries()) scheduled.start(startDelay(scheduled, index, created.length, now));
    this.#untold = new Map([...entries].map(([name, { scheduled }]) => [name, scheduled.result]));
    this.#flush();
  }

  /** What is known of the checks, in the order of the configuration. */
  snapshot(): CheckReport[] {
    return [...this.#entries.values()].map(({ scheduled }) => {
      const { kind, since, message } = scheduled;
      return { ...scheduled.result, kind, since, message };
    });
  }

  /** Ends all checks; programs under way are ended by ProgramRunner.stop(). */
  stop(): Promise<void> {
    for (const { scheduled } of this.#entries.values()) scheduled.stop();
    this.#entries.clear();
    this.#untold.clear();
    this.#tools.connector.close();
    this.#tools.echoes.close();
    clearImmediate(this.#flushing);
    this.#retry?.clear();
    return Promise.resolve();
  }

  #create(check: NodeCheck, definition: string, old: Entry | undefined): Entry | undefined {
    const kind = checkKind(check);
    if (!kind) {
      // From an operator that is newer than this agent: the core counts it as up, as it does each check that it has no result of.
      this.#options.log.warn({ check: check.name }, "a check of a kind that this agent does not know is ignored");
      return undefined;
    }
    const subject = JSON.stringify([kind, check[kind]]);
    const { clock } = this.#options;
    const probe = createProbe(kind, check, { ...this.#tools, initialFiles: this.#options.initialFiles() });
    const scheduled = new ScheduledCheck({ check, kind, probe, slots: this.#slots[kind], clock, onChange: (it) => this.#changed(it) });
    if (old?.subject === subject) scheduled.inherit(old.scheduled.inherited);
    return { definition, subject, scheduled };
  }

  #changed({ check, kind, result, message }: ScheduledCheck): void {
    const fields = { check: check.name, kind, value: result.value, reason: message || undefined };
    if (result.value !== undefined) this.#options.log.info(fields, "the number of a tracked file changed");
    else if (result.up) this.#options.log.info(fields, "check is up");
    else this.#options.log.warn(fields, "check is down");
    this.#untold.set(check.name, result);
    // What changes in one turn of the event loop is told at once.
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#retry?.clear();
    this.#retry = undefined;
    if (this.#untold.size === 0) return;
    const told = this.#options.setChecks([...this.#untold.values()]);
    if (!told.ok && told.error.errno === constants.errno.EAGAIN) {
      this.#retry = this.#options.clock.setTimeout(() => this.#flush(), retryMs);
      return;
    }
    this.#untold.clear();
    if (!told.ok && told.error.message !== this.#refusal) this.#options.log.error({ coreError: told.error }, "the core refused results");
    this.#refusal = told.ok ? "" : told.error.message;
  }
}

/**
 * Checks of processes run at multiples of their intervals (the first time at once), so that one reading of /proc serves them all whenever
 * they were configured; others are spread.
 */
function startDelay({ kind, intervalMs }: ScheduledCheck, index: number, count: number, now: number): number {
  return kind === "process" ? -(now % intervalMs) : firstDelay(index, count, intervalMs);
}
