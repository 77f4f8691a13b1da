/** Each word does what its answer says: one that becomes something changes the plan, any other does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dispositions } from "../../../../src/keepalived/plan/disposition.ts";
import { dispositions } from "../../../../src/keepalived/plan/dispositions/configuration.ts";
import { load, messages } from "./support.ts";
import { type ServicePlace, serviceContext, serviceSamples, writeServices } from "./virtualServerSamples.ts";

type Place = "top" | "global" | "instance" | "group" | "script" | "file" | "process" | ServicePlace;
/** `head`: of the virtual server. */
type Lines = Partial<Record<Place | "head", string>>;

/** A configuration in which each of the words below means something. */
function write({ top = "", global = "", instance = "", group, script = "", file = "", process = "", ...rest }: Lines): string {
  return `global_defs {\nsmtp_server 10.0.0.25\nnotification_email {\n a@b\n}\n${global}\n}\n${top}
vrrp_script s {\nscript "/bin/true a"\n${script}\n}\ntrack_file f {\nfile /run/f\n${file}\n}\nvrrp_track_process p {\nprocess nginx\n${process}\n}
vrrp_instance V {\n${/^interface /m.test(instance) ? "" : "interface eth0\n"}virtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1/24 dev eth0\n}
track_script {\ns\n}\ntrack_file {\nf\n}\ntrack_process {\np\n}\n${instance}\n}
vrrp_instance W {\ninterface eth1\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.2\n}\n}
${group === undefined ? "" : `vrrp_sync_group G {\ngroup {\nV\nW\n}\n${group}\n}`}
${writeServices(rest)}`;
}

