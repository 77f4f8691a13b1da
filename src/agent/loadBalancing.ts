/**
 * The virtual servers of a node, beside its elections: the kernel's table, the health of real servers, what is told of it. Loaded when a
 * configuration first has virtual servers, or an earlier process may have left some.
 */
import type { NodeVirtualServerStatus } from "../api/virtualServerStatus.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { HealthReport } from "./healthChecks/healthRunner.ts";
import type { HealthCounts } from "./healthChecks/healthTally.ts";
import { TableNeighbours } from "./kernelSettings/tableNeighbours.ts";
import type { Core } from "./native/core.ts";
import type { StartDialer } from "./native/dialer.ts";
import type { CoreEvent } from "./native/events.ts";
import type { IpvsSnapshot } from "./native/ipvs.ts";
import type { Nat } from "./native/nat.ts";
import type { NotificationCount } from "./notify/notificationCounters.ts";
import type { LocalPrograms } from "./programs/localPrograms.ts";
import type { ServerSource } from "./serverSource.ts";
import type { ServingParts } from "./servingParts.ts";
import { isSameServing, type Named, namedBy, namedIn, type ServingSpec, translating } from "./servingSpec.ts";
import { HeldServiceJournal } from "./state/heldServices.ts";
import { HeldTableJournal } from "./state/heldTables.ts";
import type { StartIpvs } from "./virtualServers/kernelTable.ts";
import type { NatTable } from "./virtualServers/natTable.ts";
import { nameOf, type ResolvedVirtualServer } from "./virtualServers/resolvedVirtualServer.ts";
import type { ServerReport } from "./virtualServers/virtualServers.ts";

export interface LoadBalancingOptions {
  core: Pick<Core, "snapshot">;
  startDialer: StartDialer;
  startIpvs: StartIpvs;
  nat: Nat;
  node: string;
  stateDirectory: string;
  programs: LocalPrograms;
  /** Of the configurations that bring none of their own: in a cluster. */
  source?: ServerSource;
  /** Whether the table outlives the process, for the next one to adopt. */
  keepsTable: boolean;
  clock: Clock;
  log: Logger;
}

interface Serving {
  spec: ServingSpec;
  source: ServerSource | undefined;
}

/** Together with all else that ends well below the 10 s of the whole shutdown. */
const notifyLimitMs = 2000;

export class LoadBalancing {
  readonly #options: LoadBalancingOptions;
  readonly #journal: HeldServiceJournal;
  readonly #tables: HeldTableJournal;
  readonly #listeners = new Set<() => void>();
  #loaded: ServingParts | undefined;
  #spec: ServingSpec = {};
  #source: ServerSource | undefined;
  #isConfigured = false;
  /** What ran before what is being prepared. */
  #running: Serving | undefined;
  #former: readonly ResolvedVirtualServer[] = [];
  readonly #neighbours: TableNeighbours;
  /** Statuses, as text, that listeners have heard of. */
  #told: string | undefined;
  #isAwake = false;
  #stopped = false;

  constructor(options: LoadBalancingOptions) {
    this.#options = options;
    this.#source = options.source;
    const { clock, log } = options;
    this.#neighbours = new TableNeighbours({ read: async () => (await this.table())?.snapshot, clock, log });
    this.#journal = new HeldServiceJournal(options.stateDirectory, () => options.clock.wallNow());
    this.#tables = new HeldTableJournal(options.stateDirectory, () => options.clock.wallNow());
  }

  /** Reads what an earlier process left; what is wrong with that comes back as a sentence. To be called once, before anything else. */
  async open(): Promise<string | undefined> {
    const earlier = await this.#journal.open();
    const tables = await this.#tables.open();
    // What it may have named is looked for: nothing is lost with it.
    if (tables.kind === "damaged") this.#options.log.error({ ...tables }, "the journal of held tables is damaged and was set aside");
    if (earlier.kind !== "damaged") return undefined;
    this.#options.log.error({ ...earlier }, "the journal of held services is damaged and was set aside");
    return `The journal of held IPVS services was damaged (${earlier.reason}).`;
  }

