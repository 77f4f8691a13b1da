import assert from "node:assert/strict";
import { test } from "node:test";
import { messages, read } from "./support.ts";

/** A body on lines of its own in a block that needs nothing else; its first line is line 1 of the messages. */
function inInstance(body: string): string[] {
  return inBlock("vrrp_instance V { interface e\nvirtual_router_id 1\nvirtual_ipaddress { 10.9.9.9 }\n", body, 3);
}

function inServer(body: string): string[] {
  return inBlock("virtual_server 10.0.0.1 80 { lb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 80 { }\n", body, 3);
}

function inRealServer(body: string): string[] {
  return inBlock("virtual_server 10.0.0.1 80 { lb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 80 {\n", `${body}\n}`, 3);
}

function inBlock(head: string, body: string, before: number): string[] {
  return messages(read(`${head}${body}\n}`).diagnostics).map((message) => message.replace(/^\d+/, (line) => String(Number(line) - before)));
}

// Ranges as keepalived 2.2.7 has them.
const instanceValues: [line: string, messages: string[]][] = [
  ["priority 255", []],
  ["priority 010", []],
  ["priority 256", ["1:10: error: priority: expected a whole number from 1 to 255, got `256`"]],
  ["priority 0x10", ["1:10: error: priority: expected a whole number from 1 to 255, got `0x10`"]],
  ["priority '7'", ["1:10: error: priority: expected a whole number from 1 to 255, got `'7'`"]],
  ["priority", ["1:9: error: priority needs a whole number from 1 to 255 here"]],
  ["priority 5 6", ["1:12: warning: `6` is ignored: priority takes nothing more"]],
  ["nopreempt yes", ["1:11: warning: `yes` is ignored: nopreempt takes nothing more"]],
  ["advert_int .5", []],
  ["advert_int 1.", []],
  ["advert_int 0.001", ["1:12: error: advert_int: expected seconds from 0.01 to 255, got `0.001`"]],
  ["advert_int 1e1", ["1:12: error: advert_int: expected seconds from 0.01 to 255, got `1e1`"]],
  ["version 4", ["1:9: error: version: expected a whole number from 2 to 3, got `4`"]],
  ["state master", ["1:7: error: state: expected MASTER or BACKUP, got `master`"]],
  ["smtp_alert", []],
  ["smtp_alert maybe", ["1:12: error: smtp_alert: expected on, off, true, false, yes or no, got `maybe`"]],
  ["mcast_dst_ip 10.0.0.1", ["1:14: error: mcast_dst_ip: expected a multicast address, got `10.0.0.1`"]],
  ["unicast_src_ip fe80::1", []],
  ["garp_extra_if all 100", []],
  ["garp_extra_if 100", []],
  ["garp_extra_if all", ["1:18: error: garp_extra_if needs a whole number from 0 to 86400 here"]],
  ["preempt_delay 1001", ["1:15: error: preempt_delay: expected seconds from 0 to 1000, got `1001`"]],
  ["nopreempt\npreempt_delay 5", ["2:1: warning: preempt_delay has no effect beside nopreempt"]],
  ["priority 5\npriority 6", ["2:1: warning: `priority` was given before, in line 4: this one counts"]],
  ["v3_checksum_as_v2", ["1:1: warning: keepalived 2.2.7 does not know `v3_checksum_as_v2`; newer releases do, so it counts"]],
  ["lvs_sync_daemon_interface eth0", ["1:1: warning: `lvs_sync_daemon_interface` is ignored: write lvs_sync_daemon in global_defs"]],
  ["authentication { auth_pass 123456789 }", ["1:28: warning: auth_pass: only the first 8 characters of the password count"]],
  [
    'notify_master "/x a | b" user',
    [
      "1:15: warning: notify_master: `|` needs a shell, and keepalived starts programs without one: put /bin/sh -c '...' around the command",
    ],
  ],
  ["notify_master \"/bin/sh -c 'a | b'\"", []],
  ["notify", ["1:7: error: notify needs a command here"]],
];

for (const [line, expected] of instanceValues) {
  test(`vrrp_instance: ${line.replaceAll("\n", "; ")}`, () => assert.deepEqual(inInstance(line), expected));
}

