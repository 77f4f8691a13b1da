/** The real servers of a VirtualServer with what their health checks say of them. Pure. */
import type { HealthResult, HealthTarget } from "../healthChecks/healthTarget.ts";
import { nameOf, type ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { judgeServer, type ServerHealth } from "./serverHealth.ts";
import type { Server } from "./serverList.ts";

export interface Judged {
  server: Server;
  health: ServerHealth;
  isChecked: boolean;
}

export interface KnownHealth {
  /** By the key of a target; undefined: not configured yet. */
  result(key: string): HealthResult | undefined;
  /** Nothing is checked for the time being. */
  isSuspended: boolean;
  /** Whether a server, by its key, was up before; undefined: nobody knows. */
  was(key: string): boolean | undefined;
}

export function judge(virtualServer: ResolvedVirtualServer, servers: readonly Server[], known: KnownHealth): Judged[] {
  return servers.map((server) => {
    const targets = targetsOf(virtualServer, server);
    const isChecked = !known.isSuspended && !server.isLeaving;
    const results = targets.map((target) => {
      const result = isChecked ? known.result(target.key) : undefined;
      return result?.since ? result : assumed(target, known.was(server.key), result);
    });
    return { server, isChecked, health: judgeServer(server, results) };
  });
}

/** Its port is asked for where it has one, else the first of the service. */
export function targetsOf(virtualServer: ResolvedVirtualServer, { key, address, port, healthChecks }: Server): HealthTarget[] {
  const group = nameOf(virtualServer);
  const checkedPort = port || virtualServer.spec.ports?.[0]?.port || 0;
  return healthChecks.map((check, index) => ({ key: `${group}/${key}/${index}`, address, port: checkedPort, check, group }));
}

/**
 * Before the first result. A server that was down does not come back before it has been asked: neither with a new process, nor with a
 * changed check. One that nobody knows counts as its check says.
 */
function assumed({ key, check }: HealthTarget, wasUp: boolean | undefined, result: HealthResult | undefined): HealthResult {
  const up = wasUp ?? check.initial === "Up";
  if (up) return { key, up, message: "" };
  return { key, up, message: result?.message || (wasUp === undefined ? "not checked yet" : "was down, and has not been checked since") };
}
