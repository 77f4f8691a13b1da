/** global_defs. */
import { flag, list, obsolete, one, optional, optionalBool, script, section, userAndGroup } from "./settings.ts";
import type { BlockGrammar, Keyword } from "./types.ts";
import {
  argument,
  bool,
  decimal,
  integer,
  interfaceName,
  multicastAddress,
  multicastAddress4,
  multicastAddress6,
  name,
  oneOf,
  port,
  text,
  unsigned31,
  unsigned32,
  valueType,
} from "./values.ts";
import { extraInterfaces } from "./vrrp.ts";

const fifo: Keyword = {
  args: [argument("path", text), argument("user", text, { optional: true }), argument("group", text, { optional: true })],
};
const seconds = one(integer(1, 1000));
const cpus: Keyword = { args: [argument("cpus", unsigned31, { many: true })] };
const path = one(text);
const optionalPath = optional(text);

/** Settings that exist once for each of keepalived's processes. */
function perProcess(prefixes: readonly string[], settings: Record<string, Keyword>): Record<string, Keyword> {
  return Object.fromEntries(prefixes.flatMap((prefix) => Object.entries(settings).map(([key, keyword]) => [`${prefix}_${key}`, keyword])));
}

const processes = perProcess(["vrrp", "checker", "bfd"], {
  priority: one(integer(-20, 19)),
  no_swap: flag,
  cpu_affinity: cpus,
  rt_priority: one(integer(1, 99)),
  rlimit_rttime: one(integer(1, 4_294_967_295)),
  rlimit_rtime: one(integer(1, 4_294_967_295)),
  process_name: one(text),
});

const receiveBuffers = perProcess(
  ["vrrp_netlink_cmd", "vrrp_netlink_monitor", "lvs_netlink_cmd", "lvs_netlink_monitor", "process_monitor"],
  {
    rcv_bufs: one(unsigned32),
    rcv_bufs_force: optionalBool,
  },
);

const fifos = Object.fromEntries(
  ["", "vrrp_", "lvs_"].flatMap((prefix) => [
    [`${prefix}notify_fifo`, fifo],
    [`${prefix}notify_fifo_script`, script],
  ]),
);

const includeChecks = ["readable", "match", "wildcard_match", "brace_match"];
const includeCheck = oneOf(includeChecks.flatMap((check) => [check, `+${check}`, `-${check}`]));

const umask = valueType("a number up to 0777, or names as IWGRP|IWOTH", (written) =>
  /^(?:0x[0-9a-f]+|[0-9]+)$/i.test(written)
    ? (written.startsWith("0") && !/^0x/i.test(written) ? Number.parseInt(written, 8) : Number(written)) <= 0o777
      ? written
      : undefined
    : /^I[RWX](?:USR|GRP|OTH)(?:\|I[RWX](?:USR|GRP|OTH))*$/.test(written)
      ? written
      : undefined,
);

const syncDaemon: Keyword = {
  args: [argument("interface", interfaceName)],
  options: {
    inst: { args: [argument("value", name, { refersTo: ["vrrp_instance"] })] },
    id: { args: [argument("value", integer(0, 255))] },
    maxlen: { args: [argument("value", integer(1, 65507))] },
    port: { args: [argument("value", port)] },
    ttl: { args: [argument("value", integer(1, 255))] },
    group: { args: [argument("value", multicastAddress)] },
  },
  bare: argument("instance", name, { refersTo: ["vrrp_instance"] }),
};

const timeout = { args: [argument("value", integer(0, 2_678_400))] };

const vrrp: Record<string, Keyword> = {
  vrrp_mcast_group4: one(multicastAddress4),
  vrrp_mcast_group6: one(multicastAddress6),
  vrrp_version: one(integer(2, 3)),
  vrrp_garp_master_delay: one(unsigned31),
  vrrp_garp_master_repeat: one(unsigned31),
  vrrp_garp_lower_prio_delay: one(unsigned31),
  vrrp_garp_lower_prio_repeat: one(unsigned31),
  vrrp_garp_master_refresh: one(unsigned31),
  vrrp_garp_master_refresh_repeat: one(unsigned31),
  vrrp_garp_interval: one(decimal(0, 4294)),
  vrrp_gna_interval: one(decimal(0, 4294)),
  vrrp_min_garp: optionalBool,
  vrrp_garp_extra_if: extraInterfaces,
  vrrp_vmac_garp_intvl: { ...extraInterfaces, sameAs: "vrrp_garp_extra_if" },
  vrrp_down_timer_adverts: one(integer(1, 100)),
  vrrp_lower_prio_no_advert: optionalBool,
  vrrp_higher_prio_send_advert: optionalBool,
  vrrp_check_unicast_src: flag,
  vrrp_skip_check_adv_addr: optionalBool,
  vrrp_strict: optionalBool,
  vrrp_notify_priority_changes: optionalBool,
  vrrp_startup_delay: one(decimal(0.001, 3600)),
  vrrp_rx_bufs_policy: one(
    valueType("MTU, ADVERT or a number", (written) => (/^(?:MTU|ADVERT|[0-9]{1,10})$/i.test(written) ? written : undefined)),
  ),
  vrrp_rx_bufs_multiplier: one(integer(1, 4_294_967_295)),
  vrrp_iptables: { args: [argument("chains", text, { optional: true, many: true })] },
  vrrp_ipsets: { args: [argument("sets", text, { optional: true, many: true })] },
  log_unknown_vrids: flag,
  vmac_prefix: one(text),
  vmac_addr_prefix: one(text),
  disable_local_igmp: flag,
  dynamic_interfaces: optional(oneOf(["allow_if_changes"])),
  default_interface: one(interfaceName),
};

