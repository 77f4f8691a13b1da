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

export interface MetricDefinition {
  name: string;
  help: string;
  labelNames: string[];
}

/** Makes instruments; prom-client's own classes have these shapes. */
export interface MetricsFactory {
  counter(definition: MetricDefinition): Counter;
  /** `collect` is called before each scrape and sets the gauge. */
  gauge(definition: MetricDefinition & { collect?: (gauge: Gauge) => void }): Gauge;
  /** `buckets`: upper bounds, ascending. */
  histogram(definition: MetricDefinition & { buckets: number[] }): Histogram;
}

export interface KubeMetrics {
  /** Keys that wait in a queue. Label: name. */
  queueDepth: Gauge;
  queueAdds: Counter;
  queueRetries: Counter;
  /** Labels: controller, result (success, requeue, error, terminal). */
  reconcileSeconds: Histogram;
  /** Label: resource. */
  informerRelists: Counter;
  /** Labels: resource, reason (ended, expired, idle, error). */
  informerWatchRestarts: Counter;
  /** Registers a function that gives the seconds since the informer heard of its resource; returns how to take it back. */
  trackInformerAge(resource: string, age: () => number): () => void;
  /** 1 while this process leads. Label: name. */
  leader: Gauge;
  /** Events that were not written. Label: reason (spam, overflow, failed). */
  eventsDropped: Counter;
}

const reconcileBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/** Creates every instrument of src/kube; call it once per registry. */
export function createKubeMetrics(factory: MetricsFactory): KubeMetrics {
  const ages = new Map<string, () => number>();
  factory.gauge({
    name: "aloft_informer_last_event_age_seconds",
    help: "Seconds since an event, a bookmark or a list arrived from the API server.",
    labelNames: ["resource"],
    collect: (gauge) => {
      for (const [resource, age] of ages) gauge.set({ resource }, age());
    },
  });
  const counter = (name: string, help: string, labelNames: string[]) => factory.counter({ name, help, labelNames });
  return {
    queueDepth: factory.gauge({ name: "aloft_workqueue_depth", help: "Keys that wait in the queue.", labelNames: ["name"] }),
    queueAdds: counter("aloft_workqueue_adds_total", "Keys added to the queue.", ["name"]),
    queueRetries: counter("aloft_workqueue_retries_total", "Keys added again after an error.", ["name"]),
    reconcileSeconds: factory.histogram({
      name: "aloft_reconcile_duration_seconds",
      help: "Duration of a reconciliation.",
      labelNames: ["controller", "result"],
      buckets: reconcileBuckets,
    }),
    informerRelists: counter("aloft_informer_relists_total", "Complete lists read.", ["resource"]),
    informerWatchRestarts: counter("aloft_informer_watch_restarts_total", "Watches that ended and were started again.", [
      "resource",
      "reason",
    ]),
    trackInformerAge(resource, age) {
      ages.set(resource, age);
      return () => void (ages.get(resource) === age && ages.delete(resource));
    },
    leader: factory.gauge({ name: "aloft_leader", help: "1 while this process leads, else 0.", labelNames: ["name"] }),
    eventsDropped: counter("aloft_events_dropped_total", "Kubernetes Events that were not written.", ["reason"]),
  };
}

/** Measures nothing. */
export const noMetrics: KubeMetrics = createKubeMetrics({
  counter: () => ({ inc() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
});
