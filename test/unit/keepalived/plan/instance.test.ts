import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { instanceLines, load, messages, planInstance } from "./support.ts";

/** Lines of an instance (and of global_defs in front) → what they give, and the messages by line and column. */
type Row = [lines: string, gives: Partial<VirtualRouterSpec>, messages?: string[], globals?: string];

const opener = "vrrp_instance V {\n";

function check([lines, gives, expected = [], globals]: Row): void {
  const before = globals === undefined ? "" : `global_defs { ${globals.replaceAll("; ", "\n")} }\n`;
  const { router, messages: told } = planInstance(lines, before);
  const fields = Object.fromEntries(Object.keys(gives).map((field) => [field, router[field as keyof VirtualRouterSpec]]));
  assert.deepEqual(fields, gives);
  const linesBefore = `${before}${opener}`.split("\n").length - 1;
  assert.deepEqual(
    told.map((message) => message.replace(/^\d+/, (line) => String(Number(line) - linesBefore))),
    expected,
  );
}

function rows(what: string, table: Row[]): void {
  for (const row of table) test(`${what}: ${[row[3] ?? [], row[0].replaceAll("\n", "; ")].flat().join(" | ")}`, () => check(row));
}

const rounded = (written: string, taken: string, version: number) =>
  `1:1: warning: advert_int ${written} is taken for ${taken}: version ${version} has no such interval`;

// keepalived rounds to the nearest interval that the version can express.
rows("interval", [
  ["", { version: 2, advertisementInterval: "1s" }],
  ["advert_int 2", { advertisementInterval: "2s" }],
  ["advert_int 1.", { advertisementInterval: "1s" }],
  ["advert_int 0.92", { advertisementInterval: "1s" }, [rounded("0.92", "1s", 2)]],
  ["advert_int 0.3", { advertisementInterval: "1s" }, [rounded("0.3", "1s", 2)]],
  ["advert_int 2.5", { advertisementInterval: "3s" }, [rounded("2.5", "3s", 2)]],
  ["advert_int 2.49", { advertisementInterval: "2s" }, [rounded("2.49", "2s", 2)]],
  ["advert_int 255", { advertisementInterval: "255s" }],
  ["advert_int 0.92\nversion 3", { version: 3, advertisementInterval: "920ms" }],
  ["advert_int 0.01\nversion 3", { advertisementInterval: "10ms" }],
  ["advert_int 0.015\nversion 3", { advertisementInterval: "20ms" }, [rounded("0.015", "20ms", 3)]],
  ["advert_int 0.014\nversion 3", { advertisementInterval: "10ms" }, [rounded("0.014", "10ms", 3)]],
  ["advert_int 1.005\nversion 3", { advertisementInterval: "1010ms" }, [rounded("1.005", "1010ms", 3)]],
  ["advert_int 41\nversion 3", { advertisementInterval: "40950ms" }, [rounded("41", "40950ms", 3)]],
  ["advert_int 40.95\nversion 3", { advertisementInterval: "40950ms" }],
  ["", { version: 3, advertisementInterval: "1s" }, [], "vrrp_version 3"],
  ["version 2", { version: 2 }, [], "vrrp_version 3"],
]);

rows("priority and preemption", [
  ["", { priority: 100, preempt: true, preemptDelay: "0s" }],
  ["state BACKUP", { priority: 100 }],
  [
    "state MASTER",
    { priority: 255 },
    ["1:1: warning: without a priority, state MASTER makes the instance the address owner: priority 255 is taken, as in keepalived"],
  ],
  ["state MASTER\npriority 7", { priority: 7 }],
  ["nopreempt\npreempt", { preempt: true }],
  ["preempt\nnopreempt", { preempt: false }],
  ["preempt_delay 4.12", { preempt: true, preemptDelay: "4120ms" }],
  ["preempt_delay 0.0015", { preemptDelay: "1.5ms" }],
  ["preempt_delay 1000", { preemptDelay: "1000s" }],
  ["nopreempt\npreempt_delay 5", { preempt: false, preemptDelay: "0s" }, ["2:1: warning: preempt_delay has no effect beside nopreempt"]],
  [
    "state MASTER\npriority 9\npreempt_delay 5",
    { preemptDelay: "5s" },
    ["3:1: warning: keepalived ignores preempt_delay beside state MASTER: taken as meant, the instance begins as BACKUP"],
  ],
  [
    "priority 255\nnopreempt",
    { priority: 255, preempt: true },
    ["2:1: warning: nopreempt is ignored: priority 255 is the address owner, which always preempts"],
  ],
  ["preempt_delay 5\nstrict_mode", { preemptDelay: "0s" }, ["1:1: warning: preempt_delay is ignored beside strict_mode, as in keepalived"]],
  ["preempt_delay 5\nstrict_mode off", { preemptDelay: "5s" }, [], "vrrp_strict"],
  ["down_timer_adverts 5", { downTimerAdverts: 5 }],
  ["", { downTimerAdverts: 7 }, [], "vrrp_down_timer_adverts 7"],
  [
    "down_timer_adverts 5\nstrict_mode on",
    { downTimerAdverts: 3 },
    ["1:1: warning: down_timer_adverts is ignored beside strict_mode, as in keepalived"],
  ],
  ["", { startupDelay: "5500ms" }, [], "vrrp_startup_delay 5.5"],
]);

