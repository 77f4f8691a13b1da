import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualServerInput } from "../../../../src/api/virtualServer.ts";
import { load, messages } from "./support.ts";

interface Written {
  head?: string;
  /** Of the virtual server, of its only real server, of its checker. */
  service?: string;
  server?: string;
  endpoint?: string;
  /** In front and behind. */
  before?: string;
  after?: string;
}

function plan({ head = "10.0.0.1 80", service = "", server = "", endpoint = "10.0.0.9 80", before = "", after = "" }: Written) {
  const usual = ["lb_algo rr", "lb_kind DR", "protocol TCP"].filter((line) => !service.includes(line.split(" ")[0] ?? ""));
  const loaded = load(
    `${before}virtual_server ${head} {\n${usual.join("\n")}\n${service}\nreal_server ${endpoint} {\n${server}\n}\n}\n${after}`,
  );
  return { ...loaded, told: messages(loaded).map((message) => message.replace(/^\d+:\d+: /, "")) };
}

/** The only virtual server, without what every one has. */
function written(lines: Written): Partial<VirtualServerInput> {
  const { virtualServers, told } = plan(lines);
  assert.deepEqual(
    told.filter((message) => message.startsWith("error")),
    [],
  );
  assert.equal(virtualServers.length, 1);
  const { drainTimeout, ...rest } = virtualServers[0]?.written ?? {};
  assert.equal(drainTimeout, "0s");
  return rest;
}

const server = (lines: Written) => written(lines).realServers?.[0];
const check = (text: string, lines: Written = {}) => server({ ...lines, server: `${lines.server ?? ""}\n${text}` })?.healthChecks?.[0];

const timings: [what: string, lines: Written, checker: string, interval: string, timeout: string, retries: number, retryDelay: string][] = [
  ["TCP_CHECK without a word", {}, "TCP_CHECK {\n}", "60s", "5s", 1, "1s"],
  ["HTTP_GET without a word", {}, "HTTP_GET {\nurl {\npath /\n}\n}", "60s", "5s", 1, "3s"],
  ["MISC_CHECK without a word: a program may run for delay_loop", {}, "MISC_CHECK {\nmisc_path /x\n}", "60s", "60s", 0, "1s"],
  ["DNS_CHECK without a word", {}, "DNS_CHECK {\n}", "60s", "5s", 3, "60s"],
  ["DNS_CHECK retries after its own delay_loop", { service: "delay_loop 7" }, "DNS_CHECK {\ndelay_loop 9\n}", "9s", "5s", 3, "9s"],
  [
    "what the virtual server says",
    { service: "delay_loop 7\nconnect_timeout 2\nretry 4\ndelay_before_retry 6" },
    "TCP_CHECK {\n}",
    "7s",
    "2s",
    4,
    "6s",
  ],
  [
    "the real server's counts before it",
    { service: "delay_loop 7\nconnect_timeout 2\nretry 4\ndelay_before_retry 6", server: "delay_loop 8\nretry 5" },
    "TCP_CHECK {\n}",
    "8s",
    "2s",
    5,
    "6s",
  ],
  [
    "and the checker's before that",
    { service: "delay_loop 7\nretry 4", server: "delay_loop 8\nretry 5" },
    "TCP_CHECK {\nretry 6\nconnect_timeout 0.25\ndelay_before_retry 0\n}",
    "8s",
    "250ms",
    6,
    "0s",
  ],
  [
    "a program runs for delay_loop of the virtual server",
    { service: "delay_loop 7" },
    "MISC_CHECK {\nmisc_path /x\ndelay_loop 9\n}",
    "9s",
    "7s",
    0,
    "1s",
  ],
  [
    "retries of MISC_CHECK that the real server gives",
    { server: "retry 2" },
    "MISC_CHECK {\nmisc_path /x\nmisc_timeout 3\n}",
    "60s",
    "3s",
    2,
    "1s",
  ],
  ["more retries than count", {}, "TCP_CHECK {\nretry 4000000000\n}", "60s", "5s", 1000, "1s"],
];

for (const [what, lines, checker, interval, timeout, retries, retryDelay] of timings)
  test(`timing: ${what}`, () => {
    const found = check(checker, lines);
    assert.deepEqual([found?.interval, found?.timeout, found?.retries, found?.retryDelay], [interval, timeout, retries, retryDelay]);
    assert.equal(found?.warmup, interval);
  });

