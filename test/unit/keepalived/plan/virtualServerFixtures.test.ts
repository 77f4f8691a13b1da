/** What becomes of the virtual servers of the samples; the expectations are those of their README. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { parseDuration } from "../../../../src/api/duration.ts";
import { type HealthCheckInput, healthCheckSchema } from "../../../../src/api/healthCheck.ts";
import type { PlannedVirtualServer } from "../../../../src/keepalived/plan/virtualServers/plannedVirtualServer.ts";
import { fixtures, loadFixture } from "./support.ts";

const loopback = "127.0.0.1:80 DR";

/** As `ipvsadm -Ln` shows it while all servers are up; `sorry` while none is. */
interface Expectation {
  services: string[];
  servers: string[];
  sorry?: string;
  virtualIP?: string;
  persistence?: string;
  /** Of each server, in its order. */
  checks?: HealthCheckInput[];
  /** Seconds from the failure of a server to its removal: it refuses, it is silent. */
  refused?: [least: number, most: number];
  silent?: [least: number, most: number];
  /** Seconds from its return to its addition, at most. */
  back?: number;
}

type Times = Required<Pick<HealthCheckInput, "interval" | "timeout" | "retries" | "retryDelay" | "warmup">>;
const times = (interval: number, timeout: number, retries: number, retryDelay: number): Times => ({
  interval: `${interval}s`,
  timeout: `${timeout}s`,
  retries,
  retryDelay: `${retryDelay}s`,
  warmup: `${interval}s`,
});
const root = { path: "/", statuses: ["200"] };
const get = (requests = [root], more: object = {}) => ({ http: { version: "1.0" as const, requests, ...more }, rise: requests.length + 1 });
const elsewhere = (port: number) => ({ host: "10.1.0.169", port, sourceAddress: "10.1.0.11", sourcePort: 40000 });
const smtp = { smtp: { helo: "check.example.com" }, port: 25, ...times(6, 5, 3, 2) };
const tcp = { tcp: {}, ...times(6, 3, 1, 1) };
const misc = (address: string, more: object = {}) => ({
  exec: { command: ["/etc/keepalived/check-app.sh", address], ...more },
  ...times(6, 4, 0, 1),
});

const haIpvs: Expectation = {
  services: ["TCP 10.1.0.93:80 rr"],
  servers: ["10.1.0.69:80 DR 1", "10.1.0.71:80 DR 1"],
  sorry: loopback,
  virtualIP: "VIR_1",
  checks: [{ ...get(), ...times(3, 1, 3, 1) }],
  refused: [3, 6],
  silent: [7, 10],
  back: 6,
};
const fwmark: Expectation = {
  services: ["FWM 3 IPv4 rr"],
  servers: ["172.16.0.69:0 DR 1", "172.16.0.6:0 DR 1"],
  sorry: "127.0.0.1:0 DR",
  checks: [{ ...get(), port: 80, ...times(2, 2, 3, 3) }],
  refused: [9, 11],
  silent: [17, 19],
};
const lvsDr: Expectation = {
  services: ["TCP 192.168.1.100:80 rr"],
  servers: ["192.168.1.2:80 DR 1", "192.168.1.3:80 DR 1"],
  virtualIP: "VI--1",
  checks: [{ tcp: {}, port: 80, ...times(6, 3, 3, 4) }],
  refused: [12, 18],
  silent: [24, 30],
  back: 6,
};
const checkTcp: Expectation = {
  services: ["TCP 10.1.0.93:80 rr"],
  servers: ["10.1.0.69:80 DR 1"],
  checks: [{ tcp: {}, ...times(3, 3, 3, 2) }],
  refused: [6, 9],
  silent: [18, 21],
  back: 3,
};

