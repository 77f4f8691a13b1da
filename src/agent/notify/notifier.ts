/**
 * Tells the world of changes of state: programs, FIFO, web hooks and mail. Events come from the core in order and are told in order; nothing
 * here holds up the core, and nothing that hangs holds up anything but itself.
 */
import type { Mail, NodeAgentSpec, Notify } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { CoreEvent, NoticeEvent, ResyncEvent, RouterStateName, StateChangedEvent } from "../native.ts";
import type { Program, ProgramRunner } from "../programs/programRunner.ts";
import { Slots } from "../programs/slots.ts";
import { groupState } from "./groupState.ts";
import { Mailer } from "./mailer.ts";
import { type NotificationCount, NotificationCounters } from "./notificationCounters.ts";
import { NotifyFifo } from "./notifyFifo.ts";
import { ProgramLane } from "./programLane.ts";
import { fifoLine, mailOf, type NotifyState, programsOf, stateOfDeletion, type Transition, webhookDocument } from "./transition.ts";
import { Webhooks } from "./webhook.ts";

export interface NotifierOptions {
  /** Name of this node. */
  node: string;
  programs: ProgramRunner;
  /** Effective priorities by key of the virtual router; asked for once per batch of events. */
  priorities(): ReadonlyMap<string, number>;
  /** States by key, for when events were lost. */
  states(): ReadonlyMap<string, RouterStateName>;
  log: Logger;
  clock: Clock;
}

/** What of a NodeAgent's spec concerns notification. */
export type NotifySettings = Pick<NodeAgentSpec, "virtualRouters" | "groups" | "notify">;

/** Whom a transition is told to, and by which lane; a virtual router or a group. */
interface Subject {
  name: string;
  notify: Notify | undefined;
  lane: ProgramLane;
  /** Mail is sent once per state. */
  mailed: NotifyState | undefined;
}

interface Router extends Subject {
  family: string;
  group: string | undefined;
  priority: number;
  /** Undefined until the core has told one. */
  state: RouterStateName | undefined;
}

interface Group extends Subject {
  members: Router[];
  state: RouterStateName | undefined;
}

