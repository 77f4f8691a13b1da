/** What src/kube measures. The instruments are injected, so that the metrics library stays in src/runtime. */

export type Labels = Record<string, string>;

export interface Counter {
  inc(labels: Labels, value?: number): void;
}
export interface Gauge {
  set(labels: Labels, value: number): void;
}
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** Label names with the values known beforehand; an empty list where they are not known. */
type KnownLabels = Record<string, readonly string[]>;

/** Makes instruments: the class Metrics of src/runtime is one. */
export interface MetricsFactory {
  counter(name: string, help: string, labels: KnownLabels): Counter;
  gauge(name: string, help: string, labels: KnownLabels): Gauge;
  /** `buckets`: upper bounds, ascending. */
  histogram(name: string, help: string, buckets: number[], labels: KnownLabels): Histogram;
  /** `read` is called at each scrape. */
  collect(name: string, help: string, type: "gauge", read: () => { labels: Labels; value: number }[]): void;
}

export type ReconcileOutcome = "success" | "requeue" | "error";
export type WatchRestartReason = "ended" | "expired" | "idle" | "error";
export type EventDropReason = "spam" | "overflow" | "failed";

/** Every label value that is known beforehand, so that the instruments' users can create the series at zero. */
const reconcileOutcomes: readonly ReconcileOutcome[] = ["success", "requeue", "error"];
export const watchRestartReasons: readonly WatchRestartReason[] = ["ended", "expired", "idle", "error"];
const eventDropReasons: readonly EventDropReason[] = ["spam", "overflow", "failed"];

export interface KubeMetrics {
  /** Keys that wait in a queue. Label: name. */
  queueDepth: Gauge;
  queueAdds: Counter;
  queueRetries: Counter;
  /** Labels: controller, result (a ReconcileOutcome). */
  reconcileSeconds: Histogram;
  /** Label: resource. */
  informerRelists: Counter;
  /** Labels: resource, reason (a WatchRestartReason). */
  informerWatchRestarts: Counter;
  /** Registers a function that gives the seconds since the informer heard of its resource; returns how to take it back. */
  trackInformerAge(resource: string, age: () => number): () => void;
  /** 1 while this process leads. Label: name. */
  leader: Gauge;
  /** Label: reason (an EventDropReason). */
  eventsDropped: Counter;
}

const reconcileBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/** Creates every instrument of src/kube; call it once per registry. */
export function createKubeMetrics(factory: MetricsFactory): KubeMetrics {
  const ages = new Map<string, () => number>();
  factory.collect(
    "aloft_informer_last_event_age_seconds",
    "Seconds since an event, a bookmark or a list arrived from the API server.",
    "gauge",
    () => [...ages].map(([resource, age]) => ({ labels: { resource }, value: age() })),
  );
  return {
    queueDepth: factory.gauge("aloft_workqueue_depth", "Keys that wait in the queue.", { name: [] }),
    queueAdds: factory.counter("aloft_workqueue_adds_total", "Keys added to the queue.", { name: [] }),
    queueRetries: factory.counter("aloft_workqueue_retries_total", "Keys added again after an error.", { name: [] }),
    reconcileSeconds: factory.histogram("aloft_reconcile_duration_seconds", "Duration of a reconciliation.", reconcileBuckets, {
      controller: [],
      result: reconcileOutcomes,
    }),
    informerRelists: factory.counter("aloft_informer_relists_total", "Complete lists read.", { resource: [] }),
    informerWatchRestarts: factory.counter("aloft_informer_watch_restarts_total", "Watches that ended and were followed by another.", {
      resource: [],
      reason: watchRestartReasons,
    }),
    trackInformerAge(resource, age) {
      ages.set(resource, age);
      return () => void (ages.get(resource) === age && ages.delete(resource));
    },
    leader: factory.gauge("aloft_leader", "1 while this process leads, else 0.", { name: [] }),
    eventsDropped: factory.counter("aloft_events_dropped_total", "Kubernetes Events that were not written.", { reason: eventDropReasons }),
  };
}

/** Measures nothing. */
export const noMetrics: KubeMetrics = createKubeMetrics({
  counter: () => ({ inc() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
  collect() {},
});
