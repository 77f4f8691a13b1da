import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeAddress, PolicyRule, Route } from "../../../../src/api/nodeAgent.ts";
import { load, messages } from "./support.ts";

/** The line is line 6 of the file. */
function inList(list: string, line: string) {
  const loaded = load(
    `vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress_excluded { 10.255.0.1 }\n${list} {\n${line}\n}\n}`,
  );
  return { router: loaded.spec.virtualRouters[0], messages: messages(loaded).map((message) => message.replace(/^6:/, "")) };
}

const addresses: [line: string, address: NodeAddress | undefined, messages?: string[]][] = [
  ["10.0.0.1", { address: "10.0.0.1" }],
  ["10.0.0.1/24", { address: "10.0.0.1/24" }],
  ["10.0.0.1/32", { address: "10.0.0.1/32" }],
  ["2001:DB8:0::1/64", { address: "2001:db8::1/64" }],
  ["10.0.0.1 dev eth0", { address: "10.0.0.1" }],
  ["10.0.0.1 dev eth1 no_track", { address: "10.0.0.1", interface: "eth1" }],
  ["10.0.0.1 label eth0:x scope 253", { address: "10.0.0.1", label: "eth0:x", scope: "link" }],
  ["10.0.0.1 scope nowhere", { address: "10.0.0.1", scope: "nowhere" }],
  ["10.0.0.1/24 brd 10.0.0.9", { address: "10.0.0.1/24", broadcast: "10.0.0.9" }],
  ["10.0.0.1/24 brd +", { address: "10.0.0.1/24", broadcast: "10.0.0.255" }],
  ["10.1.2.3/20 broadcast +", { address: "10.1.2.3/20", broadcast: "10.1.15.255" }],
  ["10.1.2.3/20 brd -", { address: "10.1.2.3/20", broadcast: "10.1.0.0" }],
  ["10.0.0.1/31 brd +", { address: "10.0.0.1/31" }, ["13: warning: `brd +` is ignored: a subnet of /31 has no broadcast address"]],
  ["10.0.0.1 brd -", { address: "10.0.0.1" }, ["10: warning: `brd -` is ignored: a subnet of /32 has no broadcast address"]],
  ["fe80::1 label x", { address: "fe80::1" }, ["9: warning: `label` is ignored: an IPv6 address has none"]],
  ["fe80::1 scope link home -nodad", { address: "fe80::1" }, ["9: warning: `scope` is ignored: an IPv6 address has none"]],
  [
    "10.0.0.1 noprefixroute",
    { address: "10.0.0.1" },
    ["10: warning: `noprefixroute` is ignored: the route to the address's subnet comes with it"],
  ],
  ["10.0.0.1 scope 7", undefined, ["10: error: scope 7 is not offered: it has no name"]],
  ["10.0.0.1 peer 10.0.0.2", undefined, ["10: error: `peer` is not offered: point-to-point addresses are not offered"]],
  ["10.0.0.1/0", undefined, ["1: error: `10.0.0.1/0` cannot be moved: it is no address of a host"]],
  ["::ffff:10.0.0.1", undefined, ["1: error: `::ffff:a00:1` cannot be moved: it is no address of a host"]],
  ["10.0.0.1 label a-label-of-16-ch", undefined, ["16: error: label: expected 1 to 15 printable characters, got `a-label-of-16-ch`"]],
  [
    "10.0.0.1 dev eth0:1",
    undefined,
    ["14: error: virtual_ipaddress: expected the name of an interface (at most 15 characters), got `eth0:1`"],
  ],
];

for (const [line, address, expected = []] of addresses)
  test(`virtual_ipaddress: ${line}`, () => {
    const planned = inList("virtual_ipaddress", line);
    assert.deepEqual(planned.messages, expected);
    if (address) assert.deepEqual(planned.router?.addresses[0], address);
  });

test("an address that stands in an instance twice counts once", () => {
  const planned = inList("virtual_ipaddress", "10.0.0.1/24\n10.0.0.1\n10.255.0.1");
  assert.deepEqual(planned.router?.addresses, [{ address: "10.0.0.1/24" }, { address: "10.255.0.1" }]);
  assert.deepEqual(planned.messages, [
    "4:30: warning: `10.255.0.1` stands in the instance already: this line is ignored",
    "7:1: warning: `10.0.0.1` stands in the instance already: this line is ignored",
  ]);
});

