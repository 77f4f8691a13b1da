import assert from "node:assert/strict";
import { test } from "node:test";
import { createAgentMetrics } from "../../../src/agent/metrics.ts";
import { settle } from "../runtime/virtualClock.ts";
import { routerSnapshot, snapshot } from "./fixtures.ts";

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
