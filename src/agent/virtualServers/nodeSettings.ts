/** What IPVS of the node is set to beyond its services, as the core takes it. Pure. */
import type { NodeIpvs } from "../../api/nodeAgent.ts";
import type { IpvsDaemon, IpvsState } from "../native/ipvsState.ts";
import { durationSeconds } from "./serviceSettings.ts";

export function nodeSettings(settings: NodeIpvs | undefined): Pick<IpvsState, "daemons" | "timeouts"> {
  const { sync, timeouts } = settings ?? {};
  return {
    ...(sync && { daemons: daemonsOf(sync) }),
    ...(timeouts && { timeouts: secondsOf(timeouts) }),
  };
}

/** Both on each director: what a node hears it can take over, and what it carries it tells. */
function daemonsOf({ interface: device, id, role, maxLength, group, port, ttl }: NonNullable<NodeIpvs["sync"]>): IpvsDaemon[] {
  const roles = role === "Both" ? (["Master", "Backup"] as const) : [role];
  // 0 is by the MTU, as when nothing is given.
  return roles.map((own) => ({ role: own, interface: device, syncID: id, maxLength: maxLength || undefined, group, port, ttl }));
}

function secondsOf(timeouts: NonNullable<NodeIpvs["timeouts"]>): NonNullable<IpvsState["timeouts"]> {
  return Object.fromEntries(Object.entries(timeouts).map(([name, duration]) => [name, durationSeconds(duration)]));
}
