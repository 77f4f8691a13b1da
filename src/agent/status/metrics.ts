/** What the agent measures. The counters live in the core; they are read when somebody asks. */
import { routerStateField } from "../../api/fields.ts";
import { collectProcessMetrics, Metrics, type Sample } from "../../runtime/metrics.ts";
import type { CheckReport } from "../checks/checkRunner.ts";
import { splitKey } from "../desired/desiredRouter.ts";
import type { RouterCounters, RouterSnapshot, Snapshot } from "../native/snapshot.ts";
import type { NotificationCount } from "../notify/notificationCounters.ts";
import { type BalancingMetrics, collectServers } from "./serverMetrics.ts";

/** What only an agent in a cluster has. */
export interface ClusterMetrics {
  /** When the last-known configuration was written; undefined without one. */
  lastKnownSavedAt?(): Date | undefined;
  /** Milliseconds since the API server was heard; Infinity before the first time. */
  apiSilence?(): number;
}

export interface AgentMetricsSource extends ClusterMetrics {
  snapshot(): Snapshot;
  checks(): CheckReport[];
  notifications(): NotificationCount[];
  balancing: BalancingMetrics;
  wallNow(): Date;
}

const counters: { name: string; help: string; field: keyof RouterCounters }[] = [
  { name: "aloft_vrrp_adverts_sent_total", help: "Adverts sent.", field: "advertsSent" },
  { name: "aloft_vrrp_adverts_received_total", help: "Adverts received and accepted.", field: "advertsReceived" },
  { name: "aloft_vrrp_priority_zero_sent_total", help: "Resignations sent.", field: "priorityZeroSent" },
  { name: "aloft_vrrp_priority_zero_received_total", help: "Resignations received.", field: "priorityZeroReceived" },
  { name: "aloft_vrrp_master_transitions_total", help: "Times that the router became MASTER.", field: "transitionsToMaster" },
  { name: "aloft_vrrp_gratuitous_sent_total", help: "Gratuitous ARPs and unsolicited NAs sent.", field: "gratuitousSent" },
  { name: "aloft_vrrp_send_errors_total", help: "Packets that the kernel did not take.", field: "sendErrors" },
];

export function createAgentMetrics(source: AgentMetricsSource): Metrics {
  const metrics = new Metrics();
  const snapshot = oncePerScrape(source.snapshot);
  const perRouter = (name: string, help: string, type: "counter" | "gauge", value: (router: RouterSnapshot) => number | undefined) =>
    metrics.collect(name, help, type, () =>
      snapshot().routers.flatMap((router) => {
        const found = value(router);
        return found === undefined ? [] : [{ labels: routerLabels(router.key), value: found }];
      }),
    );
  metrics.collect("aloft_vrrp_state", "1 for the state that the virtual router is in, else 0.", "gauge", () =>
    snapshot().routers.flatMap(stateSamples),
  );
  for (const { name, help, field } of counters) perRouter(name, help, "counter", (router) => router.counters[field]);
  perRouter("aloft_vrrp_transitions_total", "State changes.", "counter", ({ transitions }) => transitions);
  perRouter("aloft_vrrp_priority", "Priority in use, after tracking.", "gauge", ({ priority }) => priority);
  perRouter("aloft_vrrp_base_priority", "Priority before tracking.", "gauge", ({ basePriority }) => basePriority);
  perRouter("aloft_vrrp_addresses_held", "Addresses that the kernel has through the router.", "gauge", (router) => {
    return router.addressesHeld.length;
  });
  perRouter("aloft_vrrp_address_conflict", "1 while another host claims an address of the router, else 0.", "gauge", ({ conflict }) =>
    conflict ? 1 : 0,
  );
  perRouter("aloft_vrrp_foreign_router", "1 while a router of others uses the VRID, else 0.", "gauge", ({ foreignRouter }) =>
    foreignRouter ? 1 : 0,
  );
  perRouter("aloft_vrrp_last_failover_timestamp_seconds", "When the router last took over, since the epoch.", "gauge", (router) =>
    router.silenceMs === undefined ? undefined : router.changedAt / 1000,
  );
  perRouter("aloft_vrrp_last_failover_silence_seconds", "Silence of the previous MASTER before the router took over.", "gauge", (router) =>
    router.silenceMs === undefined ? undefined : router.silenceMs / 1000,
  );
  metrics.collect("aloft_vrrp_adverts_discarded_total", "Adverts received and discarded.", "counter", () =>
    Object.entries(snapshot().discarded).map(([reason, value]) => ({ labels: { reason }, value })),
  );
  metrics.collect("aloft_vrrp_timer_lateness_seconds", "How late the core's timers woke it.", "histogram", () => lateness(snapshot()));
  collectChecks(metrics, source.checks);
  metrics.collect("aloft_notifications_total", "Notifications of changes of state, by what became of them.", "counter", () =>
    source.notifications().map(({ kind, result, count }) => ({ labels: { kind, result }, value: count })),
  );
  collectServers(metrics, source.balancing, () => source.wallNow().getTime());
  collectAgentState(metrics, snapshot, source);
  collectProcessMetrics(metrics);
  return metrics;
}

