/** What an instance or a group watches: the definitions, and the lists that name them. */
import { flag, list, one, optional, section, userAndGroup, weight } from "./settings.ts";
import type { BlockGrammar, Keyword, Option } from "./types.ts";
import { argument, command, decimal, escapedText, integer, interfaceName, name, oneOf, text } from "./values.ts";

const positive = integer(1, 2_147_483_647);

export const vrrpScript: BlockGrammar = {
  name: "vrrp_script",
  keywords: {
    script: { args: [argument("command", command)] },
    interval: one(integer(1, 4294)),
    timeout: one(integer(1, 4294)),
    weight: weight(-253, 253),
    rise: one(positive),
    fall: one(positive),
    user: userAndGroup,
    init_fail: flag,
  },
};

export const trackFile: BlockGrammar = {
  name: "track_file",
  keywords: {
    file: one(name),
    weight: weight(-254, 254),
    init_file: {
      args: [argument("value", integer(-2_147_483_648, 2_147_483_647), { skippable: true })],
      options: { overwrite: { args: [] } },
    },
  },
};

const delay = one(decimal(0.000001, 3600));

export const trackProcess: BlockGrammar = {
  name: "vrrp_track_process",
  keywords: {
    process: { args: [argument("process", escapedText), argument("parameters", escapedText, { optional: true, many: true })] },
    param_match: optional(oneOf(["initial", "partial"])),
    weight: weight(-254, 254),
    quorum: one(integer(1, 65535)),
    quorum_max: one(integer(0, 65535)),
    fork_delay: delay,
    terminate_delay: delay,
    delay,
    full_command: flag,
  },
};

const milliseconds = one(decimal(1, 4_294_967, "milliseconds"));

export const bfdInstance: BlockGrammar = {
  name: "bfd_instance",
  keywords: {
    neighbor_ip: one(text),
    neighbour_ip: one(text, { sameAs: "neighbor_ip" }),
    source_ip: one(text),
    min_rx: milliseconds,
    min_tx: milliseconds,
    idle_tx: milliseconds,
    multiplier: one(integer(1, 255)),
    passive: flag,
    ttl: one(integer(1, 255)),
    hoplimit: one(integer(1, 255)),
    max_hops: one(integer(-1, 255)),
    weight: weight(-253, 253),
    vrrp: flag,
    checker: flag,
  },
};

const directions: Record<string, Option> = { reverse: { args: [] }, noreverse: { args: [] }, no_reverse: { args: [], name: "noreverse" } };

function trackList(listName: string, most: number, refersTo?: readonly string[]): BlockGrammar {
  const type = refersTo ? name : interfaceName;
  const options = { weight: { args: [argument("value", integer(-most, most))] }, ...directions };
  return list(listName, { args: [argument("name", type, { refersTo })], options });
}

/** The lists of an instance and of a sync group. */
export const trackLists: Record<string, Keyword> = {
  track_interface: section(trackList("track_interface", 253)),
  track_script: section(trackList("track_script", 253, ["vrrp_script"])),
  track_file: section(trackList("track_file", 254, ["track_file", "vrrp_track_file"])),
  track_process: section(trackList("track_process", 254, ["vrrp_track_process"])),
  track_bfd: section(trackList("track_bfd", 253, ["bfd_instance"])),
};

export const garpGroup: BlockGrammar = {
  name: "garp_group",
  keywords: {
    garp_interval: one(decimal(0, 4294)),
    gna_interval: one(decimal(0, 4294)),
    interface: one(interfaceName),
    interfaces: section(list("interfaces", { args: [argument("name", interfaceName)] }, { manyPerLine: true })),
  },
};

export const linkbeatInterfaces = list("linkbeat_interfaces", {
  args: [argument("name", interfaceName), argument("method", oneOf(["MII", "ETHTOOL", "IOCTL"]), { optional: true })],
});

export const interfaceDelays = list("interface_up_down_delays", {
  args: [argument("name", interfaceName), argument("down", decimal(0, 255)), argument("up", decimal(0, 255), { optional: true })],
});
