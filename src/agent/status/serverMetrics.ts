/** What is measured of virtual servers: the counters of the kernel's table, read when somebody asks, and the health of real servers. */
import type { Metrics, Sample } from "../../runtime/metrics.ts";
import type { HistogramReading } from "../healthChecks/healthTally.ts";
import type { LoadBalancing } from "../loadBalancing.ts";
import type { IpvsDestinationSnapshot, IpvsServiceSnapshot, IpvsSnapshot, IpvsStatistics } from "../native/ipvs.ts";
import { formatServiceKey } from "../virtualServers/serviceKeys.ts";
import { serverText } from "./ipvsReport.ts";

export type BalancingMetrics = Pick<LoadBalancing, "table" | "servers" | "statuses" | "healthReports" | "healthCounts">;

interface Table {
  snapshot: IpvsSnapshot;
  owners: ReadonlyMap<string, string>;
}

type Labels = Record<string, string>;

/** Of a service, and of a real server at a service. */
const counters: { name: string; help: string; values(statistics: IpvsStatistics): [labels: Labels, value: number][] }[] = [
  { name: "connections_total", help: "Connections scheduled", values: ({ connections }) => [[{}, connections]] },
  {
    name: "packets_total",
    help: "Packets forwarded",
    values: ({ inPackets, outPackets }) => [
      [{ direction: "in" }, inPackets],
      [{ direction: "out" }, outPackets],
    ],
  },
  {
    name: "bytes_total",
    help: "Bytes forwarded",
    values: ({ inBytes, outBytes }) => [
      [{ direction: "in" }, inBytes],
      [{ direction: "out" }, outBytes],
    ],
  },
];

const gauges: { name: string; help: string; value(server: IpvsDestinationSnapshot): number }[] = [
  { name: "active_connections", help: "Established connections to the real server", value: ({ activeConnections }) => activeConnections },
  { name: "inactive_connections", help: "Other connections to the real server", value: ({ inactiveConnections }) => inactiveConnections },
  {
    name: "persistent_connections",
    help: "Clients that persistence holds at it",
    value: ({ persistentConnections }) => persistentConnections,
  },
  { name: "weight", help: "Weight of the real server in the kernel", value: ({ weight }) => weight },
  {
    name: "draining",
    help: "1 while the real server keeps its connections and gets no new ones, else 0",
    value: ({ draining }) => Number(draining),
  },
];

/** @param now milliseconds. */
export function collectServers(metrics: Metrics, balancing: BalancingMetrics, now: () => number): void {
  const table = sharedTable(() => balancing.table(), now);
  collectTable(metrics, table);
  const perStatus = (name: string, help: string, value: (status: { programmed: boolean; quorum: boolean }) => boolean) =>
    metrics.collect(name, help, "gauge", () =>
      (balancing.statuses() ?? []).map((status) => ({
        labels: { namespace: status.namespace, virtualserver: status.name },
        value: Number(value(status)),
      })),
    );
  perStatus(
    "aloft_virtualserver_programmed",
    "1 while the kernel has the virtual server as it should be, else 0.",
    (status) => status.programmed,
  );
  perStatus("aloft_virtualserver_quorum", "1 while enough real servers are up, else 0.", (status) => status.quorum);
  metrics.collect("aloft_realserver_up", "1 while the real server is up, else 0.", "gauge", () =>
    balancing.servers().map(({ virtualServer, server, up }) => ({ labels: { ...ownerLabels(virtualServer), server }, value: Number(up) })),
  );
  metrics.collect("aloft_realserver_transitions_total", "Times that the real server came up or went down.", "counter", () =>
    balancing
      .servers()
      .map(({ virtualServer, server, transitions }) => ({ labels: { ...ownerLabels(virtualServer), server }, value: transitions })),
  );
  collectChecks(metrics, balancing);
}

