/** What the candidates of VirtualIPs that move together say of themselves: who holds them, who could take over, and at what priority. Pure. */
import type { Family } from "../../api/ipAddress.ts";
import type { AgentView, RunningRouters } from "./cluster.ts";
import { type RouterReport, reportOf } from "./reports.ts";

/** One candidate, over all the virtual routers that move together. */
export interface Seat {
  /** MASTER of any of them. */
  claims: boolean;
  /** MASTER of all of them. */
  holds: boolean;
  /** Why it could not take over now; absent when it stands by, well, with the newest specification. */
  problem?: string;
  /** Its agent does not report. */
  silent: boolean;
  /** What it runs with, before tracking; absent until all of it runs by the newest specification. */
  priority?: number;
  /** What tracking adds to the priority, at the least and at the most. */
  bonus: { least: number; most: number };
}

export interface SeatQuestion {
  nodes: readonly string[];
  /** The virtual routers that move together. */
  routers: readonly { virtualIP: string; family: Family }[];
  /** By name of the VirtualIP. */
  reports: ReadonlyMap<string, readonly RouterReport[]>;
  running: RunningRouters;
  agents: ReadonlyMap<string, AgentView>;
}

export type Seats = ReadonlyMap<string, Seat>;

export function readSeats({ nodes, routers, reports, running, agents }: SeatQuestion): Seats {
  return new Map(
    nodes.map((node) => {
      const pairs = routers.map(({ virtualIP, family }) => ({
        family,
        spec: running
          .get(virtualIP)
          ?.get(node)
          ?.find((router) => router.family === family),
        report: reportOf(reports.get(virtualIP) ?? [], node, family),
      }));
      const isMaster = ({ report }: (typeof pairs)[number]) => report?.state === "MASTER" && !report.silent;
      const bases = pairs.flatMap(({ report }) => report?.basePriority ?? []);
      const bonuses = pairs.flatMap(({ report }) => (report?.basePriority === undefined ? [] : [report.priority - report.basePriority]));
      const seat: Seat = {
        claims: pairs.some(isMaster),
        holds: pairs.length > 0 && pairs.every(isMaster),
        problem: problemOf(agents.get(node), pairs),
        silent: agents.get(node)?.silent ?? true,
        priority: bases.length === pairs.length ? bases[0] : undefined,
        bonus: bonuses.length > 0 ? { least: Math.min(...bonuses), most: Math.max(...bonuses) } : { least: 0, most: 0 },
      };
      return [node, seat];
    }),
  );
}

interface Pair {
  family: Family;
  spec?: object;
  report?: RouterReport;
}

function problemOf(agent: AgentView | undefined, pairs: readonly Pair[]): string | undefined {
  if (!agent || agent.silent) return "its agent does not report";
  if ((agent.status.observedGeneration ?? 0) < agent.generation) return "its agent does not run the newest specification yet";
  for (const { family, spec, report } of pairs) {
    if (!spec || !report) return "it does not run all of it yet";
    if (report.state !== "BACKUP") return `${family} is in ${report.state} (${report.reason})`;
  }
  return undefined;
}

/** The one node that answers for all of it, while no other one claims any of it. */
export function holderOf(seats: Seats): string | undefined {
  const claiming = [...seats].filter(([, { claims }]) => claims);
  const [first] = claiming;
  return claiming.length === 1 && first?.[1].holds ? first[0] : undefined;
}
