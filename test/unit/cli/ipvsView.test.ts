import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpvsServiceSnapshot } from "../../../src/agent/native/ipvs.ts";
import { reportTable } from "../../../src/agent/status/ipvsReport.ts";
import { type IpvsReport, ipvsReportSchema } from "../../../src/api/ipvsReport.ts";
import { chosenServices, ipvsLines, ratesBetween } from "../../../src/cli/ipvsView.ts";

const statistics = (connections: number) => ({
  connections,
  inPackets: connections * 10,
  outPackets: connections * 8,
  inBytes: connections * 1000,
  outBytes: 2 ** 40 + connections,
});

const service = (address: string, connections: number, more: Partial<IpvsServiceSnapshot> = {}): IpvsServiceSnapshot => ({
  key: { family: address.includes(":") ? "IPv6" : "IPv4", protocol: "TCP", address, port: 80 },
  scheduler: "wlc",
  statistics: statistics(connections),
  destinations: [
    {
      address: address.includes(":") ? "2001:db8::21" : "10.0.0.1",
      port: 8080,
      forwarding: "NAT",
      weight: 3,
      activeConnections: 2,
      inactiveConnections: 17,
      persistentConnections: 0,
      draining: false,
      statistics: statistics(connections),
    },
  ],
  ours: true,
  message: "",
  ...more,
});

const owners = new Map([
  ["TCP 192.0.2.10:80", "web/shop"],
  ["TCP [2001:db8::10]:80", "web/shop"],
]);

function report(services: IpvsServiceSnapshot[], time = "2026-01-01T00:00:00.000Z", message = ""): IpvsReport {
  const snapshot = { programmed: true, services, daemons: [], repairs: 0, failures: 0, message };
  return ipvsReportSchema.parse(JSON.parse(JSON.stringify(reportTable("n1", { snapshot, owners }, new Date(time)))));
}

const own = { all: false };

test("the table has each service with its servers, counters of 64 bits, and no services of others", () => {
  const foreign = service("10.96.0.1", 5, { ours: false });
  const v6 = service("2001:db8::10", 4);
  const [drains] = v6.destinations.map((destination) => ({ ...destination, weight: 0, draining: true }));
  assert.ok(drains);
  const all = report([service("192.0.2.10", 7), { ...v6, destinations: [drains] }, foreign]);
  assert.deepEqual(
    ipvsLines([chosenServices(all, own)], false).map((line) => line.split(/ {3,}/)),
    [
      ["NODE", "SERVICE", "VIRTUALSERVER", "SCHEDULER", "FORWARDING", "WEIGHT", "ACTIVE", "INACTIVE"].concat([
        "CONNECTIONS",
        "IN-PACKETS",
        "OUT-PACKETS",
        "IN-BYTES",
        "OUT-BYTES",
      ]),
      ["n1", "TCP 192.0.2.10:80", "web/shop", "wlc", "2", "17", "7", "70", "56", "7000", "1099511627783"],
      ["n1", "-> 10.0.0.1:8080", "web/shop", "NAT", "3", "2", "17", "7", "70", "56", "7000", "1099511627783"],
      ["n1", "TCP [2001:db8::10]:80", "web/shop", "wlc", "2", "17", "4", "40", "32", "4000", "1099511627780"],
      ["n1", "-> [2001:db8::21]:8080", "web/shop", "NAT", "0 (drains)", "2", "17", "4", "40", "32", "4000", "1099511627780"],
    ],
  );
  assert.deepEqual(
    chosenServices(all, { all: true }).services.map(({ service: text, virtualServer }) => [text, virtualServer]),
    [
      ["TCP 192.0.2.10:80", "web/shop"],
      ["TCP [2001:db8::10]:80", "web/shop"],
      ["TCP 10.96.0.1:80", undefined],
    ],
  );
  assert.deepEqual(chosenServices(all, { all: false, virtualServer: "web/other" }).services, []);
});

test("rates are what happened between two reports, per second; counters that began anew count from nothing", () => {
  const first = report([service("192.0.2.10", 100), service("2001:db8::10", 100)]);
  const second = report([service("192.0.2.10", 150), service("2001:db8::10", 40)], "2026-01-01T00:00:02.000Z");
  const rates = ratesBetween(first, second).services.map(({ statistics: { connections, inBytes }, servers: [server] }) => [
    connections,
    inBytes,
    server?.statistics.inPackets,
  ]);
  assert.deepEqual(rates, [
    [25, 25_000, 250],
    [20, 20_000, 200],
  ]);
  const fresh = ratesBetween(report([]), second).services.map((one) => one.statistics.connections);
  assert.deepEqual(fresh, [0, 0]);
});

test("what is wrong stands below: a kernel without IPVS, a service that it refuses", () => {
  const refused = service("192.0.2.10", 0, { message: "the kernel has no scheduler twos" });
  const lines = ipvsLines([report([refused], undefined, "")], false);
  assert.deepEqual(lines.slice(-2), ["Attention:", "  n1: TCP 192.0.2.10:80: the kernel has no scheduler twos"]);
  assert.deepEqual(ipvsLines([report([], undefined, "find IPVS: no")], false), ["no services", "", "Attention:", "  n1: find IPVS: no"]);
  assert.deepEqual(ipvsLines([reportTable("n1", undefined, new Date())], false), ["no services"]);
});
