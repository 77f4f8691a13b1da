/** The kernel's table of virtual servers, as far as it is ours: journal, thread, and what it says of its work. */
import type { Logger } from "../../runtime/log.ts";
import type { CoreError } from "../native/core.ts";
import type { Ipvs, IpvsEvent, IpvsOptions, IpvsSnapshot } from "../native/ipvs.ts";
import type { IpvsService, IpvsServiceKey, IpvsState } from "../native/ipvsState.ts";
import type { HeldServiceJournal } from "../state/heldServices.ts";
import type { OwnedService } from "./plannedService.ts";
import { formatServiceKey } from "./serviceKeys.ts";

export type StartIpvs = (
  options: IpvsOptions,
  onEvents: (batch: IpvsEvent[]) => void,
) => { ok: true; ipvs: Ipvs } | { ok: false; error: CoreError };

export interface KernelTableOptions {
  startIpvs: StartIpvs;
  journal: HeldServiceJournal;
  /** What the kernel has, or what is wrong with it, may be something else than before. */
  onChange(): void;
  log: Logger;
}

export interface DesiredTable {
  services: readonly OwnedService[];
  /** Left as they are, whether they stand or not. */
  waiting: readonly IpvsServiceKey[];
  /** False: so is all that an earlier process left. */
  isComplete: boolean;
}

type Settings = Pick<IpvsState, "daemons" | "timeouts">;

const refusedService = /^services\[(\d+)\]/;

