/** The ready pods of this node, watched only while a check asks for them. */
import { z } from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { PodLister } from "../checks/podLister.ts";
import type { ApiClient } from "./apiClient.ts";
import { ResourceWatch } from "./resourceWatch.ts";

export interface PodWatchOptions {
  client: Pick<ApiClient, "request" | "stream">;
  node: string;
  clock: Clock;
  log: Logger;
  /** Ends the watch. */
  signal: AbortSignal;
}

const podSchema = z.object({
  metadata: z.object({
    uid: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }).optional(),
});

interface Pod {
  namespace: string;
  labels: Record<string, string>;
  ready: boolean;
}

export class PodWatch implements PodLister {
  readonly #options: PodWatchOptions;
  readonly #listeners = new Set<() => void>();
  #stop: AbortController | undefined;
  /** By uid; undefined until the first list. */
  #pods: Map<string, Pod> | undefined;

  constructor(options: PodWatchOptions) {
    this.#options = options;
  }

  /** Starts or ends the watch, as a check needs it or not. Idempotent. */
  use(needed: boolean): void {
    if (needed === (this.#stop !== undefined)) return;
    this.#stop?.abort();
    this.#stop = undefined;
    this.#pods = undefined;
    if (needed) this.#start();
  }

  ready(namespace: string, selector: Record<string, string>): boolean | undefined {
    if (!this.#pods) return undefined;
    const wanted = Object.entries(selector);
    return [...this.#pods.values()].some(
      (pod) => pod.ready && pod.namespace === namespace && wanted.every(([key, value]) => pod.labels[key] === value),
    );
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #start(): void {
    const { client, node, clock, log, signal } = this.#options;
    const stop = new AbortController();
    this.#stop = stop;
    const changed = () => {
      for (const listener of this.#listeners) listener();
    };
    const watch = new ResourceWatch({
      client,
      path: `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
      clock,
      log,
      signal: AbortSignal.any([signal, stop.signal]),
      handlers: {
        onList: (objects) => {
          this.#pods = new Map();
          for (const object of objects) this.#put(object);
          changed();
        },
        onObject: (object) => {
          this.#put(object);
          changed();
        },
        onDeleted: (object) => {
          const pod = podSchema.safeParse(object);
          if (pod.success) this.#pods?.delete(pod.data.metadata.uid);
          changed();
        },
      },
    });
    void watch.run();
  }

  /** A pod that is being deleted gets no more traffic, whatever its condition says. */
  #put(object: unknown): void {
    const parsed = podSchema.safeParse(object);
    if (!parsed.success) return;
    const { metadata, status } = parsed.data;
    const isReady = status?.conditions.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
    const { uid, namespace, labels, deletionTimestamp } = metadata;
    this.#pods?.set(uid, { namespace, labels, ready: isReady && deletionTimestamp === undefined });
  }
}
