import assert from "node:assert/strict";
import { test } from "node:test";
import { createAgentMetrics } from "../../../../src/agent/status/metrics.ts";
import { formatServiceKey } from "../../../../src/agent/virtualServers/serviceKeys.ts";
import { settle } from "../../runtime/virtualClock.ts";
import { routerSnapshot, snapshot } from "../fixtures.ts";
import { RecordingIpvs } from "../virtualServers/recordingIpvs.ts";

const noServers = {
  table: () => Promise.resolve(undefined),
  servers: () => [],
  statuses: () => undefined,
  healthReports: () => [],
  healthCounts: () => [],
};

test("what the core counts, at each scrape from one snapshot", async () => {
  let snapshots = 0;
  const conflict = { address: "192.0.2.10", mac: "02:00:00:00:00:09", at: 0 };
  const routers = [
    routerSnapshot({ state: "MASTER", silenceMs: 361.5, changedAt: 1_700_000_000_500, priority: 80, conflict }),
    routerSnapshot({ key: "a/b/IPv6", state: "BACKUP" }),
  ];
  const metrics = createAgentMetrics({
    snapshot: () => {
      snapshots += 1;
      return snapshot({ routers, discarded: { BadTtl: 0, BadChecksum: 3 }, eventsLost: 2 });
    },
    checks: () => [
      { name: "web.nginx", kind: "process", up: false, message: "0 of 1 run" },
      { name: "web.load", kind: "file", up: true, value: -3, message: "" },
    ],
    notifications: () => [{ kind: "program", result: "failed", count: 2 }],
    lastKnownSavedAt: () => new Date(1000),
    balancing: noServers,
    apiSilence: () => Number.POSITIVE_INFINITY,
    wallNow: () => new Date(61_000),
  });
  const text = await metrics.render();
  assert.equal(snapshots, 1);
  const lines = [
    'aloft_vrrp_state{virtualip="web",family="IPv4",state="MASTER"} 1',
    'aloft_vrrp_state{virtualip="web",family="IPv4",state="BACKUP"} 0',
    'aloft_vrrp_priority{virtualip="web",family="IPv4"} 80',
    'aloft_vrrp_base_priority{virtualip="web",family="IPv4"} 100',
    'aloft_vrrp_address_conflict{virtualip="web",family="IPv4"} 1',
    'aloft_vrrp_foreign_router{virtualip="web",family="IPv4"} 0',
    'aloft_check_up{check="web.nginx",kind="process"} 0',
    'aloft_check_up{check="web.load",kind="file"} 1',
    'aloft_check_value{check="web.load"} -3',
    'aloft_notifications_total{kind="program",result="failed"} 2',
    "aloft_gate_active 1",
    "aloft_vrrp_unknown_routers 0",
    'aloft_vrrp_state{virtualip="web",family="IPv4",state="INIT"} 0',
    'aloft_vrrp_state{virtualip="web",family="IPv4",state="FAULT"} 0',
    'aloft_vrrp_state{virtualip="a/b",family="IPv6",state="BACKUP"} 1',
    'aloft_vrrp_adverts_sent_total{virtualip="web",family="IPv4"} 1',
    'aloft_vrrp_adverts_received_total{virtualip="web",family="IPv4"} 2',
    'aloft_vrrp_send_errors_total{virtualip="web",family="IPv4"} 7',
    'aloft_vrrp_last_failover_timestamp_seconds{virtualip="web",family="IPv4"} 1700000000.5',
    'aloft_vrrp_last_failover_silence_seconds{virtualip="web",family="IPv4"} 0.3615',
    'aloft_vrrp_adverts_discarded_total{reason="BadTtl"} 0',
    'aloft_vrrp_adverts_discarded_total{reason="BadChecksum"} 3',
    'aloft_vrrp_timer_lateness_seconds_bucket{le="0.0001"} 3',
    'aloft_vrrp_timer_lateness_seconds_bucket{le="+Inf"} 4',
    "aloft_vrrp_timer_lateness_seconds_sum 0.0005",
    "aloft_vrrp_timer_lateness_seconds_count 4",
    "aloft_events_lost_total 2",
    "aloft_real_time_granted 1",
    "aloft_last_known_age_seconds 60",
    "aloft_api_silence_seconds +Inf",
  ];
  for (const line of lines) assert.ok(text.split("\n").includes(line), `${line} is not in\n${text}`);
  assert.doesNotMatch(text, /last_failover\w+\{virtualip="a\/b"/);
  await settle();
  await metrics.render();
  assert.equal(snapshots, 2);
});

test("virtual servers: the kernel's counters from one look at the table, health, and nothing of foreign services", async () => {
  const ipvs = new RecordingIpvs();
  const key = { family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 } as const;
  ipvs.apply({
    services: [{ key, scheduler: "rr", destinations: [{ address: "2001:db8::1", port: 80, forwarding: "TUN", weight: 5 }] }],
  });
  ipvs.foreign = [{ ...key, port: 443 }];
  const bounds = [0.001, Number.POSITIVE_INFINITY];
  const metrics = createAgentMetrics({
    snapshot: () => snapshot(),
    checks: () => [],
    notifications: () => [],
    balancing: {
      table: async () => ({ snapshot: await ipvs.snapshot(), owners: new Map([[formatServiceKey(key), "shop/web"]]) }),
      servers: () => [{ virtualServer: "shop/web", server: "[2001:db8::1]:80", up: true, transitions: 4 }],
      statuses: () => [{ namespace: "shop", name: "web", programmed: true, up: 1, total: 1, quorum: false }],
      healthReports: () => [{ key: "shop/web/a/0", kind: "tcp", up: true, message: "", transitions: 4, latencyMs: 1.5 }],
      healthCounts: () => [
        {
          kind: "tcp",
          good: 8,
          bad: 2,
          unknown: 0,
          latency: { bounds, counts: [3, 10], sum: 0.5 },
          lateness: { bounds, counts: [10, 10], sum: 0.001 },
        },
      ],
    },
    wallNow: () => new Date(0),
  });
  const text = await metrics.render();
  assert.equal(ipvs.calls.filter((call) => call === "snapshot").length, 1);
  const service = 'namespace="shop",virtualserver="web",service="TCP 192.0.2.10:80"';
  const server = `${service},server="[2001:db8::1]:80"`;
  for (const line of [
    `aloft_ipvs_service_connections_total{${service}} 1099511627776`,
    `aloft_ipvs_service_packets_total{${service},direction="in"} 7`,
    `aloft_ipvs_server_bytes_total{${server},direction="in"} 9`,
    `aloft_ipvs_server_active_connections{${server}} 3`,
    `aloft_ipvs_server_inactive_connections{${server}} 2`,
    `aloft_ipvs_server_persistent_connections{${server}} 1`,
    `aloft_ipvs_server_weight{${server}} 5`,
    `aloft_ipvs_server_draining{${server}} 0`,
    "aloft_ipvs_programmed 1",
    "aloft_ipvs_repairs_total 4",
    "aloft_ipvs_failures_total 5",
    'aloft_virtualserver_programmed{namespace="shop",virtualserver="web"} 1',
    'aloft_virtualserver_quorum{namespace="shop",virtualserver="web"} 0',
    'aloft_realserver_up{namespace="shop",virtualserver="web",server="[2001:db8::1]:80"} 1',
    'aloft_realserver_transitions_total{namespace="shop",virtualserver="web",server="[2001:db8::1]:80"} 4',
    'aloft_health_check_latency_last_seconds{check="shop/web/a/0",kind="tcp"} 0.0015',
    'aloft_health_check_attempts_total{kind="tcp",result="bad"} 2',
    'aloft_health_check_latency_seconds_bucket{kind="tcp",le="0.001"} 3',
    'aloft_health_check_latency_seconds_bucket{kind="tcp",le="+Inf"} 10',
    'aloft_health_check_lateness_seconds_count{kind="tcp"} 10',
  ])
    assert.ok(text.split("\n").includes(line), line);
  assert.doesNotMatch(text, /:443/);
});
