import assert from "node:assert/strict";
import { test } from "node:test";
import { importFixtures, importTexts, instance } from "./support.ts";

const agree = "the nodes must agree";
const taken = "that of the node of the highest priority is taken for all";

/** Two nodes, the second with another line; messages without the ones about programs. */
const differences: [what: string, first: string, second: string, messages: string[]][] = [
  ["nothing", "", "", []],
  ["virtual_router_id", "", "virtual_router_id 2", [`lb2.conf:7:1: error: virtual_router_id is 2, and 1 on lb1 (lb1.conf:3): ${agree}`]],
  ["version", "", "version 3", [`lb2.conf:8:1: error: version is 3, and 2 on lb1 (lb1.conf:1): ${agree}`]],
  ["advert_int", "advert_int 2", "advert_int 3", [`lb2.conf:8:1: error: advert_int is 3s, and 2s on lb1 (lb1.conf:8): ${agree}`]],
  ["advert_int left out where it is the default", "advert_int 1", "", []],
  [
    "the password",
    "authentication {\nauth_type PASS\nauth_pass secret1\n}",
    "authentication {\nauth_type PASS\nauth_pass secret2\n}",
    [`lb2.conf:8:1: error: the password differs from lb1 (lb1.conf:8): ${agree}`],
  ],
  [
    "a password that is cut alike",
    "authentication {\nauth_type PASS\nauth_pass 12345678\n}",
    "authentication {\nauth_type PASS\nauth_pass 123456789\n}",
    [],
  ],
  [
    "no password",
    "authentication {\nauth_type PASS\nauth_pass x\n}",
    "",
    [`lb2.conf:1:1: error: the password differs from lb1 (lb1.conf:8): ${agree}`],
  ],
  [
    "the group",
    "",
    "mcast_dst_ip 224.0.0.77",
    [`lb2.conf:8:1: error: the multicast group is 224.0.0.77, and the default on lb1 (lb1.conf:1): ${agree}`],
  ],
  ["unicast", "", "unicast_peer {\n10.0.0.9\n}", [`lb2.conf:8:1: error: unicast_peer is given, and none on lb1 (lb1.conf:1): ${agree}`]],
  [
    "an address",
    "virtual_ipaddress {\n10.0.0.1\n10.0.0.2\n}",
    "virtual_ipaddress {\n10.0.0.1\n10.0.0.3\n}",
    [
      `lb2.conf:5:1: error: 10.0.0.3 is not among the addresses of lb1 (lb1.conf:5): ${agree}`,
      `lb2.conf:5:1: error: 10.0.0.2 of lb1 (lb1.conf:5) is missing: ${agree}`,
    ],
  ],
  [
    "the options of an address",
    "virtual_ipaddress {\n10.0.0.1 label eth0:a\n}",
    "virtual_ipaddress {\n10.0.0.1 label eth0:b\n}",
    [`lb2.conf:5:1: error: 10.0.0.1 has other options than on lb1 (lb1.conf:5): ${agree}`],
  ],
  [
    "the priority",
    "",
    "priority 100",
    [
      "lb2.conf:7:1: error: priority is 100 on lb1 (lb1.conf:4), too: nodes of one priority would compare their addresses, so give each another",
    ],
  ],
  ["nopreempt", "nopreempt", "", [`lb2.conf:1:1: warning: nopreempt differs from lb1 (lb1.conf:8): ${taken}`]],
  ["preempt_delay", "", "preempt_delay 5", [`lb2.conf:8:1: warning: preempt_delay is 5s, and 0s on lb1 (lb1.conf:1): ${taken}`]],
  ["garp", "", "garp_master_repeat 1", [`lb2.conf:1:1: warning: garp_master_* differs from lb1 (lb1.conf:1): ${taken}`]],
  ["use_vmac", "use_vmac", "", [`lb2.conf:1:1: warning: use_vmac differs from lb1 (lb1.conf:8): ${taken}`]],
  [
    "vmac_xmit_base",
    "use_vmac\nvmac_xmit_base",
    "use_vmac",
    [`lb2.conf:1:1: warning: vmac_xmit_base differs from lb1 (lb1.conf:9): ${taken}`],
  ],
  ["no_accept", "no_accept", "", [`lb2.conf:1:1: warning: no_accept differs from lb1 (lb1.conf:8): ${taken}`]],
  [
    "unicast_ttl",
    "unicast_peer {\n10.0.0.9\n}",
    "unicast_peer {\n10.0.0.8\n}\nunicast_ttl 64",
    [`lb2.conf:11:1: warning: unicast_ttl is 64, and 255 on lb1 (lb1.conf:1): ${taken}`],
  ],
  [
    "min_ttl",
    "unicast_peer {\n10.0.0.9\n}",
    "unicast_peer {\n10.0.0.8 min_ttl 255\n}",
    ["lb2.conf:8:1: warning: min_ttl and max_ttl give 255-255 here, and 0-255 elsewhere: the widest range is taken for all"],
  ],
  ["the interface, which each node may have", "", "interface ens3", []],
  ["the name, which each node may have", "", "", []],
];

for (const [what, first, second, expected] of differences)
  test(`differs: ${what}`, () => {
    const name = what.startsWith("the name") ? "OTHER" : "V";
    const { messages, imported } = importTexts({ lb1: instance(first), lb2: instance(second, { priority: 90, name }) });
    assert.deepEqual(messages, expected);
    assert.equal(
      imported.hasErrors,
      expected.some((message) => message.includes(" error: ")),
    );
    assert.equal(imported.virtualIPs.length, 1);
  });

