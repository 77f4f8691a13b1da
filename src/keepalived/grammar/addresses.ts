/** Lines of virtual_ipaddress and its like, of routes and of rules: the options of `ip address`, `ip route` and `ip rule`. */
import { list } from "./settings.ts";
import type { BlockGrammar, Option } from "./types.ts";
import {
  address,
  addressOrPrefix,
  argument,
  broadcast,
  integer,
  interfaceName,
  name,
  numberWithMask,
  oneOf,
  range,
  text,
  unsigned32,
  valueType,
} from "./values.ts";

const word: Option = { args: [] };
const texts: Option = { args: [argument("value", text)] };
const dev: Option = { args: [argument("value", interfaceName)] };
const addressOption: Option = { args: [argument("value", address)] };
const unsigned: Option = { args: [argument("value", unsigned32)] };

const scopes = ["site", "link", "host", "nowhere", "global"];
const scopeType = valueType(`${scopes.join(", ")} or a number from 0 to 255`, (written) =>
  scopes.includes(written) || (/^[0-9]{1,3}$/.test(written) && Number(written) <= 255) ? written : undefined,
);
const scope: Option = { args: [argument("value", scopeType)] };
const lifetime = valueType("forever or a number of seconds", (written) =>
  written === "forever" || (/^[0-9]+$/.test(written) && Number(written) < 2 ** 32) ? written : undefined,
);

const addressOptions: Record<string, Option> = {
  brd: { args: [argument("value", broadcast)] },
  broadcast: { args: [argument("value", broadcast)], name: "brd" },
  dev,
  scope,
  label: texts,
  peer: { args: [argument("value", addressOrPrefix)] },
  home: word,
  "-nodad": word,
  mngtmpaddr: word,
  noprefixroute: word,
  autojoin: word,
  preferred_lft: { args: [argument("value", lifetime)] },
};

/** What a moving address, route or rule may have, and what one that stays. */
const moving: Record<string, Option> = { no_track: word };
const staying: Record<string, Option> = { track_group: { args: [argument("value", name, { refersTo: ["track_group"] })] } };

function addressList(listName: string, more: Record<string, Option>): BlockGrammar {
  return list(listName, { args: [argument("address", addressOrPrefix)], options: { ...addressOptions, ...more } });
}

export const virtualAddresses = addressList("virtual_ipaddress", { ...moving, use_vmac: word });
export const excludedAddresses = addressList("virtual_ipaddress_excluded", { ...moving, use_vmac: word });
export const staticAddresses = addressList("static_ipaddress", staying);

/** A metric may be locked: `mtu lock 1400`. */
const metric: Option = { args: [argument("value", unsigned32)] };
const lockable = [
  "mtu",
  "hoplimit",
  "advmss",
  "rtt",
  "rttvar",
  "reordering",
  "window",
  "cwnd",
  "ssthresh",
  "rto_min",
  "initcwnd",
  "initrwnd",
  "quickack",
  "fastopen_no_cookie",
];
const destination = valueType("a destination: ADDRESS[/LENGTH] or default", (written) =>
  ["default", "default6", "any", "all"].includes(written) ? written : asPrefix(written),
);

function asPrefix(written: string) {
  const reading = addressOrPrefix.read({ kind: "word", text: written, quoted: false, position: { file: "", line: 1, column: 1 } });
  return "value" in reading ? reading.value : undefined;
}

const routeTypes = [
  "unicast",
  "local",
  "broadcast",
  "multicast",
  "throw",
  "unreachable",
  "prohibit",
  "blackhole",
  "nat",
  "anycast",
  "xresolve",
];

const routeOptions: Record<string, Option> = {
  ...Object.fromEntries(routeTypes.map((type) => [type, word])),
  ...Object.fromEntries(lockable.map((key) => [key, metric])),
  inet: word,
  inet6: word,
  to: { args: [argument("value", destination)] },
  via: addressOption,
  gw: { ...addressOption, name: "via", deprecated: "`gw` is deprecated: write via" },
  or: { ...addressOption, deprecated: "`or` is deprecated: write nexthop" },
  from: { args: [argument("value", addressOrPrefix)] },
  src: addressOption,
  dev,
  oif: { ...dev, name: "dev" },
  scope,
  table: texts,
  tos: texts,
  dsfield: { ...texts, name: "tos" },
  protocol: texts,
  priority: unsigned,
  preference: { ...unsigned, name: "priority" },
  metric: { ...unsigned, name: "priority" },
  lock: { args: [argument("value", unsigned32)] },
  realms: texts,
  vrf: texts,
  features: texts,
  congctl: texts,
  expires: unsigned,
  pref: { args: [argument("value", oneOf(["low", "medium", "high"]))] },
  "ttl-propagate": texts,
  as: word,
  weight: { args: [argument("value", integer(1, 256))] },
  onlink: word,
  nexthop: word,
  encap: texts,
  add: word,
  append: word,
  prepend: word,
  // Parts of `encap`.
  id: texts,
  dst: addressOption,
  flags: texts,
  hop_limit: unsigned,
  ttl: unsigned,
};

function routeList(listName: string, more: Record<string, Option>): BlockGrammar {
  return list(listName, { args: [], options: { ...routeOptions, ...more }, bare: argument("destination", destination) });
}

export const virtualRoutes = routeList("virtual_routes", moving);
export const staticRoutes = routeList("static_routes", staying);

const ruleActions = ["blackhole", "unreachable", "prohibit", "nop"];
const selector: Option = { args: [argument("value", destination)] };

const ruleOptions: Record<string, Option> = {
  ...Object.fromEntries(ruleActions.map((action) => [action, word])),
  not: word,
  inet: word,
  inet6: word,
  from: selector,
  to: selector,
  table: texts,
  lookup: { ...texts, name: "table" },
  tos: texts,
  dsfield: { ...texts, name: "tos" },
  fwmark: { args: [argument("value", numberWithMask)] },
  preference: unsigned,
  order: { ...unsigned, name: "preference" },
  priority: { ...unsigned, name: "preference" },
  pref: { ...unsigned, name: "preference" },
  realms: texts,
  goto: unsigned,
  type: texts,
  iif: dev,
  dev: { ...dev, name: "iif" },
  oif: dev,
  suppress_prefixlength: { args: [argument("value", integer(0, 128))] },
  suppress_ifgroup: texts,
  "tunnel-id": texts,
  uidrange: { args: [argument("value", range(0, 4_294_967_295))] },
  l3mdev: word,
  protocol: texts,
  ip_proto: texts,
  ipproto: { ...texts, name: "ip_proto" },
  sport: { args: [argument("value", range(1, 65535))] },
  dport: { args: [argument("value", range(1, 65535))] },
};

function ruleList(listName: string, more: Record<string, Option>): BlockGrammar {
  return list(listName, { args: [], options: { ...ruleOptions, ...more } });
}

export const virtualRules = ruleList("virtual_rules", moving);
export const staticRules = ruleList("static_rules", staying);
