/** global_defs. */
import { all, becomes, type Disposition, type Dispositions, ignored, needless } from "../disposition.ts";
import { announcements, rivals } from "./instance.ts";

const mail: Dispositions = {
  notification_email: becomes("AgentConfig mail.to"),
  notification_email_from: becomes("AgentConfig mail.from"),
  smtp_server: becomes("AgentConfig mail.server"),
  smtp_helo_name: becomes("AgentConfig mail.helo"),
  smtp_connect_timeout: becomes("AgentConfig mail.timeout"),
  ...all(["smtp_alert", "smtp_alert_vrrp"], becomes("VirtualIP notify.mail")),
  smtp_alert_checker: becomes("VirtualServer notify.mail"),
  no_email_faults: becomes("AgentConfig mail.faults"),
  router_id: becomes("AgentConfig mail.subjectName"),
};

const withPrefix = (prefix: string, dispositions: Dispositions): Dispositions =>
  Object.fromEntries(Object.entries(dispositions).map(([word, disposition]) => [`${prefix}${word}`, disposition]));

const noFirewall = needless("no firewall rule is needed");
const bounded = needless("the agent's buffers are its own matter");

const vrrp: Dispositions = {
  ...withPrefix("vrrp_", rivals),
  ...withPrefix("vrrp_", announcements),
  vrrp_mcast_group4: becomes("VirtualIP vrrp.multicastGroup.ipv4"),
  vrrp_mcast_group6: becomes("VirtualIP vrrp.multicastGroup.ipv6"),
  vrrp_version: becomes("VirtualIP vrrp.version"),
  vrrp_garp_interval: becomes("AgentConfig announcementPacing[].gratuitousARP"),
  vrrp_gna_interval: becomes("AgentConfig announcementPacing[].unsolicitedNA"),
  vrrp_min_garp: becomes("VirtualIP vrrp.gratuitousARP"),
  vrrp_down_timer_adverts: becomes("VirtualIP vrrp.downTimerAdverts"),
  vrrp_strict: becomes("VirtualIP vrrp"),
  vrrp_notify_priority_changes: becomes("VirtualIP notify.priorityChanges"),
  vrrp_startup_delay: becomes("AgentConfig startupDelay"),
  ...all(["vrrp_rx_bufs_policy", "vrrp_rx_bufs_multiplier"], bounded),
  ...all(["vrrp_iptables", "vrrp_ipsets", "nftables", "nftables_priority", "nftables_counters", "nftables_ifindex"], noFirewall),
  log_unknown_vrids: becomes("AgentConfig debugUnknownRouters"),
  vmac_prefix: becomes("VirtualIP vrrp.virtualMAC"),
  vmac_addr_prefix: needless("only the instance's own interface gets a macvlan"),
  disable_local_igmp: ignored("sysctls are left alone"),
  dynamic_interfaces: needless("an interface may come and go"),
  default_interface: becomes("AgentConfig static.addresses[].interface"),
  vrrp_owner_ignore_adverts: needless("an address owner stays MASTER, as RFC 9568 6.4.3 says"),
};

const ipvs: Dispositions = {
  lvs_sync_daemon: becomes("AgentConfig ipvs.sync", {
    options: {
      inst: becomes("AgentConfig ipvs.sync.id"),
      id: becomes("AgentConfig ipvs.sync.id"),
      maxlen: becomes("AgentConfig ipvs.sync.maxLength"),
      port: becomes("AgentConfig ipvs.sync.port"),
      ttl: becomes("AgentConfig ipvs.sync.ttl"),
      group: becomes("AgentConfig ipvs.sync.group"),
    },
  }),
  lvs_timeouts: becomes("AgentConfig ipvs.timeouts", {
    options: {
      tcp: becomes("AgentConfig ipvs.timeouts.tcp"),
      tcpfin: becomes("AgentConfig ipvs.timeouts.tcpFin"),
      udp: becomes("AgentConfig ipvs.timeouts.udp"),
    },
  }),
  lvs_flush: ignored("services of others are never touched, and those of an earlier run are adopted"),
  lvs_flush_on_stop: ignored("services of others are never touched, and those of the file are removed in a few requests"),
  checker_log_all_failures: ignored("what fails within the retries is not logged"),
  rs_init_notifies: ignored("programs run when something changes, not at the start"),
  no_checker_emails: needless("mail tells of real servers, not of each of their checks"),
  lvs_notify_fifo: ignored("changes of real servers go to no FIFO: use notify_up, notify_down, quorum_up and quorum_down"),
  lvs_notify_fifo_script: ignored("let the service manager start what reads the FIFO"),
  ...all(
    ["nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark"],
    needless("the addresses of a group are services of their own, which costs little"),
  ),
};

