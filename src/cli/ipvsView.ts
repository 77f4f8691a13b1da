/** Tables of IPVS with counters, of one node or of several. Pure. */
import type { IpvsReport, ReportedService, ReportedStatistics } from "../api/ipvsReport.ts";
import { formatTextTable } from "./textTable.ts";

export interface IpvsChoice {
  /** NAMESPACE/NAME; absent: all. */
  virtualServer?: string;
  /** Services of others, too. */
  all: boolean;
}

/** Only what was chosen. */
export function chosenServices(report: IpvsReport, { virtualServer, all }: IpvsChoice): IpvsReport {
  const isChosen = (service: ReportedService) =>
    virtualServer === undefined ? all || service.virtualServer !== undefined : service.virtualServer === virtualServer;
  return { ...report, services: report.services.filter(isChosen) };
}

/** The second report with what has happened since the first, per second, in place of its counters. What is new since then has none. */
export function ratesBetween(first: IpvsReport, second: IpvsReport): IpvsReport {
  const seconds = (Date.parse(second.time) - Date.parse(first.time)) / 1000;
  const before = new Map(first.services.map((service) => [service.service, service]));
  const services = second.services.map((service) => {
    const old = before.get(service.service);
    const oldServers = new Map(old?.servers.map((server) => [server.server, server.statistics]));
    const servers = service.servers.map((server) => ({
      ...server,
      statistics: rateOf(oldServers.get(server.server) ?? server.statistics, server.statistics, seconds),
    }));
    return { ...service, servers, statistics: rateOf(old?.statistics ?? service.statistics, service.statistics, seconds) };
  });
  return { ...second, services };
}

/** Counters that have begun anew count from nothing. */
function rateOf(before: ReportedStatistics, now: ReportedStatistics, seconds: number): ReportedStatistics {
  const rate = (from: number, to: number) => (seconds > 0 ? Math.round((to >= from ? to - from : to) / seconds) : 0);
  return {
    connections: rate(before.connections, now.connections),
    inPackets: rate(before.inPackets, now.inPackets),
    outPackets: rate(before.outPackets, now.outPackets),
    inBytes: rate(before.inBytes, now.inBytes),
    outBytes: rate(before.outBytes, now.outBytes),
  };
}

const counters = ["CONNECTIONS", "IN-PACKETS", "OUT-PACKETS", "IN-BYTES", "OUT-BYTES"];
const rates = ["CONNS/S", "IN-PKTS/S", "OUT-PKTS/S", "IN-BYTES/S", "OUT-BYTES/S"];

/** As ipvsadm has it: each service, and its servers below it. */
export function ipvsLines(reports: readonly IpvsReport[], perSecond: boolean): string[] {
  const rows = reports.flatMap(({ node, services }) => services.flatMap((service) => serviceRows(node, service)));
  const titles = ["NODE", "SERVICE", "VIRTUALSERVER", "SCHEDULER", "FORWARDING", "WEIGHT", "ACTIVE", "INACTIVE"];
  const table = rows.length > 0 ? formatTextTable([...titles, ...(perSecond ? rates : counters)], rows) : ["no services"];
  const problems = reports.flatMap(problemsOf);
  return problems.length > 0 ? [...table, "", "Attention:", ...problems.map((problem) => `  ${problem}`)] : table;
}

function serviceRows(node: string, { service, virtualServer = "-", scheduler, servers, statistics }: ReportedService): string[][] {
  const sum = (value: (server: ReportedService["servers"][number]) => number) =>
    String(servers.reduce((total, server) => total + value(server), 0));
  return [
    [
      node,
      service,
      virtualServer,
      scheduler,
      "",
      "",
      sum((one) => one.activeConnections),
      sum((one) => one.inactiveConnections),
      ...cellsOf(statistics),
    ],
    ...servers.map((server) => [
      node,
      `  -> ${server.server}`,
      virtualServer,
      "",
      server.forwarding,
      server.draining ? `${server.weight} (drains)` : String(server.weight),
      String(server.activeConnections),
      String(server.inactiveConnections),
      ...cellsOf(server.statistics),
    ]),
  ];
}

const cellsOf = ({ connections, inPackets, outPackets, inBytes, outBytes }: ReportedStatistics) =>
  [connections, inPackets, outPackets, inBytes, outBytes].map(String);

function problemsOf({ node, services, message }: IpvsReport): string[] {
  const own = services.flatMap((service) => (service.message ? [`${node}: ${service.service}: ${service.message}`] : []));
  return [...(message ? [`${node}: ${message}`] : []), ...own];
}