const lvs: Record<string, Keyword> = {
  lvs_sync_daemon: syncDaemon,
  lvs_timeouts: { args: [], options: { tcp: timeout, tcpfin: timeout, udp: timeout } },
  lvs_flush: flag,
  lvs_flush_on_stop: optional(oneOf(["VS"])),
  lvs_flush_onstop: optional(oneOf(["VS"]), { sameAs: "lvs_flush_on_stop" }),
  checker_log_all_failures: optional(bool),
  rs_init_notifies: flag,
  no_checker_emails: flag,
};

const mail: Record<string, Keyword> = {
  notification_email: section(list("notification_email", { args: [argument("address", text)] }, { manyPerLine: true }), {
    repeatable: true,
  }),
  notification_email_from: one(text),
  smtp_server: { args: [argument("host", text), argument("port", port, { optional: true })] },
  smtp_helo_name: one(text),
  smtp_connect_timeout: one(integer(1, 4294)),
  smtp_alert: optionalBool,
  smtp_alert_vrrp: optionalBool,
  smtp_alert_checker: optionalBool,
  no_email_faults: flag,
};

const firewall: Record<string, Keyword> = {
  nftables: optional(text),
  nftables_priority: one(integer(-2_147_483_648, 2_147_483_647)),
  nftables_counters: flag,
  nftables_ifindex: flag,
  nftables_ipvs: optional(text),
  nftables_ipvs_priority: one(integer(-2_147_483_648, 2_147_483_647)),
  nftables_ipvs_start_fwmark: one(unsigned32),
};

const monitoring: Record<string, Keyword> = {
  snmp_socket: one(text),
  enable_snmp_vrrp: flag,
  enable_snmp_checker: flag,
  enable_snmp_rfc: flag,
  enable_snmp_rfcv2: flag,
  enable_snmp_rfcv3: flag,
  enable_snmp_keepalived: flag,
  enable_traps: flag,
  enable_dbus: flag,
  dbus_service_name: one(text),
};

export const globalDefs: BlockGrammar = {
  name: "global_defs",
  keywords: {
    ...mail,
    ...vrrp,
    ...lvs,
    ...processes,
    ...receiveBuffers,
    ...fifos,
    ...firewall,
    ...monitoring,
    router_id: one(text),
    tmp_config_directory: path,
    config_save_dir: path,
    process_names: flag,
    process_name: one(text),
    lvs_process_name: one(text, { sameAs: "checker_process_name" }),
    startup_script: script,
    startup_script_timeout: seconds,
    shutdown_script: script,
    shutdown_script_timeout: seconds,
    max_auto_priority: optional(integer(-1, 99)),
    min_auto_priority_delay: one(integer(1, 10_000_000)),
    script_user: userAndGroup,
    enable_script_security: flag,
    fifo_write_vrrp_states_on_reload: flag,
    umask: one(umask),
    random_seed: one(unsigned32),
    reload_check_config: optionalPath,
    include_check: { args: [argument("checks", includeCheck, { optional: true, many: true })] },
    reload_time_file: path,
    reload_repeat: flag,
    reload_file: optionalPath,
    data_use_instance: optionalBool,
    vrrp_mcast_group: obsolete("write vrrp_mcast_group4 or vrrp_mcast_group6"),
    max_open_files: { args: [argument("value", unsigned31)], newer: true },
    vrrp_owner_ignore_adverts: { args: [], newer: true },
    json_version: { args: [argument("value", unsigned31)], newer: true },
    state_dump_file: { args: [argument("value", text)], newer: true },
    stats_dump_file: { args: [argument("value", text)], newer: true },
    json_dump_file: { args: [argument("value", text)], newer: true },
  },
};
