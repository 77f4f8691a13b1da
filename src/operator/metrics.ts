/** What the operator measures of VirtualIPs, VirtualServers and AddressPools. Only the leader has values. */
import type { Usage } from "../api/addressPoolStatus.ts";
import { isTrue } from "../api/condition.ts";
import type { Move, VirtualIPStatus } from "../api/virtualIP.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { VirtualIPPlan } from "./plan/plan.ts";
import type { PoolPlan } from "./plan/services/poolPlans.ts";
import type { VirtualServerPlan } from "./plan/virtualServers.ts";

/** Upper bounds in seconds: Active_Down is 31 ms at adverts every 10 ms and 3 to 4 s at 1 s. */
const failoverBuckets = [0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 4, 8, 16];

export interface OperatorMetrics {
  /** The newest statuses. */
  show(plans: readonly VirtualIPPlan[], servers: readonly VirtualServerPlan[]): void;
  showPools(plans: readonly PoolPlan[]): void;
  /** A move that was recorded for the first time. */
  observeMove(move: Move): void;
  /** Leadership ended: somebody else shows them now. */
  clear(): void;
}

interface Shown {
  name: string;
  status: VirtualIPStatus;
}

export function createOperatorMetrics(metrics: Metrics): OperatorMetrics {
  let shown: Shown[] = [];
  let shownServers: readonly VirtualServerPlan[] = [];
  let shownPools: readonly PoolPlan[] = [];
  const each = (sample: (shown: Shown) => { labels: Record<string, string>; value: number }[]) => () => shown.flatMap(sample);
  metrics.collect(
    "aloft_virtualip_ready",
    "1 while exactly one node answers for the VirtualIP, else 0.",
    "gauge",
    each(({ name, status }) => {
      return [{ labels: { virtualip: name }, value: Number(isTrue(status.conditions, "Ready")) }];
    }),
  );
  metrics.collect(
    "aloft_virtualip_active",
    "1 for the node that answers for the VirtualIP.",
    "gauge",
    each(({ name, status }) => (status.activeNode ? [{ labels: { virtualip: name, node: status.activeNode }, value: 1 }] : [])),
  );
  metrics.collect(
    "aloft_virtualip_transitions_total",
    "Changes of the active node, as recorded in the status.",
    "counter",
    each(({ name, status }) => [{ labels: { virtualip: name }, value: status.transitions ?? 0 }]),
  );
  const ofServers = (value: (plan: VirtualServerPlan) => number | undefined) => () =>
    shownServers.flatMap((plan) => {
      const { namespace, name: virtualserver } = plan.view;
      const measured = value(plan);
      return measured === undefined ? [] : [{ labels: { namespace, virtualserver }, value: measured }];
    });
  metrics.collect(
    "aloft_virtualserver_ready",
    "1 while the active node serves the VirtualServer with enough servers, else 0.",
    "gauge",
    ofServers(({ status }) => Number(isTrue(status.conditions, "Ready"))),
  );
  metrics.collect(
    "aloft_virtualserver_servers",
    "Real servers of the VirtualServer.",
    "gauge",
    ofServers(({ status }) => status.total),
  );
  metrics.collect(
    "aloft_virtualserver_servers_up",
    "Real servers that are up, as the active node sees them.",
    "gauge",
    ofServers(({ status }) => status.up),
  );
  const ofPools = (value: (usage: Usage) => number) => () =>
    shownPools.flatMap(({ view, status: { ipv4, ipv6 } }) =>
      Object.entries({ IPv4: ipv4, IPv6: ipv6 }).flatMap(([family, usage]) =>
        usage ? [{ labels: { addresspool: view.name, family }, value: value(usage) }] : [],
      ),
    );
  metrics.collect(
    "aloft_addresspool_addresses",
    "Addresses of the AddressPool that can be given.",
    "gauge",
    ofPools(({ total }) => total),
  );
  metrics.collect(
    "aloft_addresspool_addresses_used",
    "Addresses of the AddressPool that are given.",
    "gauge",
    ofPools(({ used }) => used),
  );
  const durations = metrics.histogram(
    "aloft_failover_duration_seconds",
    "Silence before a takeover, as the new node heard it: last advert of the old one to its own first one.",
    failoverBuckets,
  );
  return {
    show(plans, servers) {
      shown = plans.map(({ view, status }) => ({ name: view.name, status }));
      shownServers = servers;
    },
    showPools(plans) {
      shownPools = plans;
    },
    observeMove({ from, to, durationMs }) {
      if (from !== "" && to !== "" && durationMs !== undefined) durations.observe(durationMs / 1000);
    },
    clear() {
      shown = [];
      shownServers = [];
      shownPools = [];
    },
  };
}