test("warmup and alpha are the innermost", () => {
  assert.equal(check("TCP_CHECK {\n}", { service: "warmup 0" })?.warmup, "0s");
  assert.equal(check("TCP_CHECK {\nwarmup 3\n}", { service: "warmup 0" })?.warmup, "3s");
  assert.equal(check("TCP_CHECK {\n}", { service: "alpha" })?.initial, "Down");
  assert.equal(check("TCP_CHECK {\nalpha off\n}", { service: "alpha" })?.initial, undefined);
  assert.equal(check("TCP_CHECK {\n}", { server: "alpha" })?.initial, "Down");
});

const ports: [what: string, lines: Written, port: number | undefined, asked: number | undefined, warns?: boolean][] = [
  ["DR as the service", {}, 80, undefined],
  ["DR without one", { endpoint: "10.0.0.9" }, 80, undefined],
  ["DR with another: it is reset, and asked all the same", { endpoint: "10.0.0.9 8080" }, 80, 8080, true],
  ["NAT with another", { endpoint: "10.0.0.9 8080", service: "lb_kind NAT" }, 8080, undefined],
  ["NAT without one", { endpoint: "10.0.0.9", service: "lb_kind NAT" }, 80, undefined],
  ["DR with a mark: it is cleared, and asked all the same", { head: "fwmark 3" }, undefined, 80],
  ["NAT with a mark", { head: "fwmark 3", service: "lb_kind NAT", endpoint: "10.0.0.9 8080" }, 8080, undefined],
  ["DR, all ports", { head: "10.0.0.1", service: "persistence_timeout 5" }, undefined, 80],
  ["its own method", { endpoint: "10.0.0.9 8080", server: "lvs_method NAT" }, 8080, undefined],
];

for (const [what, lines, port, asked, warns = false] of ports)
  test(`port: ${what}`, () => {
    const tcp = { ...lines, server: `${lines.server ?? ""}\nTCP_CHECK {\n}` };
    const found = server(tcp);
    assert.deepEqual([found?.port, found?.healthChecks?.[0]?.port], [port, asked]);
    const { told } = plan(tcp);
    assert.equal(told.includes("warning: DR cannot change the port: 80 is taken for 8080, as in keepalived"), warns);
    assert.equal(server({ ...lines, server: `${lines.server ?? ""}\nTCP_CHECK {\nconnect_port 99\n}` })?.healthChecks?.[0]?.port, 99);
  });

const specs: [what: string, lines: Written, expected: Partial<VirtualServerInput>][] = [
  ["flags of another scheduler", { service: "lb_algo rr\nflag-2\nsh-port" }, { scheduler: "rr", schedulerFlags: ["Flag2"] }],
  ["mh without a flag does not hash the port", { service: "lb_algo mh" }, { scheduler: "mh", schedulerFlags: [] }],
  ["mh with its flags", { service: "mh-fallback\nlb_algo mh\nmh-port" }, { scheduler: "mh", schedulerFlags: ["Fallback", "Port"] }],
  ["persistence without a time", { service: "persistence_timeout" }, { persistence: { timeout: "360s" } }],
  ["granularity alone", { service: "persistence_granularity 255.255.240.0" }, { persistence: { timeout: "360s", prefixLengthIPv4: 20 } }],
  [
    "granularity of IPv6",
    { head: "2001:db8::1 80", endpoint: "2001:db8::9 80", service: "persistence_timeout 5\npersistence_granularity 64" },
    { addresses: ["2001:db8::1"], persistence: { timeout: "5s", prefixLengthIPv6: 64 } },
  ],
  ["one packet is for UDP", { service: "ops" }, { onePacket: undefined }],
  ["one packet", { service: "ops\nprotocol UDP" }, { onePacket: true, protocol: "UDP" }],
  ["one packet of a mark", { head: "fwmark 3", service: "ops" }, { onePacket: true, firewallMark: 3, firewallMarkFamilies: undefined }],
  ["a tunnel", { service: "lb_kind TUN type gue port 6080 remcsum" }, { tunnel: { type: "GUE", port: 6080, checksum: "RemoteChecksum" } }],
  ["quorum is no more than the weights", { service: "quorum 9\nhysteresis 9\nweight 4" }, { quorum: 4, hysteresis: 3, weight: 4 }],
  ["a suspended mark", { head: "fwmark 3", service: "ha_suspend" }, { suspendWithoutAddress: undefined }],
  ["a mark of IPv6 by its server", { head: "fwmark 3", endpoint: "2001:db8::9 80" }, { firewallMarkFamilies: ["IPv6"] }],
  [
    "a mark of tunnels by ip_family",
    { head: "fwmark 3", service: "lb_kind TUN\nip_family inet6" },
    { firewallMark: 3, firewallMarkFamilies: ["IPv6"] },
  ],
  ["a mark of IPv6 tunnels", { head: "fwmark 3", endpoint: "2001:db8::9", service: "lb_kind TUN" }, { firewallMarkFamilies: ["IPv6"] }],
  [
    "a sorry server that stays",
    { service: "sorry_server 10.0.0.8 81\nsorry_server_inhibit\nsorry_server_lvs_method NAT" },
    { sorryServer: { address: "10.0.0.8", port: 81, forwarding: "NAT", onFailure: "Drain" } },
  ],
  [
    "a sorry server that is a real server, too",
    { service: "sorry_server 10.0.0.9 80", server: "inhibit_on_failure" },
    { sorryServer: { address: "10.0.0.9", port: 80, onFailure: "Drain" } },
  ],
  [
    "what is told",
    { service: "quorum_up /bin/u\nquorum_down /bin/d x\nomega" },
    { notify: { quorumUp: [{ command: ["/bin/u"] }], quorumDown: [{ command: ["/bin/d"], user: "x" }], onStop: true } },
  ],
];

