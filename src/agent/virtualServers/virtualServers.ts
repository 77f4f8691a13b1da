/**
 * The virtual servers of a node at work: objects, endpoints and results of checks come in, and the newest plan goes to the kernel's table.
 * Everything is level-triggered: whatever changes, the whole is planned anew, at most once per `pauseMs`.
 */
import type { NodeIpvs } from "../../api/nodeAgent.ts";
import type { NodeVirtualServerStatus } from "../../api/virtualServerStatus.ts";
import { type Clock, sleep, type Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { HealthChecks } from "../healthChecks/healthTarget.ts";
import type { IpvsSnapshot } from "../native/ipvs.ts";
import type { KernelTable } from "./kernelTable.ts";
import { nodeSettings } from "./nodeSettings.ts";
import { planVirtualServers, type RestoredHealth, type VirtualServerMemory, type VirtualServersPlan } from "./planVirtualServers.ts";
import { type Endpoint, nameOf, type ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { farewellOf, type VirtualServerChange } from "./serverChanges.ts";

/** What runs. Endpoints by nameOf(): missing is not empty, what is not told of stays unknown. */
export interface ServerConfiguration {
  virtualServers: readonly ResolvedVirtualServer[];
  endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** Why those are not what they should be. */
  doubts: ReadonlyMap<string, string>;
  /** False: there are more, of which nothing is known yet. What an earlier process left may be theirs. */
  isComplete: boolean;
  settings: NodeIpvs | undefined;
}

export interface ServerReport {
  /** nameOf() of the VirtualServer. */
  virtualServer: string;
  /** Its key there. */
  server: string;
  up: boolean;
  transitions: number;
}

export interface VirtualServersOptions {
  table: KernelTable;
  health: HealthChecks;
  /** What an earlier process knew. */
  restored: ReadonlyMap<string, RestoredHealth>;
  /** Keeps it for the next one. `unplanned`: of whom nothing new is known. */
  remember(memory: ReadonlyMap<string, VirtualServerMemory>, unplanned: readonly string[]): void;
  /** What the node holds now, without lengths of prefixes. */
  addresses(): ReadonlySet<string>;
  /** Of these the ones that it has as MASTER. */
  carried(): string[];
  /** Servers and quorums that changed: programs, mail. */
  tell(changes: readonly VirtualServerChange[]): void;
  /** The statuses may be others than before. */
  onStatus(): void;
  clock: Clock;
  log: Logger;
}

/** Between two plans: what flaps in hundreds of servers costs ten plans a second at most, and a tenth of the time. */
const pauseMs = 100;
const pauseFactor = 9;
/** The hand-over must not wait long for it; of a great many connections most have been told before. */
const tellLimitMs = 500;

export class VirtualServers {
  readonly #options: VirtualServersOptions;
  #configuration: ServerConfiguration = {
    virtualServers: [],
    endpoints: new Map(),
    doubts: new Map(),
    isComplete: true,
    settings: undefined,
  };
  #memory: ReadonlyMap<string, VirtualServerMemory> = new Map();
  #plan: VirtualServersPlan | undefined;
  /** When the last plan was ready, and how long it took. */
  #plannedAt = Number.NEGATIVE_INFINITY;
  #planMs = 0;
  #held: ReadonlySet<string> = new Set();
  #holds: (address: string) => boolean = () => false;
  #timer: Timer | undefined;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: VirtualServersOptions) {
    this.#options = options;
  }

  /** Makes this what runs. Resolves when the kernel's thread has been given the new table. */
  configure(configuration: ServerConfiguration): Promise<void> {
    this.#configuration = configuration;
    return this.#inTurn();
  }

  /** Something that a plan looks at may have changed: it is planned anew, soon. */
  changed(): void {
    if (this.#timer || this.#stopped) return;
    const { clock } = this.#options;
    const delay = Math.max(0, this.#plannedAt + Math.max(pauseMs, this.#planMs * pauseFactor) - clock.now());
    this.#timer = clock.setTimeout(() => void this.#inTurn(), delay);
  }

  /** The node may have other addresses than before. */
  addressesChanged(): void {
    const { table, carried } = this.#options;
    // At once: who has just lost them has connections left that the next one has not heard of.
    if (this.#configuration.settings?.sync && !this.#stopped) table.carry(carried());
    this.changed();
  }

  /** What the operator reads. */
  statuses(): NodeVirtualServerStatus[] {
    const { table } = this.#options;
    return (this.#plan?.statuses ?? []).map((status) => {
      const problem = table.problemOf(nameOf(status));
      const message = [status.message, problem].filter(Boolean).join("; ").slice(0, mostMessage);
      return { ...status, programmed: message === "" && table.isSettled(nameOf(status)), ...(message && { message }) };
    });
  }

  /** All real servers, for metrics. */
  servers(): ServerReport[] {
    return [...this.#memory].flatMap(([virtualServer, { servers }]) =>
      [...servers.values()].map(({ server, up, transitions }) => ({ virtualServer, server: server.key, up, transitions })),
    );
  }

  /** The kernel's table with counters; undefined while there is none of ours. */
  snapshot(): Promise<IpvsSnapshot> | undefined {
    return this.#options.table.snapshot();
  }

  /** The VirtualServer that a service of the table belongs to, by formatServiceKey(). */
  get owners(): ReadonlyMap<string, string> {
    return this.#options.table.owners;
  }

  /** Nothing is planned any more: what the end of the checks looks like changes nothing. The next director knows every connection. */
  async stopChecks(): Promise<void> {
    const { health, table, clock } = this.#options;
    this.#stopped = true;
    this.#timer?.clear();
    await this.#tail;
    await health.stop();
    await Promise.race([table.tellConnections(), sleep(clock, tellLimitMs)]);
  }

  /** The table goes, or stays with `keep`, for the next process to adopt. Those who ask for it are told that all is down. */
  async stop(keep: boolean): Promise<void> {
    await this.#options.table.stop(keep);
    const ending = [...this.#memory.values()].filter(({ virtualServer }) => virtualServer.spec.notify?.onStop);
    this.#options.tell(ending.flatMap((memory) => farewellOf(memory, "Stopped")));
  }

  #inTurn(): Promise<void> {
    const done = this.#tail.then(() => this.#planNow());
    this.#tail = done.catch((error) => this.#options.log.error({ error }, "the virtual servers could not be planned"));
    return this.#tail;
  }

  async #planNow(): Promise<void> {
    if (this.#stopped) return;
    const { table, health, restored, remember, addresses, carried, tell, onStatus, clock } = this.#options;
    this.#timer?.clear();
    this.#timer = undefined;
    const begin = clock.now();
    const { settings, isComplete, ...what } = this.#configuration;
    const holds = this.#holdsOf(addresses());
    const plan = planVirtualServers({ ...what, result: (key) => health.result(key), holds, memory: this.#memory, restored });
    this.#plannedAt = clock.now();
    this.#planMs = this.#plannedAt - begin;
    this.#plan = plan;
    this.#memory = plan.memory;
    health.configure(plan.targets);
    await table.apply({ ...plan, isComplete }, nodeSettings(settings));
    if (settings?.sync) table.carry(carried());
    remember(
      plan.memory,
      plan.statuses.map(nameOf).filter((name) => !plan.memory.has(name)),
    );
    this.#log(plan.changes);
    if (plan.changes.length > 0) tell(plan.changes);
    onStatus();
  }

  /** The same function while it would answer the same: what was planned with it stands then. */
  #holdsOf(addresses: ReadonlySet<string>): (address: string) => boolean {
    const isSame = this.#held.size === addresses.size && [...addresses].every((address) => this.#held.has(address));
    if (isSame) return this.#holds;
    this.#held = addresses;
    this.#holds = (address) => addresses.has(address);
    return this.#holds;
  }

  #log(changes: readonly VirtualServerChange[]): void {
    const { log } = this.#options;
    for (const change of changes) {
      const { virtualServer, server, up, occasion } = change;
      const fields = {
        virtualServer: nameOf(virtualServer),
        occasion,
        server: server?.key,
        reason: (change.server && change.message) || undefined,
      };
      if (up || occasion === "Removed") log.info(fields, sentenceOf(change));
      else log.warn(fields, sentenceOf(change));
    }
  }
}

function sentenceOf({ server, up, occasion }: VirtualServerChange): string {
  if (occasion === "Removed") return server ? "real server is no longer configured" : "virtual server ends";
  if (server) return up ? "real server is up" : "real server is down";
  return up ? "there is quorum" : "there is no quorum";
}

/** Limit of the API schema. */
const mostMessage = 1024;
