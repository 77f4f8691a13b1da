/** A cache of one resource that follows the API server for ever: list, watch, and list again whenever in doubt. */
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import type { KubeClient, Selection, WatchEvent } from "./client.ts";
import { isKubeError, KubeError } from "./kubeError.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type KubeMetrics, noMetrics, type WatchRestartReason, watchRestartReasons } from "./metrics.ts";
import { type KubeObject, keyOf, type Resource } from "./object.ts";
import { ObjectCache } from "./objectCache.ts";
import { type Backoff, backoffMs, jittered } from "./rateLimiter.ts";

export interface InformerTimings {
  /** A complete list at least this often, as a safety net; default 10 min. */
  relistMs: number;
  /** A watch without event or bookmark for this long is started again; default 90 s, as bookmarks come about once a minute. */
  idleMs: number;
  /** The server ends a watch after this time; default 290 s. */
  watchSeconds: number;
  /** First and longest pause after errors; default 200 ms and 30 s, doubling, with jitter. */
  backoff: Backoff;
}

export interface InformerOptions {
  client: Pick<KubeClient, "list" | "watch">;
  resource: Resource;
  selection?: Selection;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  timings?: Partial<InformerTimings>;
  /** 0 ≤ value < 1, for the jitter. */
  random?: () => number;
}

const defaultTimings: InformerTimings = { relistMs: 600_000, idleMs: 90_000, watchSeconds: 290, backoff: { first: 200, longest: 30_000 } };
/** A watch that lasted this long was healthy: the next error begins with the first pause again. */
const healthyMs = 10_000;
/** A watch that the server ends sooner, and without an event, is a fault of the server and not the end of its time. */
const shortestWatchMs = 1_000;

export class Informer<T extends KubeObject = KubeObject> {
  readonly #options: InformerOptions;
  readonly #timings: InformerTimings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: KubeMetrics;
  readonly #random: () => number;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<(key: string) => void>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #running: Promise<void> | undefined;
  #failures = 0;
  /** The failure that lasts: it is told once. Without an API server ten informers fail every half minute. */
  #complaint = "";
  #lost = true;
  #heardAt: number;
  #relistDue = 0;

  constructor(options: InformerOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? noMetrics;
    this.#random = options.random ?? Math.random;
    this.#heardAt = this.#clock.now();
    this.#synced.promise.catch(() => {}); // Nobody may be waiting when stop() rejects it.
  }