/** A line for each word; the first word of the key is where it stands. */
const samples: Record<string, string> = {
  "top static_ipaddress": "static_ipaddress {\n10.9.0.1 dev eth2\n}",
  "top static_routes": "static_routes {\n10.9.0.0/24 via 10.0.0.9\n}",
  "top static_rules": "static_rules {\nfrom 10.9.0.0/24 table 5 preference 7\n}",
  "top net_namespace": "net_namespace x",
  "top net_namespace_ipvs": "net_namespace_ipvs x",
  "top namespace_with_ipsets": "namespace_with_ipsets",
  "top instance": "instance x",
  "top use_pid_dir": "use_pid_dir",
  "top linkbeat_use_polling": "linkbeat_use_polling",
  "top child_wait_time": "child_wait_time 5",
  "top linkbeat_interfaces": "linkbeat_interfaces {\neth0 MII\n}",
  "top interface_up_down_delays": "interface_up_down_delays {\neth0 1 2\n}",
  "top track_group": "track_group T {\ngroup {\nV\n}\n}",
  "top bfd_instance": "bfd_instance b {\nneighbor_ip 10.0.0.3\n}",
  "top garp_group": "garp_group {\ngarp_interval 1\ngna_interval 1\ninterface eth0\ninterfaces {\neth1\n}\n}",
  "top virtual_server": "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.9 80 {\n}\n}",
  "top virtual_server_group":
    "virtual_server_group h {\n10.0.0.1 80\n}\nvirtual_server group h {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nreal_server 10.0.0.9 80 {\n}\n}",
  "top SSL": "SSL {\nca /x\n}",
  "top global_defs": "global_defs {\nrouter_id x\n}",
  "top track_file":
    "track_file f2 {\nfile /x\n}\nvrrp_instance X {\ninterface eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\ntrack_file {\nf2\n}\n}",
  "top vrrp_track_process":
    "vrrp_track_process p2 {\nprocess x\n}\nvrrp_instance X {\ninterface eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\ntrack_process {\np2\n}\n}",
  "top vrrp_script":
    "vrrp_script s2 {\nscript /x\n}\nvrrp_instance X {\ninterface eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\ntrack_script {\ns2\n}\n}",
  "top vrrp_sync_group": "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}",
  "top vrrp_instance": "vrrp_instance X {\ninterface eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\n}",

  "global notification_email": "notification_email {\nc@d e@f\n}",
  "global notification_email_from": "notification_email_from x@y",
  "global smtp_server": "smtp_server 10.0.0.26 26",
  "global smtp_helo_name": "smtp_helo_name x",
  "global smtp_connect_timeout": "smtp_connect_timeout 5",
  "global smtp_alert": "smtp_alert",
  "global smtp_alert_vrrp": "smtp_alert_vrrp on",
  "global smtp_alert_checker": "smtp_alert_checker on",
  "global no_email_faults": "no_email_faults",
  "global router_id": "router_id x",
  "global vrrp_mcast_group4": "vrrp_mcast_group4 224.0.0.99",
  "global vrrp_mcast_group6": "vrrp_mcast_group6 ff02::99",
  "global vrrp_version": "vrrp_version 3",
  "global vrrp_garp_master_delay": "vrrp_garp_master_delay 10",
  "global vrrp_garp_master_repeat": "vrrp_garp_master_repeat 2",
  "global vrrp_garp_master_refresh": "vrrp_garp_master_refresh 60",
  "global vrrp_garp_master_refresh_repeat": "vrrp_garp_master_refresh_repeat 2",
  "global vrrp_garp_lower_prio_delay": "vrrp_garp_lower_prio_delay 1",
  "global vrrp_garp_lower_prio_repeat": "vrrp_garp_lower_prio_repeat 1",
  "global vrrp_lower_prio_no_advert": "vrrp_lower_prio_no_advert",
  "global vrrp_higher_prio_send_advert": "vrrp_higher_prio_send_advert",
  "global vrrp_skip_check_adv_addr": "vrrp_skip_check_adv_addr",
  "global vrrp_check_unicast_src": "vrrp_check_unicast_src",
  "global vrrp_garp_extra_if": "vrrp_garp_extra_if all 100",
  "global vrrp_garp_interval": "vrrp_garp_interval 0.001",
  "global vrrp_gna_interval": "vrrp_gna_interval 0.001",
  "global vrrp_min_garp": "vrrp_min_garp",
  "global vrrp_down_timer_adverts": "vrrp_down_timer_adverts 5",
  "global vrrp_strict": "vrrp_strict",
  "global vrrp_notify_priority_changes": "vrrp_notify_priority_changes on",
  "global vrrp_startup_delay": "vrrp_startup_delay 5.5",
  "global vrrp_rx_bufs_policy": "vrrp_rx_bufs_policy MTU",
  "global vrrp_rx_bufs_multiplier": "vrrp_rx_bufs_multiplier 5",
  "global vrrp_iptables": "vrrp_iptables a b",
  "global vrrp_ipsets": "vrrp_ipsets a",
  "global nftables": "nftables x",
  "global nftables_priority": "nftables_priority 5",
  "global nftables_counters": "nftables_counters",
  "global nftables_ifindex": "nftables_ifindex",
  "global log_unknown_vrids": "log_unknown_vrids",
  "global vmac_prefix": "vmac_prefix vm",
  "global vmac_addr_prefix": "vmac_addr_prefix vm",
  "global disable_local_igmp": "disable_local_igmp",
  "global dynamic_interfaces": "dynamic_interfaces allow_if_changes",
  "global default_interface": "default_interface eth7",
  "global vrrp_owner_ignore_adverts": "vrrp_owner_ignore_adverts",
  "global lvs_sync_daemon": "lvs_sync_daemon eth0 V",
  "global lvs_timeouts": "lvs_timeouts tcp 5",
  "global lvs_flush": "lvs_flush",
  "global lvs_flush_on_stop": "lvs_flush_on_stop",
  "global checker_log_all_failures": "checker_log_all_failures",
  "global rs_init_notifies": "rs_init_notifies",
  "global no_checker_emails": "no_checker_emails",
  "global lvs_notify_fifo": "lvs_notify_fifo /x",
  "global lvs_notify_fifo_script": "lvs_notify_fifo_script /x",
  "global nftables_ipvs": "nftables_ipvs x",
  "global nftables_ipvs_priority": "nftables_ipvs_priority 5",
  "global nftables_ipvs_start_fwmark": "nftables_ipvs_start_fwmark 5",
  ...Object.fromEntries(
    ["vrrp", "checker", "bfd"].flatMap((process) => [
      [`global ${process}_priority`, `${process}_priority -5`],
      [`global ${process}_no_swap`, `${process}_no_swap`],
      [`global ${process}_cpu_affinity`, `${process}_cpu_affinity 0 1`],
      [`global ${process}_rt_priority`, `${process}_rt_priority 5`],
      [`global ${process}_rlimit_rttime`, `${process}_rlimit_rttime 5`],
      [`global ${process}_rlimit_rtime`, `${process}_rlimit_rtime 5`],
      [`global ${process}_process_name`, `${process}_process_name x`],
    ]),
  ),
  ...Object.fromEntries(
    ["vrrp_netlink_cmd", "vrrp_netlink_monitor", "lvs_netlink_cmd", "lvs_netlink_monitor", "process_monitor"].flatMap((socket) => [
      [`global ${socket}_rcv_bufs`, `${socket}_rcv_bufs 5`],
      [`global ${socket}_rcv_bufs_force`, `${socket}_rcv_bufs_force on`],
    ]),
  ),
  "global process_names": "process_names",
  "global process_name": "process_name x",
  "global max_auto_priority": "max_auto_priority 5",
  "global min_auto_priority_delay": "min_auto_priority_delay 5",
  "global startup_script": "startup_script /x",
  "global shutdown_script": "shutdown_script /x",
  "global startup_script_timeout": "startup_script_timeout 5",
  "global shutdown_script_timeout": "shutdown_script_timeout 5",
  "global script_user": "script_user x y",
  "global enable_script_security": "enable_script_security",
  "global notify_fifo": "notify_fifo /x",
  "global vrrp_notify_fifo": "vrrp_notify_fifo /x",
  "global notify_fifo_script": "notify_fifo_script /x",
  "global vrrp_notify_fifo_script": "vrrp_notify_fifo_script /x",
  "global fifo_write_vrrp_states_on_reload": "fifo_write_vrrp_states_on_reload",
  ...Object.fromEntries(
    ["vrrp", "checker", "rfc", "rfcv2", "rfcv3", "keepalived"].map((part) => [`global enable_snmp_${part}`, `enable_snmp_${part}`]),
  ),
  "global enable_traps": "enable_traps",
  "global snmp_socket": "snmp_socket udp:1.2.3.4:705",
  "global enable_dbus": "enable_dbus",
  "global dbus_service_name": "dbus_service_name x",
  "global json_version": "json_version 2",
  "global state_dump_file": "state_dump_file x",
  "global stats_dump_file": "stats_dump_file x",
  "global json_dump_file": "json_dump_file x",
  "global tmp_config_directory": "tmp_config_directory /x",
  "global config_save_dir": "config_save_dir /x",
  "global data_use_instance": "data_use_instance",
  "global umask": "umask 022",
  "global random_seed": "random_seed 5",
  "global reload_check_config": "reload_check_config",
  "global include_check": "include_check match",
  "global reload_time_file": "reload_time_file /x",
  "global reload_repeat": "reload_repeat",
  "global reload_file": "reload_file",
  "global max_open_files": "max_open_files 5",

  "instance notify": "notify /bin/n",
  "instance notify_master": "notify_master /bin/n",
  "instance notify_backup": "notify_backup /bin/n",
  "instance notify_fault": "notify_fault /bin/n",
  "instance notify_stop": "notify_stop /bin/n",
  "instance notify_deleted": "notify_deleted",
  "instance notify_master_rx_lower_pri": "notify_master_rx_lower_pri /bin/n",
  "instance notify_priority_changes": "notify_priority_changes on",
  "instance smtp_alert": "smtp_alert",
  "instance track_interface": "track_interface {\neth5\n}",
  "instance track_script": "track_script {\ns2\n}",
  "instance track_file": "track_file {\nf2\n}",
  "instance track_process": "track_process {\np2\n}",
  "instance track_bfd": "track_bfd {\nb\n}",
  "instance state": "state BACKUP",
  "instance interface": "interface eth9",
  "instance vrf": "vrf blue",
  "instance use_vmac": "use_vmac",
  "instance use_vmac_addr": "use_vmac_addr",
  "instance vmac_xmit_base": "vmac_xmit_base",
  "instance use_ipvlan": "use_ipvlan ipv0 10.0.0.5 bridge",
  "instance native_ipv6": "native_ipv6",
  "instance dont_track_primary": "dont_track_primary",
  "instance mcast_src_ip": "mcast_src_ip 10.0.0.7",
  "instance unicast_src_ip": "unicast_src_ip 10.0.0.7",
  "instance mcast_dst_ip": "mcast_dst_ip 224.0.0.77",
  "instance track_src_ip": "track_src_ip",
  "instance version": "version 3",
  "instance unicast_peer": "unicast_peer {\n10.0.0.8\n}",
  "instance unicast_fault_no_peer": "unicast_fault_no_peer",
  "instance check_unicast_src": "check_unicast_src",
  "instance unicast_ttl": "unicast_ttl 64",
  "instance old_unicast_checksum": "old_unicast_checksum",
  "instance garp_master_delay": "garp_master_delay 10",
  "instance garp_master_repeat": "garp_master_repeat 2",
  "instance garp_master_refresh": "garp_master_refresh 60",
  "instance garp_master_refresh_repeat": "garp_master_refresh_repeat 2",
  "instance garp_lower_prio_delay": "garp_lower_prio_delay 1",
  "instance garp_lower_prio_repeat": "garp_lower_prio_repeat 1",
  "instance garp_extra_if": "garp_extra_if 100",
  "instance lower_prio_no_advert": "lower_prio_no_advert",
  "instance higher_prio_send_advert": "higher_prio_send_advert",
  "instance skip_check_adv_addr": "skip_check_adv_addr",
  "instance down_timer_adverts": "down_timer_adverts 5",
  "instance virtual_router_id": "virtual_router_id 9",
  "instance priority": "priority 150",
  "instance advert_int": "advert_int 3",
  "instance authentication": "authentication {\nauth_type PASS\nauth_pass x\n}",
  "instance virtual_ipaddress": "virtual_ipaddress {\n10.0.0.6\n}",
  "instance virtual_ipaddress_excluded": "virtual_ipaddress_excluded {\n10.0.0.6\n}",
  "instance promote_secondaries": "promote_secondaries",
  "instance virtual_routes": "virtual_routes {\n10.9.0.0/24 via 10.0.0.9\n}",
  "instance virtual_rules": "virtual_rules {\nfrom 10.9.0.0/24 table 5 preference 7\n}",
  "instance accept": "accept",
  "instance no_accept": "no_accept",
  "instance nopreempt": "nopreempt",
  "instance preempt": "preempt",
  "instance preempt_delay": "preempt_delay 5",
  "instance strict_mode": "strict_mode",
  "instance debug": "debug 4",
  "instance kernel_rx_buf_size": "kernel_rx_buf_size 5",
  "instance linkbeat_use_polling": "linkbeat_use_polling",
  "instance v3_checksum_as_v2": "v3_checksum_as_v2",

  "group notify": "notify /bin/n",
  "group notify_master": "notify_master /bin/n",
  "group notify_backup": "notify_backup /bin/n",
  "group notify_fault": "notify_fault /bin/n",
  "group notify_stop": "notify_stop /bin/n",
  "group notify_priority_changes": "notify_priority_changes on",
  "group smtp_alert": "smtp_alert",
  "group track_interface": "track_interface {\neth5\n}",
  "group track_script": "track_script {\ns\n}",
  "group track_file": "track_file {\nf\n}",
  "group track_process": "track_process {\np\n}",
  "group track_bfd": "track_bfd {\nb\n}",
  "group group": "group {\nX\n}",
  "group global_tracking": "global_tracking",
  "group sync_group_tracking_weight": "sync_group_tracking_weight",

  "script script": "script /bin/false",
  "script interval": "interval 5",
  "script timeout": "timeout 5",
  "script weight": "weight 5",
  "script rise": "rise 5",
  "script fall": "fall 5",
  "script user": "user a b",
  "script init_fail": "init_fail",
  "file file": "file /run/g",
  "file weight": "weight 5",
  "file init_file": "init_file 5 overwrite",
  "process process": "process haproxy",
  "process param_match": "param_match initial",
  "process weight": "weight 5",
  "process quorum": "quorum 5",
  "process quorum_max": "quorum_max 5",
  "process fork_delay": "fork_delay 5",
  "process terminate_delay": "terminate_delay 5",
  "process delay": "delay 5",
  "process full_command": "full_command",
  ...serviceSamples,
};