const addressValues: [line: string, messages: string[]][] = [
  ["10.0.0.1/24 brd + dev eth0 scope 200 label eth0:1 preferred_lft forever no_track", []],
  ["fe80::1/64 -nodad home", ["1:1: error: an IPv6 address beside IPv4 ones: put it into virtual_ipaddress_excluded"]],
  ["10.0.0.1/33", ["1:1: error: virtual_ipaddress: expected an IP address, with or without /LENGTH, got `10.0.0.1/33`"]],
  ["10.0.0.300", ["1:1: error: virtual_ipaddress: expected an IP address, with or without /LENGTH, got `10.0.0.300`"]],
  ["10.0.0.1 10.0.0.2", ["1:10: error: virtual_ipaddress does not know `10.0.0.2`"]],
  ["10.0.0.1 lable x", ["1:10: error: virtual_ipaddress does not know `lable`, did you mean label?"]],
  ["10.0.0.1 dev", ["1:13: error: virtual_ipaddress needs the name of an interface (at most 15 characters) here"]],
  [
    "10.0.0.1 dev a-name-too-long-for-it",
    ["1:14: error: virtual_ipaddress: expected the name of an interface (at most 15 characters), got `a-name-too-long-for-it`"],
  ],
  [
    "10.0.0.1 scope foo",
    ["1:16: error: virtual_ipaddress: expected site, link, host, nowhere, global or a number from 0 to 255, got `foo`"],
  ],
  ["10.0.0.1 brd fe80::1", ["1:14: error: virtual_ipaddress: expected an IPv4 address, + or -, got `fe80::1`"]],
  ["<IPADDR>", ["1:1: error: `<IPADDR>` is a placeholder: write the value"]],
  ["10.0.0.1 {\n}", ["1:10: error: virtual_ipaddress is a list, its lines take no block"]],
];

for (const [line, expected] of addressValues) {
  test(`virtual_ipaddress: ${line.replaceAll("\n", "; ")}`, () => {
    assert.deepEqual(
      inInstance(`virtual_ipaddress {\n${line}\n}`).map((message) => message.replace(/^\d+/, (n) => String(Number(n) - 1))),
      expected,
    );
  });
}

const routes: [line: string, messages: string[]][] = [
  ["10.0.0.0/8 via 1.2.3.4 dev eth0 metric 5", []],
  ["blackhole 10.0.0.0/8", []],
  ["default via fe80::1 dev eth0", []],
  ["src 1.2.3.4 to 10.0.0.0/8 via 1.2.3.5 dev eth1 mtu lock 1400", []],
  ["10.0.0.0/8 table 6909 nexthop via 1.2.3.4 dev wlan0 onlink weight 1 nexthop via 1.2.3.5 weight 2", []],
  ["10.0.0.0/8 gw 1.2.3.4", ["2:12: warning: `gw` is deprecated: write via"]],
  ["10.0.0.0/8 via", ["2:15: error: virtual_routes needs an IP address here"]],
  ["10.0.0.0/8 foo", ["2:12: error: virtual_routes does not know `foo`"]],
  ["foo", ["2:1: error: virtual_routes: expected a destination: ADDRESS[/LENGTH] or default, got `foo`"]],
];

for (const [line, expected] of routes)
  test(`virtual_routes: ${line}`, () => assert.deepEqual(inInstance(`virtual_routes {\n${line}\n}`), expected));

const rulesTable: [line: string, messages: string[]][] = [
  ["from 192.168.28.0/24 to 192.168.29.0/26 table small iif p33p1 oif wlan0 tos 22 fwmark 24/12 preference 39 realms 30/20 goto 40", []],
  ["not from all lookup 1 ip_proto UDP sport 10-20 uidrange 1-2 no_track", []],
  ["from 1.2.3.4 fwmark x", ["2:21: error: virtual_rules: expected a number, or NUMBER/MASK, got `x`"]],
];

for (const [line, expected] of rulesTable)
  test(`virtual_rules: ${line}`, () => assert.deepEqual(inInstance(`virtual_rules {\n${line}\n}`), expected));

const servers: [line: string, messages: string[]][] = [
  ["protocol tcp\nlvs_method TUN type gue port 5 csum", ["2:1: warning: `lvs_method` was given before, in line 2: this one counts"]],
  [
    "lvs_sched foo",
    [
      "1:1: warning: `lvs_sched` was given before, in line 1: this one counts",
      "1:11: error: lvs_sched: expected rr, wrr, lc, wlc, lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf or twos, got `foo`",
    ],
  ],
  ["persistence_timeout", []],
  ["persistence_timeout 0", ["1:21: error: persistence_timeout: expected a whole number from 1 to 2678400, got `0`"]],
  ["quorum 0", ["1:8: error: quorum: expected a whole number from 1 to 4294967295, got `0`"]],
  ["sorry_server 1.2.3.4 x", ["1:22: error: sorry_server: expected a whole number from 0 to 65535, got `x`"]],
  ["real_server 10.0.0.2:80 { }", ["1:13: error: real_server: expected an IP address, got `10.0.0.2:80`"]],
  ["delay_loop 0.5\nwarmup 0\nha_suspend\nalpha\nomega\nops", []],
];