const announced = (at: string[], copies: number, refresh = "0s", refreshCopies = 1) => ({
  announcements: { at, copies, refresh, refreshCopies },
});

rows("announcements", [
  ["", announced(["0s", "5s"], 5)],
  ["garp_master_delay 0", announced(["0s"], 5)],
  ["garp_master_delay 10\ngarp_master_repeat 1", announced(["0s", "10s"], 1)],
  ["garp_master_refresh 60\ngarp_master_refresh_repeat 2", announced(["0s", "5s"], 5, "60s", 2)],
  ["garp_master_repeat 0", announced(["0s", "5s"], 1)],
  ["garp_master_repeat 500", announced(["0s", "5s"], 100), ["1:1: warning: garp_master_repeat 500 is taken for 100"]],
  ["", announced(["0s"], 1), [], "vrrp_min_garp"],
  ["", announced(["0s", "5s"], 5), [], "vrrp_min_garp off"],
  ["", announced(["0s"], 3), [], "vrrp_min_garp; vrrp_garp_master_repeat 3"],
  ["garp_master_delay 2", announced(["0s", "2s"], 4, "30s", 1), [], "vrrp_garp_master_repeat 4; vrrp_garp_master_refresh 30"],
]);

const noMulticast = { multicastGroup: undefined, unicastPeers: undefined, sourceAddress: undefined };
const noPeer = (word: string) => [`1:1: warning: \`${word}\` without any unicast_peer: the adverts are multicast, as in keepalived`];

rows("transport", [
  ["", noMulticast],
  ["", { multicastGroup: "224.0.100.19" }, [], "vrrp_mcast_group4 224.0.100.19; vrrp_mcast_group6 ff02::13"],
  ["mcast_dst_ip 224.0.0.77", { multicastGroup: "224.0.0.77" }, [], "vrrp_mcast_group4 224.0.100.19"],
  ["mcast_src_ip 10.0.0.5", { sourceAddress: "10.0.0.5" }],
  [
    "unicast_src_ip 10.0.0.5\nunicast_peer {\n10.0.0.6\n10.0.0.7\n10.0.0.6\n}",
    { sourceAddress: "10.0.0.5", unicastPeers: ["10.0.0.6", "10.0.0.7"], unicastTTL: undefined },
  ],
  ["unicast_peer {\n10.0.0.6\n}", { ...noMulticast, unicastPeers: ["10.0.0.6"] }, [], "vrrp_mcast_group4 224.0.100.19"],
  ["unicast_src_ip 10.0.0.5", { sourceAddress: "10.0.0.5", unicastPeers: undefined }, noPeer("unicast_src_ip")],
  ["unicast_peer {\n}", noMulticast, noPeer("unicast_peer")],
  [
    "unicast_peer {\n10.0.0.6\n10.0.0.7 min_ttl 250\n10.0.0.8 max_ttl 64 min_ttl 60\n10.0.0.6 min_ttl 255\n}",
    {
      unicastPeers: ["10.0.0.6", "10.0.0.7", "10.0.0.8"],
      peerTTLs: [
        { peer: "10.0.0.6", minimum: 0, maximum: 255 },
        { peer: "10.0.0.7", minimum: 250, maximum: 255 },
        { peer: "10.0.0.8", minimum: 60, maximum: 64 },
      ],
    },
  ],
  ["unicast_peer {\n10.0.0.6\n}\nunicast_ttl 255", { unicastTTL: undefined }],
  ["unicast_peer {\n10.0.0.6\n}\nunicast_ttl 64", { unicastTTL: 64 }],
  ["unicast_peer {\n10.0.0.6\n}\nunicast_ttl 0", { unicastTTL: 1 }, ["4:1: warning: unicast_ttl 0 is taken for 1"]],
  ["unicast_ttl 64", noMulticast, noPeer("unicast_ttl")],
  ["mcast_src_ip 10.0.0.5\ntrack_src_ip", { sourceAddress: "10.0.0.5", trackSourceAddress: true }],
  [
    "track_src_ip",
    { sourceAddress: undefined, trackSourceAddress: undefined },
    ["1:1: warning: track_src_ip has no effect without mcast_src_ip or unicast_src_ip"],
  ],
]);