for (const [what, lines, expected] of specs)
  test(`virtual server: ${what}`, () => {
    const found = written(lines);
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((field) => [field, found[field as keyof typeof found]])), expected);
  });

const wrong: [what: string, lines: Written, message: string][] = [
  [
    "no protocol",
    { service: "lb_algo rr\nlb_kind DR\nha_suspend # protocol" },
    "warning: virtual_server 10.0.0.1 80: `protocol UDP` is assumed, as in keepalived",
  ],
  ["no port", { head: "10.0.0.1" }, "warning: a service without a port takes persistence: `persistence_timeout 360` is assumed"],
  ["a flag", { service: "lb_algo rr\nmh-port" }, "warning: `mh-port` is ignored: it is for lvs_sched mh"],
  [
    "an engine without persistence",
    { service: "persistence_engine sip" },
    "warning: persistence_engine has no effect without persistence_timeout",
  ],
  [
    "an engine",
    { service: "persistence_timeout\npersistence_engine x" },
    "error: persistence_engine `x` is not offered: the kernel has sip",
  ],
  [
    "a netmask with holes",
    { service: "persistence_granularity 255.0.255.0" },
    "error: persistence_granularity: expected a netmask such as 255.255.255.0, got `255.0.255.0`",
  ],
  [
    "a length for a netmask",
    { service: "persistence_granularity 24" },
    "error: persistence_granularity: expected a netmask such as 255.255.255.0, got `24`",
  ],
  ["ops", { service: "ops" }, "warning: `ops` is ignored: one-packet scheduling is for UDP"],
  ["gue without a port", { service: "lb_kind TUN type gue" }, "error: a tunnel of type gue needs a port, and no other has one"],
  ["ipip with a checksum", { service: "lb_kind TUN csum" }, "error: a tunnel of type ipip has no checksum"],
  ["gre with another", { service: "lb_kind TUN type gre remcsum" }, "error: a tunnel of type gre has no remote checksum"],
  [
    "a server of another family",
    { endpoint: "2001:db8::9 80" },
    "error: `2001:db8::9` is not of the address family of the service: only TUN can send to it",
  ],
  ["thresholds", { server: "lthreshold 5" }, "error: lthreshold 5 is above uthreshold 0: the kernel refuses such a server"],
  ["mark 0", { head: "fwmark 0" }, "error: fwmark: 0 is no mark: packets without one have it"],
  ["quorum", { service: "quorum 2" }, "warning: quorum 2 is taken for 1: the weights are no more, as in keepalived"],
  ["hysteresis", { service: "hysteresis 2" }, "warning: hysteresis 2 is taken for 0: it must be less than quorum, as in keepalived"],
  ["a suspended mark", { head: "fwmark 3", service: "ha_suspend" }, "warning: `ha_suspend` is ignored: a firewall mark is no address"],
  ["a lonely word", { service: "sorry_server_inhibit" }, "warning: `sorry_server_inhibit` is ignored: there is no sorry_server"],
  [
    "a sorry server that is a real server, too",
    { service: "sorry_server 10.0.0.9\nsorry_server_inhibit" },
    "warning: the sorry server is a real server, too: inhibit_on_failure of that counts for both",
  ],
  [
    "a server that is here twice",
    { service: "real_server 10.0.0.9 {\n}" },
    "warning: real_server `10.0.0.9 80` is here already: this one is ignored",
  ],
  [
    "a service that is here twice",
    { after: "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nreal_server 10.0.0.8 80 {\n}\n}" },
    "error: `TCP 10.0.0.1:80` belongs to the virtual_server in line 1",
  ],
  [
    "a weight that the kernel has not",
    { server: "weight 70000" },
    "error: VirtualServer realServers.0.weight: Too big: expected number to be <=65535",
  ],
  [
    "FILE_CHECK without a weight",
    { before: "track_file f {\nfile /x\nweight 0\n}\n", server: "FILE_CHECK {\ntrack_file f\n}" },
    "error: FILE_CHECK with weight 0 is not offered: give a weight, which the number is multiplied by",
  ],
  ["a payload", { server: "UDP_CHECK {\npayload 0x\n}" }, "error: payload: expected bytes in hexadecimal, got `0x`"],
  [
    "an anchor of PCRE2",
    { server: "HTTP_GET {\nurl {\npath /\nregex '\\\\Aok'\n}\n}" },
    "error: this expression is not offered, it must be one of JavaScript: `\\A` is PCRE2's own",
  ],
  [
    "no expression at all",
    { server: "HTTP_GET {\nurl {\npath /\nregex 'a++'\n}\n}" },
    "error: this expression is not offered, it must be one of JavaScript: Invalid regular expression: /a++/: Nothing to repeat",
  ],
  [
    "an option of PCRE2",
    { server: "HTTP_GET {\nurl {\npath /\nregex a\nregex_options ungreedy\n}\n}" },
    "error: regex_options `ungreedy` is not offered",
  ],
  [
    "the FIFO",
    { before: "global_defs {\nnotify_fifo /x\n}\n" },
    "warning: changes of real servers are ignored here: the FIFO gets those of virtual routers",
  ],
];

