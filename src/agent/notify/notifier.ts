/** Makes the core's events into notifications: of virtual routers and sync groups, in the order of the events, in keepalived's words. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { CoreEvent, NoticeEvent, ResyncEvent, RouterStateName, StateChangedEvent } from "../native/events.ts";
import { groupState } from "./groupState.ts";
import type { NotificationCount } from "./notificationCounters.ts";
import { Outlets, type OutletsOptions, type Subject } from "./outlets.ts";
import { type NotifyState, stateOfDeletion, type Transition } from "./transition.ts";

export interface NotifierOptions extends OutletsOptions {
  /** Effective priorities by key of the virtual router; asked for once per batch of events. */
  priorities(): ReadonlyMap<string, number>;
  /** States by key, for when events were lost. */
  states(): ReadonlyMap<string, RouterStateName>;
}

/** What of a NodeAgent's spec concerns notification. */
export type NotifySettings = Pick<NodeAgentSpec, "virtualRouters" | "groups" | "notify">;

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

/** Of whom was told under the configuration before. */
interface Told {
  routers: ReadonlyMap<string, Router>;
  groups: ReadonlyMap<string, Group>;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #outlets: Outlets;
  #routers = new Map<string, Router>();
  #groups = new Map<string, Group>();
  /** Taken out of the configuration, and not yet told so by the core. */
  readonly #leaving = new Map<string, Router>();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#outlets = new Outlets(options);
  }

  /** Makes these settings count for all events that come from now on. */
  configure({ virtualRouters, groups = [], notify }: NotifySettings): void {
    this.#outlets.configure(notify);
    const former: Told = { routers: this.#routers, groups: this.#groups };
    const routers = new Map<string, Router>();
    for (const { virtualIP, family, group, priority, notify: own } of virtualRouters) {
      const key = `${virtualIP}/${family}`;
      const old = this.#routers.get(key) ?? this.#leaving.get(key);
      this.#leaving.delete(key);
      const subject = this.#outlets.subject(virtualIP, own, old);
      routers.set(key, { ...subject, family, group, priority: old?.priority ?? priority, state: old?.state });
    }
    // Those that the core has never told of will not be told of as gone either.
    for (const [key, router] of this.#leaving) if (!isRunning(router)) this.#leaving.delete(key);
    for (const [key, router] of this.#routers) if (!routers.has(key) && isRunning(router)) this.#leaving.set(key, router);
    this.#routers = routers;
    this.#seedStates();
    this.#setGroups(groups);
    if (notify?.statesOnReload) this.#tellStates(former);
    this.#warnOfPrograms();
  }

  /** For all events of the core. */
  onEvents(batch: readonly CoreEvent[]): void {
    const interesting = batch.filter(isOfInterest);
    if (interesting.length === 0) return;
    this.#readPriorities(new Set(interesting.flatMap((event) => (isPriority(event) ? event.key : []))));
    for (const event of interesting) {
      if (event.type === "stateChanged") this.#onChange(event.key, event.to, new Date(event.changedAt), event);
      else if (event.type === "resync") this.#resync();
      else if (isPriority(event)) this.#onPriority(event);
      else this.#onLowerPriority(event);
    }
  }

  /** How notifications have fared since the start. */
  counters(): NotificationCount[] {
    return this.#outlets.counters.list();
  }

  /** Tells that everything stops, once the core has ended, and waits for that, `limitMs` at most. */
  stop(limitMs = 2000): Promise<void> {
    this.#readPriorities();
    const at = this.#options.clock.wallNow();
    return this.#outlets.finish(limitMs, () => {
      for (const router of this.#routers.values()) if (router.state !== undefined) this.#tellRouter(router, "STOP", at);
      for (const group of this.#groups.values())
        if (group.members.some(({ state }) => state !== undefined)) this.#tellGroup(group, "STOP", at);
    });
  }

  /** Virtual routers may have been running since before anybody wanted to be told: that they stop or go is told nevertheless. */
  #seedStates(): void {
    const unknown = [...this.#routers].filter(([, { state }]) => state === undefined);
    if (unknown.length === 0) return;
    const states = this.#options.states();
    for (const [key, router] of unknown) if (states.get(key) !== "INIT") router.state = states.get(key);
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
      groups.set(router.group, { ...this.#outlets.subject(router.group, notify, old), members: [router], state: old?.state });
    }
    this.#groups = groups;
  }

  /** Of what was there before as well: what has just come is told of as it changes. */
  #tellStates({ routers, groups }: Told): void {
    this.#readPriorities();
    for (const { name, state } of this.#groups.values())
      if (groups.has(name) && state !== undefined && state !== "INIT") this.#outlets.note({ type: "GROUP", name, state, priority: 0 });
    for (const [key, { name, state, priority }] of this.#routers)
      if (routers.has(key) && state !== undefined && state !== "INIT") this.#outlets.note({ type: "INSTANCE", name, state, priority });
  }

  #warnOfPrograms(): void {
    if (this.#options.programs.enabled) return;
    const subjects = [...this.#routers.values(), ...this.#groups.values()];
    const skipped = subjects.filter(({ notify }) => (notify?.programs ?? []).length > 0).map(({ name }) => name);
    if (skipped.length > 0) this.#options.log.warn({ skipped }, "notify programs do not run: no directory is allowed (--allow-scripts)");
  }

  /** The core may have ended; what it said last counts then. Those of `told` come one after the other, with events. */
  #readPriorities(told: ReadonlySet<string> = new Set()): void {
    for (const [key, priority] of this.#options.priorities()) {
      if (told.has(key)) continue;
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

  #onPriority({ key, priority }: PriorityEvent): void {
    const router = this.#routers.get(key);
    if (!router) return;
    router.priority = priority;
    const { name, state, notify } = router;
    if (notify?.priorityChanges)
      this.#outlets.note({ type: "INSTANCE", name, state: state === "MASTER" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY", priority });
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
    this.#outlets.tell(router, { type: "INSTANCE", name, family, state, priority, at, ...details });
  }

  #tellGroup(group: Group, state: NotifyState, at: Date): void {
    this.#outlets.tell(group, { type: "GROUP", name: group.name, state, priority: 0, at });
  }
}

type PriorityEvent = NoticeEvent & { priority: number };

function isPriority(event: CoreEvent): event is PriorityEvent {
  return event.type === "notice" && event.notice === "PriorityChanged" && event.priority !== undefined;
}

/** Whether somebody may have to be told of it. */
function isOfInterest(event: CoreEvent): event is StateChangedEvent | ResyncEvent | NoticeEvent {
  return (
    event.type === "stateChanged" ||
    event.type === "resync" ||
    isPriority(event) ||
    (event.type === "notice" && event.notice === "LowerPriority")
  );
}

function isRunning({ state }: Router): boolean {
  return state !== undefined && state !== "INIT";
}
