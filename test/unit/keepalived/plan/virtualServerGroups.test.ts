import assert from "node:assert/strict";
import { test } from "node:test";
import { expandRange } from "../../../../src/keepalived/plan/virtualServers/addressRanges.ts";
import { load, messages } from "./support.ts";

const ranges: [written: string, expected: string[] | string][] = [
  ["10.0.0.1", ["10.0.0.1"]],
  ["10.0.0.254-255", ["10.0.0.254", "10.0.0.255"]],
  ["10.0.0.255-10.0.1.1", ["10.0.0.255", "10.0.1.0", "10.0.1.1"]],
  ["10.0.0.8/30", ["10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11"]],
  ["2001:db8::9-b", ["2001:db8::9", "2001:db8::a", "2001:db8::b"]],
  ["2001:db8::ffff-2001:db8::1:0", ["2001:db8::ffff", "2001:db8::1:0"]],
  ["2001:db8::2/127", ["2001:db8::2", "2001:db8::3"]],
  ["10.0.0.9/30", "has bits behind its length: write 10.0.0.8"],
  ["10.0.0.0/8", "is more than 4096 addresses: use a firewall mark"],
  ["2001:db8::/64", "is more than 4096 addresses: use a firewall mark"],
];

for (const [written, expected] of ranges)
  test(`addresses: ${written}`, () => {
    assert.deepEqual(expandRange(written), typeof expected === "string" ? { problem: expected } : expected);
  });

function group(lines: string, { service = "lb_kind DR", server = "10.0.0.9 80", body = "" } = {}) {
  return load(`virtual_server_group WEB {\n${lines}\n}
virtual_server group WEB {\nlb_algo rr\nprotocol TCP\n${service}\nreal_server ${server} {\n${body}\n}\n}`);
}

const summary = (loaded: ReturnType<typeof load>) =>
  loaded.virtualServers.map(({ name, virtualIP, addresses, spec }) => ({
    name,
    ...(virtualIP !== undefined && { virtualIP }),
    ...(spec.firewallMark === undefined
      ? { addresses, ports: (spec.ports ?? []).map(({ port }) => port) }
      : { mark: spec.firewallMark, families: spec.firewallMarkFamilies ?? ["IPv4"] }),
  }));

test("addresses that share their ports are one VirtualServer, others one for each set of ports", () => {
  const loaded = group("10.1.0.1 80\n10.1.0.2-3 443\n10.1.0.2 80\n10.1.0.1 443\n10.1.0.3 80\n10.1.0.4 80\n10.1.0.4 80");
  assert.deepEqual(summary(loaded), [
    { name: "web", addresses: ["10.1.0.1", "10.1.0.2", "10.1.0.3"], ports: [80, 443] },
    { name: "web-2", addresses: ["10.1.0.4"], ports: [80] },
  ]);
});

test("marks are VirtualServers of their own, of the family of the servers or of their own", () => {
  assert.deepEqual(summary(group("10.1.0.1 80\nfwmark 3\nfwmark 4")), [
    { name: "web", addresses: ["10.1.0.1"], ports: [80] },
    { name: "web-fwmark-3", mark: 3, families: ["IPv4"] },
    { name: "web-fwmark-4", mark: 4, families: ["IPv4"] },
  ]);
  assert.deepEqual(summary(group("fwmark 3\nfwmark 3", { server: "2001:db8::9 80" })), [{ name: "web", mark: 3, families: ["IPv6"] }]);
  assert.deepEqual(summary(group("fwmark 3 inet\nfwmark 3 inet6", { service: "lb_kind TUN" })), [
    { name: "web", mark: 3, families: ["IPv4"] },
    { name: "web-fwmark-3", mark: 3, families: ["IPv6"] },
  ]);
});

test("all have the same servers and checks, and the first alone tells of changes", () => {
  const { virtualServers } = group("10.1.0.1 80\nfwmark 3", {
    service: "lb_kind DR\nquorum_up /bin/q",
    body: "notify_down /bin/d\nTCP_CHECK {\n}",
  });
  const [first, second] = virtualServers.map(({ written }) => written);
  assert.deepEqual(first?.notify, { quorumUp: [{ command: ["/bin/q"] }] });
  assert.deepEqual(first?.realServers?.[0]?.notify, { down: [{ command: ["/bin/d"] }] });
  assert.deepEqual([second?.notify, second?.realServers?.[0]?.notify], [undefined, undefined]);
  const asked = [first, second].map((one) => {
    const [server] = one?.realServers ?? [];
    return server?.healthChecks?.[0]?.port ?? server?.port;
  });
  assert.deepEqual(asked, [80, 80]);
});

test("more addresses than a VirtualServer has are several, each of one VirtualIP", () => {
  const instance = "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.1.0.5\n10.1.0.6/24\n}\n}\n";
  const loaded = load(
    `${instance}virtual_server_group WEB {\n10.1.0.0/25 80\n}\nvirtual_server group WEB {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nreal_server 10.0.0.9 80 {\n}\n}`,
  );
  assert.deepEqual(messages(loaded), []);
  assert.deepEqual(
    loaded.spec.virtualServers?.map(({ name, virtualIP, addresses }) => [name, virtualIP, addresses.length]),
    [
      ["web", undefined, 64],
      ["web-2", "V", 2],
      ["web-3", undefined, 62],
    ],
  );
});

const wrong: [what: string, lines: string, options: Parameters<typeof group>[1], messages: string[]][] = [
  ["nothing in it", "", {}, ["1:1: error: virtual_server_group `WEB` has no address and no mark"]],
  ["host bits", "10.1.0.1/24 80", {}, ["2:1: error: `10.1.0.1/24` has bits behind its length: write 10.1.0.0"]],
  [
    "too many",
    "10.1.0.0/20 80\n10.2.0.0/20 80",
    {},
    ["1:1: error: virtual_server_group `WEB` has more than 4096 addresses: use a firewall mark"],
  ],
  [
    "both families without a tunnel",
    "10.1.0.1 80\n2001:db8::1 80",
    {},
    ["9:1: error: `10.0.0.9` is not of the address family of the service: only TUN can send to it"],
  ],
  [
    "an address without a port",
    "10.1.0.1 80\n10.1.0.2",
    {},
    ["5:1: warning: a service without a port takes persistence: `persistence_timeout 360` is assumed"],
  ],
  [
    "granularity, which keepalived forgets",
    "10.1.0.1 80",
    { service: "lb_kind DR\npersistence_granularity 255.255.255.0" },
    ["8:1: warning: keepalived ignores persistence_granularity with a virtual_server_group: taken as meant"],
  ],
];

for (const [what, lines, options, expected] of wrong)
  test(`told of: ${what}`, () => {
    assert.deepEqual(messages(group(lines, options)), expected);
  });

test("a group is used once for each protocol", () => {
  const use = (protocol: string) =>
    `virtual_server group WEB {\nlb_algo rr\nlb_kind DR\nprotocol ${protocol}\nreal_server 10.0.0.9 80 {\n}\n}\n`;
  const defined = "virtual_server_group WEB {\n10.1.0.1 80\n}\n";
  assert.deepEqual(messages(load(defined + use("TCP") + use("UDP"))), []);
  assert.deepEqual(messages(load(defined + use("TCP") + use("TCP"))), [
    "11:1: error: `TCP 10.1.0.1:80` belongs to the virtual_server in line 4",
  ]);
});
