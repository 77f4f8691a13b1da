/** vrrp_instance and vrrp_sync_group. */
import { excludedAddresses, virtualAddresses, virtualRoutes, virtualRules } from "./addresses.ts";
import { stateNotifications } from "./notifications.ts";
import { flag, list, names, obsolete, one, optional, optionalBool, script, section } from "./settings.ts";
import { trackLists } from "./tracking.ts";
import type { BlockGrammar, Keyword, ValueType } from "./types.ts";
import {
  address,
  argument,
  command,
  decimal,
  integer,
  interfaceName,
  multicastAddress,
  name,
  oneOf,
  text,
  unsigned31,
  unsigned32,
  withAliases,
} from "./values.ts";

/** Only the first eight bytes travel; the others are dropped on every node alike, so such a pair works. */
const password: ValueType = {
  expected: "a password",
  read({ text }) {
    if (text === "") return { error: "the password is empty" };
    const bytes = new TextEncoder().encode(text).length;
    if (bytes <= 8) return { value: text };
    return { value: text, warning: `only the first 8 ${bytes === text.length ? "characters" : "bytes"} of the password count` };
  },
};

const authenticationType = withAliases(oneOf(["PASS", "AH"]), {
  AH: { value: "AH", warning: "AH authentication is not supported: the instance can be imported but not run" },
});

const authentication: BlockGrammar = {
  name: "authentication",
  keywords: { auth_type: one(authenticationType), auth_pass: one(password) },
};

const state = withAliases(oneOf(["MASTER", "BACKUP"]), {
  SLAVE: { value: "BACKUP", warning: "there is no state SLAVE: taken for BACKUP" },
});

const ttl = integer(0, 255);
const unicastPeer = list("unicast_peer", {
  args: [argument("address", address)],
  options: { min_ttl: { args: [argument("value", ttl)] }, max_ttl: { args: [argument("value", ttl)] } },
});

/** `[all] SECONDS` */
export const extraInterfaces: Keyword = {
  args: [argument("scope", oneOf(["all"]), { skippable: true }), argument("value", integer(0, 86400))],
};

/** Seconds of 0 mean never. */
const wholeSeconds = one(unsigned31);

export const vrrpInstance: BlockGrammar = {
  name: "vrrp_instance",
  keywords: {
    ...stateNotifications,
    ...trackLists,
    state: one(state),
    interface: one(interfaceName),
    vrf: one(interfaceName),
    use_vmac: { args: [argument("name", text, { optional: true }), argument("mac", text, { optional: true })] },
    use_vmac_addr: flag,
    vmac_xmit_base: flag,
    use_ipvlan: { args: [argument("values", text, { optional: true, many: true })] },
    native_ipv6: flag,
    dont_track_primary: flag,
    mcast_src_ip: one(address),
    unicast_src_ip: one(address),
    mcast_dst_ip: one(multicastAddress),
    track_src_ip: flag,
    version: one(integer(2, 3)),
    check_unicast_src: flag,
    unicast_peer: section(unicastPeer),
    unicast_fault_no_peer: flag,
    unicast_ttl: one(ttl),
    old_unicast_checksum: optional(oneOf(["never"])),
    garp_master_delay: wholeSeconds,
    garp_master_repeat: one(unsigned31),
    garp_lower_prio_delay: wholeSeconds,
    garp_lower_prio_repeat: one(unsigned31),
    garp_master_refresh: wholeSeconds,
    garp_master_refresh_repeat: one(unsigned31),
    garp_extra_if: extraInterfaces,
    down_timer_adverts: one(integer(1, 100)),
    lower_prio_no_advert: optionalBool,
    higher_prio_send_advert: optionalBool,
    virtual_router_id: one(integer(1, 255)),
    priority: one(integer(1, 255)),
    advert_int: one(decimal(0.01, 255)),
    authentication: section(authentication),
    virtual_ipaddress: section(virtualAddresses, { repeatable: true }),
    virtual_ipaddress_excluded: section(excludedAddresses, { repeatable: true }),
    promote_secondaries: flag,
    virtual_routes: section(virtualRoutes, { repeatable: true }),
    virtual_rules: section(virtualRules, { repeatable: true }),
    accept: flag,
    no_accept: flag,
    nopreempt: flag,
    preempt: flag,
    preempt_delay: one(decimal(0, 1000)),
    skip_check_adv_addr: optionalBool,
    strict_mode: optionalBool,
    debug: one(integer(0, 4)),
    notify_master_rx_lower_pri: script,
    notify_deleted: {
      args: [
        argument("command", command, { optional: true }),
        argument("user", text, { optional: true }),
        argument("group", text, { optional: true }),
      ],
    },
    kernel_rx_buf_size: one(unsigned32),
    linkbeat_use_polling: flag,
    v3_checksum_as_v2: { ...optionalBool, newer: true },
    lvs_sync_daemon_interface: obsolete("write lvs_sync_daemon in global_defs"),
  },
};

export const vrrpSyncGroup: BlockGrammar = {
  name: "vrrp_sync_group",
  keywords: {
    ...stateNotifications,
    ...trackLists,
    group: section(names("group", argument("name", name, { refersTo: ["vrrp_instance"] }))),
    global_tracking: flag,
    sync_group_tracking_weight: flag,
  },
};

/** The instances that follow a static address, route or rule. */
export const trackGroup: BlockGrammar = {
  name: "track_group",
  keywords: { group: section(names("group", argument("name", name, { refersTo: ["vrrp_instance"] }))) },
};
