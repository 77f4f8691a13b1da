/**
 * The virtual servers of a node at work: objects, endpoints and results of checks come in, and the newest plan goes to the kernel's table.
 * Everything is level-triggered: whatever changes, the whole is planned anew, at most once per `pauseMs`.
 */
import type { NodeIpvs } from "../../api/nodeAgent.ts";
import type { NodeVirtualServerStatus } from "../../api/virtualServerStatus.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { HealthChecks } from "../healthChecks/healthTarget.ts";
import type { CoreError, Ipvs, IpvsEvent, IpvsOptions, IpvsServiceKey, IpvsSnapshot, IpvsState } from "../native.ts";
import { nodeSettings } from "./nodeSettings.ts";
import {
  nameOf,
  planVirtualServers,
  type VirtualServerChange,
  type VirtualServerMemory,
  type VirtualServersPlan,
} from "./planVirtualServers.ts";
import type { Endpoint, ResolvedVirtualServer } from "./resolvedVirtualServer.ts";

/** Which services the kernel may have through us; see heldServices.ts. */
export interface ServiceJournal {
  readonly services: IpvsServiceKey[];
  add(more: readonly IpvsServiceKey[]): Promise<void>;
  shrinkTo(keep: readonly IpvsServiceKey[]): Promise<void>;
}

export interface VirtualServersOptions {
  startIpvs(options: IpvsOptions, onEvents: (batch: IpvsEvent[]) => void): { ok: true; ipvs: Ipvs } | { ok: false; error: CoreError };
  journal: ServiceJournal;
  /** `onChange`: some result is another than before. */
  createHealthChecks(onChange: () => void): HealthChecks;
  /** Whether the node holds the addresses of a VirtualIP now. */
  isActive(virtualIP: string): boolean;
  /** Servers and quorums that changed: programs, mail, Events. */
  tell(changes: readonly VirtualServerChange[]): void;
  /** The statuses are others than before. */
  onStatus(): void;
  clock: Clock;
  log: Logger;
}

/** Between two plans: what flaps in hundreds of servers costs ten plans a second at most. */
const pauseMs = 100;

