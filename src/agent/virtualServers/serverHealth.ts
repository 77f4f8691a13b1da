/** What the results of health checks amount to: which servers are up, with which weight, and whether there is quorum. Pure. */
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { HealthResult } from "../healthChecks/healthTarget.ts";
import type { Server } from "./serverList.ts";

export interface ServerHealth {
  up: boolean;
  /** That it has while it is up. */
  weight: number;
  /** When it came up or went down; undefined while nothing is known. */
  since?: Date;
  /** Why it is down; "" when it is up. */
  message: string;
  /** The check that decided it; undefined while nothing is known, or nothing is checked. */
  decidedBy?: HealthCheck;
}

/** @param results of all its checks, in their order. */
export function judgeServer(
  { weight, healthChecks }: Pick<Server, "weight" | "healthChecks">,
  results: readonly HealthResult[],
): ServerHealth {
  const failed = results.filter(({ up }) => !up);
  const up = failed.length === 0;
  const given = results.reduce((value, result) => result.weight ?? value, weight);
  const changed = results.reduce((value, result) => value + (result.weightChange ?? 0), given);
  const known = (up ? results : failed).filter(({ since }) => since !== undefined).sort((a, b) => timeOf(a) - timeOf(b));
  // It went down with the first check that failed, and came up with the last one that recovered.
  const deciding = up ? known.at(-1) : known[0];
  return {
    up,
    weight: Math.min(Math.max(changed, 0), mostWeight),
    since: deciding?.since,
    message: failed.map(({ message }) => message).join("; "),
    ...(deciding && { decidedBy: healthChecks[results.indexOf(deciding)] }),
  };
}

const mostWeight = 65_535;
const timeOf = ({ since }: HealthResult) => since?.getTime() ?? 0;

export interface QuorumJudgement {
  up: boolean;
  /** What the sum of the weights was held against. */
  threshold: number;
}

/** As in keepalived: lost below quorum - hysteresis, had at first and regained at quorum + hysteresis. */
export function judgeQuorum(
  { quorum, hysteresis }: Pick<VirtualServerSpec, "quorum" | "hysteresis">,
  upWeight: number,
  before: boolean,
): QuorumJudgement {
  const threshold = before ? quorum - hysteresis : quorum + hysteresis;
  return { up: upWeight >= threshold, threshold };
}
