/** Options of addresses, routes and rules. */
import { all, becomes, type Dispositions, ignored, needless, refused } from "../disposition.ts";

const noTrackGroup = ignored("the loss of a static entry does not make an instance FAULT; it is set again");

/** `list` is the field of the list that holds the address. */
export function addressOptions(list: string): Dispositions {
  return {
    brd: becomes(`${list}[].broadcast`),
    dev: becomes(`${list}[].interface`),
    scope: becomes(`${list}[].scope`),
    label: becomes(`${list}[].label`),
    peer: refused("point-to-point addresses are not offered"),
    home: needless("a flag of Mobile IPv6 that changes nothing here"),
    "-nodad": needless("an address is taken over without duplicate address detection always"),
    mngtmpaddr: ignored("temporary addresses are not made from it"),
    noprefixroute: ignored("the route to the address's subnet comes with it"),
    autojoin: ignored("multicast groups are not joined for an address"),
    preferred_lft: ignored("an IPv6 address is deprecated from the start, so that no connection begins from it"),
  };
}

export const virtualAddressOptions: Dispositions = {
  ...addressOptions("VirtualIP addresses"),
  no_track: becomes("VirtualIP track"),
  use_vmac: ignored("only addresses on the instance's own interface have the virtual router MAC address"),
};

export const excludedAddressOptions: Dispositions = { ...virtualAddressOptions, ...addressOptions("VirtualIP excludedAddresses") };

export const staticAddressOptions: Dispositions = { ...addressOptions("AgentConfig static.addresses"), track_group: noTrackGroup };

const congestion = "the kernel's own value is used";

function routeOptions(list: string): Dispositions {
  return {
    ...all(["unicast", "local", "unreachable", "prohibit", "blackhole"], becomes(`${list}[].type`)),
    ...all(["broadcast", "multicast", "throw", "nat", "anycast", "xresolve"], refused("routes of this type are not offered")),
    ...all(["inet", "inet6", "to"], becomes(`${list}[].destination`)),
    ...all(["via", "or"], becomes(`${list}[].nextHops[].via`)),
    ...all(["dev", "nexthop"], becomes(`${list}[].nextHops[].interface`)),
    weight: becomes(`${list}[].nextHops[].weight`),
    onlink: becomes(`${list}[].nextHops[].onLink`),
    src: becomes(`${list}[].source`),
    priority: becomes(`${list}[].metric`),
    table: becomes(`${list}[].table`),
    scope: becomes(`${list}[].scope`),
    mtu: becomes(`${list}[].mtu`),
    ...all(["hoplimit", "advmss", "rtt", "rttvar", "reordering", "window", "cwnd", "ssthresh"], ignored(congestion)),
    ...all(["rto_min", "initcwnd", "initrwnd", "quickack", "fastopen_no_cookie", "features", "congctl"], ignored(congestion)),
    lock: ignored("the value is not locked"),
    protocol: needless("routes carry the protocol number by which the agent knows its own"),
    expires: ignored("the route stays until the agent removes it"),
    pref: ignored("the preference of router advertisements is not set"),
    "ttl-propagate": ignored("it concerns MPLS"),
    as: ignored("it concerns MPLS, and keepalived ignores it as well"),
    ...all(["add", "prepend"], needless("a route is set whether or not there is another to the same destination")),
    append: ignored("the route comes before others to the same destination"),
    ...all(["tos", "from"], refused("routes for some packets only are not offered: use a rule and a table")),
    realms: refused("realms are not offered"),
    vrf: refused("write the number of its table: table N"),
    ...all(["encap", "id", "dst", "flags", "hop_limit", "ttl"], refused("encapsulating routes are not offered")),
  };
}

export const virtualRouteOptions: Dispositions = { ...routeOptions("VirtualIP routes"), no_track: becomes("VirtualIP track") };
export const staticRouteOptions: Dispositions = { ...routeOptions("AgentConfig static.routes"), track_group: noTrackGroup };

function ruleOptions(list: string): Dispositions {
  return {
    ...all(["blackhole", "unreachable", "prohibit"], becomes(`${list}[].action`)),
    ...all(["inet", "inet6"], becomes(`${list}[].family`)),
    from: becomes(`${list}[].from`),
    to: becomes(`${list}[].to`),
    table: becomes(`${list}[].table`),
    fwmark: becomes(`${list}[].firewallMark`),
    preference: becomes(`${list}[].priority`),
    iif: becomes(`${list}[].inputInterface`),
    oif: becomes(`${list}[].outputInterface`),
    type: becomes(`${list}[].action`),
    protocol: needless("rules carry the protocol number by which the agent knows its own"),
    ...all(["nop", "goto"], refused("rules of this action are not offered")),
    ...all(
      [
        "not",
        "tos",
        "realms",
        "suppress_prefixlength",
        "suppress_ifgroup",
        "tunnel-id",
        "uidrange",
        "l3mdev",
        "ip_proto",
        "sport",
        "dport",
      ],
      refused("rules with this selector are not offered"),
    ),
  };
}

export const virtualRuleOptions: Dispositions = { ...ruleOptions("VirtualIP rules"), no_track: becomes("VirtualIP track") };
export const staticRuleOptions: Dispositions = { ...ruleOptions("AgentConfig static.rules"), track_group: noTrackGroup };