test("unicast over IPv6 leaves with the kernel's hop limit unless unicast_ttl gives another", () => {
  const ttl = (line: string) => {
    const peer = "unicast_peer {\nfe80::6\n}";
    return load(`vrrp_instance V {\n${six(`interface eth0\nvirtual_router_id 1\n${peer}\n${line}`)}\n}`).spec.virtualRouters[0]?.unicastTTL;
  };
  assert.deepEqual(["", "unicast_ttl 255", "unicast_ttl 3"].map(ttl), [64, undefined, 3]);
});

const acceptless = (lines: string) => [`1:1: warning: accept is ignored beside ${lines}, as in keepalived`];

rows("accept mode", [
  ["", { accept: undefined }],
  ["no_accept", { accept: false }],
  ["no_accept\naccept", { accept: undefined }],
  ["accept\nno_accept", { accept: false }],
  ["strict_mode", { accept: false }],
  ["", { accept: false }, [], "vrrp_strict"],
  ["accept\nstrict_mode\nversion 3", { accept: undefined }],
  ["accept\nstrict_mode", { accept: false }, acceptless("strict_mode and version 2")],
  ["no_accept\npriority 255", { accept: undefined }],
]);

const six = (lines: string) => `${lines}\nvirtual_ipaddress {\nfe80::1\n}`;

test("an IPv6 instance is of version 3, begins with no link-local address by itself, and has its own group", () => {
  const text =
    "global_defs {\nvrrp_mcast_group4 224.0.0.99\nvrrp_mcast_group6 ff02::99\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n2001:db8::10/64\n}\n}";
  const [router] = load(text).spec.virtualRouters;
  assert.deepEqual(
    [router?.family, router?.version, router?.linkLocalFirst, router?.multicastGroup, router?.addresses],
    ["IPv6", 3, false, "ff02::99", [{ address: "2001:db8::10/64" }]],
  );
  assert.deepEqual(messages(load(text.replace("interface eth0", "interface eth0\nversion 2"))), [
    "7:1: warning: version 2 is taken for 3: IPv6 has no other",
  ]);
});

test("without advertised addresses the source says the family, or native_ipv6", () => {
  const families = ["mcast_src_ip fe80::5", "native_ipv6", "unicast_peer {\nfe80::6\n}", "mcast_dst_ip ff02::77", ""].map((line) => {
    const text = `vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n${line}\nvirtual_ipaddress_excluded {\n2001:db8::1\n10.0.0.1\n}\n}`;
    const [router] = load(text).spec.virtualRouters;
    assert.deepEqual(router?.addresses, [
      { address: "2001:db8::1", advertised: false },
      { address: "10.0.0.1", advertised: false },
    ]);
    return router.family;
  });
  assert.deepEqual(families, ["IPv6", "IPv6", "IPv6", "IPv6", "IPv4"]);
});

rows("authentication", [
  ["authentication {\nauth_type PASS\nauth_pass secret\n}", { passwordRef: { name: "v-vrrp", key: "password" } }],
  ["authentication {\nauth_pass secret\n}", { passwordRef: undefined }],
  [
    "authentication {\nauth_type PASS\n}",
    { passwordRef: undefined },
    ["1:1: warning: authentication is ignored, as in keepalived: there is no auth_pass"],
  ],
  [
    "version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}",
    { passwordRef: undefined },
    ["2:1: warning: authentication is ignored, as in keepalived: VRRP version 3 has none"],
  ],
  [
    "strict_mode\nauthentication {\nauth_type PASS\nauth_pass x\n}",
    { passwordRef: undefined },
    ["2:1: warning: authentication is ignored, as in keepalived: strict_mode allows none"],
  ],
]);