for (const [line, expected] of servers)
  test(`virtual_server: ${line.replaceAll("\n", "; ")}`, () => assert.deepEqual(inServer(line), expected));

const checks: [line: string, messages: string[]][] = [
  ["HTTP_GET { url { path /\nstatus_code 200-299 404\n} }", []],
  [
    "HTTP_GET { url { path /\nstatus_code 99\n} }",
    ["2:13: error: status_code: expected a number from 100 to 599, or two of them with a hyphen, got `99`"],
  ],
  [
    "HTTP_GET { url { digest xyz\n} }",
    ["1:12: error: url has no path", "1:25: error: digest: expected an MD5 sum of 32 hexadecimal digits, got `xyz`"],
  ],
  ["HTTP_GET { nb_get_retry 3\nurl { path / } }", []],
  ["HTTP_GET { }", ["1:1: error: HTTP_GET has no url"]],
  ["TCP_CHECK { connect_port 0 }", ["1:26: error: connect_port: expected a whole number from 1 to 65535, got `0`"]],
  ["TCP_CHECK { nb_get_retry 3 }", ["1:13: warning: `nb_get_retry` is taken for retry: older releases knew nb_get_retry here"]],
  ["MISC_CHECK { misc_path \"/x 'a b'\"\nmisc_timeout 4\nmisc_dynamic\nuser a b }", []],
  ["MISC_CHECK { }", ["1:1: error: MISC_CHECK has no misc_path"]],
  [
    "MISC_CHECK { misc_path /x\nconnect_timeout 5 }",
    ["2:1: error: `connect_timeout` does not belong into MISC_CHECK: it belongs into virtual_server or another block"],
  ],
  ["DNS_CHECK { type a\nname x. }", []],
  ["SMTP_CHECK { host { connect_ip 1.2.3.4 } }", []],
  ["UDP_CHECK { payload Ab12f 3\nrequire_reply x1 }", []],
  ["BFD_CHECK { name B }", ["1:18: error: there is no bfd_instance `B`"]],
];

for (const [line, expected] of checks)
  test(`real_server: ${line.replaceAll("\n", "; ")}`, () => assert.deepEqual(inRealServer(line), expected));

const unknown: [what: string, body: string, messages: string[]][] = [
  ["resembles a known one: an error", "prioritty 5", ["1:1: error: unknown keyword `prioritty`, did you mean priority?"]],
  ["letters swapped", "prioirty 5", ["1:1: error: unknown keyword `prioirty`, did you mean priority?"]],
  ["in capitals", "PRIORITY 5", ["1:1: error: unknown keyword `PRIORITY`, did you mean priority?"]],
  ["the blank forgotten", "priority100", ["1:1: error: unknown keyword `priority100`, did you mean priority 100?"]],
  ["resembles nothing: a warning", "frobnicate 5", ["1:1: warning: unknown keyword `frobnicate` in vrrp_instance, ignored"]],
  ["of another block", "router_id R", ["1:1: error: `router_id` does not belong into vrrp_instance: it belongs into global_defs"]],
  ["opens a block: an error", "frobnicate {\npriority 5\n}", ["1:1: error: unknown keyword `frobnicate` in vrrp_instance"]],
  [
    "lines of a misspelt block are checked",
    "unicast_peers {\n10.0.0.300\n}",
    [
      "1:1: error: unknown keyword `unicast_peers`, did you mean unicast_peer?",
      "2:1: error: unicast_peer: expected an IP address, got `10.0.0.300`",
    ],
  ],
  [
    "a word that every object has",
    "constructor 5\ntoString",
    [
      "1:1: warning: unknown keyword `constructor` in vrrp_instance, ignored",
      "2:1: warning: unknown keyword `toString` in vrrp_instance, ignored",
    ],
  ],
];

for (const [what, body, expected] of unknown) test(`unknown keyword: ${what}`, () => assert.deepEqual(inInstance(body), expected));

