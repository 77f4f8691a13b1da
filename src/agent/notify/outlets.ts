/** Where notifications go: programs, FIFOs, web hooks and mail. Nothing here holds up the caller, and what hangs holds up itself alone. */
import type { Mail, NodeAgentSpec, Notify } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Program, ProgramRunner } from "../programs/programRunner.ts";
import { Slots } from "../programs/slots.ts";
import { Mailer } from "./mailer.ts";
import { NotificationCounters } from "./notificationCounters.ts";
import { NotifyFifo } from "./notifyFifo.ts";
import { ProgramLane } from "./programLane.ts";
import {
  type FifoEntry,
  fifoLine,
  type MailText,
  mailOf,
  type NotifyState,
  programsOf,
  type Transition,
  webhookDocument,
} from "./transition.ts";
import { Webhooks } from "./webhook.ts";

export interface OutletsOptions {
  /** Name of this node. */
  node: string;
  programs: ProgramRunner;
  log: Logger;
  clock: Clock;
}

/** Of whom is told, a virtual router or a group: its order is kept, whatever becomes of its configuration. */
export interface Subject {
  name: string;
  notify: Notify | undefined;
  lane: ProgramLane;
  /** Mail is sent once per state. */
  mailed: NotifyState | undefined;
}

/** A program that has not ended after this time is ended. */
const programTimeoutMs = 60_000;
/** Programs of all subjects together that run at a time. */
const programSlots = 256;

export class Outlets {
  readonly counters = new NotificationCounters();
  readonly #options: OutletsOptions;
  readonly #slots = new Slots(programSlots);
  readonly #webhooks: Webhooks;
  readonly #end = new AbortController();
  /** With something to run; also of subjects that are gone. */
  readonly #lanes = new Set<ProgramLane>();
  /** By path. */
  readonly #fifos = new Map<string, NotifyFifo>();
  #mailer: Mailer | undefined;
  #mailSettings = "";
  /** Ends the programs that run now. */
  #running = new AbortController();

  constructor(options: OutletsOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#webhooks = new Webhooks({ counters: this.counters, log, clock, signal: this.#end.signal });
  }

  /** What concerns the node as a whole. */
  configure(settings: NodeAgentSpec["notify"]): void {
    this.#setFifos(new Set([settings?.fifo, settings?.vrrpFifo].filter((path) => path !== undefined)));
    this.#setMail(settings?.mail);
  }

  /** Someone to tell of; `old` is what he was in the configuration before. */
  subject(name: string, notify: Notify | undefined, old: Subject | undefined): Subject {
    return { name, notify, lane: old?.lane ?? this.createLane(name), mailed: old?.mailed };
  }

  /** Hands a transition to whatever `subject` has been given. Returns at once. */
  tell(subject: Subject, transition: Transition): void {
    const { notify, lane } = subject;
    this.note(transition);
    if (this.#options.programs.enabled) this.#push(lane, programsOf(notify, transition));
    if (notify?.webhook !== undefined) this.#webhooks.post(notify.webhook, webhookDocument(transition, this.#options.node));
    if (!notify?.mail || !this.#mailer?.tells(transition.state) || subject.mailed === transition.state) return;
    const mail = mailOf(transition, this.#mailer.subjectName);
    if (!mail) return;
    subject.mailed = transition.state;
    this.#mailer.send(mail);
  }

  /** An order of programs, of somebody of that name. */
  createLane(name: string): ProgramLane {
    return new ProgramLane({
      run: (program) => this.#runProgram(name, program),
      slots: this.#slots,
      onCollapse: (transitions) => {
        this.counters.add("program", "dropped", transitions);
        this.#options.log.warn({ name, transitions }, "notify programs are too slow; only the newest transition is told");
      },
      onIdle: (lane) => this.#lanes.delete(lane),
    });
  }

  /** Hands over what has been put into words elsewhere: programs of a lane, and a mail from a node of that name. Returns at once. */
  deliver(lane: ProgramLane, programs: Program[], mail?: (subjectName: string) => MailText): void {
    if (this.#options.programs.enabled) this.#push(lane, programs);
    if (mail && this.#mailer) this.#mailer.send(mail(this.#mailer.subjectName));
  }

  /** Writes a line that only the FIFOs get. */
  note(entry: FifoEntry): void {
    for (const fifo of this.#fifos.values()) fifo.write(fifoLine(entry));
  }

  /**
   * Lets `tellEnd` tell the last of all, waits until everything is delivered, `limitMs` at most, and ends what is left. A program that has
   * been running since before may take half of that time.
   */
  async finish(limitMs: number, tellEnd: () => void): Promise<void> {
    const { clock, log } = this.#options;
    const before = this.#running;
    this.#running = new AbortController();
    const hurry = clock.setTimeout(() => before.abort(), limitMs / 2);
    tellEnd();
    const all = Promise.all([...[...this.#lanes].map((lane) => lane.idle()), this.#webhooks.idle(), this.#mailer?.idle()]);
    const inTime = await withinLimit(all, limitMs, clock);
    if (!inTime) log.warn({ limitMs }, "not all notifications could be delivered before the end");
    hurry.clear();
    before.abort();
    this.#running.abort();
    this.#end.abort(new Error("the agent ends"));
    await Promise.all([...this.#fifos.values()].map((fifo) => fifo.close()));
  }

  #setFifos(paths: ReadonlySet<string>): void {
    const { log, clock, programs } = this.#options;
    for (const [path, fifo] of this.#fifos) {
      if (paths.has(path)) continue;
      this.#fifos.delete(path);
      fifo.close().catch((error: Error) => log.warn({ fifo: path, reason: error.message }, "the old notify FIFO could not be closed"));
    }
    for (const path of paths) {
      if (this.#fifos.has(path)) continue;
      this.#fifos.set(path, new NotifyFifo({ path, owner: () => programs.account(), counters: this.counters, log, clock }));
    }
  }

  #setMail(settings: Mail | undefined): void {
    const text = JSON.stringify(settings) ?? "";
    if (text === this.#mailSettings) return;
    this.#mailSettings = text;
    const { node, log, clock } = this.#options;
    this.#mailer = settings && new Mailer({ settings, node, counters: this.counters, log, clock, signal: this.#end.signal });
  }

  #push(lane: ProgramLane, programs: Program[]): void {
    if (programs.length === 0) return;
    this.#lanes.add(lane);
    lane.push(programs);
  }

  async #runProgram(name: string, program: Program): Promise<void> {
    const { programs, log } = this.#options;
    const end = await programs.run(program, { timeoutMs: programTimeoutMs, signal: this.#running.signal });
    const isDone = end.kind === "ended" && end.status === 0 && !end.stopped;
    this.counters.add("program", isDone ? "delivered" : "failed");
    const fields = { name, command: program.command };
    if (end.kind === "refused") log.warn({ ...fields, problem: end.problem }, "a notify program was not started");
    else if (end.stopped) log.warn(fields, "a notify program took too long and was ended");
    else if (end.status !== 0) log.warn({ ...fields, status: end.status, signal: end.signal }, "a notify program failed");
  }
}

async function withinLimit(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<boolean> {
  let timer: Timer | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = clock.setTimeout(() => resolve(false), limitMs);
  });
  const done = await Promise.race([work.then(() => true as const), limit]);
  timer?.clear();
  return done;
}