const perProcess = (prefix: string, disposition: Disposition) =>
  all(
    ["priority", "no_swap", "cpu_affinity", "rt_priority", "rlimit_rttime", "rlimit_rtime", "process_name"].map(
      (word) => `${prefix}_${word}`,
    ),
    disposition,
  );

const processes: Dispositions = {
  ...perProcess("vrrp", needless("the core asks for real-time scheduling and locked memory by itself")),
  ...perProcess("checker", needless("there is no process for checkers")),
  ...perProcess("bfd", needless("there is no process for BFD")),
  ...all(["process_names", "process_name"], needless("it is one process, called aloft")),
  ...all(["max_auto_priority", "min_auto_priority_delay"], needless("the core asks for real-time scheduling by itself")),
  ...all(
    ["vrrp_netlink_cmd", "vrrp_netlink_monitor", "lvs_netlink_cmd", "lvs_netlink_monitor", "process_monitor"].flatMap((socket) => [
      `${socket}_rcv_bufs`,
      `${socket}_rcv_bufs_force`,
    ]),
    bounded,
  ),
};

const byServiceManager = ignored("let the service manager start it");
const fifoReader = ignored("let the service manager start what reads the FIFO");

const programs: Dispositions = {
  ...all(["startup_script", "shutdown_script"], byServiceManager),
  ...all(["startup_script_timeout", "shutdown_script_timeout"], needless("there is nothing that it limits")),
  script_user: becomes("Agent --script-user"),
  enable_script_security: needless("only programs below a directory of --allow-scripts are run"),
  notify_fifo: becomes("AgentConfig notifyFifo"),
  vrrp_notify_fifo: becomes("AgentConfig vrrpNotifyFifo"),
  ...all(["notify_fifo_script", "vrrp_notify_fifo_script"], fifoReader),
  fifo_write_vrrp_states_on_reload: becomes("AgentConfig notifyStatesOnReload"),
};

const monitoring: Dispositions = {
  ...all(
    ["enable_snmp_vrrp", "enable_snmp_checker", "enable_snmp_rfc", "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_snmp_keepalived"],
    ignored("there is no SNMP: the agent serves metrics over HTTP"),
  ),
  enable_traps: ignored("there is no SNMP: the agent serves metrics over HTTP"),
  snmp_socket: needless("there is no SNMP"),
  enable_dbus: ignored("there is no D-Bus interface: the agent serves metrics over HTTP"),
  dbus_service_name: needless("there is no D-Bus interface"),
  ...all(["json_version", "state_dump_file", "stats_dump_file", "json_dump_file"], needless("the agent dumps nothing into files")),
};

const configuration: Dispositions = {
  ...all(["tmp_config_directory", "config_save_dir", "data_use_instance"], needless("the agent makes no such files")),
  umask: needless("the agent's files are for its own user"),
  random_seed: needless("nothing is random"),
  reload_check_config: needless("a file with an error is never applied"),
  include_check: needless("a file that is missing is an error always"),
  ...all(["reload_time_file", "reload_repeat", "reload_file"], ignored("reload with SIGHUP")),
  max_open_files: needless("the service manager sets it"),
};

export const globalDefs: Dispositions = { ...mail, ...vrrp, ...ipvs, ...processes, ...programs, ...monitoring, ...configuration };
