/** virtual_server, virtual_server_group and SSL. */
import { all, becomes, type Disposition, type Dispositions, ignored, later, needless } from "../disposition.ts";

const checks = "VirtualServer realServers[].healthChecks[]";

const timing: Dispositions = {
  alpha: becomes(`${checks}.initial`),
  retry: becomes(`${checks}.retries`),
  delay_before_retry: becomes(`${checks}.retryDelay`),
  warmup: becomes(`${checks}.warmup`),
  delay_loop: becomes(`${checks}.interval`),
};

const times: Dispositions = { ...timing, connect_timeout: becomes(`${checks}.timeout`) };

const quiet = ignored("what fails within the retries is not logged");

const connection: Dispositions = {
  ...times,
  log_all_failures: quiet,
  connect_ip: becomes(`${checks}.host`),
  connect_port: becomes(`${checks}.port`),
  bindto: becomes(`${checks}.sourceAddress`),
  bind_if: becomes(`${checks}.interface`),
  bind_port: becomes(`${checks}.sourcePort`),
  fwmark: becomes(`${checks}.firewallMark`),
};

const requests = `${checks}.http.requests[]`;

const url: Dispositions = {
  path: becomes(`${requests}.path`),
  digest: becomes(`${requests}.digest`),
  status_code: becomes(`${requests}.statuses`),
  virtualhost: becomes(`${requests}.hostHeader`),
  regex: becomes(`${requests}.bodyMatch.pattern`),
  regex_no_match: becomes(`${requests}.bodyMatch.negate`),
  regex_options: becomes(`${requests}.bodyMatch.flags`),
  regex_min_offset: becomes(`${requests}.bodyMatch.minimumOffset`),
  regex_max_offset: becomes(`${requests}.bodyMatch.maximumOffset`),
  regex_stack: needless("JavaScript's expressions need no stack of a given size"),
};

const http: Dispositions = {
  ...connection,
  http_protocol: becomes(`${checks}.http.version`),
  fast_recovery: becomes(`${checks}.rise`),
  url: becomes(requests.slice(0, -2), { block: url }),
  virtualhost: becomes(`${requests}.hostHeader`),
  enable_sni: becomes(`${checks}.http.tls.serverName`),
};

const checkers: Dispositions = {
  ...all(["HTTP_GET", "SSL_GET"], becomes(`${checks}.http`, { block: http })),
  TCP_CHECK: becomes(`${checks}.tcp`, { block: connection }),
  PING_CHECK: becomes(`${checks}.icmp`, { block: connection }),
  SMTP_CHECK: becomes(`${checks}.smtp`, {
    block: { ...connection, helo_name: becomes(`${checks}.smtp.helo`), host: becomes(`${checks}.smtp`, { block: connection }) },
  }),
  DNS_CHECK: becomes(`${checks}.dns`, {
    block: { ...connection, type: becomes(`${checks}.dns.type`), name: becomes(`${checks}.dns.name`) },
  }),
  UDP_CHECK: becomes(`${checks}.udp`, {
    block: {
      ...connection,
      payload: becomes(`${checks}.udp.payload`),
      require_reply: becomes(`${checks}.udp.requireReply`),
      min_reply_length: becomes(`${checks}.udp.minimumReplyLength`),
      max_reply_length: becomes(`${checks}.udp.maximumReplyLength`),
    },
  }),
  MISC_CHECK: becomes(`${checks}.exec`, {
    block: {
      ...timing,
      log_all_failures: quiet,
      misc_path: becomes(`${checks}.exec.command`),
      misc_timeout: becomes(`${checks}.timeout`),
      misc_dynamic: becomes(`${checks}.exec.dynamicWeight`),
      user: becomes(`${checks}.exec.user`),
    },
  }),
  FILE_CHECK: becomes(`${checks}.file`, {
    block: {
      track_file: becomes(`${checks}.file.path`),
      weight: becomes(`${checks}.file.weight`, { options: all(["reverse", "noreverse"], becomes(`${checks}.file.weight`)) }),
    },
  }),
  BFD_CHECK: later("BFD"),
};

/** `list` is where the forwarding stands: "", "realServers[]." or "sorryServer." */
function method(list: string): Disposition {
  const tunnel = becomes(`VirtualServer ${list}tunnel`);
  return becomes(`VirtualServer ${list}forwarding`, { options: all(["type", "port", "nocsum", "csum", "remcsum"], tunnel) });
}

const snmp = ignored("there is no SNMP: the agent serves metrics over HTTP");

const realServer: Dispositions = {
  ...times,
  ...checkers,
  weight: becomes("VirtualServer realServers[].weight"),
  lvs_method: method("realServers[]."),
  uthreshold: becomes("VirtualServer realServers[].maxConnections"),
  lthreshold: becomes("VirtualServer realServers[].minConnections"),
  notify_up: becomes("VirtualServer realServers[].notify.up"),
  notify_down: becomes("VirtualServer realServers[].notify.down"),
  inhibit_on_failure: becomes("VirtualServer realServers[].onFailure"),
  smtp_alert: becomes("VirtualServer realServers[].notify.mail"),
  virtualhost: becomes(`${requests}.hostHeader`),
  snmp_name: snmp,
};

const flags = ["flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port", "mh-fallback"];
const onOwnLine = ignored("keepalived reads the flags of a scheduler on lines of their own");

const virtualServer: Dispositions = {
  ...times,
  lvs_sched: becomes("VirtualServer scheduler", {
    options: all(flags, onOwnLine),
  }),
  lvs_method: method(""),
  ...all(flags, becomes("VirtualServer schedulerFlags")),
  hashed: needless("the kernel sets it by itself"),
  ops: becomes("VirtualServer onePacket"),
  persistence_engine: becomes("VirtualServer persistence.engine"),
  persistence_timeout: becomes("VirtualServer persistence.timeout"),
  persistence_granularity: becomes("VirtualServer persistence"),
  protocol: becomes("VirtualServer protocol"),
  ip_family: becomes("VirtualServer firewallMarkFamilies"),
  ha_suspend: becomes("VirtualServer suspendWithoutAddress"),
  omega: becomes("VirtualServer notify.onStop"),
  quorum: becomes("VirtualServer quorum"),
  hysteresis: becomes("VirtualServer hysteresis"),
  quorum_up: becomes("VirtualServer notify.quorumUp"),
  quorum_down: becomes("VirtualServer notify.quorumDown"),
  weight: becomes("VirtualServer weight"),
  inhibit_on_failure: becomes("VirtualServer onFailure"),
  smtp_alert: becomes("VirtualServer notify.mail"),
  virtualhost: becomes(`${requests}.hostHeader`),
  snmp_name: snmp,
  sorry_server: becomes("VirtualServer sorryServer"),
  sorry_server_inhibit: becomes("VirtualServer sorryServer.onFailure"),
  sorry_server_lvs_method: method("sorryServer."),
  real_server: becomes("VirtualServer realServers", { block: realServer }),
};

export const virtualServers: Dispositions = {
  virtual_server_group: becomes("VirtualServer addresses", { block: { fwmark: becomes("VirtualServer firewallMark") } }),
  virtual_server: becomes("VirtualServer", { block: virtualServer }),
  SSL: becomes(`${checks}.http.tls.certificateRef`, {
    block: all(["password", "certificate", "key", "ca"], becomes(`${checks}.http.tls.certificateRef`)),
  }),
};