test("the node of the highest priority decides, wherever it stands", () => {
  const { imported, messages } = importTexts({
    lb1: instance("preempt_delay 5", { priority: 90 }),
    lb2: instance("preempt_delay 7"),
    lb3: instance("", { priority: 80 }),
  });
  assert.equal(imported.virtualIPs[0]?.object.spec.vrrp.preemptDelay, "7s");
  assert.deepEqual(messages, [
    `lb1.conf:8:1: warning: preempt_delay is 5s, and 7s on lb2 (lb2.conf:8): ${taken}`,
    `lb3.conf:1:1: warning: preempt_delay is 0s, and 7s on lb2 (lb2.conf:8): ${taken}`,
  ]);
});

test("a split brain in the making is found: one address, two VRIDs", () => {
  const { messages } = importFixtures("syn-split-brain-a", "syn-split-brain-b");
  assert.deepEqual(messages, [
    "syn-split-brain-b.conf:7:3: error: virtual_router_id is 52, and 51 on syn-split-brain-a (syn-split-brain-a.conf:7): the nodes must agree",
  ]);
});

test("virtual routers are told apart: by address, by VRID and name, by VRID and interface", () => {
  const clusters = (...texts: string[]) =>
    importTexts(Object.fromEntries(texts.map((text, index) => [`lb${index + 1}`, text]))).imported.virtualIPs.map(({ cluster }) =>
      cluster.map(({ node, router }) => `${node.name}/${router.virtualIP}`),
    );
  const [a, b] = [
    { name: "A", vrid: 1, address: "10.0.0.1" },
    { name: "B", vrid: 2, address: "10.0.0.2" },
  ];
  assert.deepEqual(
    clusters(instance("", a) + instance("", b), instance("", { ...b, priority: 90 }) + instance("", { ...a, priority: 90 })),
    [
      ["lb1/A", "lb2/A"],
      ["lb1/B", "lb2/B"],
    ],
  );
  assert.deepEqual(clusters(instance("", a), instance("", b)), [["lb1/A"], ["lb2/B"]]);
  assert.deepEqual(clusters(instance("", a), instance("", { ...a, address: "10.0.0.9", priority: 90 })), [["lb1/A", "lb2/A"]]);
  assert.deepEqual(clusters(instance("", a), instance("", { ...b, vrid: 1, priority: 90 })), [["lb1/A", "lb2/B"]]);
  assert.deepEqual(clusters(instance("", a), instance("", { ...a, address: "fe80::1", priority: 90 })), [["lb1/A"], ["lb2/A"]]);
});

test("one VRID on two interfaces is two segments", () => {
  const { imported } = importTexts({
    lb1: instance("", { name: "A" }) + instance("", { name: "B", interface: "eth1", address: "10.0.1.1" }),
  });
  assert.deepEqual(
    imported.virtualIPs.map(({ object }) => [object.metadata.name, object.spec.segment]),
    [
      ["a", "eth0"],
      ["b", "eth1"],
    ],
  );
});

test("what one node tracks otherwise is an override", () => {
  const script = (command: string) => `vrrp_script s {\nscript ${command}\n}\n`;
  const tracking = "track_script {\ns\n}\ntrack_interface {\neth1\n}";
  const { imported } = importTexts({
    lb1: script("/bin/a") + instance(tracking),
    lb2: script("/bin/b") + instance(`${tracking}\ntrack_interface {\neth1\neth2 weight 5\n}`, { priority: 90 }),
  });
  const { track, nodes } = imported.virtualIPs[0]?.object.spec ?? {};
  assert.deepEqual(track, [
    { name: "eth1", interface: "eth1" },
    { name: "s", exec: { command: ["/bin/a"] } },
  ]);
  assert.deepEqual(nodes?.overrides?.[0], { name: "lb1", priority: 100 });
  assert.deepEqual(nodes?.overrides?.[1]?.track, [
    { name: "eth2", interface: "eth2", weight: 5 },
    { name: "s", exec: { command: ["/bin/b"] } },
  ]);
});

test("what only keepalived can have is refused with its place", () => {
  const { messages } = importTexts({ lb1: instance("garp_master_delay 100") });
  assert.deepEqual(messages, [
    'lb1.conf:1:1: error: VirtualIP spec.vrrp.gratuitousARP.at: at must be in ascending order, and none above 1m, such as ["0s", "5s"]',
  ]);
});

test("programs and a group's generic notification are told of", () => {
  const group = 'vrrp_sync_group G {\ngroup {\nA\nB\n}\nnotify "/etc/keepalived/n.sh"\n}\n';
  const { messages, imported } = importTexts({
    lb1: group + instance("", { name: "A" }) + instance("", { name: "B", vrid: 2, address: "10.0.0.2" }),
  });
  assert.deepEqual(messages, [
    "lb1.conf:1:1: warning: what tells of vrrp_sync_group `G` tells of `A` instead: INSTANCE and its name, not GROUP",
    "lb1.conf:6:1: warning: programs run only in directories that the agent allows (--allow-scripts DIR), by one user that it chooses",
  ]);
  assert.deepEqual(imported.agentConfigs[0]?.object.spec.scriptDirectories, ["/etc/keepalived"]);
});
