/** A cache of one resource that follows the API server for ever: list, watch, and list again whenever in doubt. */
import type { Clock } from "../runtime/clock.ts";
import type { KubeClient, Selection } from "./client.ts";
import type { Logger } from "./logger.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { KubeObject, Resource } from "./object.ts";

export interface InformerTimings {
  /** A complete list at least this often, as a safety net; default 10 min. */
  relistMs: number;
  /** A watch without event or bookmark for this long is started again; default 90 s. */
  idleMs: number;
  /** The server ends a watch after this time; default 290 s. */
  watchSeconds: number;
  /** First and longest pause after errors; default 200 ms and 30 s, doubling, with jitter. */
  backoffMs: { first: number; longest: number };
}

export interface InformerOptions<T extends KubeObject> {
  client: Pick<KubeClient, "list" | "watch">;
  resource: Resource;
  selection?: Selection;
  /** Index name → the values under which an object is found. */
  indexers?: Record<string, (object: T) => readonly string[]>;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  timings?: Partial<InformerTimings>;
  /** 0 ≤ value < 1, for the jitter. */
  random?: () => number;
}

export declare class Informer<T extends KubeObject = KubeObject> {
  constructor(options: InformerOptions<T>);
  /** Begins to list and watch. Throws when it was started before. */
  start(): void;
  /** Ends everything, also a list that runs; the cache stays readable. Never rejects. */
  stop(): Promise<void>;
  /** Whether a complete list has been read. */
  hasSynced(): boolean;
  /** Resolves when a complete list has been read; rejects with KubeError "Aborted" when `signal` aborts or the informer is stopped before. */
  waitForSync(signal?: AbortSignal): Promise<void>;
  /** The object of that key, deeply frozen. */
  get(key: string): T | undefined;
  /** All objects, deeply frozen, in no particular order. */
  list(): T[];
  /** The objects under `value` in the index `name`. Throws for an index that was not declared. */
  byIndex(name: string, value: string): T[];
  /** Calls `handler` with the key of each object that was added, changed or deleted, first with all that are cached. Returns how to take it back. */
  onChange(handler: (key: string) => void): () => void;
}