/** A program that has not ended after this time is ended. */
const programTimeoutMs = 60_000;
/** Programs of all virtual routers together that run at a time. */
const programSlots = 256;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #slots = new Slots(programSlots);
  readonly #counters = new NotificationCounters();
  readonly #webhooks: Webhooks;
  readonly #end = new AbortController();
  #routers = new Map<string, Router>();
  #groups = new Map<string, Group>();
  /** Taken out of the configuration, and not yet told so by the core. */
  readonly #leaving = new Map<string, Router>();
  /** With something to run; also of routers and groups that are gone. */
  readonly #lanes = new Set<ProgramLane>();
  #fifo: NotifyFifo | undefined;
  #mailer: Mailer | undefined;
  #mailSettings = "";
  /** Ends the programs that run now. */
  #running = new AbortController();

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#webhooks = new Webhooks({ counters: this.#counters, log, clock, signal: this.#end.signal });
  }

  /** Makes these settings count for all events that come from now on. */
  configure({ virtualRouters, groups = [], notify }: NotifySettings): void {
    this.#setFifo(notify?.fifo);
    this.#setMail(notify?.mail);
    const routers = new Map<string, Router>();
    for (const { virtualIP, family, group, priority, notify: own } of virtualRouters) {
      const key = `${virtualIP}/${family}`;
      const old = this.#routers.get(key) ?? this.#leaving.get(key);
      this.#leaving.delete(key);
      routers.set(key, { state: undefined, priority, ...this.#subject(virtualIP, own, old), family, group });
    }
    // Those that the core has never told of will not be told of as gone either.
    for (const [key, router] of this.#leaving) if (!isRunning(router)) this.#leaving.delete(key);
    for (const [key, router] of this.#routers) if (!routers.has(key) && isRunning(router)) this.#leaving.set(key, router);
    this.#routers = routers;
    this.#seedStates();
    this.#setGroups(groups);
    this.#warnOfPrograms();
  }

  /** For all events of the core. */
  onEvents(batch: readonly CoreEvent[]): void {
    if (!batch.some(isOfInterest)) return;
    this.#readPriorities();
    for (const event of batch) {
      if (event.type === "stateChanged") this.#onChange(event.key, event.to, new Date(event.changedAt), event);
      else if (event.type === "resync") this.#resync();
      else if (isOfInterest(event)) this.#onLowerPriority(event);
    }
  }

  /** How notifications have fared since the start. */
  counters(): NotificationCount[] {
    return this.#counters.list();
  }

  /**
   * Tells that everything stops, once the core has ended, and waits for that, `limitMs` at most. A program that has been running since
   * before may take half of that time.
   */
  async stop(limitMs = 2000): Promise<void> {
    const { clock, log } = this.#options;
    const before = this.#running;
    this.#running = new AbortController();
    const hurry = clock.setTimeout(() => before.abort(), limitMs / 2);
    this.#readPriorities();
    const at = clock.wallNow();
    for (const router of this.#routers.values()) if (router.state !== undefined) this.#tellRouter(router, "STOP", at);
    for (const group of this.#groups.values())
      if (group.members.some(({ state }) => state !== undefined)) this.#tellGroup(group, "STOP", at);
    const all = Promise.all([...[...this.#lanes].map((lane) => lane.idle()), this.#webhooks.idle(), this.#mailer?.idle()]);
    const inTime = await withinLimit(all, limitMs, clock);
    if (!inTime) log.warn({ limitMs }, "not all notifications could be delivered before the end");
    hurry.clear();
    before.abort();
    this.#running.abort();
    this.#end.abort(new Error("the agent ends"));
    await this.#fifo?.close();
  }

  /** Virtual routers may have been running since before anybody wanted to be told: that they stop or go is told nevertheless. */
  #seedStates(): void {
    const unknown = [...this.#routers].filter(([, { state }]) => state === undefined);
    if (unknown.length === 0) return;
    const states = this.#options.states();
    for (const [key, router] of unknown) if (states.get(key) !== "INIT") router.state = states.get(key);
  }

  #subject(name: string, notify: Notify | undefined, old: Subject | undefined): Subject {
    if (old) return { ...old, name, notify };
    const { log } = this.#options;
    const lane = new ProgramLane({
      run: (program) => this.#runProgram(name, program),
      slots: this.#slots,
      onCollapse: (transitions) => {
        this.#counters.add("program", "dropped", transitions);
        log.warn({ name, transitions }, "notify programs are too slow; only the newest transition is told");
      },
    });
    return { name, notify, lane, mailed: undefined };
  }

  /**
   * Groups exist by being named; what runs on their changes stands in the list. That the families of one VirtualIP move together is no
   * group that anybody made ("virtualip/NAME"): nothing is told of it.
   */
  #setGroups(settings: NonNullable<NodeAgentSpec["groups"]>): void {
    const groups = new Map<string, Group>();
    for (const router of this.#routers.values()) {
      if (router.group === undefined || router.group.includes("/")) continue;
      const known = groups.get(router.group);
      if (known) {
        known.members.push(router);
        continue;
      }
      const old = this.#groups.get(router.group);
      const notify = settings.find(({ name }) => name === router.group)?.notify;
      groups.set(router.group, { state: undefined, ...this.#subject(router.group, notify, old), members: [router] });
    }
    this.#groups = groups;
  }

  #setFifo(path: string | undefined): void {
    if (this.#fifo?.path === path) return;
    const { log, clock, programs } = this.#options;
    const closed = this.#fifo?.close();
    this.#fifo =
      path === undefined ? undefined : new NotifyFifo({ path, owner: () => programs.account(), counters: this.#counters, log, clock });
    closed?.catch((error: Error) => log.warn({ reason: error.message }, "the old notify FIFO could not be closed"));
  }

  #setMail(settings: Mail | undefined): void {
    const text = JSON.stringify(settings) ?? "";
    if (text === this.#mailSettings) return;
    this.#mailSettings = text;
    const { node, log, clock } = this.#options;
    this.#mailer = settings && new Mailer({ settings, node, counters: this.#counters, log, clock, signal: this.#end.signal });
  }

  #warnOfPrograms(): void {
    if (this.#options.programs.enabled) return;
    const subjects = [...this.#routers.values(), ...this.#groups.values()];
    const skipped = subjects.filter(({ notify }) => (notify?.programs ?? []).length > 0).map(({ name }) => name);
    if (skipped.length > 0) this.#options.log.warn({ skipped }, "notify programs do not run: no directory is allowed (--allow-scripts)");
  }

  /** The core may have ended; what it said last counts then. */
  #readPriorities(): void {
    for (const [key, priority] of this.#options.priorities()) {
      const router = this.#routers.get(key) ?? this.#leaving.get(key);
      // A router that has ended shows 0.
      if (router && priority > 0) router.priority = priority;
    }
  }

  #onChange(key: string, to: RouterStateName, at: Date, event?: StateChangedEvent): void {
    const leaving = this.#leaving.get(key);
    const router = this.#routers.get(key) ?? leaving;
    if (!router) return;
    const from = router.state;
    router.state = to;
    const details = { from: event?.from ?? from, reason: event?.reason, peer: event?.peer || undefined };
    if (to !== "INIT") this.#tellRouter(router, to, at, details);
    else if (leaving) {
      this.#leaving.delete(key);
      this.#tellRouter(router, stateOfDeletion(router.notify), at, details);
    }
    this.#updateGroup(router.group, at);
  }

  /** keepalived's notify_master_rx_lower_pri: an event of a MASTER, not a change of its state. */
  #onLowerPriority({ key, address, changedAt }: NoticeEvent): void {
    const router = this.#routers.get(key);
    if (router) this.#tellRouter(router, "MASTER_RX_LOWER_PRI", new Date(changedAt), { peer: address });
  }

  #updateGroup(name: string | undefined, at: Date): void {
    const group = name === undefined ? undefined : this.#groups.get(name);
    if (!group) return;
    const state = groupState(group.members.map((member) => member.state ?? "INIT"));
    if (state === undefined || state === group.state) return;
    group.state = state;
    this.#tellGroup(group, state, at);
  }

  /** Events were lost: what they would have told is what is different now. */
  #resync(): void {
    const at = this.#options.clock.wallNow();
    const states = this.#options.states();
    for (const [key, router] of [...this.#routers, ...this.#leaving]) {
      const state = states.get(key) ?? "INIT";
      if (state !== (router.state ?? "INIT")) this.#onChange(key, state, at);
    }
  }

  #tellRouter(router: Router, state: NotifyState, at: Date, details: Partial<Transition> = {}): void {
    const { name, family, priority } = router;
    this.#tell(router, { type: "INSTANCE", name, family, state, priority, at, ...details });
  }

  #tellGroup(group: Group, state: NotifyState, at: Date): void {
    this.#tell(group, { type: "GROUP", name: group.name, state, priority: 0, at });
  }

  #tell(subject: Subject, transition: Transition): void {
    const { notify, lane } = subject;
    this.#fifo?.write(fifoLine(transition));
    if (this.#options.programs.enabled) this.#push(lane, programsOf(notify, transition));
    if (notify?.webhook !== undefined) this.#webhooks.post(notify.webhook, webhookDocument(transition, this.#options.node));
    if (!notify?.mail || !this.#mailer || subject.mailed === transition.state) return;
    const mail = mailOf(transition, this.#mailer.subjectName);
    if (!mail) return;
    subject.mailed = transition.state;
    this.#mailer.send(mail);
  }

  #push(lane: ProgramLane, programs: Program[]): void {
    if (programs.length === 0) return;
    for (const other of this.#lanes) if (other.isIdle) this.#lanes.delete(other);
    lane.push(programs);
    this.#lanes.add(lane);
  }

  async #runProgram(name: string, program: Program): Promise<void> {
    const { programs, log } = this.#options;
    const end = await programs.run(program, { timeoutMs: programTimeoutMs, signal: this.#running.signal });
    const isDone = end.kind === "ended" && end.status === 0 && !end.stopped;
    this.#counters.add("program", isDone ? "delivered" : "failed");
    const fields = { name, command: program.command };
    if (end.kind === "refused") log.warn({ ...fields, problem: end.problem }, "a notify program was not started");
    else if (end.stopped) log.warn(fields, "a notify program took too long and was ended");
    else if (end.status !== 0) log.warn({ ...fields, status: end.status, signal: end.signal }, "a notify program failed");
  }
}

/** Whether somebody may have to be told of it. */
function isOfInterest(event: CoreEvent): event is StateChangedEvent | ResyncEvent | NoticeEvent {
  return event.type === "stateChanged" || event.type === "resync" || (event.type === "notice" && event.notice === "LowerPriority");
}

function isRunning({ state }: Router): boolean {
  return state !== undefined && state !== "INIT";
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