  /** Begins to list and watch. Throws when it was started before. */
  start(): void {
    if (this.#running) throw new Error(`the informer of ${this.#plural} was started before`);
    this.#metrics.informerRelists.inc({ resource: this.#plural }, 0);
    for (const reason of watchRestartReasons) this.#metrics.informerWatchRestarts.inc({ resource: this.#plural, reason }, 0);
    this.#running = this.#run();
  }

  /** Ends everything, also a list that runs; the cache stays readable. Never rejects. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#synced.reject(new KubeError("Aborted", `the informer of ${this.#plural} was stopped before its first list`));
    await this.#running;
  }

  /** Of the objects: "VirtualIP". */
  get kind(): string {
    return this.#options.resource.kind;
  }

  /** Whether a complete list has been read. */
  hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves when a complete list has been read; rejects with "Aborted" when `signal` aborts or the informer is stopped before. */
  async waitForSync(signal?: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(new KubeError("Aborted", `waiting for the first list of ${this.#plural}: aborted`));
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    try {
      await Promise.race([this.#synced.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Whether it hears of every change: not before the first list, not from an error until the next list, and not after its end. */
  isFollowing(): boolean {
    return !this.#lost && !this.#stopped;
  }

  /** Time since anything was heard, a bookmark included. */
  ageMs(): number {
    return this.#clock.now() - this.#heardAt;
  }

  /** The object of that key, deeply frozen. */
  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  /** All objects, deeply frozen, in no particular order. */
  list(): T[] {
    return this.#cache.list();
  }

  /** Calls `handler` with the key of each object that was added, changed or deleted, first with all that are cached. Returns how to take it back. */
  onChange(handler: (key: string) => void): () => void {
    this.#handlers.add(handler);
    for (const key of this.#cache.keys()) this.#call(handler, key);
    return () => void this.#handlers.delete(handler);
  }

  get #plural(): string {
    return this.#options.resource.plural;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    const untrack = this.#metrics.trackInformerAge(this.#plural, () => this.ageMs() / 1000);
    while (!this.#stopped) {
      try {
        await this.#watchUntilRelist(await this.#relist());
      } catch (error) {
        if (!this.#stopped) await this.#pause(error);
      }
    }
    untrack();
  }

  /** Reads everything; returns the version from which to watch. An error leaves the cache as it is. */
  async #relist(): Promise<string> {
    const { client, resource, selection } = this.#options;
    const { items, resourceVersion } = await client.list<T>(resource, { ...selection, signal: this.#stop.signal });
    if (this.#stopped) throw new KubeError("Aborted", "stopped during a list");
    this.#heardAt = this.#clock.now();
    // Up to a tenth later, so that the informers of a process do not all list at the same moment.
    this.#relistDue = this.#heardAt + this.#timings.relistMs * (1 + this.#random() / 10);
    const changed = this.#cache.replace(items);
    this.#metrics.informerRelists.inc({ resource: this.#plural });
    this.#hasSynced = true;
    this.#lost = false;
    if (this.#complaint) this.#logger.info({ resource: this.#plural, failures: this.#failures }, "informer has listed again");
    this.#complaint = "";
    this.#synced.resolve();
    for (const key of changed) this.#notify(key);
    return resourceVersion;
  }

  /** Watches again after each watch that ended as it should, until it is time for a list. Any doubt is thrown: it costs a list. */
  async #watchUntilRelist(resourceVersion: string): Promise<void> {
    let version = resourceVersion;
    while (!this.#stopped && this.#clock.now() < this.#relistDue) {
      const startedAt = this.#clock.now();
      try {
        version = await this.#watchOnce(version);
      } catch (error) {
        if (!this.#stopped) this.#countRestart(restartReason(error));
        throw error;
      } finally {
        if (this.#clock.now() - startedAt >= healthyMs) this.#failures = 0;
      }
      this.#countRestart("ended");
    }
  }

  /** One watch until the server ends it; returns the last version seen. */
  async #watchOnce(resourceVersion: string): Promise<string> {
    const { client, resource, selection } = this.#options;
    const { watchSeconds, idleMs } = this.#timings;
    const startedAt = this.#clock.now();
    const seconds = Math.max(1, Math.ceil(Math.min(watchSeconds, (this.#relistDue - startedAt) / 1000)));
    let version = resourceVersion;
    const events = client.watch<T>(resource, {
      ...selection,
      resourceVersion,
      serverTimeoutSeconds: seconds,
      idleTimeoutMs: idleMs,
      signal: this.#stop.signal,
    });
    for await (const event of events) {
      if (this.#stopped) break;
      version = this.#take(event);
    }
    if (version === resourceVersion && this.#clock.now() - startedAt < shortestWatchMs) {
      throw new KubeError("Protocol", `the server ended the watch of ${this.#plural} at once`);
    }
    return version;
  }

  #take(event: WatchEvent<T>): string {
    this.#heardAt = this.#clock.now();
    if (event.type === "BOOKMARK") return event.resourceVersion;
    const { object } = event;
    const key = keyOf(object);
    const isChange = event.type === "DELETED" ? this.#cache.delete(key) : this.#cache.set(object) !== undefined;
    if (isChange) this.#notify(key);
    return object.metadata.resourceVersion ?? "";
  }

  async #pause(error: unknown): Promise<void> {
    this.#failures += 1;
    this.#lost = true;
    const asked = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
    const pauseMs = Math.max(asked, jittered(backoffMs(this.#timings.backoff, this.#failures), this.#random));
    const fields = { resource: this.#plural, error, failures: this.#failures, pauseMs: Math.round(pauseMs) };
    // An expired version is the API's normal way to ask for a list.
    if (isKubeError(error, "Expired")) this.#logger.info(fields, "informer lists again");
    else if (String(error) === this.#complaint) this.#logger.debug(fields, "informer still cannot list");
    else this.#logger.warn(fields, "informer lost its watch and lists again");
    this.#complaint = String(error);
    await sleep(this.#clock, pauseMs, this.#stop.signal);
  }

  #notify(key: string): void {
    for (const handler of this.#handlers) this.#call(handler, key);
  }

  /** Handlers should only put the key into a queue; one that throws must not end the watch for the others. */
  #call(handler: (key: string) => void, key: string): void {
    try {
      handler(key);
    } catch (error) {
      this.#logger.error({ resource: this.#plural, key, error }, "informer handler failed");
    }
  }

  #countRestart(reason: WatchRestartReason): void {
    this.#metrics.informerWatchRestarts.inc({ resource: this.#plural, reason });
  }
}

function restartReason(error: unknown): WatchRestartReason {
  if (isKubeError(error, "Expired")) return "expired";
  return isKubeError(error, "Timeout") ? "idle" : "error";
}
