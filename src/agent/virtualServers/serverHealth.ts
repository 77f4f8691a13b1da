/** What the results of health checks amount to: which servers are up, with which weight, and whether there is quorum. Pure. */
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
}

/** @param results of all its checks. */
export function judgeServer({ weight }: Pick<Server, "weight">, results: readonly HealthResult[]): ServerHealth {
  const failed = results.filter(({ up }) => !up);
  const given = results.reduce((value, result) => result.weight ?? value, weight);
  const changed = results.reduce((value, result) => value + (result.weightChange ?? 0), given);
  const deciding = failed.length > 0 ? failed : results;
  const times = deciding.flatMap(({ since }) => since?.getTime() ?? []);
  return {
    up: failed.length === 0,
    weight: Math.min(Math.max(changed, 0), 65_535),
    // It went down with the first check that failed, and came up with the last one that recovered.
    since: times.length === 0 ? undefined : new Date(failed.length > 0 ? Math.min(...times) : Math.max(...times)),
    message: failed.map(({ message }) => message).join("; "),
  };
}

/** keepalived's: lost below quorum - hysteresis, regained at quorum + hysteresis. `before` undefined: never judged. */
export function judgeQuorum(
  { quorum, hysteresis }: Pick<VirtualServerSpec, "quorum" | "hysteresis">,
  upWeight: number,
  before: boolean | undefined,
): boolean {
  // With a hysteresis of the quorum's size or more it would never be lost; keepalived caps it likewise.
  const margin = Math.min(hysteresis, quorum - 1);
  if (before === undefined) return upWeight >= quorum;
  return before ? upWeight >= quorum - margin : upWeight >= quorum + margin;
}
