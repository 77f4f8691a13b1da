/** What the agents report of each VirtualServer. Pure. */
import type { NodeVirtualServerStatus } from "../../api/virtualServerStatus.ts";
import { type AgentView, serverKey } from "./cluster.ts";

export interface ServerReport extends NodeVirtualServerStatus {
  node: string;
  /** The agent no longer reports: this is the last that is known. */
  silent: boolean;
}

/** By key of the VirtualServer. */
export function collectServerReports(agents: readonly AgentView[]): Map<string, ServerReport[]> {
  const reports = agents.flatMap(({ name: node, silent, status }) =>
    (status.virtualServers ?? []).map((report): ServerReport => ({ ...report, node, silent })),
  );
  return Map.groupBy(reports, serverKey);
}