const unicast = (destination: string, more: Partial<Route> = {}): Route => ({ destination, type: "unicast", ...more });

const routes: [line: string, route: Route | undefined, messages?: string[]][] = [
  ["10.9.0.0/24 via 10.0.0.9", unicast("10.9.0.0/24", { nextHops: [{ via: "10.0.0.9" }] })],
  ["10.9.0.0/24 dev eth1", unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }] })],
  [
    "src 10.0.0.1 to 10.9.0.0/24 via 10.0.0.9 dev eth1 onlink",
    unicast("10.9.0.0/24", { nextHops: [{ via: "10.0.0.9", interface: "eth1", onLink: true }], source: "10.0.0.1" }),
  ],
  ["default via 10.0.0.9", unicast("0.0.0.0/0", { nextHops: [{ via: "10.0.0.9" }] })],
  ["default via fe80::9 dev eth1", unicast("::/0", { nextHops: [{ via: "fe80::9", interface: "eth1" }] })],
  ["inet6 default dev eth1", unicast("::/0", { nextHops: [{ interface: "eth1" }] })],
  ["default6 dev eth1", unicast("::/0", { nextHops: [{ interface: "eth1" }] })],
  ["any dev eth1", unicast("0.0.0.0/0", { nextHops: [{ interface: "eth1" }] })],
  ["10.9.0.1 dev eth1", unicast("10.9.0.1", { nextHops: [{ interface: "eth1" }] })],
  ["blackhole 10.9.0.0/24", { destination: "10.9.0.0/24", type: "blackhole" }],
  ["prohibit default", { destination: "0.0.0.0/0", type: "prohibit" }],
  ["local 10.9.0.1 dev lo", { destination: "10.9.0.1", type: "local" }],
  [
    "10.9.0.0/24 dev eth1 table 100 metric 5 scope link mtu 1400",
    unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }], table: 100, metric: 5, scope: "link", mtu: 1400 }),
  ],
  ["10.9.0.0/24 dev eth1 table main", unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }] })],
  ["10.9.0.0/24 dev eth1 table local", unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }], table: 255 })],
  ["10.9.0.0/24 dev eth1 table 0xff", unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }], table: 255 })],
  [
    "10.9.0.0/24 nexthop via 10.0.0.8 dev eth1 weight 2 nexthop via 10.0.0.9 onlink",
    unicast("10.9.0.0/24", {
      nextHops: [
        { via: "10.0.0.8", interface: "eth1", weight: 2 },
        { via: "10.0.0.9", onLink: true },
      ],
    }),
  ],
  [
    "10.9.0.0/24 via 10.0.0.8 or 10.0.0.9 dev eth1",
    unicast("10.9.0.0/24", {
      nextHops: [
        { via: "10.0.0.8", interface: "eth1" },
        { via: "10.0.0.9", interface: "eth1" },
      ],
    }),
    ["26: warning: `or` is deprecated: write nexthop"],
  ],
  [
    "10.9.0.0/24 dev eth1 hoplimit 9",
    unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }] }),
    ["22: warning: `hoplimit` is ignored: the kernel's own value is used"],
  ],
  ["10.9.0.0/24 dev eth1 protocol static", unicast("10.9.0.0/24", { nextHops: [{ interface: "eth1" }] })],
  ["via 10.0.0.9", undefined, ["1: error: the route has no destination"]],
  ["10.9.0.0/24 via fe80::9", undefined, ["13: error: IPv6 beside IPv4: a route or rule is of one family"]],
  [
    "10.9.0.0/24 dev eth1 table small",
    undefined,
    ["28: error: table: expected main, local, default or a number from 1 to 4294967295, got `small`"],
  ],
  ["10.9.0.0/24 dev eth1 mtu 60", undefined, ["26: error: mtu: expected a number from 68 to 65535, got `60`"]],
  ["throw 10.9.0.0/24", undefined, ["1: error: `throw` is not offered: routes of this type are not offered"]],
  [
    "10.9.0.0/24 dev eth1 tos 4",
    undefined,
    ["22: error: `tos` is not offered: routes for some packets only are not offered: use a rule and a table"],
  ],
];

for (const [line, route, expected = []] of routes)
  test(`virtual_routes: ${line}`, () => {
    const planned = inList("virtual_routes", line);
    assert.deepEqual(planned.messages, expected);
    if (route) assert.deepEqual(planned.router?.routes, [route]);
  });