function collectTable(metrics: Metrics, table: () => Promise<Table | undefined>): void {
  const one = (name: string, help: string, type: "counter" | "gauge", value: (snapshot: IpvsSnapshot) => number) =>
    metrics.collect(name, help, type, async () => {
      const found = await table();
      return found ? [{ labels: {}, value: value(found.snapshot) }] : [];
    });
  one("aloft_ipvs_programmed", "1 while the kernel has all virtual servers as they should be, else 0.", "gauge", ({ programmed }) =>
    Number(programmed),
  );
  one("aloft_ipvs_repairs_total", "What had to be set right because somebody else had changed it.", "counter", ({ repairs }) => repairs);
  one("aloft_ipvs_failures_total", "Requests that the kernel refused.", "counter", ({ failures }) => failures);
  for (const { name, help, values } of counters) {
    metrics.collect(`aloft_ipvs_service_${name}`, `${help} by the service.`, "counter", async () =>
      own(await table()).flatMap(({ labels, service }) => samples(labels, values(service.statistics))),
    );
    metrics.collect(`aloft_ipvs_server_${name}`, `${help} to the real server.`, "counter", async () =>
      servers(await table()).flatMap(({ labels, server }) => samples(labels, values(server.statistics))),
    );
  }
  for (const { name, help, value } of gauges) {
    metrics.collect(`aloft_ipvs_server_${name}`, `${help}.`, "gauge", async () =>
      servers(await table()).map(({ labels, server }) => ({ labels, value: value(server) })),
    );
  }
}

function collectChecks(metrics: Metrics, balancing: BalancingMetrics): void {
  /** Of the kinds that are in use. */
  const counts = () => balancing.healthCounts().filter(({ lateness }) => (lateness.counts.at(-1) ?? 0) > 0);
  metrics.collect("aloft_health_check_latency_last_seconds", "How long the last attempt of the health check took.", "gauge", () =>
    balancing
      .healthReports()
      .flatMap(({ key, kind, latencyMs }) => (latencyMs === undefined ? [] : [{ labels: { check: key, kind }, value: latencyMs / 1000 }])),
  );
  metrics.collect("aloft_health_check_attempts_total", "Attempts of health checks, by what they found.", "counter", () =>
    counts().flatMap(({ kind, good, bad, unknown }) =>
      Object.entries({ good, bad, unknown }).map(([result, value]) => ({ labels: { kind, result }, value })),
    ),
  );
  metrics.collect("aloft_health_check_latency_seconds", "How long attempts of health checks take.", "histogram", () =>
    counts().flatMap(({ kind, latency }) => histogram(kind, latency)),
  );
  metrics.collect("aloft_health_check_lateness_seconds", "How long after their time attempts begin.", "histogram", () =>
    counts().flatMap(({ kind, lateness }) => histogram(kind, lateness)),
  );
}

const ownerLabels = (virtualServer: string): Labels => {
  const [namespace = "", name = ""] = virtualServer.split("/");
  return { namespace, virtualserver: name };
};

interface Labelled {
  labels: Labels;
  service: IpvsServiceSnapshot;
}

/** Foreign services are nobody's business here. */
function own(table: Table | undefined): Labelled[] {
  return (table?.snapshot.services ?? []).flatMap((service) => {
    const key = formatServiceKey(service.key);
    const owner = table?.owners.get(key);
    return owner === undefined ? [] : [{ labels: { ...ownerLabels(owner), service: key }, service }];
  });
}

function servers(table: Table | undefined): { labels: Labels; server: IpvsDestinationSnapshot }[] {
  return own(table).flatMap(({ labels, service }) =>
    service.destinations.map((server) => {
      const { address, port } = server;
      return { labels: { ...labels, server: serverText(address, port) }, server };
    }),
  );
}

function samples(labels: Labels, values: [Labels, number][]): Sample[] {
  return values.map(([more, value]) => ({ labels: { ...labels, ...more }, value }));
}

function histogram(kind: string, { bounds, counts, sum }: HistogramReading): Sample[] {
  const buckets = counts.map((value, index) => {
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY;
    return { suffix: "_bucket", labels: { kind, le: Number.isFinite(bound) ? bound : "+Inf" }, value };
  });
  return [...buckets, { suffix: "_sum", labels: { kind }, value: sum }, { suffix: "_count", labels: { kind }, value: counts.at(-1) ?? 0 }];
}

/** All metrics of a scrape share one look at the table, which costs a large one some time. */
const sharedMs = 500;

function sharedTable(read: () => Promise<Table | undefined>, now: () => number): () => Promise<Table | undefined> {
  let current: Promise<Table | undefined> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (!current || now() - readAt > sharedMs) {
      readAt = now();
      current = read();
    }
    return current;
  };
}
