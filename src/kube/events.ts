/** Writes core/v1 Events, as `kubectl describe` shows them. */
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import type { KubeClient } from "./client.ts";
import { type CoreEvent, eventName, events, newEvent, seriesKey } from "./coreEvent.ts";
import { isKubeError } from "./kubeError.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type EventDropReason, type KubeMetrics, noMetrics } from "./metrics.ts";
import { formatTime, type KubeObject } from "./object.ts";
import { backoffMs, TokenBucket } from "./rateLimiter.ts";

export interface EventRecorderOptions {
  client: Pick<KubeClient, "create" | "patch">;
  /** Who reports: "aloft-operator". */
  component: string;
  /** Which of them: pod or host name. */
  instance?: string;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  random?: () => number;
}

export type EventType = "Normal" | "Warning";

/** Equal Events about one object are one Event that counts. */
interface Series {
  event: CoreEvent;
  /** Whether the API server has it. */
  exists: boolean;
  /** On the monotonic clock, in ms. */
  lastAt: number;
}

/** Per object: this many Events at once, then one in five minutes, as client-go does. */
const objectBucket = { burst: 25, perSecond: 1 / 300 };
/** After this time without a repetition the next equal Event begins a new series. */
const seriesLifetimeMs = 600_000;
const mostSeries = 1000;
const mostPending = 256;
const attempts = 6;
const retryBackoff = { first: 500, longest: 10_000 };

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: KubeMetrics;
  /** Oldest repetition first. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #pending = new Set<Series>();
  readonly #stop = new AbortController();
  #sender: Promise<void> = Promise.resolve();
  #sending = false;
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? noMetrics;
  }

  /** Records that something happened to `object` (apiVersion, kind, name and uid must be set). Returns at once and never throws. */
  record(object: KubeObject, type: EventType, reason: string, message: string): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    if (this.#bucketOf(object).tryTake(now)) this.#enqueue(this.#seriesOf(object, type, reason, message, now));
    else this.#drop("spam", reason);
  }

  /** Refuses more and waits for what is pending, at most `timeoutMs` (default 2 s). Never rejects. */
  async close(timeoutMs = 2_000): Promise<void> {
    this.#closed = true;
    const timer = this.#clock.setTimeout(() => this.#stop.abort(), timeoutMs);
    await this.#sender;
    timer.clear();
  }

  #seriesOf(object: KubeObject, type: EventType, reason: string, message: string, now: number): Series {
    const key = seriesKey(object, type, reason, message);
    const series = this.#repeated(key, now) ?? this.#begin(object, type, reason, message, now);
    this.#series.delete(key);
    this.#series.set(key, series);
    trim(this.#series, mostSeries);
    return series;
  }

  #enqueue(series: Series): void {
    if (this.#pending.size >= mostPending && !this.#pending.has(series)) {
      this.#drop("overflow", series.event.reason);
      return;
    }
    this.#pending.add(series);
    if (this.#sending) return;
    this.#sending = true;
    this.#sender = this.#send();
  }

  #bucketOf(object: KubeObject): TokenBucket {
    const key = object.metadata.uid ?? object.metadata.name;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(objectBucket, this.#clock.now());
    this.#buckets.set(key, bucket);
    trim(this.#buckets, mostSeries);
    return bucket;
  }

  #repeated(key: string, now: number): Series | undefined {
    const series = this.#series.get(key);
    if (!series || now - series.lastAt > seriesLifetimeMs) return undefined;
    series.lastAt = now;
    series.event.count += 1;
    series.event.lastTimestamp = formatTime(this.#clock.wallNow());
    return series;
  }

  #begin(object: KubeObject, type: EventType, reason: string, message: string, now: number): Series {
    const { component, instance } = this.#options;
    const name = this.#newName(object.metadata.name);
    const event = newEvent({ object, name, type, reason, message, component, instance, time: formatTime(this.#clock.wallNow()) });
    return { event, exists: false, lastAt: now };
  }

  #newName(objectName: string): string {
    return eventName(objectName, this.#clock.wallNow(), (this.#options.random ?? Math.random)());
  }

  /** One at a time: the order stays, and a busy API server is not made busier. */
  async #send(): Promise<void> {
    for (const series of this.#pending) {
      this.#pending.delete(series);
      await this.#writeWithRetries(series);
    }
    this.#sending = false;
  }

  async #writeWithRetries(series: Series): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        if (this.#stop.signal.aborted) return this.#drop("failed", series.event.reason);
        return await this.#write(series);
      } catch (error) {
        if (!isKubeError(error) || !error.retryable || failures === attempts || this.#stop.signal.aborted) {
          return this.#drop("failed", series.event.reason, error);
        }
        await sleep(this.#clock, backoffMs(retryBackoff, failures), this.#stop.signal);
      }
    }
  }

  async #write(series: Series): Promise<void> {
    const { client, component } = this.#options;
    const options = { fieldManager: component, signal: this.#stop.signal };
    const { count, lastTimestamp, metadata } = series.event;
    try {
      if (series.exists) await client.patch(events, metadata, { count, lastTimestamp }, options);
      else await client.create(events, series.event, options);
      series.exists = true;
    } catch (error) {
      // Events live for an hour; a name can be taken by another process.
      if (!isKubeError(error, series.exists ? "NotFound" : "AlreadyExists")) throw error;
      series.exists = false;
      series.event.metadata = { ...metadata, name: this.#newName(series.event.involvedObject.name) };
      await client.create(events, series.event, options);
      series.exists = true;
    }
  }

  #drop(why: EventDropReason, reason: string, error?: unknown): void {
    this.#metrics.eventsDropped.inc({ reason: why });
    if (why === "failed") this.#logger.warn({ reason, error }, "event could not be written");
    else this.#logger.debug({ reason, why }, "event dropped");
  }
}

/** Deletes the oldest entries beyond `most`. */
function trim(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