  /**
   * Before any of the settings of IPVS is set: the kernel loads IPVS when somebody asks for it, and only then has them. Some count for
   * daemons alone that start later.
   */
  async wake({ virtualServers = [] }: ServingSpec): Promise<void> {
    if (this.#isAwake || virtualServers.length === 0) return;
    this.#isAwake = true;
    const started = this.#options.startIpvs({ owned: [] }, () => {});
    if (!started.ok) return;
    await started.ipvs.snapshot();
    await started.ipvs.stop({ keep: true });
  }

  /**
   * Before the core has the virtual routers of a configuration: its services stand before their addresses come, and those of the
   * configuration before until their addresses have gone.
   */
  async prepare(spec: ServingSpec, source = this.#options.source): Promise<void> {
    if (this.#isConfigured && source === this.#source && isSameServing(spec, this.#spec)) return;
    const isHeld = this.#journal.services.length > 0 || this.#journal.daemons || this.#tables.holds;
    if (namedBy(spec).length === 0 && !isHeld && !this.#loaded) return;
    this.#running = { spec: this.#spec, source: this.#source };
    this.#former = this.#served();
    await this.#run({ spec, source });
  }

  /** After the core has them, or has refused them: then what was before goes on. */
  async settle(taken: boolean): Promise<void> {
    const running = this.#running;
    const names = new Set(this.#served().map(nameOf));
    const keptFormer = this.#former.some((former) => !names.has(nameOf(former)));
    this.#running = undefined;
    this.#former = [];
    // What was prepared is all there is.
    if (taken && !keptFormer) return;
    if (running) await this.#run(taken ? { spec: this.#spec, source: this.#source } : running);
  }

  /** The source has something new. */
  async sourceChanged(): Promise<void> {
    if (this.#loaded) await this.#configure(this.#loaded);
  }

  /** Addresses may have come or gone. */
  onEvents(batch: readonly CoreEvent[]): void {
    const isMeant = ({ type }: CoreEvent) => type === "stateChanged" || type === "linksChanged" || type === "resync";
    if (batch.some(isMeant)) this.#loaded?.servers.addressesChanged();
  }

  /** Adds a listener for statuses that are others than before. */
  onStatus(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What of the settings of IPVS may be set, and when that changes: others may use IPVS, too. */
  get neighbours(): Pick<TableNeighbours, "permitted" | "onChange"> {
    return this.#neighbours;
  }

  /** Undefined as long as there has been none. */
  statuses(): NodeVirtualServerStatus[] | undefined {
    const known = this.#loaded?.servers.statuses();
    const unknown = (this.#source?.unknown() ?? []).filter(namedIn(this.#spec.virtualServers));
    const doubts = this.#source?.doubts();
    return known && [...known, ...unknown.map((one) => unknownStatus(one, doubts?.get(nameOf(one))))];
  }

  /** Sentences about the journal, and about the table of nf_tables. */
  get problems(): string[] {
    const { table, nat } = this.#loaded ?? {};
    return [table?.journalProblem, nat?.problem].flatMap((problem) => (problem ? [`${problem}.`] : []));
  }

  /** The kernel's table with counters, read now; undefined while there is none of ours. */
  async table(): Promise<{ snapshot: IpvsSnapshot; owners: ReadonlyMap<string, string> } | undefined> {
    const servers = this.#loaded?.servers;
    const snapshot = await servers?.snapshot();
    return servers && snapshot && { snapshot, owners: servers.owners };
  }

  /** What the VirtualServers of the node ask for. */
  schedulers(): string[] {
    return [...new Set(this.#served().map(({ spec }) => spec.scheduler))];
  }

  /** All real servers. */
  servers(): ServerReport[] {
    return this.#loaded?.servers.servers() ?? [];
  }

  healthReports(): HealthReport[] {
    return this.#loaded?.health.snapshot() ?? [];
  }

  healthCounts(): HealthCounts[] {
    return this.#loaded?.health.counts() ?? [];
  }

  notificationCounts(): NotificationCount[] {
    return this.#loaded?.notifier.counters() ?? [];
  }

  /** Before the core hands over: what fails meanwhile changes nothing. */
  async stopChecks(): Promise<void> {
    this.#stopped = true;
    this.#neighbours.stop();
    await this.#loaded?.servers.stopChecks();
  }

  /** After the addresses have gone. */
  async stop(): Promise<void> {
    if (!this.#loaded) return;
    const { servers, nat, file } = this.#loaded;
    await servers.stop(this.#options.keepsTable);
    await nat.stop(this.#options.keepsTable);
    await file.close();
  }

  async stopNotify(): Promise<void> {
    await this.#loaded?.notifier.stop(notifyLimitMs);
  }

  /** Never rejects: what goes wrong here is no reason to hold up elections. */
  async #run({ spec, source }: Serving): Promise<void> {
    this.#spec = spec;
    this.#source = source;
    this.#isConfigured = false;
    try {
      await source?.use(namedBy(spec));
      await this.#configure(await this.#load());
      this.#isConfigured = true;
    } catch (error) {
      this.#options.log.error({ error }, "the virtual servers cannot be configured");
    }
  }

  /** What IPVS of this node serves. */
  #served(): ResolvedVirtualServer[] {
    return (this.#source?.virtualServers() ?? []).filter(namedIn(this.#spec.virtualServers));
  }

  async #configure({ servers, nat, notifier }: ServingParts): Promise<void> {
    const source = this.#source;
    const own = this.#served();
    const names = new Set(own.map(nameOf));
    const virtualServers = [...own, ...this.#former.filter((former) => !names.has(nameOf(former)))];
    notifier.configure(this.#spec.notify);
    // Before IPVS passes on what is to be masqueraded.
    await this.#translate(nat, virtualServers);
    await servers.configure({
      virtualServers,
      endpoints: source?.endpoints() ?? new Map(),
      doubts: source?.doubts() ?? new Map(),
      isComplete: (source?.unknown() ?? []).length === 0,
      settings: this.#spec.ipvs,
    });
    if (!this.#stopped) await this.#neighbours.watch(this.#spec.ipvs);
  }

  #translate(nat: NatTable, served: readonly ResolvedVirtualServer[]): Promise<void> {
    const source = this.#source;
    const endpoints = source?.endpoints() ?? new Map();
    const doubts = source?.doubts() ?? new Map();
    const translated = (source?.virtualServers() ?? []).filter(namedIn(translating(this.#spec)));
    // Of whom it is known that there is nothing to know nobody waits.
    const isOpen = (one: Named) => !endpoints.has(nameOf(one)) && !doubts.has(nameOf(one));
    const isComplete = ![...(source?.unknown() ?? []), ...translated].some(isOpen);
    return nat.configure({ served, translated, endpoints, isComplete });
  }

  async #load(): Promise<ServingParts> {
    this.#loaded ??= await this.#create();
    return this.#loaded;
  }

  async #create(): Promise<ServingParts> {
    const { createServingParts } = await import("./servingParts.ts");
    return createServingParts({
      ...this.#options,
      services: this.#journal,
      tables: this.#tables,
      named: () => this.#spec.virtualServers,
      certificates: (name) => this.#source?.certificates(name),
      onStatus: () => this.#statusChanged(),
    });
  }

  #statusChanged(): void {
    const text = JSON.stringify(this.statuses());
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener();
  }
}

function unknownStatus({ namespace, name }: Named, message = "the VirtualServer has not been read yet"): NodeVirtualServerStatus {
  return { namespace, name, programmed: false, up: 0, total: 0, quorum: true, message };
}