/** What else a sample needs, with and without the line. */
const bfd = { top: "bfd_instance b {\nneighbor_ip 10.0.0.3\n}" };
const peer = { instance: "unicast_peer {\n10.0.0.8\n}" };
const context: Record<string, Lines> = {
  "global vrrp_strict": { global: "vrrp_down_timer_adverts 5" },
  "global vmac_prefix": { instance: "use_vmac" },
  "global fifo_write_vrrp_states_on_reload": { global: "vrrp_notify_fifo /x" },
  "global default_interface": { top: "static_ipaddress {\n10.9.0.1\n}" },
  "instance track_script": { top: "vrrp_script s2 {\nscript /x\n}" },
  "instance track_file": { top: "track_file f2 {\nfile /x\n}" },
  "instance track_process": { top: "vrrp_track_process p2 {\nprocess x\n}" },
  "instance track_bfd": bfd,
  "instance unicast_ttl": peer,
  "instance track_src_ip": { instance: "mcast_src_ip 10.0.0.7" },
  "instance vmac_xmit_base": { instance: "use_vmac" },
  "instance accept": { instance: "no_accept" },
  "instance unicast_fault_no_peer": peer,
  "instance check_unicast_src": peer,
  "instance unicast_src_ip": peer,
  "instance strict_mode": { instance: "preempt_delay 5" },
  "instance preempt": { instance: "nopreempt" },
  "instance notify_deleted": { instance: "notify /bin/n" },
  "group track_bfd": bfd,
  "group group": { top: "vrrp_instance X {\ninterface eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\n}" },
  "group sync_group_tracking_weight": { script: "weight 5" },
  "group global_tracking": { script: "weight 5" },
  ...serviceContext,
};

