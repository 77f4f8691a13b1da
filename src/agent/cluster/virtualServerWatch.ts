/**
 * The VirtualServers that this node serves, and their endpoints: watched in the namespaces of those that NodeAgent.spec names, and of each
 * kind only what one of them asks for. What was known last is in the state directory, so that a start without API server serves all.
 * Missing is not empty: what a list lacks goes on until its deletion is told, or NodeAgent.spec names it no more.
 */
import { isDeepStrictEqual } from "node:util";
import { apiVersion } from "../../api/group.ts";
import type { NodeVirtualServer } from "../../api/nodeAgent.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { TlsMaterial } from "../checks/tls.ts";
import { certificateLookup, certificateRefs } from "../credentials/certificates.ts";
import type { SecretSource } from "../credentials/secrets.ts";
import type { ServerSource } from "../serverSource.ts";
import { type LastKnownContent, LastKnownServers } from "../state/lastKnownServers.ts";
import { type Endpoint, nameOf, type ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";
import type { ApiClient } from "./apiClient.ts";
import { findEndpoints, type KnownServices, referenceOf } from "./findEndpoints.ts";
import { ObjectCache } from "./objectCache.ts";
import { readNode, readServer, readServerSpec, readService, readSlice, type ServerObject } from "./virtualServerObjects.ts";

export interface VirtualServerWatchOptions {
  client: Pick<ApiClient, "request" | "stream">;
  /** This node. */
  node: string;
  /** Its own share of them: what the health checks present. */
  secrets: SecretSource;
  stateDirectory: string;
  clock: Clock;
  log: Logger;
  /** Ends all watches. */
  signal: AbortSignal;
  /** A VirtualServer or its endpoints are others than before. */
  onChange(): void;
}

/** What of each kind is kept. */
const readers = { virtualservers: readServer, services: readService, endpointslices: readSlice, nodes: readNode };
type Kind = keyof typeof readers;
type ViewOf<K extends Kind> = NonNullable<ReturnType<(typeof readers)[K]>>;

/** The cluster's, or a namespace's. */
const pathOf = (kind: Kind, namespace: string): string => {
  const within = `namespaces/${encodeURIComponent(namespace)}/${kind}?`;
  if (kind === "nodes") return "/api/v1/nodes?";
  if (kind === "services") return `/api/v1/${within}`;
  return kind === "virtualservers" ? `/apis/${apiVersion}/${within}` : `/apis/discovery.k8s.io/v1/${within}`;
};

/** Changes come in crowds: a rollout, a list. To take note of them costs a tenth of the time at most, however much there is to know. */
const collapseMs = 50;
const collapseFactor = 9;

export class VirtualServerWatch implements ServerSource {
  readonly #options: VirtualServerWatchOptions;
  readonly #lastKnown: LastKnownServers;
  readonly certificates: (name: string) => TlsMaterial | undefined;
  /** By path. */
  readonly #caches = new Map<string, ObjectCache<unknown>>();
  /** The last ones that can be used, by nameOf(), and the objects that they come from. */
  readonly #objects = new Map<string, { object: ServerObject; spec: VirtualServerSpec }>();
  readonly #problems = new Map<string, { object: ServerObject; problem: string }>();
  /** What was told of last. */
  #resolved: ReadonlyMap<string, ResolvedVirtualServer> = new Map();
  #endpoints = new Map<string, LastKnownContent["endpoints"][string]>();
  /** Why endpoints are no longer what they should be, or are not known, by nameOf(). */
  #doubts: ReadonlyMap<string, string> = new Map();
  #named: readonly NodeVirtualServer[] = [];
  #opened: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** How long it took to take note of the last ones. */
  #updateMs = 0;

  constructor(options: VirtualServerWatchOptions) {
    const { stateDirectory, clock, log, secrets } = options;
    this.#options = options;
    this.#lastKnown = new LastKnownServers(stateDirectory, clock, log);
    this.certificates = certificateLookup(secrets);
  }

  /** Sentences about objects that cannot be used, and about the file. */
  get problems(): string[] {
    const named = new Set(this.#named.map(nameOf));
    const unusable = [...this.#problems].filter(([name]) => named.has(name));
    return [
      ...unusable.map(([name, { problem }]) => `VirtualServer ${name}: ${problem}.`),
      ...(this.#lastKnown.problem === undefined ? [] : [this.#lastKnown.problem]),
    ];
  }

  /** Reads what an earlier agent kept. To be called once, after the Secrets have been opened and before anybody else asks for any. */
  open(): Promise<void> {
    this.#opened ??= this.#read();
    return this.#opened;
  }

  async use(named: readonly NodeVirtualServer[]): Promise<void> {
    if (named.length === 0 && !this.#opened) return;
    await this.open();
    this.#named = named;
    this.#update();
  }

  virtualServers(): readonly ResolvedVirtualServer[] {
    const resolved = this.#named.flatMap((named) => this.#resolve(named) ?? []);
    this.#resolved = new Map(resolved.map((one) => [nameOf(one), one]));
    return resolved;
  }

  unknown(): readonly NodeVirtualServer[] {
    return this.#named.filter((named) => !this.#objects.has(nameOf(named)) && !this.#isDeleted(named));
  }

  endpoints(): ReadonlyMap<string, readonly Endpoint[]> {
    return new Map([...this.#endpoints].map(([name, { list }]) => [name, list]));
  }

  doubts(): ReadonlyMap<string, string> {
    return this.#doubts;
  }

  /** The same object while it says the same: what was planned with it stands then. */
  #resolve({ namespace, name, virtualIP, addresses }: NodeVirtualServer): ResolvedVirtualServer | undefined {
    const known = this.#objects.get(nameOf({ namespace, name }));
    if (!known) return undefined;
    const { spec } = known;
    const { generation } = known.object.metadata;
    const resolved = {
      namespace,
      name,
      addresses,
      spec,
      ...(virtualIP !== undefined && { virtualIP }),
      ...(generation !== undefined && { generation }),
    };
    const before = this.#resolved.get(nameOf(resolved));
    return isDeepStrictEqual(before, resolved) ? before : resolved;
  }

  /** Resolves when all that is known has been written, or could not be. */
  saved(): Promise<void> {
    return this.#lastKnown.saved();
  }

  async #read(): Promise<void> {
    const { virtualServers, endpoints } = await this.#lastKnown.read();
    for (const object of virtualServers.flatMap((given) => readServer(given) ?? [])) this.#take(object);
    this.#endpoints = new Map(Object.entries(endpoints));
    // Before others say what they need: what nobody needs is forgotten.
    void this.#options.secrets.require(certificateRefs([...this.#objects.values()].map(({ spec }) => spec)));
  }

  /** Starts and ends watches, as those that are named need them. */
  #watch(): void {
    const wanted = new Map<string, [Kind, string]>();
    const want = (kind: Kind, namespace: string) => wanted.set(pathOf(kind, namespace), [kind, namespace]);
    for (const named of this.#named) {
      want("virtualservers", named.namespace);
      const spec = this.#objects.get(nameOf(named))?.spec;
      if (spec?.service) for (const kind of ["services", "endpointslices"] as const) want(kind, named.namespace);
      if (spec?.nodes || spec?.service?.targets === "Nodes") want("nodes", "");
    }
    for (const [path, cache] of this.#caches) {
      if (wanted.has(path)) continue;
      cache.stop();
      this.#caches.delete(path);
    }
    for (const [path, [kind, namespace]] of wanted) if (!this.#caches.has(path)) this.#caches.set(path, this.#cache(path, kind, namespace));
  }

  #cache(path: string, kind: Kind, namespace: string): ObjectCache<unknown> {
    const { client, clock, log, signal } = this.#options;
    return new ObjectCache({
      client,
      path,
      clock,
      log: log.child({ watch: kind, namespace: namespace || undefined }),
      signal,
      read: readers[kind] as (object: unknown) => unknown,
      onChange: () => this.#changed(),
      // A list that lacks it may be of an API server that was restored: the operator knows better.
      keepsMissing: kind === "virtualservers",
    });
  }

  /** Takes note of what the watches say, once for all that comes in a crowd. */
  #changed(): void {
    const { clock } = this.#options;
    this.#timer ??= clock.setTimeout(
      () => {
        const begin = clock.now();
        this.#timer = undefined;
        const before = this.#text();
        this.#update();
        if (this.#text() !== before) this.#options.onChange();
        this.#updateMs = clock.now() - begin;
      },
      Math.max(collapseMs, this.#updateMs * collapseFactor),
    );
  }

  #update(): void {
    for (const namespace of new Set(this.#named.map((named) => named.namespace))) this.#readServers(namespace);
    this.#watch();
    this.#refresh();
    // Nobody waits for what health checks present: without it they say nothing.
    void this.#options.secrets.require(certificateRefs(this.virtualServers().map(({ spec }) => spec)));
  }

  #readServers(namespace: string): void {
    const cache = this.#cacheOf("virtualservers", namespace);
    for (const object of cache?.views ?? []) this.#take(object);
    for (const name of cache?.deleted ?? []) {
      this.#objects.delete(nameOf({ namespace, name }));
      this.#problems.delete(nameOf({ namespace, name }));
    }
  }

  /** One that cannot be used leaves the last one that could. */
  #take(object: ServerObject): void {
    const name = nameOf(object.metadata);
    if (this.#objects.get(name)?.object === object || this.#problems.get(name)?.object === object) return;
    const spec = readServerSpec(object);
    if (typeof spec !== "string") {
      this.#objects.set(name, { object, spec });
      this.#problems.delete(name);
      return;
    }
    const isTold = this.#problems.get(name)?.problem === spec;
    this.#problems.set(name, { object, problem: spec });
    if (!isTold) this.#options.log.warn({ virtualServer: name, reason: spec }, "a VirtualServer cannot be used; what runs goes on");
  }

  #isDeleted({ namespace, name }: NodeVirtualServer): boolean {
    return this.#cacheOf("virtualservers", namespace)?.deleted.has(name) === true;
  }

  /** The endpoints of all that are named. Where the watches do not know enough, what was known last stays. */
  #refresh(): void {
    const endpoints = new Map<string, LastKnownContent["endpoints"][string]>();
    const unusable = this.unknown().flatMap((named) => this.#problems.get(nameOf(named)) ?? []);
    const doubts = new Map(unusable.map(({ object, problem }) => [nameOf(object.metadata), problem]));
    const services = new Map([...new Set(this.#named.map(({ namespace }) => namespace))].map((each) => [each, this.#servicesOf(each)]));
    const nodes = this.#cacheOf("nodes", "")?.listed;
    for (const named of this.#named) {
      const name = nameOf(named);
      const spec = this.#objects.get(name)?.spec;
      const of = spec && referenceOf(spec);
      if (!spec || of === undefined) continue;
      const list = findEndpoints(spec, { services: services.get(named.namespace), nodes, node: this.#options.node });
      const before = this.#endpoints.get(name);
      if (typeof list === "string") doubts.set(name, list);
      if (Array.isArray(list) && !isDeepStrictEqual(before, { of, list })) endpoints.set(name, { of, list });
      else if (before?.of === of) endpoints.set(name, before);
    }
    this.#endpoints = endpoints;
    this.#doubts = doubts;
    this.#lastKnown.put(this.#content());
  }

  /** Undefined until both have been listed. */
  #servicesOf(namespace: string): KnownServices | undefined {
    const services = this.#cacheOf("services", namespace);
    const slices = this.#cacheOf("endpointslices", namespace)?.listed;
    if (!services?.listed || !slices) return undefined;
    return {
      services: new Map(services.listed.map((service) => [service.name, service])),
      slices: Map.groupBy(slices, ({ service }) => service),
      deleted: services.deleted,
    };
  }

  #cacheOf<K extends Kind>(kind: K, namespace: string): ObjectCache<ViewOf<K>> | undefined {
    return this.#caches.get(pathOf(kind, namespace)) as ObjectCache<ViewOf<K>> | undefined;
  }

  #content(): LastKnownContent {
    const objects = this.#named.flatMap((named) => this.#objects.get(nameOf(named))?.object ?? []);
    return { virtualServers: objects, endpoints: Object.fromEntries(this.#endpoints) };
  }

  /** All that others ask for. */
  #text(): string {
    return JSON.stringify([this.#content(), [...this.#doubts]]);
  }
}