test("of a password eight bytes travel, whatever the letters; secrets of instances are apart", () => {
  const passwords = (written: string) => {
    const block = (name: string, id: number) =>
      `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${id}\nvirtual_ipaddress {\n10.0.0.${id}\n}\nauthentication {\nauth_type PASS\nauth_pass ${written}\n}\n}\n`;
    const loaded = load(`${block("A_1", 1)}${block("a-1", 2)}`);
    return {
      secrets: loaded.secrets,
      messages: messages(loaded),
      refs: loaded.spec.virtualRouters.map(({ passwordRef }) => passwordRef?.name),
    };
  };
  const { secrets, refs } = passwords("123456789");
  assert.deepEqual(secrets, [
    { name: "a-1-vrrp", key: "password", value: "12345678" },
    { name: "a-1-vrrp-2", key: "password", value: "12345678" },
  ]);
  assert.deepEqual(refs, ["a-1-vrrp", "a-1-vrrp-2"]);
  assert.equal(passwords("grün").secrets[0]?.value, "grün");
  assert.equal(passwords("pässword").secrets[0]?.value, "pässwor");
  assert.match(passwords("pässword").messages[0] ?? "", /warning: auth_pass: only the first 8 bytes/);
  assert.match(
    passwords("passworü").messages.find((message) => message.includes("error")) ?? "",
    /^9:11: error: auth_pass: its first 8 bytes end within a character/,
  );
});

rows("virtual MAC address", [
  ["use_vmac", { virtualMACInterface: "vrrp.1" }],
  ["use_vmac mac0", { virtualMACInterface: "mac0" }],
  ["use_vmac", { virtualMACInterface: "vm.1" }, [], "vmac_prefix vm"],
  ["use_vmac", { virtualMACInterface: "a-very-long-p.1" }, [], "vmac_prefix a-very-long-prefix"],
  [
    "use_vmac mac0 02:00:00:00:00:01",
    { virtualMACInterface: "mac0" },
    ["1:1: warning: the MAC address is ignored: it is the virtual router's, 00-00-5E-00-01-VRID (IPv6: -02-VRID)"],
  ],
  ["use_vmac\nvmac_xmit_base", { virtualMACInterface: "vrrp.1", advertsWithVirtualMAC: false }],
  ["vmac_xmit_base", { virtualMACInterface: undefined }, ["1:1: warning: vmac_xmit_base has no effect without use_vmac"]],
  [
    "vmac_xmit_base\nuse_vmac\nstrict_mode",
    { virtualMACInterface: "vrrp.1", advertsWithVirtualMAC: undefined },
    ["1:1: warning: vmac_xmit_base is ignored beside strict_mode, as in keepalived"],
  ],
]);

test("macvlans get names that no other has, as keepalived counts them", () => {
  const instance = (name: string, interfaceName: string, address: string, vmac: string) =>
    `vrrp_instance ${name} {\ninterface ${interfaceName}\nvirtual_router_id 5\nvirtual_ipaddress {\n${address}\n}\n${vmac}\n}\n`;
  const { spec } = load(
    [
      instance("A", "eth0", "10.0.0.1", "use_vmac"),
      instance("B", "eth0", "fe80::1", "use_vmac"),
      instance("C", "eth1", "10.0.1.1", "use_vmac"),
      instance("D", "eth1", "fe80::2", "use_vmac vrrp2.5"),
      instance("E", "eth2", "10.0.2.1", "use_vmac"),
      instance("F", "eth2", "fe80::3", "use_vmac"),
    ].join(""),
  );
  assert.deepEqual(
    spec.virtualRouters.map(({ virtualMACInterface }) => virtualMACInterface),
    ["vrrp.5", "vrrp6.5", "vrrp1.5", "vrrp2.5", "vrrp3.5", "vrrp4.5"],
  );
});

test("beside use_vmac addresses of the instance's family stand on the macvlan, the others below it", () => {
  const { router } = planInstance("use_vmac\nvirtual_ipaddress_excluded {\n10.0.0.2 dev eth0\nfe80::9\nfe80::8 dev eth1\n}");
  assert.deepEqual(router.addresses, [
    { address: "10.0.0.1/24" },
    { address: "10.0.0.2", advertised: false },
    { address: "fe80::9", interface: "eth0", advertised: false },
    { address: "fe80::8", interface: "eth1", advertised: false },
  ]);
});