const rules: [line: string, rule: PolicyRule | undefined, messages?: string[]][] = [
  ["from 10.9.0.0/24 table 5 preference 7", { family: "IPv4", priority: 7, from: "10.9.0.0/24", action: "lookup", table: 5 }],
  ["to fe80::/64 lookup main priority 7", { family: "IPv6", priority: 7, to: "fe80::/64", action: "lookup", table: 254 }],
  [
    "from all iif eth1 oif eth2 fwmark 0x10/0xff prohibit order 7",
    {
      family: "IPv4",
      priority: 7,
      inputInterface: "eth1",
      outputInterface: "eth2",
      firewallMark: 16,
      firewallMask: 255,
      action: "prohibit",
    },
  ],
  ["inet6 fwmark 3 table 5 pref 7", { family: "IPv6", priority: 7, firewallMark: 3, action: "lookup", table: 5 }],
  ["from default6 table 5 pref 7", { family: "IPv6", priority: 7, action: "lookup", table: 5 }],
  ["from 10.9.0.0/24 type blackhole preference 7", { family: "IPv4", priority: 7, from: "10.9.0.0/24", action: "blackhole" }],
  [
    "from 10.9.0.0/24 table 5",
    { family: "IPv4", priority: 16384, from: "10.9.0.0/24", action: "lookup", table: 5 },
    ["1: warning: the rule has no preference: 16384 is taken, as keepalived does"],
  ],
  [
    "from 10.9.0.0/24 preference 7",
    undefined,
    ["1: error: a rule needs one of table, blackhole, unreachable and prohibit, and this one has none"],
  ],
  [
    "from 10.9.0.0/24 table 5 prohibit preference 7",
    undefined,
    ["1: error: a rule needs one of table, blackhole, unreachable and prohibit, and this one has several"],
  ],
  ["from 10.9.0.0/24 to fe80::1 table 5 preference 7", undefined, ["18: error: IPv6 beside IPv4: a route or rule is of one family"]],
  ["from 10.9.0.0/24 table 5 preference 40000", undefined, ["37: error: preference: expected a number from 1 to 32765, got `40000`"]],
  ["not from 10.9.0.0/24 table 5 preference 7", undefined, ["1: error: `not` is not offered: rules with this selector are not offered"]],
  ["from 10.9.0.0/24 goto 40 preference 7", undefined, ["18: error: `goto` is not offered: rules of this action are not offered"]],
  ["from 10.9.0.0/24 type nat preference 7", undefined, ["18: error: type `nat` is not offered"]],
];

for (const [line, rule, expected = []] of rules)
  test(`virtual_rules: ${line}`, () => {
    const planned = inList("virtual_rules", line);
    assert.deepEqual(planned.messages, expected);
    if (rule) assert.deepEqual(planned.router?.rules, [rule]);
  });

test("rules without a preference get one, downwards, static ones and each family counted", () => {
  const { spec } = load(
    "static_rules {\nfrom 10.1.0.0/24 table 5\nfrom 10.2.0.0/24 table 5\nfrom fe80::/64 table 5\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\nvirtual_rules {\nfrom 10.3.0.0/24 table 5\n}\n}",
  );
  assert.deepEqual(
    [...(spec.static?.rules ?? []), ...(spec.virtualRouters[0]?.rules ?? [])].map(({ priority }) => priority),
    [16384, 16383, 16384, 16382],
  );
});

test("static addresses stand on their interface, on default_interface, or on eth0", () => {
  const standing = (globals: string) =>
    load(`${globals}\nstatic_ipaddress {\n10.0.0.1/24 brd +\nfe80::1 dev eth5\n}\nstatic_ipaddress {\n10.0.0.2\n}`).spec.static?.addresses;
  const [plain, ipv6] = [
    { address: "10.0.0.1/24", broadcast: "10.0.0.255" },
    { address: "fe80::1", interface: "eth5" },
  ];
  assert.deepEqual(standing(""), [{ ...plain, interface: "eth0" }, ipv6, { address: "10.0.0.2", interface: "eth0" }]);
  assert.deepEqual(standing("global_defs { default_interface eth7 }"), [
    { ...plain, interface: "eth7" },
    ipv6,
    { address: "10.0.0.2", interface: "eth7" },
  ]);
});
