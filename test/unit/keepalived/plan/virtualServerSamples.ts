/** A line for each word of a virtual server, and the virtual servers that they stand in; see words.test.ts. */

const checkerPlaces = [
  ...["HTTP_GET", "SSL_GET", "TCP_CHECK", "PING_CHECK", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "MISC_CHECK", "FILE_CHECK", "BFD_CHECK"],
  ...["url", "host"],
] as const;
export type CheckerPlace = (typeof checkerPlaces)[number];
export type ServicePlace = "service" | "server" | "members" | "ssl" | CheckerPlace;
/** `head`: of the virtual server; `top`: before everything. */
export type ServiceLines = Partial<Record<ServicePlace | "head" | "top", string>>;

/** Each checker, on one of two servers. */
export function writeServices({
  head = "10.0.5.1 80",
  service = "",
  server = "",
  members = "",
  ssl = "",
  ...checkers
}: ServiceLines): string {
  const checker = (place: CheckerPlace, needed = "") => `${place} {\n${needed}\n${checkers[place] ?? ""}\n}`;
  const web = (place: CheckerPlace) => checker(place, checker("url", "path /"));
  const host = checkers.host === undefined ? "" : checker("host");
  return `virtual_server_group g {\n10.0.6.1 80\n${members}\n}
virtual_server group g {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\nreal_server 10.0.5.8 80 {\n}\n}
SSL {\n${ssl}\n}
virtual_server ${head} {\nlb_algo wlc\nlb_kind NAT\nprotocol TCP\n${service}
real_server 10.0.5.9 80 {\n${server}
${web("HTTP_GET")}\n${web("SSL_GET")}\n${checker("TCP_CHECK")}\n${checker("PING_CHECK")}\n}
real_server 10.0.5.10 80 {\n${checker("SMTP_CHECK", host)}\n${checker("DNS_CHECK")}\n${checker("UDP_CHECK")}
${checker("MISC_CHECK", "misc_path /bin/true")}\n${checker("FILE_CHECK", "track_file f")}\n${checkers.BFD_CHECK === undefined ? "" : checker("BFD_CHECK", "name b")}\n}\n}`;
}