const service = dispositions.virtual_server?.block ?? {};
const server = service.real_server?.block ?? {};
const tables: Partial<Record<Place, Dispositions>> = {
  top: dispositions,
  global: dispositions.global_defs?.block ?? {},
  instance: dispositions.vrrp_instance?.block ?? {},
  group: dispositions.vrrp_sync_group?.block ?? {},
  script: dispositions.vrrp_script?.block ?? {},
  file: dispositions.track_file?.block ?? {},
  process: dispositions.vrrp_track_process?.block ?? {},
  service,
  server,
  members: dispositions.virtual_server_group?.block ?? {},
  ssl: dispositions.SSL?.block ?? {},
  ...Object.fromEntries(Object.entries(server).flatMap(([word, { block }]) => (block ? [[word, block]] : []))),
  url: server.HTTP_GET?.block?.url?.block ?? {},
  host: server.SMTP_CHECK?.block?.host?.block ?? {},
};

test("there is a sample for each word", () => {
  const words = Object.entries(tables).flatMap(([place, table]) => Object.keys(table).map((word) => `${place} ${word}`));
  assert.deepEqual(
    words.filter((word) => samples[word] === undefined),
    [],
  );
});

function outcome(lines: Lines) {
  const loaded = load(write(lines));
  const { spec, virtualServers, tlsFiles, secrets, agent, diagnostics } = loaded;
  const services = virtualServers.map(({ name, written }) => ({ name, written }));
  const told = diagnostics
    .filter(({ code }) => code !== "newer-keyword")
    .map(({ severity, code, message }) => ({ kind: `${severity} ${code}`, message }));
  return { plan: { spec, services, tlsFiles, secrets, agent }, told, hasErrors: loaded.hasErrors, messages: messages(loaded).join("; ") };
}