const table: Record<string, Expectation> = {
  "ha-ipvs-dr": haIpvs,
  "ha-ipvs-dr-backup": haIpvs,
  "check-tcp": checkTcp,
  // nb_get_retry is taken for retry.
  "check-tcp.broken": checkTcp,
  "check-http-get-full": {
    services: ["TCP 10.1.0.93:80 wrr"],
    servers: ["10.1.0.69:80 DR 3"],
    sorry: loopback,
    persistence: "50s",
    checks: [
      {
        ...get([root, { path: "/healthz", digest: "9b3a0c85a887a256d6939da88aabd8cd" } as never]),
        ...elsewhere(8080),
        ...times(6, 5, 3, 2),
      },
    ],
  },
  "check-ssl-get-full": {
    services: ["TCP 10.1.0.93:443 wrr"],
    servers: ["10.1.0.69:443 DR 1"],
    checks: [{ ...get([root], { scheme: "HTTPS" }), ...elsewhere(8443), ...times(6, 5, 3, 2) }],
  },
  "check-tcp-full": {
    services: ["TCP 10.1.0.93:80 wrr"],
    servers: ["10.1.0.69:80 DR 1"],
    checks: [{ tcp: {}, ...elsewhere(8080), ...times(6, 5, 1, 1) }],
  },
  "dual-master-lvs-fwmark-node1": fwmark,
  "dual-master-lvs-fwmark-node2": fwmark,
  "dual-master-lvs-fwmark-node1.broken": fwmark,
  "lvs-dr-master": lvsDr,
  "lvs-dr-backup": lvsDr,
  "ipvsadm-equivalent": { services: ["TCP 10.10.10.100:80 rr"], servers: ["10.10.10.13:80 DR 1", "10.10.10.14:80 DR 1"] },
  "rs-monitor-equivalent": {
    services: ["TCP 10.10.10.100:80 rr"],
    servers: ["10.10.10.13:80 DR 2", "10.10.10.14:80 DR 1"],
    checks: [{ ...get([{ path: "/" } as never]), ...times(5, 1, 2, 0) }],
    refused: [0, 5],
    silent: [3, 8],
  },
  "syn-virtual-server-group": {
    services: ["TCP 10.1.0.93:80 wlc", "TCP 10.1.0.94:80 wlc", "TCP 10.1.0.95:80 wlc", "FWM 7 IPv4 wlc"],
    servers: ["10.1.0.69:80 DR 1", "10.1.0.69:0 DR 1"],
    checks: [tcp, { ...tcp, port: 80 }],
  },
  "syn-check-smtp": {
    services: ["TCP 10.1.0.93:25 wlc"],
    servers: ["10.1.0.69:25 DR 1", "10.1.0.71:25 DR 1"],
    checks: [smtp],
  },
  "syn-check-misc": {
    services: ["TCP 10.1.0.93:80 wrr"],
    servers: ["10.1.0.69:80 DR 5", "10.1.0.71:80 DR 5"],
    checks: [misc("10.1.0.69"), misc("10.1.0.71", { dynamicWeight: true })],
  },
  "syn-lvs-nat": {
    services: ["TCP 192.168.200.16:80 wrr"],
    servers: ["10.9.0.11:8080 NAT 2", "10.9.0.12:8080 NAT 1"],
    virtualIP: "VI_OUT",
    checks: [tcp],
  },
  "syn-lvs-tun": { services: ["TCP 10.1.0.93:80 wlc"], servers: ["10.2.0.69:80 TUN 1", "10.3.0.71:80 TUN 1"], checks: [tcp] },
  "syn-persistence": {
    services: ["TCP 10.1.0.93:80 rr"],
    servers: ["10.1.0.69:80 DR 1", "10.1.0.71:80 DR 1"],
    persistence: "300s",
    checks: [tcp],
  },
  "syn-schedulers": {
    services: ["rr", "wrr", "lc", "wlc", "lblc", "sh", "dh"].map((scheduler, index) => `TCP 10.1.0.93:${8001 + index} ${scheduler}`),
    servers: Array.from({ length: 7 }, (_, index) =>
      [1, 3].map((weight) => `10.1.0.${weight === 1 ? 69 : 71}:${8001 + index} DR ${weight}`),
    ).flat(),
  },
};

function servicesOf({ addresses, spec }: PlannedVirtualServer): string[] {
  const { scheduler, firewallMark, firewallMarkFamilies = ["IPv4"], protocol, ports = [{ port: 0 }] } = spec;
  if (firewallMark !== undefined) return firewallMarkFamilies.map((family) => `FWM ${firewallMark} ${family} ${scheduler}`);
  return addresses.flatMap((address) => ports.map(({ port }) => `${protocol} ${address}:${port} ${scheduler}`));
}

function serversOf({ spec }: PlannedVirtualServer): string[] {
  return (spec.realServers ?? []).map(
    ({ address, port = 0, forwarding = spec.forwarding, weight = spec.weight }) => `${address}:${port} ${forwarding} ${weight}`,
  );
}

const secondsOf = (duration: string) => (parseDuration(duration) ?? Number.NaN) / 1000;

/** From the end of a good check at any moment of the interval: the failed run, and its retries. */
function removal(check: HealthCheckInput, perAttempt: number): [number, number] {
  const { interval, retries, retryDelay } = healthCheckSchema.parse(check);
  const run = (retries + 1) * perAttempt + retries * secondsOf(retryDelay);
  return [run, run + secondsOf(interval)];
}

for (const [name, expected] of Object.entries(table))
  test(`${name}.conf: its virtual servers`, () => {
    const { virtualServers, spec } = loadFixture(`${name}.conf`);
    const checks = virtualServers.flatMap(({ written }) => (written.realServers ?? []).flatMap(({ healthChecks = [] }) => healthChecks));
    assert.deepEqual(virtualServers.flatMap(servicesOf), expected.services);
    assert.deepEqual(virtualServers.flatMap(serversOf), expected.servers);
    for (const { virtualIP, spec: planned } of virtualServers) {
      const { sorryServer: sorry, persistence, forwarding, drainTimeout } = planned;
      assert.equal(sorry && `${sorry.address}:${sorry.port ?? 0} ${sorry.forwarding ?? forwarding}`, expected.sorry);
      assert.deepEqual([virtualIP, persistence?.timeout, drainTimeout], [expected.virtualIP, expected.persistence, "0s"]);
    }
    const wanted = expected.checks ?? [];
    assert.deepEqual(checks, wanted.length === 1 ? expected.servers.map(() => wanted[0]) : wanted);
    assert.deepEqual(
      spec.virtualServers?.map((server) => server.name),
      virtualServers.map((server) => server.name),
    );
    const [check] = wanted;
    if (check && expected.refused) assert.deepEqual(removal(check, 0), expected.refused);
    if (check && expected.silent) assert.deepEqual(removal(check, secondsOf(check.timeout ?? "")), expected.silent);
    if (check && expected.back !== undefined) assert.equal((check.rise ?? 1) * secondsOf(check.interval ?? ""), expected.back);
  });

test("notify_up and notify_down of check-http-get-full.conf", () => {
  const [virtualServer] = loadFixture("check-http-get-full.conf").virtualServers;
  const program = (state: string) => [{ command: ["/etc/keepalived/rs.sh", state, "10.1.0.69"] }];
  assert.deepEqual(virtualServer?.spec.realServers?.[0]?.notify, { up: program("up"), down: program("down") });
});

test("every sample that has virtual servers stands in the table, and no other does", () => {
  const names = readdirSync(fixtures).flatMap((file) => /^(.+)\.conf$/.exec(file)?.[1] ?? []);
  assert.deepEqual(names.filter((name) => loadFixture(`${name}.conf`).virtualServers.length > 0).sort(), Object.keys(table).sort());
});
