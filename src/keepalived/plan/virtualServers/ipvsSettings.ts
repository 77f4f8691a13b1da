/** lvs_sync_daemon and lvs_timeouts → what IPVS is set to beyond its services. */
import { formatAddress } from "../../../api/ipAddress.ts";
import type { NodeIpvs } from "../../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { optionAddress, optionNumber, optionText } from "../addresses.ts";
import { durationOf } from "./seconds.ts";

/** Undefined when the file says nothing of either. */
export function planIpvs(config: CheckedBlock, globals: CheckedBlock): NodeIpvs | undefined {
  const [sync, timeouts] = [planSync(globals.last("lvs_sync_daemon"), config), planTimeouts(globals.last("lvs_timeouts"))];
  return sync || timeouts ? { ...(sync && { sync }), ...(timeouts && { timeouts }) } : undefined;
}

/**
 * With an instance keepalived runs the master daemon while it is MASTER and the backup daemon else. Here both run always: a node tells of
 * the connections that it carries, and hears of those that it does not. The instance gives the number.
 */
function planSync(statement: CheckedStatement | undefined, config: CheckedBlock): NodeIpvs["sync"] {
  const device = statement?.text("interface");
  if (!statement || device === undefined) return undefined;
  const instance = optionText(statement.option("inst")) ?? statement.text("instance");
  const id = optionNumber(statement.option("id")) ?? virtualRouterIDOf(instance, config) ?? 0;
  const group = optionAddress(statement.option("group"));
  const [maxLength, port, ttl] = ["maxlen", "port", "ttl"].map((name) => optionNumber(statement.option(name)));
  return {
    interface: device,
    id,
    ...(maxLength !== undefined && { maxLength }),
    ...(group && { group: formatAddress(group) }),
    ...(port !== undefined && { port }),
    ...(ttl !== undefined && { ttl }),
    role: "Both",
  };
}

function virtualRouterIDOf(name: string | undefined, config: CheckedBlock): number | undefined {
  return config
    .all("vrrp_instance")
    .find((instance) => instance.text("name") === name)
    ?.block?.number("virtual_router_id");
}

/** 0 leaves a time-out as it is. */
function planTimeouts(statement: CheckedStatement | undefined): NodeIpvs["timeouts"] {
  const fields = { tcp: "tcp", tcpFin: "tcpfin", udp: "udp" };
  const given = Object.entries(fields).flatMap(([field, word]) => {
    const seconds = optionNumber(statement?.option(word));
    return seconds ? [[field, durationOf(seconds)]] : [];
  });
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