/** The same plan with and without: there is no IPv6 instance, the command is the name of the process, and HTTP_GET is without TLS. */
const unchanging = new Set(["global vrrp_mcast_group6", "process full_command", "HTTP_GET enable_sni"]);

const expected = { becomes: [], needless: [], ignored: ["warning ignored"], refused: ["error not-offered"], later: ["warning later"] };

for (const [key, sample] of Object.entries(samples)) {
  const [place = "top", word = ""] = key.split(" ") as [Place, string];
  const kind = tables[place]?.[word]?.kind ?? "refused";
  test(`${key}: ${kind}`, () => {
    const beside: Lines = { ...((place === "group" || place === "host") && { [place]: "" }), ...context[key] };
    const without = outcome(beside);
    const withLine = outcome({ ...beside, [place]: `${beside[place] ?? ""}\n${sample}` });
    assert.ok(!without.hasErrors, without.messages);
    assert.equal(withLine.hasErrors, kind === "refused", withLine.messages);
    const isNew = ({ message }: { message: string }) => !without.told.some((one) => one.message === message);
    const more = new Set(withLine.told.filter(isNew).map((one) => one.kind));
    // One message per file about BFD; its instance has it already.
    if (kind !== "becomes" && !(kind === "later" && context[key]?.top === bfd.top))
      assert.deepEqual([...more], expected[kind], withLine.messages);
    if (kind === "becomes" && !unchanging.has(key)) assert.notDeepEqual(withLine.plan, without.plan);
    else assert.deepEqual(withLine.plan, without.plan);
  });
}
