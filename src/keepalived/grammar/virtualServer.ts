/** virtual_server, its real servers, virtual_server_group and SSL. */
import { type IpAddress, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import { checkers, connectTimeout, timing } from "./checkers.ts";
import { flag, list, obsolete, one, optional, optionalBool, script } from "./settings.ts";
import type { BlockGrammar, Keyword, LineGrammar } from "./types.ts";
import { address, argument, integer, name, oneOf, port, portOrNone, renamed, text, unsigned31, unsigned32, valueType } from "./values.ts";

const schedulers = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"];
const scheduler: Keyword = {
  args: [argument("value", oneOf(schedulers))],
  options: {
    "sh-port": { args: [] },
    "sh-fallback": { args: [] },
    "mh-port": { args: [] },
    "mh-fallback": { args: [] },
    "flag-1": { args: [] },
    "flag-2": { args: [] },
    "flag-3": { args: [] },
  },
};

/** `TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]` */
const method: Keyword = {
  args: [argument("value", oneOf(["NAT", "DR", "TUN"]))],
  options: {
    type: { args: [argument("value", oneOf(["ipip", "gue", "gre"]))] },
    port: { args: [argument("value", port)] },
    nocsum: { args: [] },
    csum: { args: [] },
    remcsum: { args: [] },
  },
};

/** The longest timeout that IPVS takes is 31 days. */
const persistence = integer(1, 2_678_400);
const granularity = valueType("a netmask, or the length of an IPv6 prefix", (written) =>
  parseAddress(written)?.family === "IPv4" || (/^[0-9]{1,3}$/.test(written) && Number(written) >= 1 && Number(written) <= 128)
    ? written
    : undefined,
);

const endpoint = (type = address, portType = port): LineGrammar => ({
  args: [argument("address", type), argument("port", portType, { optional: true })],
});

const realServer: BlockGrammar = {
  name: "real_server",
  keywords: {
    ...timing,
    ...checkers,
    connect_timeout: connectTimeout,
    weight: one(unsigned31),
    lvs_method: method,
    lb_kind: obsolete("in a real_server keepalived 2.2.7 knows lvs_method only", "lvs_method"),
    uthreshold: one(unsigned32),
    lthreshold: one(unsigned32),
    notify_up: script,
    notify_down: script,
    inhibit_on_failure: optionalBool,
    smtp_alert: optionalBool,
    virtualhost: one(text),
    snmp_name: one(text),
  },
};

const family = oneOf(["inet", "inet6"]);

export const virtualServer: BlockGrammar = {
  name: "virtual_server",
  keywords: {
    ...timing,
    connect_timeout: connectTimeout,
    lvs_sched: scheduler,
    lb_algo: { ...scheduler, sameAs: "lvs_sched" },
    lvs_method: method,
    lb_kind: { ...method, sameAs: "lvs_method" },
    "flag-1": flag,
    "flag-2": flag,
    "flag-3": flag,
    "sh-port": flag,
    "sh-fallback": flag,
    "mh-port": flag,
    "mh-fallback": flag,
    hashed: flag,
    ops: flag,
    persistence_engine: one(name),
    persistence_timeout: optional(persistence),
    persistence_granularity: one(granularity),
    protocol: one(oneOf(["TCP", "UDP", "SCTP"], { ignoreCase: true })),
    ip_family: one(family),
    ha_suspend: flag,
    omega: flag,
    quorum: one(integer(1, 4_294_967_295)),
    hysteresis: one(unsigned32),
    quorum_up: script,
    quorum_down: script,
    weight: one(unsigned31),
    inhibit_on_failure: optionalBool,
    smtp_alert: optionalBool,
    virtualhost: one(text),
    snmp_name: one(text),
    sorry_server: { ...endpoint(address, portOrNone) },
    sorry_server_inhibit: flag,
    sorry_server_lvs_method: method,
    real_server: { ...endpoint(address, portOrNone), block: realServer, repeatable: true },
    nat_mask: obsolete("keepalived 2.2.7 does not know it"),
  },
};

/** `ADDRESS [PORT]`, `fwmark N` or `group NAME`; a service with persistence may leave the port out. */
export const virtualServerHead: LineGrammar = {
  ...endpoint(renamed(address, "an IP address, fwmark or group"), portOrNone),
  variants: {
    fwmark: { args: [argument("fwmark", unsigned32), argument("family", family, { optional: true })] },
    group: { args: [argument("group", name, { refersTo: ["virtual_server_group"] })] },
  },
};

/** `10.0.0.1`, `10.0.0.1-9`, `10.0.0.1-10.0.0.9` or `10.0.0.8/29`; in IPv6 the short end is hexadecimal. */
const addressRange = valueType("an IP address or a range of addresses", (written) => {
  const [first = "", last, ...more] = written.split("-");
  const from = last === undefined ? parsePrefix(first) : parseAddress(first);
  if (!from || more.length > 0) return undefined;
  return last === undefined || endsBehind(from, last) ? written : undefined;
});

function endsBehind(from: IpAddress, last: string): boolean {
  const to = parseAddress(last);
  if (to) return to.family === from.family && to.bits > from.bits;
  const { digits, radix, mask } = from.family === "IPv4" ? shortEnd.IPv4 : shortEnd.IPv6;
  const end = digits.test(last) ? Number.parseInt(last, radix) : -1;
  return end > Number(from.bits & BigInt(mask)) && end <= mask;
}

const shortEnd = {
  IPv4: { digits: /^[0-9]{1,3}$/, radix: 10, mask: 0xff },
  IPv6: { digits: /^[0-9a-f]{1,4}$/i, radix: 16, mask: 0xffff },
};

export const virtualServerGroup: BlockGrammar = {
  ...list("virtual_server_group", endpoint(addressRange, portOrNone)),
  keywords: {
    fwmark: { args: [argument("fwmark", unsigned32), argument("family", family, { optional: true })], repeatable: true },
  },
};

/** What SSL_GET presents and trusts. */
export const ssl: BlockGrammar = {
  name: "SSL",
  keywords: {
    password: one(text),
    ca: one(text),
    certificate: one(text),
    key: one(text),
  },
};
