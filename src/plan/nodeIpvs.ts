/** What IPVS of a node that runs VirtualServers is set to: what its AgentConfigs say, and what is good for virtual servers where they say nothing. Pure. */
import { formatDuration, parseDuration } from "../api/duration.ts";
import type { IpvsSettings } from "../api/ipvs.ts";
import type { NodeIpvs, VirtualRouterSpec } from "../api/nodeAgent.ts";
import type { VirtualServerSpec } from "../api/virtualServer.ts";

export interface IpvsQuestion {
  /** Of all AgentConfigs of the node. */
  settings?: IpvsSettings;
  /** Where connections are told when the settings name no interface. */
  interface?: string;
  /** Whether a VirtualServer of the node chooses servers by mh, so that all directors choose the same one. */
  usesMaglev: boolean;
  /** Whether a VirtualServer of the node has translations beside those of IPVS: usesNetfilter(). */
  usesNetfilter?: boolean;
}

type Sysctls = Record<string, string>;

/** A server that is gone, or has no weight any more, keeps no client. */
const always: Sysctls = { expire_nodest_conn: "1", expire_quiescent_template: "1" };
/** Where all directors choose the same server, one that has never heard of a connection may go on with it. */
const withMaglev: Sysctls = { sloppy_tcp: "1" };
/** Netfilter knows connections of IPVS, so that it can masquerade them, and takes no answer for a packet out of nowhere. */
const withNetfilter: Sysctls = { conntrack: "1" };
/** Connections are told as soon as they are established, and not at each packet: by the kernel's own values those with fewer than three are not. */
const withSync: Sysctls = { sync_threshold: "0 1", sync_refresh_period: "10", sync_retries: "2" };
/** A node on which a backup daemon runs would forward nothing, and with both daemons that is every node. */
const withBothDaemons: Sysctls = { backup_only: "0" };

export function planIpvs({ settings = {}, interface: chosen, usesMaglev, usesNetfilter }: IpvsQuestion): NodeIpvs {
  const sync = syncOf(settings, chosen);
  const own = Object.entries(settings.sysctls ?? {}).map(([name, value]) => [name, String(value)]);
  const sysctls: Sysctls = {
    ...always,
    ...(usesMaglev && withMaglev),
    ...(usesNetfilter && withNetfilter),
    ...(sync && withSync),
    ...Object.fromEntries(own),
    ...(sync?.role === "Both" && withBothDaemons),
  };
  return { ...(sync && { sync }), ...(settings.timeouts && { timeouts: settings.timeouts }), sysctls };
}

/** What it passes on to pods takes ways that conntrack follows. */
export function usesNetfilter({ masquerade, service }: Pick<VirtualServerSpec, "masquerade" | "service">): boolean {
  return masquerade === true || service?.targets === "Nodes";
}

/** None without a number or an interface. */
function syncOf({ sync }: IpvsSettings, chosen: string | undefined): NodeIpvs["sync"] {
  const device = sync?.interface ?? chosen;
  if (sync?.id === undefined || device === undefined) return undefined;
  return { ...sync, id: sync.id, interface: device };
}

/** Of several settings those of the first count, part by part. */
export function mergeIpvsSettings(settings: readonly IpvsSettings[]): IpvsSettings | undefined {
  if (settings.length === 0) return undefined;
  const lastFirst = settings.toReversed();
  const merged: IpvsSettings = Object.assign({}, ...lastFirst);
  const timeouts = Object.assign({}, ...lastFirst.map((each) => each.timeouts));
  const sysctls = Object.assign({}, ...lastFirst.map((each) => each.sysctls));
  return { ...merged, ...(merged.timeouts && { timeouts }), ...(merged.sysctls && { sysctls }) };
}

/** How often the node that carries a connection tells of it, packets or not: kAgain of native/ipvs/tellings.h. */
const toldEveryMs = 10_000;
/** The start of the daemons, and the way of the messages. */
const catchUpMarginMs = 5000;

/**
 * A node that comes back knows no connection until the others have told of it again: it does not take its addresses back sooner, unless
 * the user has said when it shall, or it would never hear of any.
 */
export function holdPreemption(router: VirtualRouterSpec, ipvs: NodeIpvs | undefined): VirtualRouterSpec {
  const hears = ipvs?.sync !== undefined && ipvs.sync.role !== "Master";
  if (!hears || !router.preempt || parseDuration(router.preemptDelay) !== 0) return router;
  return { ...router, preemptDelay: formatDuration(toldEveryMs + catchUpMarginMs) };
}
