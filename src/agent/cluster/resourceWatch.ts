/**
 * List and watch of objects of the API server. Never gives up: whatever happens, it waits and goes on, from where it was, or with a new
 * list when the API server answers with an error: it may no longer know that place (410). Nor does one that was restored from a backup, and
 * it does not say so.
 */
import { z } from "zod";
import { isOlderVersion } from "../../api/objectMeta.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { type ApiClient, ApiError } from "./apiClient.ts";

/** None of them may throw. */
export interface WatchHandlers {
  /** All objects as they are now; what is missing here is gone. Also called when nothing changed. */
  onList(objects: unknown[]): void;
  /** An object that is new, or may have changed. */
  onObject(object: unknown): void;
  onDeleted(object: unknown): void;
  /** The API server answers again after failures. */
  onReachable?(): void;
  /** A list or watch failed, and is tried again. */
  onFailure?(error: unknown): void;
}

export interface WatchOptions {
  client: Pick<ApiClient, "request" | "stream">;
  /** Path of the list, with a query. */
  path: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  handlers: WatchHandlers;
}

/** kube-apiserver sends a bookmark about once a minute, so that a longer silence means a dead connection. */
const idleLimitMs = 90_000;
const watchSeconds = 290;
const backoffMs = { first: 500, last: 10_000 };

const listSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()) });
const eventSchema = z.object({ type: z.string(), object: z.looseObject({}) });
const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const statusSchema = z.object({ code: z.number().optional(), message: z.string().optional() });

const gone = 410;

export class ResourceWatch {
  readonly #options: WatchOptions;
  #resourceVersion: string | undefined;
  #failures = 0;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Milliseconds since the API server was heard; Infinity before the first time. */
  get silence(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  /** Resolves when the signal ends it, and never otherwise. */
  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined || (await this.#wasRestored())) await this.#list();
        await this.#watch();
      } catch (error) {
        if (!signal.aborted) await sleep(clock, this.#afterFailure(error), signal);
      }
    }
  }

  /** Takes note of a failure; returns how long to wait. */
  #afterFailure(error: unknown): number {
    const { log, handlers } = this.#options;
    handlers.onFailure?.(error);
    const status = error instanceof ApiError ? error.status : 0;
    if (status !== 0) this.#resourceVersion = undefined;
    if (status === gone) {
      log.info({}, "the place in the watch is too old, listing again");
      return backoffMs.first * Math.random();
    }
    // Once when it begins; the rest would fill the log of every node while the API server is away.
    if (this.#failures === 0) log.warn({ error }, "the API server cannot be watched; what is known stays");
    else log.debug({ error, failures: this.#failures }, "the API server still cannot be watched");
    this.#failures += 1;
    return this.#delay();
  }

  /** Doubles from failure to failure; a random half of it keeps a cluster of agents apart. */
  #delay(): number {
    const delay = Math.min(backoffMs.first * 2 ** (this.#failures - 1), backoffMs.last);
    return delay * (0.5 + Math.random() / 2);
  }

  #heard(): void {
    if (this.#failures > 0) {
      this.#options.log.info({ failures: this.#failures }, "the API server is watched again");
      this.#options.handlers.onReachable?.();
    }
    this.#failures = 0;
    this.#heardAt = this.#options.clock.now();
  }

  /** Whether an API server that was away is behind what was seen of it: from there a watch is silent until its versions have come so far. */
  async #wasRestored(): Promise<boolean> {
    if (this.#failures === 0) return false;
    const { resourceVersion } = (await this.#read(`${this.#options.path}&limit=1`)).metadata;
    const isBehind = isOlderVersion(resourceVersion, this.#resourceVersion);
    if (isBehind) this.#options.log.warn({}, "the API server has an older state than before, as after a restore: listing again");
    return isBehind;
  }

  async #list(): Promise<void> {
    const { metadata, items } = await this.#read(this.#options.path);
    this.#heard();
    this.#resourceVersion = metadata.resourceVersion;
    this.#options.handlers.onList(items);
  }

  async #read(path: string): Promise<z.infer<typeof listSchema>> {
    const { client, signal } = this.#options;
    const answer = listSchema.safeParse(await client.request({ method: "GET", path, signal }));
    if (!answer.success) throw new ApiError(0, `the list of ${path} is not one: ${answer.error.message}`);
    return answer.data;
  }

  async #watch(): Promise<void> {
    const { client, path, signal } = this.#options;
    const query = `&watch=true&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${this.#resourceVersion}`;
    let failure: ApiError | undefined;
    const stop = new AbortController();
    const onLine = (line: string) => {
      failure ??= this.#handle(line);
      if (failure) stop.abort(failure);
    };
    const started = this.#options.clock.now();
    try {
      await client.stream({
        path: path + query,
        onOpen: () => this.#heard(),
        onLine,
        idleMs: idleLimitMs,
        signal: AbortSignal.any([signal, stop.signal]),
      });
    } catch (error) {
      throw failure ?? error;
    }
    if (failure) throw failure;
    // A server that ends every watch at once must not be asked in a loop.
    if (this.#options.clock.now() - started < 1000) throw new ApiError(0, "the watch ended at once");
  }

  /** One line of the watch. An error ends the watch. */
  #handle(line: string): ApiError | undefined {
    const event = eventSchema.safeParse(tryParse(line));
    if (!event.success) return new ApiError(gone, "the watch sent something that is no event");
    const { type, object } = event.data;
    if (type === "ERROR") {
      const status = statusSchema.safeParse(object).data;
      return new ApiError(status?.code ?? 0, status?.message ?? "the watch failed");
    }
    this.#heard();
    const version = versionSchema.safeParse(object);
    if (version.success) this.#resourceVersion = version.data.metadata.resourceVersion;
    if (type === "ADDED" || type === "MODIFIED") this.#options.handlers.onObject(object);
    else if (type === "DELETED") this.#options.handlers.onDeleted(object);
    return undefined;
  }
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
