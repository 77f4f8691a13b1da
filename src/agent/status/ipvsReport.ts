/** The kernel's table with counters → what the agent tells at /ipvs. Pure. */
import type { IpvsReport } from "../../api/ipvsReport.ts";
import type { IpvsServiceSnapshot, IpvsSnapshot } from "../native/ipvs.ts";
import { formatServiceKey } from "../virtualServers/serviceKeys.ts";

/** @param table undefined where the agent has no virtual servers. */
export function reportTable(
  node: string,
  table: { snapshot: IpvsSnapshot; owners: ReadonlyMap<string, string> } | undefined,
  now: Date,
): IpvsReport {
  const message = table?.snapshot.message;
  return {
    node,
    time: now.toISOString(),
    services: (table?.snapshot.services ?? []).map((service) => reportService(service, table?.owners)),
    ...(message && { message }),
  };
}

function reportService(service: IpvsServiceSnapshot, owners: ReadonlyMap<string, string> | undefined): IpvsReport["services"][number] {
  const { key, scheduler, destinations, statistics, ours, message } = service;
  const text = formatServiceKey(key);
  const owner = ours ? owners?.get(text) : undefined;
  return {
    service: text,
    ...(owner !== undefined && { virtualServer: owner }),
    scheduler,
    servers: destinations.map(({ address, port, ...rest }) => ({ server: serverText(address, port), ...rest })),
    statistics,
    ...(message && { message }),
  };
}

/** "192.0.2.1:80", "[2001:db8::1]:80" */
export function serverText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