export class VirtualServers {
  readonly #options: VirtualServersOptions;
  readonly #health: HealthChecks;
  #ipvs: Ipvs | undefined;
  #virtualServers: readonly ResolvedVirtualServer[] = [];
  #settings: Pick<IpvsState, "daemons" | "timeouts"> = {};
  #endpoints = new Map<string, readonly Endpoint[]>();
  #memory: ReadonlyMap<string, VirtualServerMemory> = new Map();
  #plan: VirtualServersPlan | undefined;
  #problem = "";
  /** Why services are not as they should be, by VirtualServer. */
  #failures = new Map<string, string>();
  #programmed = false;
  #wanted = false;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: VirtualServersOptions) {
    this.#options = options;
    this.#health = options.createHealthChecks(() => this.changed());
  }

  /** Makes these the ones that run. Resolves when the kernel's thread has been given the new table. */
  configure(virtualServers: readonly ResolvedVirtualServer[], settings: NodeIpvs | undefined): Promise<void> {
    this.#virtualServers = virtualServers;
    this.#settings = nodeSettings(settings);
    return this.changed();
  }

  /** By namespace/name. Missing is not empty: what is not told of stays unknown, and its service is left as it is. */
  setEndpoints(endpoints: ReadonlyMap<string, readonly Endpoint[]>): void {
    this.#endpoints = new Map(endpoints);
    void this.changed();
  }

  /** Something that a plan looks at may have changed. Resolves when it has been planned and handed on. */
  changed(): Promise<void> {
    this.#wanted = true;
    this.#working ??= this.#work();
    return this.#working;
  }

  /** What the nodes of the operator read. */
  statuses(): NodeVirtualServerStatus[] {
    return (this.#plan?.statuses ?? []).map((status) => {
      const message = [status.message, this.#failures.get(nameOf(status)), this.#problem].filter(Boolean).join("; ");
      const programmed = status.message === undefined && message === "" && (this.#programmed || this.#failures.size > 0);
      return { ...status, programmed, ...(message && { message: message.slice(0, 1024) }) };
    });
  }

  /** The kernel's table with counters; undefined while there is none of ours. */
  snapshot(): Promise<IpvsSnapshot> | undefined {
    return this.#ipvs?.snapshot();
  }

  /** Checks end; the table stays with `keep`, for the next process to adopt. */
  async stop(keep: boolean): Promise<void> {
    this.#stopped = true;
    await this.#health.stop();
    await this.#working;
    const stopped = await this.#ipvs?.stop({ keep });
    if (stopped?.ok && !keep) await this.#options.journal.shrinkTo([]);
  }

  async #work(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      this.#wanted = false;
      await this.#planNow();
      this.#options.onStatus();
      // Whoever waits for the first result of a change need not wait for the pause.
      if (this.#wanted) await sleep(this.#options.clock, pauseMs);
    }
    this.#working = undefined;
  }

  async #planNow(): Promise<void> {
    const { isActive, tell, log } = this.#options;
    const plan = planVirtualServers({
      virtualServers: this.#virtualServers,
      endpoints: this.#endpoints,
      result: (key) => this.#health.result(key),
      isActive,
      memory: this.#memory,
    });
    this.#plan = plan;
    this.#memory = plan.memory;
    this.#health.configure(plan.targets);
    await this.#program(plan);
    for (const { virtualServer, server, up, message } of plan.changes) {
      const fields = { virtualServer: nameOf(virtualServer), server: server?.key, reason: message || undefined };
      if (up) log.info(fields, server ? "real server is up" : "quorum is regained");
      else log.warn(fields, server ? "real server is down" : "quorum is lost");
    }
    if (plan.changes.length > 0) tell(plan.changes);
  }

  /** The journal first: what the kernel gets must be known to the next process, however this one ends. */
  async #program({ services }: VirtualServersPlan): Promise<void> {
    const { journal } = this.#options;
    const keys = services.map(({ key }) => key);
    if (!this.#ipvs && keys.length === 0 && journal.services.length === 0 && !this.#settings.daemons) return;
    try {
      await journal.add(keys);
    } catch (error) {
      this.#problem = `the journal of held services cannot be written: ${(error as Error).message}`;
      this.#options.log.error({ error }, "cannot write the journal of held services");
    }
    const ipvs = this.#start();
    const result = ipvs?.apply({ services, ...this.#settings });
    if (result) this.#note(result.ok ? undefined : result.error);
  }

  #start(): Ipvs | undefined {
    if (this.#ipvs) return this.#ipvs;
    const started = this.#options.startIpvs({ owned: this.#options.journal.services }, (batch) => void this.#onEvents(batch));
    if (started.ok) this.#ipvs = started.ipvs;
    else this.#note(started.error);
    return this.#ipvs;
  }

  #note(error: CoreError | undefined): void {
    const problem = error?.message ?? "";
    if (problem !== this.#problem && error) this.#options.log.error({ coreError: error }, "IPVS refused the virtual servers");
    this.#problem = problem;
  }

  async #onEvents(batch: readonly IpvsEvent[]): Promise<void> {
    const { log } = this.#options;
    for (const event of batch) {
      if (event.type === "repaired") log.warn({ what: event.message }, "somebody else changed the IPVS table; it is right again");
      if (event.type === "operationFailed") log.error({ operation: event.operation, errno: event.errno }, event.message);
      if (event.type === "drained") log.info({ service: event.service, server: event.destination }, "real server has drained");
    }
    const applied = batch.findLast((event) => event.type === "applied");
    if (applied && !this.#stopped) await this.#onApplied(applied.programmed);
    if (applied) this.#options.onStatus();
  }

  /** The kernel has what it takes: services that it has lost are crossed out, and what failed is looked up. */
  async #onApplied(programmed: boolean): Promise<void> {
    this.#programmed = programmed;
    const snapshot = await this.#ipvs?.snapshot();
    if (!snapshot) return;
    this.#problem = snapshot.message;
    this.#failures = programmed ? new Map() : failuresOf(snapshot, this.#plan);
    const wanted = (this.#plan?.services ?? []).map(({ key }) => key);
    const standing = snapshot.services.map(({ key }) => key);
    await this.#options.journal.shrinkTo([...wanted, ...standing]).catch((error) => {
      this.#options.log.error({ error }, "cannot write the journal of held services");
    });
  }
}

/** Messages of services by the VirtualServer that they belong to. */
function failuresOf({ services }: IpvsSnapshot, plan: VirtualServersPlan | undefined): Map<string, string> {
  const owners = new Map((plan?.services ?? []).map(({ key, owner }) => [JSON.stringify(key), owner]));
  const failures = new Map<string, string>();
  for (const { key, message } of services) {
    const owner = owners.get(JSON.stringify(key));
    if (message && owner !== undefined) failures.set(owner, message);
  }
  return failures;
}