const connecting = ["HTTP_GET", "SSL_GET", "TCP_CHECK", "PING_CHECK", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK"];

/** The first word of the key is where it stands. */
export const serviceSamples: Record<string, string> = {
  "service lvs_sched": "lb_algo rr",
  "service lvs_method": "lb_kind DR",
  "service flag-1": "flag-1",
  "service flag-2": "flag-2",
  "service flag-3": "flag-3",
  "service sh-port": "sh-port",
  "service sh-fallback": "sh-fallback",
  "service mh-port": "mh-port",
  "service mh-fallback": "mh-fallback",
  "service hashed": "hashed",
  "service ops": "ops",
  "service persistence_engine": "persistence_engine sip",
  "service persistence_timeout": "persistence_timeout",
  "service persistence_granularity": "persistence_granularity 255.255.255.0",
  "service protocol": "protocol UDP",
  "service ip_family": "ip_family inet6",
  "service ha_suspend": "ha_suspend",
  "service omega": "omega",
  "service quorum": "quorum 2",
  "service hysteresis": "hysteresis 1",
  "service quorum_up": "quorum_up /bin/u",
  "service quorum_down": "quorum_down /bin/d",
  "service weight": "weight 7",
  "service inhibit_on_failure": "inhibit_on_failure",
  "service smtp_alert": "smtp_alert",
  "service virtualhost": "virtualhost a.example",
  "service snmp_name": "snmp_name x",
  "service sorry_server": "sorry_server 10.0.5.7 80",
  "service sorry_server_inhibit": "sorry_server_inhibit",
  "service sorry_server_lvs_method": "sorry_server_lvs_method TUN",
  "service real_server": "real_server 10.0.5.11 80 {\n}",
  "members fwmark": "fwmark 3",
  "ssl password": "password x",
  "ssl ca": "ca /x",
  "ssl certificate": "certificate /x",
  "ssl key": "key /x",

  "server weight": "weight 5",
  "server lvs_method": "lvs_method DR",
  "server uthreshold": "uthreshold 10",
  "server lthreshold": "lthreshold 5",
  "server notify_up": "notify_up /bin/u",
  "server notify_down": "notify_down /bin/d x y",
  "server inhibit_on_failure": "inhibit_on_failure on",
  "server smtp_alert": "smtp_alert off",
  "server virtualhost": "virtualhost a.example",
  "server snmp_name": "snmp_name x",
  ...Object.fromEntries(
    ["HTTP_GET", "SSL_GET", "TCP_CHECK", "PING_CHECK", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "MISC_CHECK", "FILE_CHECK"].map(
      (checker) => [
        `server ${checker}`,
        `${checker} {\n${{ MISC_CHECK: "misc_path /x", FILE_CHECK: "track_file f" }[checker] ?? (/GET$/.test(checker) ? "url {\npath /x\n}" : "")}\n}`,
      ],
    ),
  ),
  "server BFD_CHECK": "BFD_CHECK {\nname b\n}",

  ...Object.fromEntries(
    ["service", "server", ...connecting, "host", "MISC_CHECK"].flatMap((place) => [
      [`${place} alpha`, "alpha"],
      [`${place} retry`, "retry 7"],
      [`${place} delay_before_retry`, "delay_before_retry 7"],
      [`${place} warmup`, "warmup 0"],
      [`${place} delay_loop`, "delay_loop 7"],
      ...(place === "MISC_CHECK" ? [] : [[`${place} connect_timeout`, "connect_timeout 7"]]),
    ]),
  ),
  ...Object.fromEntries(
    [...connecting, "host"].flatMap((place) => [
      [`${place} connect_ip`, "connect_ip 10.0.5.99"],
      [`${place} connect_port`, "connect_port 99"],
      [`${place} bindto`, "bindto 10.0.5.98"],
      [`${place} bind_if`, "bind_if eth7"],
      [`${place} bind_port`, "bind_port 98"],
      [`${place} fwmark`, "fwmark 7"],
    ]),
  ),
  ...Object.fromEntries([...connecting, "host", "MISC_CHECK"].map((place) => [`${place} log_all_failures`, "log_all_failures on"])),
  ...Object.fromEntries(
    ["HTTP_GET", "SSL_GET"].flatMap((place) => [
      [`${place} http_protocol`, "http_protocol 1.1"],
      [`${place} fast_recovery`, "fast_recovery"],
      [`${place} url`, "url {\npath /x\n}"],
      [`${place} virtualhost`, "virtualhost a.example"],
      [`${place} enable_sni`, "enable_sni"],
    ]),
  ),
  "url path": "path /x",
  "url digest": `digest ${"0a".repeat(16)}`,
  "url status_code": "status_code 200 300-305",
  "url virtualhost": "virtualhost a.example",
  "url regex": "regex ok",
  "url regex_no_match": "regex_no_match",
  "url regex_options": "regex_options caseless",
  "url regex_stack": "regex_stack 1 2",
  "url regex_min_offset": "regex_min_offset 5",
  "url regex_max_offset": "regex_max_offset 5",
  "SMTP_CHECK helo_name": "helo_name x",
  "SMTP_CHECK host": "host {\nconnect_ip 10.0.5.97\n}",
  "DNS_CHECK type": "type A",
  "DNS_CHECK name": "name a.example",
  "UDP_CHECK payload": "payload 0a b",
  "UDP_CHECK require_reply": "require_reply",
  "UDP_CHECK min_reply_length": "min_reply_length 5",
  "UDP_CHECK max_reply_length": "max_reply_length 5",
  "MISC_CHECK misc_path": "misc_path /x",
  "MISC_CHECK misc_timeout": "misc_timeout 7",
  "MISC_CHECK misc_dynamic": "misc_dynamic",
  "MISC_CHECK user": "user a b",
  "FILE_CHECK track_file": "track_file f3",
  "FILE_CHECK weight": "weight 5 reverse",
};

/** What else a sample needs, with and without the line. */
export const serviceContext: Record<string, ServiceLines> = {
  "service sh-port": { service: "lb_algo sh" },
  "service sh-fallback": { service: "lb_algo sh" },
  "service mh-port": { service: "lb_algo mh" },
  "service mh-fallback": { service: "lb_algo mh" },
  "service ops": { service: "protocol UDP" },
  "service persistence_engine": { service: "protocol UDP\npersistence_timeout 5" },
  "service ip_family": { head: "fwmark 9", service: "lb_kind TUN" },
  "service hysteresis": { service: "quorum 2" },
  "service sorry_server_inhibit": { service: "sorry_server 10.0.5.7 80" },
  "service sorry_server_lvs_method": { service: "sorry_server 10.0.5.7 80" },
  "server lthreshold": { server: "uthreshold 10" },
  "server BFD_CHECK": { top: "bfd_instance b {\nneighbor_ip 10.0.0.3\n}" },
  ...Object.fromEntries(
    ["regex_no_match", "regex_options", "regex_stack", "regex_min_offset", "regex_max_offset"].map((word) => [
      `url ${word}`,
      { url: "regex ok" },
    ]),
  ),
  "SSL_GET enable_sni": { url: "virtualhost a.example" },
  "UDP_CHECK min_reply_length": { UDP_CHECK: "require_reply" },
  "UDP_CHECK max_reply_length": { UDP_CHECK: "require_reply" },
  "FILE_CHECK track_file": { top: "track_file f3 {\nfile /x\n}" },
};
