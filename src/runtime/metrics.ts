/** A registry of Prometheus metrics. Series whose label values are known exist at zero from the start, so that rates and alerts work. */
import type * as PromClient from "prom-client";
import { Counter, Gauge, Histogram, Registry } from "./promClient.ts";

/** Label names with the values known beforehand; an empty list where they are not known. */
export type KnownLabels = Record<string, readonly string[]>;

/** One value of a metric that is read when it is scraped. `suffix` is "_bucket", "_sum" or "_count" for histograms. */
export interface Sample {
  labels: Record<string, string | number>;
  value: number;
  suffix?: string;
}

export class Metrics {
  readonly #registry = new Registry();

  /** A counter; its name ends in _total. */
  counter(name: string, help: string, labels: KnownLabels = {}): PromClient.Counter {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] });
    for (const known of combinations(labels)) counter.inc(known, 0);
    return counter;
  }

  gauge(name: string, help: string, labels: KnownLabels = {}): PromClient.Gauge {
    const gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] });
    for (const known of combinations(labels)) gauge.set(known, 0);
    return gauge;
  }

  /** A histogram; `buckets` are upper bounds in the unit that the name ends in (seconds). */
  histogram(name: string, help: string, buckets: number[], labels: KnownLabels = {}): PromClient.Histogram {
    const histogram = new Histogram({ name, help, buckets, labelNames: Object.keys(labels), registers: [this.#registry] });
    for (const known of combinations(labels)) histogram.zero(known);
    return histogram;
  }

  /** A metric whose values somebody else keeps: `read` is called at each scrape. */
  collect(name: string, help: string, type: "counter" | "gauge" | "histogram", read: () => Sample[] | Promise<Sample[]>): void {
    const values = async () => (await read()).map(({ labels, value, suffix }) => ({ labels, value, metricName: name + (suffix ?? "") }));
    // The registry only asks for name, help, type and get(); the class hierarchy of prom-client keeps values of its own.
    const metric = { name, help, type, get: async () => ({ name, help, type, values: await values(), aggregator: "sum" }) };
    this.#registry.registerMetric(metric as unknown as PromClient.Metric);
  }

  /** The text that /metrics answers. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

/** All combinations of the known values; none when a label has no known value, one empty when there are no labels. */
export function combinations(labels: KnownLabels): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (partial, [name, values]) => partial.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
}

/** Memory, CPU time and start of this process, under the names that every Prometheus client uses. */
export function collectProcessMetrics(metrics: Metrics): void {
  const startedAt = Date.now() / 1000 - process.uptime();
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  metrics.collect("process_resident_memory_bytes", "Resident memory size in bytes.", "gauge", () => one(process.memoryUsage.rss()));
  metrics.collect("process_start_time_seconds", "Start time of the process since the epoch in seconds.", "gauge", () => one(startedAt));
  metrics.collect("process_cpu_seconds_total", "User and system CPU time spent in seconds.", "counter", () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  });
}