export class KernelTable {
  readonly #options: KernelTableOptions;
  #ipvs: Ipvs | undefined;
  /** By formatServiceKey(). */
  #owners: ReadonlyMap<string, string> = new Map();
  #wanted: readonly IpvsServiceKey[] = [];
  #daemons = false;
  /** Why the thread did not take the last table. */
  #refusal = "";
  /** Why the kernel's table is not as it should be. */
  #problem = "";
  #journalProblem = "";
  /** Why services are not as they should be, by VirtualServer. */
  #failures: ReadonlyMap<string, string> = new Map();
  /** Why they were not even handed over. */
  readonly #refusals = new Map<string, string>();
  /** Services of the last state that was taken, by formatServiceKey(). */
  #accepted: ReadonlyMap<string, OwnedService> = new Map();
  #isSettled = false;
  /** VirtualServers with services that the kernel has not answered for yet. */
  readonly #fresh = new Set<string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KernelTableOptions) {
    this.#options = options;
  }

  /** Whether the kernel has the services of a VirtualServer, as they were when it last answered, unless `problemOf` speaks of them. */
  isSettled(owner: string): boolean {
    return this.#isSettled && !this.#fresh.has(owner);
  }

  /** The VirtualServer of each service, by formatServiceKey(). */
  get owners(): ReadonlyMap<string, string> {
    return this.#owners;
  }

  /** What is wrong with the services of a VirtualServer; "" when nothing is known to be. */
  problemOf(owner: string): string {
    return [this.#refusals.get(owner), this.#failures.get(owner), this.#refusal, this.#problem].filter(Boolean).join("; ");
  }

  /** Why the journal cannot be written; "" while it can. */
  get journalProblem(): string {
    return this.#journalProblem;
  }

  /** The addresses whose connections the other directors are told of. */
  carry(addresses: readonly string[]): void {
    this.#ipvs?.carry([...addresses]);
  }

  /** Resolves when they have been told of all. */
  async tellConnections(): Promise<void> {
    await this.#ipvs?.tellConnections();
  }

  snapshot(): Promise<IpvsSnapshot> | undefined {
    return this.#ipvs?.snapshot();
  }

  /** The journal first: what the kernel gets must be known to the next process, however this one ends. */
  async apply({ services, isComplete, ...rest }: DesiredTable, { daemons, timeouts }: Settings): Promise<void> {
    const { journal } = this.#options;
    const waiting = isComplete ? rest.waiting : journal.services;
    this.#wanted = [...services.map(({ key }) => key), ...waiting];
    this.#daemons = daemons !== undefined;
    if (!this.#ipvs && services.length === 0 && journal.services.length === 0 && !daemons && !journal.daemons) return;
    this.#owners = new Map(services.map(({ key, owner }) => [formatServiceKey(key), owner]));
    await this.#write(() => journal.add(this.#wanted.slice(0, services.length), this.#daemons));
    const ipvs = this.#ipvs ?? this.#start(waiting);
    if (!ipvs) return;
    // Daemons that were ours are ended; those of others are left alone.
    const own = daemons ?? (journal.daemons ? [] : undefined);
    this.#note(this.#handOver(ipvs, services, { ...(own && { daemons: own }), ...(timeouts && { timeouts }) }));
  }

  /** One service that cannot be must not hold up the others: it stays in its last form that could be, if there is any. */
  #handOver(ipvs: Ipvs, services: readonly OwnedService[], settings: Settings): CoreError | undefined {
    const accepted = this.#accepted;
    const wanted = new Map(services.map((service) => [formatServiceKey(service.key), service]));
    this.#refusals.clear();
    for (const [text, { owner }] of wanted) if (!accepted.has(text)) this.#fresh.add(owner);
    for (;;) {
      const changed = [...wanted].filter(([text, service]) => accepted.get(text) !== service);
      const kept = [...wanted].flatMap(([text, service]) => (accepted.get(text) === service ? [service.key] : []));
      const result = ipvs.apply({ services: changed.map(([, service]) => withoutOwner(service)), kept, ...settings });
      if (result.ok) break;
      const place = Number(refusedService.exec(result.error.path ?? "")?.[1] ?? Number.NaN);
      const [text] = changed[place] ?? [];
      if (text === undefined) return result.error;
      const former = accepted.get(text);
      if (former) wanted.set(text, former);
      else wanted.delete(text);
      this.#refusals.set(this.#owners.get(text) ?? "", `${text}: ${result.error.message}`);
    }
    this.#accepted = wanted;
    return undefined;
  }

  /** What nobody wants any more does not stay for the next process either: there may be none. */
  async stop(mayKeep: boolean): Promise<void> {
    const keep = mayKeep && (this.#wanted.length > 0 || this.#daemons);
    const result = await this.#ipvs?.stop({ keep });
    if (result?.ok === false) this.#options.log.error({ coreError: result.error }, "IPVS could not end in order; the next start tidies up");
    else if (result && !keep) await this.#write(() => this.#options.journal.shrinkTo([], false));
  }

  /** What is not named here as ours is never touched unless it is wanted. */
  #start(waiting: readonly IpvsServiceKey[]): Ipvs | undefined {
    const left = new Set(waiting.map(formatServiceKey));
    const owned = this.#options.journal.services.filter((key) => !left.has(formatServiceKey(key)));
    const started = this.#options.startIpvs({ owned }, (batch) => void this.#onEvents(batch));
    if (started.ok) this.#ipvs = started.ipvs;
    else this.#note(started.error);
    return this.#ipvs;
  }

  #note(error: CoreError | undefined): void {
    const problem = error?.message ?? "";
    if (error && problem !== this.#refusal) this.#options.log.error({ coreError: error }, "IPVS refused the virtual servers");
    this.#refusal = problem;
  }

  async #onEvents(batch: readonly IpvsEvent[]): Promise<void> {
    const { log, onChange } = this.#options;
    for (const event of batch) {
      if (event.type === "repaired") log.warn({ what: event.message }, "somebody else changed the IPVS table; it is right again");
      if (event.type === "operationFailed") log.error({ operation: event.operation, errno: event.errno }, event.message);
      if (event.type === "drained") log.info({ service: event.service, server: event.destination }, "real server has drained");
    }
    const applied = batch.findLast((event) => event.type === "applied");
    if (!applied) return;
    this.#fresh.clear();
    await this.#onApplied(applied.programmed);
    onChange();
  }

  /** To look at the table takes time where it is large: only when something is wrong, or the journal has more than is wanted. */
  async #onApplied(programmed: boolean): Promise<void> {
    const { journal, log } = this.#options;
    const wanted = new Set(this.#wanted.map(formatServiceKey));
    const hasLeftovers = journal.services.some((key) => !wanted.has(formatServiceKey(key))) || (journal.daemons && !this.#daemons);
    if (programmed && !hasLeftovers) {
      this.#problem = "";
      this.#failures = new Map();
      this.#isSettled = true;
      return;
    }
    const snapshot = await this.#ipvs?.snapshot();
    if (!snapshot) return;
    if (snapshot.message !== "" && snapshot.message !== this.#problem)
      log.error({ reason: snapshot.message }, "IPVS is not as it should be");
    this.#problem = snapshot.message;
    this.#failures = programmed ? new Map() : failuresOf(snapshot, this.#owners);
    // Unless one of those that it has is known to be wrong, what the kernel lacks is not known either.
    this.#isSettled = programmed || this.#failures.size > 0;
    if (snapshot.message !== "") return;
    const standing = snapshot.services.map(({ key }) => key);
    const daemons = snapshot.daemons.length > 0;
    await this.#write(() => journal.shrinkTo([...this.#wanted, ...standing], daemons || this.#daemons));
  }

  /** One after the other: what the kernel says of the table before comes while the next one is written down. */
  #write(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await work();
        this.#journalProblem = "";
      } catch (error) {
        // Without the journal a killed agent may leave services behind; without its virtual servers the node serves nobody.
        this.#journalProblem = `the journal of held services cannot be written: ${(error as Error).message}`;
        this.#options.log.error({ error }, "cannot write the journal of held services");
      }
    });
    return this.#writing;
  }
}

function withoutOwner({ owner: _, ...service }: OwnedService): IpvsService {
  return service;
}

/** Messages of services by the VirtualServer that they belong to. */
function failuresOf({ services }: IpvsSnapshot, owners: ReadonlyMap<string, string>): Map<string, string> {
  const failures = new Map<string, string>();
  for (const { key, message } of services) {
    const owner = owners.get(formatServiceKey(key));
    if (message && owner !== undefined) failures.set(owner, message);
  }
  return failures;
}