function collectChecks(metrics: Metrics, checks: () => CheckReport[]): void {
  metrics.collect("aloft_check_up", "1 while the check is up, else 0.", "gauge", () =>
    checks().map(({ name, kind, up }) => ({ labels: { check: name, kind }, value: up ? 1 : 0 })),
  );
  metrics.collect("aloft_check_value", "Number that a tracked file holds.", "gauge", () =>
    checks().flatMap(({ name, value }) => (value === undefined ? [] : [{ labels: { check: name }, value }])),
  );
}

function collectAgentState(metrics: Metrics, snapshot: () => Snapshot, source: AgentMetricsSource): void {
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  metrics.collect("aloft_events_lost_total", "Events of the core that its ring could not take.", "counter", () =>
    one(snapshot().eventsLost),
  );
  metrics.collect("aloft_real_time_granted", "1 when the core's timers run with real-time priority, else 0.", "gauge", () =>
    one(snapshot().realTime.granted ? 1 : 0),
  );
  const gateHelp = "1 when the kernel's gate works (dead-man switch, detection of conflicts), else 0.";
  metrics.collect("aloft_gate_active", gateHelp, "gauge", () => one(snapshot().gate.active ? 1 : 0));
  const unknownHelp = "Routers with VRIDs that nobody configured, of the last 64 heard; only with debugUnknownRouters.";
  metrics.collect("aloft_vrrp_unknown_routers", unknownHelp, "gauge", () => one(snapshot().unknownRouters.length));
  const { lastKnownSavedAt, apiSilence, wallNow } = source;
  if (lastKnownSavedAt) {
    metrics.collect("aloft_last_known_age_seconds", "Time since the last-known configuration was written.", "gauge", () => {
      const savedAt = lastKnownSavedAt();
      return savedAt ? one((wallNow().getTime() - savedAt.getTime()) / 1000) : [];
    });
  }
  if (apiSilence) {
    const help = "Time since the API server was heard; a quiet one is heard about once a minute.";
    metrics.collect("aloft_api_silence_seconds", help, "gauge", () => one(apiSilence() / 1000));
  }
}

/** Most metrics of a scrape are rendered in one turn of the event loop: they share one snapshot. */
function oncePerScrape(read: () => Snapshot): () => Snapshot {
  let current: Snapshot | undefined;
  return () => {
    if (!current) {
      current = read();
      setImmediate(() => {
        current = undefined;
      });
    }
    return current;
  };
}

function routerLabels(key: string): { virtualip: string; family: string } {
  const { virtualIP, family } = splitKey(key);
  return { virtualip: virtualIP, family };
}

function stateSamples({ key, state }: RouterSnapshot): Sample[] {
  return routerStateField.options.map((known) => ({ labels: { ...routerLabels(key), state: known }, value: known === state ? 1 : 0 }));
}

/** The core counts in microseconds, cumulatively, with +Inf last. */
function lateness({ lateness: { boundsUs, counts, sumUs } }: Snapshot): Sample[] {
  const buckets = counts.map((value, index) => {
    const bound = boundsUs[index];
    const le = bound === undefined || !Number.isFinite(bound) ? "+Inf" : bound / 1e6;
    return { suffix: "_bucket", labels: { le }, value };
  });
  const sum: Sample[] = [
    { suffix: "_sum", labels: {}, value: sumUs / 1e6 },
    { suffix: "_count", labels: {}, value: counts.at(-1) ?? 0 },
  ];
  return [...buckets, ...sum];
}
