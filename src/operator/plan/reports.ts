/** What the agents report of the virtual routers of one VirtualIP. Pure. */
import type { Family } from "../../api/ipAddress.ts";
import type { VirtualRouterStatus } from "../../api/nodeAgent.ts";
import type { AgentView } from "./cluster.ts";

export interface RouterReport extends VirtualRouterStatus {
  node: string;
  /** The agent no longer reports: the state is the last one known. */
  silent: boolean;
  /** When this process saw the agent's newest report, in ms of its own monotonic clock. */
  reportedAt: number;
  /** Its priority before tracking, when the agent runs the newest specification. */
  basePriority?: number;
}

/** By name of the VirtualIP. */
export function collectReports(agents: readonly AgentView[]): Map<string, RouterReport[]> {
  const reports = agents.flatMap(({ name: node, status, spec, generation, silent, reportedAt }) => {
    const isCurrent = (status.observedGeneration ?? 0) >= generation;
    const asked = isCurrent ? new Map(spec.virtualRouters.map((router) => [keyOf(router), router.priority])) : undefined;
    return (status.virtualRouters ?? []).map((router) => ({
      ...router,
      node,
      silent,
      reportedAt,
      basePriority: asked?.get(keyOf(router)),
    }));
  });
  return Map.groupBy(reports, ({ virtualIP }) => virtualIP);
}

export function reportOf(reports: readonly RouterReport[], node: string, family: Family): RouterReport | undefined {
  return reports.find((report) => report.node === node && report.family === family);
}

function keyOf({ virtualIP, family }: { virtualIP: string; family: Family }): string {
  return `${virtualIP} ${family}`;
}
