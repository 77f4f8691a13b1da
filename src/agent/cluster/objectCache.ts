/** The objects of one list of the API server, kept current by a watch. */
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { ApiClient } from "./apiClient.ts";
import { ResourceWatch } from "./resourceWatch.ts";
import { nameOfObject } from "./virtualServerObjects.ts";

export interface ObjectCacheOptions<View> {
  client: Pick<ApiClient, "request" | "stream">;
  /** Of the list, with a query. */
  path: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** What of an object is kept; undefined: nothing. Objects come in thousands, and are read once. */
  read(object: unknown): View | undefined;
  onChange(): void;
  /** What a later list lacks stays until its deletion is told. */
  keepsMissing: boolean;
}

export class ObjectCache<View> {
  readonly #options: ObjectCacheOptions<View>;
  readonly #stop = new AbortController();
  readonly #deleted = new Set<string>();
  #views = new Map<string, View>();
  #isListed = false;

  constructor(options: ObjectCacheOptions<View>) {
    this.#options = options;
    const { client, path, clock, log, signal } = options;
    const watch = new ResourceWatch({
      client,
      path,
      clock,
      log,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      handlers: {
        onList: (objects) => this.#onList(objects),
        onObject: (object) => this.#onObject(object),
        onDeleted: (object) => this.#onDeleted(object),
      },
    });
    void watch.run();
  }

  get views(): View[] {
    return [...this.#views.values()];
  }

  /** Undefined until there has been a list. */
  get listed(): View[] | undefined {
    return this.#isListed ? this.views : undefined;
  }

  /** Names of those whose deletion was told, and that have not come back. */
  get deleted(): ReadonlySet<string> {
    return this.#deleted;
  }

  stop(): void {
    this.#stop.abort();
  }

  #onList(objects: unknown[]): void {
    if (!this.#options.keepsMissing) this.#views = new Map();
    this.#isListed = true;
    for (const object of objects) this.#put(object);
    this.#options.onChange();
  }

  #onObject(object: unknown): void {
    this.#put(object);
    this.#options.onChange();
  }

  #onDeleted(object: unknown): void {
    const name = nameOfObject(object);
    if (name === undefined) return;
    this.#views.delete(name);
    this.#deleted.add(name);
    this.#options.onChange();
  }

  #put(object: unknown): void {
    const name = nameOfObject(object);
    if (name === undefined) return;
    const view = this.#options.read(object);
    if (view === undefined) this.#views.delete(name);
    else this.#views.set(name, view);
    this.#deleted.delete(name);
  }
}
