/** Pools and VirtualServers → rows. Pure. */
import type { Usage } from "../../api/addressPoolStatus.ts";
import { findCondition, isTrue } from "../../api/condition.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { ClusterView, PoolView } from "../plan/cluster.ts";
import { describePorts } from "../plan/serverSummary.ts";
import { collator } from "./nodes.ts";

export interface PoolRow {
  name: string;
  ranges: string[];
  usages: (Usage & { family: Family })[];
  services: number;
  /** "Accepted", or why not. */
  state: string;
  isWell: boolean;
}

export function poolRows(pools: readonly PoolView[]): PoolRow[] {
  const rows = pools.map(({ name, spec, status }): PoolRow => {
    const { ipv4, ipv6, conditions } = status;
    const reason = findCondition(conditions, "Accepted")?.reason ?? "Pending";
    return {
      name,
      ranges: spec ? [...spec.addresses] : (status.summary?.addresses?.split(",") ?? []),
      usages: [...(ipv4 ? [{ ...ipv4, family: "IPv4" as const }] : []), ...(ipv6 ? [{ ...ipv6, family: "IPv6" as const }] : [])],
      services: status.services ?? 0,
      state: isTrue(conditions, "Exhausted") ? "Exhausted" : reason,
      isWell: isTrue(conditions, "Accepted") && !isTrue(conditions, "Exhausted"),
    };
  });
  return rows.sort((a, b) => collator.compare(a.name, b.name));
}

export interface ServerRow {
  name: string;
  /** Of the Service that it was made for. */
  service?: string;
  addresses: string[];
  ports: string;
  node?: string;
  up?: number;
  total?: number;
  forwarding?: string;
  /** Reason of its condition Ready, or of what keeps it from being accepted. */
  state: string;
  isWell: boolean;
}

/** Those that do not serve come first. */
export function serverRows({ virtualServers = [] }: ClusterView): ServerRow[] {
  const rows = virtualServers.map(({ key, spec, status, service }): ServerRow => {
    const { addresses = [], activeNode, up, total, conditions } = status;
    const accepted = findCondition(conditions, "Accepted");
    const telling = accepted?.status === "False" ? accepted : findCondition(conditions, "Ready");
    return {
      name: key,
      service,
      addresses,
      ports: spec ? describePorts(spec) : (status.summary?.ports ?? ""),
      node: activeNode,
      up,
      total,
      forwarding: spec?.forwarding,
      state: telling?.reason ?? "Pending",
      isWell: isTrue(conditions, "Ready"),
    };
  });
  return rows.sort((a, b) => Number(a.isWell) - Number(b.isWell) || collator.compare(a.name, b.name));
}