for (const [what, lines, message] of wrong)
  test(`told of: ${what}`, () => {
    const { told, virtualServers, hasErrors } = plan(lines);
    assert.ok(told.includes(message), told.join("\n"));
    assert.equal(hasErrors, message.startsWith("error"), told.join("\n"));
    if (!hasErrors) assert.equal(virtualServers.length, 1);
  });

test("a virtual server without a real server is none", () => {
  const loaded = load("virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nsorry_server 10.0.0.8 80\n}");
  assert.deepEqual([loaded.virtualServers, loaded.spec.virtualServers], [[], undefined]);
  assert.deepEqual(messages(loaded), ["1:1: warning: virtual_server 10.0.0.1 80 has no real_server"]);
});

test("names are those of the services, and each is unique", () => {
  const block = (head: string, protocol: string) =>
    `virtual_server ${head} {\nlb_algo rr\nlb_kind TUN\nprotocol ${protocol}\npersistence_timeout\nreal_server 10.0.0.9 {\n}\n}\n`;
  const loaded = load(
    block("10.0.0.1 53", "TCP") +
      block("10.0.0.1 53", "UDP") +
      block("10.0.0.1", "TCP") +
      block("2001:db8::1 53", "SCTP") +
      block("fwmark 3", "TCP"),
  );
  assert.deepEqual(
    loaded.virtualServers.map(({ namespace, name }) => `${namespace}/${name}`),
    ["10-0-0-1-53", "10-0-0-1-53-udp", "10-0-0-1", "2001-db8-1-53-sctp", "fwmark-3"].map((name) => `keepalived/${name}`),
  );
});

test("each real server has mail sent unless it says otherwise, a virtual server only if it says so", () => {
  const globals = (more = "") => `global_defs {\nsmtp_server 10.0.0.25\nnotification_email {\na@b\n}\n${more}\n}\n`;
  const mail = (lines: Written, before = globals()) => {
    const { notify, realServers } = written({ ...lines, before });
    return [notify?.mail, realServers?.[0]?.notify?.mail];
  };
  assert.deepEqual(mail({}), [undefined, true]);
  assert.deepEqual(mail({ server: "smtp_alert off" }), [undefined, undefined]);
  assert.deepEqual(mail({ service: "smtp_alert" }), [true, undefined]);
  assert.deepEqual(mail({ service: "smtp_alert", server: "smtp_alert off" }), [true, false]);
  assert.deepEqual(mail({}, globals("smtp_alert_checker off")), [undefined, undefined]);
  assert.deepEqual(mail({}, globals("smtp_alert off\nsmtp_alert_checker on")), [true, undefined]);
  assert.deepEqual(mail({}, ""), [undefined, undefined]);
});