const configurations: [what: string, text: string, messages: string[]][] = [
  ["outside any block", "frobnicate", ["1:1: error: unknown keyword `frobnicate` outside any block"]],
  [
    "two instances of a name",
    "vrrp_script A { script /x }\nvrrp_script A { script /y }",
    ["2:1: error: vrrp_script A is defined twice, first in line 1"],
  ],
  ["no name", "vrrp_script { script /x }", ["1:12: error: vrrp_script needs a name here"]],
  ["two names", "vrrp_script A B { script /x }", ["1:15: warning: `B` is ignored: vrrp_script takes nothing more"]],
  [
    "an instance without its number",
    "vrrp_instance V { interface e\nvirtual_ipaddress { 10.0.0.1 } }",
    ["1:1: error: vrrp_instance V has no virtual_router_id"],
  ],
  [
    "an instance without an interface",
    "vrrp_instance V { virtual_router_id 1\nvirtual_ipaddress { 10.0.0.1 } }",
    ["1:1: error: vrrp_instance V has no interface"],
  ],
  [
    "an instance without addresses",
    "vrrp_instance V { virtual_router_id 1\ninterface e }",
    ["1:1: error: vrrp_instance V has no virtual_ipaddress: there is nothing to hold"],
  ],
  [
    "a script that is not there",
    "vrrp_script check { script /x }\nvrrp_sync_group G { track_script { chekc\n } }",
    ["2:36: error: there is no vrrp_script `chekc`, did you mean check?"],
  ],
  [
    "a service without its settings",
    "virtual_server fwmark 3 { }",
    [
      "1:1: warning: virtual_server fwmark 3: `lb_algo wlc` is assumed",
      "1:1: warning: virtual_server fwmark 3: `lb_kind NAT` is assumed",
      "1:1: warning: virtual_server fwmark 3 has no real_server",
    ],
  ],
  ["ranges of a group", "virtual_server_group G {\n10.0.0.1-5 80\n10.0.0.1-10.0.0.9\n10.0.0.8/29\nfe80::1-f\nfwmark 5 inet6\n}", []],
  [
    "a range the wrong way",
    "virtual_server_group G {\n10.0.0.9-5\n}",
    ["2:1: error: virtual_server_group: expected an IP address or a range of addresses, got `10.0.0.9-5`"],
  ],
  [
    "a service of a group",
    "virtual_server_group G { 10.0.0.1 80 }\nvirtual_server group H { lb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 80 { } }",
    ["2:22: error: there is no virtual_server_group `H`"],
  ],
  [
    "global settings",
    "global_defs { notification_email { a b\n c }\nsmtp_server a.b 26\nlvs_sync_daemon eth0 inst V id 5\nlvs_timeouts tcp 5 udp 6\nvrrp_rt_priority 50\nmax_auto_priority\numask IWGRP|IWOTH\ninclude_check +match -wildcard_match\nvrrp_garp_extra_if all 5 }\nvrrp_instance V { virtual_router_id 1\ninterface e\nvirtual_ipaddress { 10.0.0.1 } }",
    [],
  ],
  [
    "tracked things",
    'track_file F { file /x\ninit_file 5 overwrite\nweight 5 reverse }\nvrrp_track_process P { process "/a b" c "d e"\nquorum 1\nweight 0 }\nbfd_instance B { neighbor_ip 10.0.0.1\nmin_rx 3.3 }\ninterface_up_down_delays { eth0 1.5 2 }\nlinkbeat_interfaces { eth0 ETHTOOL\neth1 }\ngarp_group { garp_interval 0.01\ninterfaces { eth0 eth1 } }',
    [],
  ],
];

for (const [what, text, expected] of configurations)
  test(`configuration: ${what}`, () => assert.deepEqual(messages(read(text).diagnostics), expected));

test("a command is split twice, as the running keepalived 2.2.7 showed", () => {
  const commands: [line: string, words: string[]][] = [
    [`"/x B 'x y' z"`, ["/x", "B", "x y", "z"]],
    [`'/x D "p q" \\x41 \\101\\tz'`, ["/x", "D", "p q", "A", "A", "z"]],
    [`"/x E \\'p q\\' a\\\\b"`, ["/x", "E", "p q", "a\b"]],
    ["/x\\ F", ["/x", "F"]],
    ["/x A b c", ["/x"]],
  ];
  for (const [line, words] of commands) {
    const { config } = read(`vrrp_script S {\nscript ${line}\n}`);
    assert.deepEqual(config.all("vrrp_script")[0]?.block?.last("script")?.command(), words, line);
  }
});

test("one line with an error is left out, the others stay", () => {
  const block = read(
    "vrrp_instance V {\ninterface e\nvirtual_router_id 1\npriority x\nadvert_int 0.5\nvirtual_ipaddress {\n10.0.0.1\n10.0.0.x\n}\n}",
  ).config.all("vrrp_instance")[0]?.block;
  assert.equal(block?.number("priority"), undefined);
  assert.equal(block?.number("advert_int"), 0.5);
  assert.equal(block?.items("virtual_ipaddress").length, 1);
});