const errors: [what: string, text: string, messages: string[]][] = [
  [
    "no interface",
    "vrrp_instance V {\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
    ["1:1: error: vrrp_instance V has no interface"],
  ],
  [
    "unicast without an interface",
    "vrrp_instance V {\nunicast_src_ip 10.0.0.2\nunicast_peer {\n10.0.0.3\n}\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
    ["1:1: error: vrrp_instance `V` has no interface: here a unicast instance needs one, too"],
  ],
  [
    "no addresses",
    "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n}",
    ["1:1: error: vrrp_instance V has no virtual_ipaddress: there is nothing to hold"],
  ],
  [
    "an empty list of addresses",
    "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n}\n}",
    ["1:1: error: vrrp_instance `V` has no address: there is nothing to hold"],
  ],
  [
    "the same VRID on one interface",
    `vrrp_instance A {\n${instanceLines}\n}\nvrrp_instance B {\nvirtual_router_id 1\ninterface eth0\nvirtual_ipaddress {\n10.0.0.2\n}\n}`,
    ["7:1: error: virtual_router_id 1 on eth0 belongs to vrrp_instance `A` in line 1"],
  ],
  [
    "the same address in two instances",
    `vrrp_instance A {\n${instanceLines}\n}\nvrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress_excluded {\n10.0.0.1\n}\n}`,
    ["10:1: error: `10.0.0.1` belongs to vrrp_instance `A` in line 1"],
  ],
  [
    "addresses of another family",
    `vrrp_instance A {\n${instanceLines}\nmcast_src_ip fe80::1\nunicast_peer {\nfe80::2\n}\n}`,
    ["5:1: error: an IPv6 address: the instance is of IPv4", "7:1: error: an IPv6 address: the instance is of IPv4"],
  ],
  [
    "unicast that must not fall back to multicast",
    `vrrp_instance A {\n${instanceLines}\nunicast_fault_no_peer\n}`,
    ["5:1: error: the instance has no unicast_peer, so it would be in FAULT for ever"],
  ],
  [
    "TTLs that no advert can have",
    `vrrp_instance A {\n${instanceLines}\nunicast_peer {\n10.0.0.2 min_ttl 65 max_ttl 64\n}\n}`,
    ["6:1: error: min_ttl 65 is above max_ttl 64: no advert of the peer would count"],
  ],
  [
    "another network namespace",
    `net_namespace x\nvrrp_instance A {\n${instanceLines}\n}`,
    ["1:1: error: `net_namespace` is not offered: start the agent in it: ip netns exec NAME aloft agent"],
  ],
  [
    "the name of a macvlan",
    `vrrp_instance A {\n${instanceLines}\nuse_vmac a-name-too-long-for-it\n}`,
    ["5:1: error: use_vmac: expected the name of an interface (at most 15 characters), got `a-name-too-long-for-it`"],
  ],
  [
    "a text that is too long for an object",
    `vrrp_instance A {\n${instanceLines}\nnotify_master "/bin/x ${"y".repeat(1025)}"\n}`,
    ["1:1: error: notify.programs.0.command.1: Too big: expected string to have <=1024 characters"],
  ],
];

for (const [what, text, expected] of errors)
  test(`error: ${what}`, () => {
    const loaded = load(text);
    assert.deepEqual(messages(loaded), expected);
    assert.equal(loaded.hasErrors, true);
  });

test("the same VRID is another virtual router on another interface, and in the other family", () => {
  const { hasErrors, spec } = load(
    `vrrp_instance A {\n${instanceLines}\n}\nvrrp_instance B {\ninterface eth1\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.1.1\n}\n}\nvrrp_instance C {\n${six("interface eth0\nvirtual_router_id 1")}\n}`,
  );
  assert.equal(hasErrors, false);
  assert.equal(spec.virtualRouters.length, 3);
});

test("a file with an error is not planned: what follows from one mistake would hide it", () => {
  const loaded = load("vrrp_instance V {\ninterface eth0\nvirtual_router_id 0\n}");
  assert.deepEqual(messages(loaded), [
    "1:1: error: vrrp_instance V has no virtual_ipaddress: there is nothing to hold",
    "3:19: error: virtual_router_id: expected a whole number from 1 to 255, got `0`",
  ]);
  assert.deepEqual(loaded.spec, { virtualRouters: [] });
});
