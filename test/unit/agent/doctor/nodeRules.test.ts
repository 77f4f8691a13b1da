import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpvsTable, type TableService } from "../../../../src/agent/doctor/ipvsTable.ts";
import { type Machine, type MachineLink, type Roles, rolesFromKernel, rolesOf } from "../../../../src/agent/doctor/machine.ts";
import { nodeDoctor } from "../../../../src/agent/doctor/nodeDoctor.ts";
import { examineNode } from "../../../../src/agent/doctor/nodeRules.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { routerSpec } from "../fixtures.ts";

const eth0: MachineLink = { name: "eth0", up: true, mtu: 1500, addresses: ["192.0.2.1/24", "2001:db8::1/64"] };
const lo: MachineLink = { name: "lo", up: true, mtu: 65536, addresses: ["127.0.0.1/8", "::1/128", "192.0.2.10/32"] };
const tunl0: MachineLink = { name: "tunl0", up: true, mtu: 1480, addresses: ["192.0.2.10/32"] };
const kubeIpvs0: MachineLink = { name: "kube-ipvs0", up: false, mtu: 1500, addresses: ["10.96.0.1/32"] };

const service = (...forwardings: string[]): TableService => ({
  protocol: "TCP",
  address: "192.0.2.10",
  port: 80,
  scheduler: "mh",
  forwardings: new Set(forwardings),
});

/** In order as a director of all forwardings and as a real server of DR and TUN. */
const good: Record<string, string> = {
  "net/ipv4/conf/all/arp_ignore": "1",
  "net/ipv4/conf/all/arp_announce": "2",
  "net/ipv4/conf/all/send_redirects": "0",
  "net/ipv4/conf/eth0/send_redirects": "0",
  "net/ipv4/conf/tunl0/rp_filter": "2",
  "net/ipv4/conf/all/rp_filter": "1",
  "net/ipv4/ip_forward": "1",
  "net/ipv6/conf/all/forwarding": "1",
  "net/ipv4/vs/sloppy_tcp": "1",
};

interface State {
  settings?: Record<string, string>;
  links?: MachineLink[];
  machine?: Partial<Machine>;
  roles?: Partial<Roles>;
}

function examine({ settings = {}, links = [lo, { ...eth0, mtu: 9000 }, tunl0], machine, roles }: State) {
  const values = { ...good, ...settings };
  const services = [service("Masq"), service("Route"), service("Tunnel")];
  const facts: Machine = {
    setting: (path) => values[path],
    links,
    defaultLinks: ["eth0"],
    services,
    module: () => "Loadable",
    settingChanges: [],
    ...machine,
  };
  const all: Roles = {
    isDirector: true,
    services,
    foreign: [],
    schedulers: ["mh"],
    serverAddresses: ["192.0.2.10"],
    tunnels: ["tunl0"],
    carriers: ["eth0"],
    translated: [],
    usesNetfilter: false,
    ...roles,
  };
  return examineNode(facts, all);
}

test("a node that is in order has no findings", () => assert.deepEqual(examine({}), []));

const v6: TableService = { ...service("Masq"), address: "2001:db8::10" };
const bad: [what: string, state: State, severity: string, fix: string][] = [
  [
    "kube-proxy runs in IPVS mode on a node that has VirtualServers.",
    { links: [lo, { ...eth0, mtu: 9000 }, tunl0, kubeIpvs0] },
    "Warning",
    "excludeCIDRs",
  ],
  [
    "kube-proxy runs in IPVS mode without strictARP.",
    {
      links: [eth0, kubeIpvs0],
      settings: { "net/ipv4/conf/all/arp_ignore": "0" },
      roles: { isDirector: false, services: [], serverAddresses: [], tunnels: [] },
    },
    "Warning",
    "ipvs.strictARP: true",
  ],
  [
    "The reverse path filter is strict (1) on eth1, where VirtualIPs are, and the default route leads elsewhere.",
    { roles: { carriers: ["eth0", "eth1"], serverAddresses: [], tunnels: [] } },
    "Warning",
    "net.ipv4.conf.eth1.rp_filter=2",
  ],
  [
    "kube-proxy has 192.0.2.10 on kube-ipvs0.",
    {
      links: [lo, eth0, tunl0, { ...kubeIpvs0, addresses: ["192.0.2.10/32"] }],
      roles: { isDirector: false, services: [] },
    },
    "Error",
    "grep 192.0.2.10",
  ],
  ["The module ip_vs is not loaded.", { machine: { services: undefined }, roles: { services: [] } }, "Error", "modprobe ip_vs;"],
  [
    "The kernel has no module ip_vs.",
    { machine: { services: undefined, module: (name) => (name === "ip_vs" ? "Missing" : "Loadable") }, roles: { services: [] } },
    "Error",
    "extra modules",
  ],
  [
    "The kernel has no module ip_vs_mh.",
    { machine: { module: (name) => (name === "ip_vs_mh" ? "Missing" : "Loaded") } },
    "Error",
    "spec.scheduler",
  ],
  [
    "net.ipv4.ip_forward is 0 on a director with forwarding NAT.",
    { settings: { "net/ipv4/ip_forward": "0" } },
    "Error",
    "net.ipv4.ip_forward=1",
  ],
  [
    "net.ipv4.ip_forward is 0 on a node that translates for its pods.",
    { settings: { "net/ipv4/ip_forward": "0" }, machine: { services: [] }, roles: { services: [], translated: ["192.0.2.20"] } },
    "Error",
    "net.ipv4.ip_forward=1",
  ],
  [
    "The kernel has no module nft_fib_inet.",
    { machine: { module: (name) => (name === "nft_fib_inet" ? "Missing" : "Loaded") }, roles: { usesNetfilter: true } },
    "Error",
    "service.targets",
  ],
  [
    "net.ipv6.conf.all.forwarding is 0 on a director with forwarding NAT.",
    { settings: { "net/ipv6/conf/all/forwarding": "0" }, roles: { services: [v6] } },
    "Error",
    "net.ipv6.conf.all.forwarding=1",
  ],
  [
    "A director sends ICMP redirects on eth0.",
    { settings: { "net/ipv4/conf/all/send_redirects": "1" } },
    "Warning",
    "net.ipv4.conf.all.send_redirects=0; sysctl -w net.ipv4.conf.eth0.send_redirects=0",
  ],
  ["A director with forwarding TUN has an MTU of 1500 on eth0.", { links: [lo, eth0, tunl0] }, "Warning", "advmss"],
  [
    "net.ipv4.vs.sloppy_tcp is 1, and 1 services of IPVS are somebody else's.",
    { roles: { foreign: [service("Masq")] } },
    "Warning",
    "sloppy_tcp: 0",
  ],
  [
    "192.0.2.10 is not on the loopback interface of a real server.",
    { links: [{ ...lo, addresses: ["127.0.0.1/8"] }, { ...eth0, mtu: 9000 }, tunl0] },
    "Error",
    "aloft realserver --address 192.0.2.10",
  ],
  [
    "192.0.2.10/24 on the loopback interface is a whole subnet.",
    { links: [{ ...lo, addresses: ["192.0.2.10/24"] }, { ...eth0, mtu: 9000 }, tunl0] },
    "Error",
    "ip address del 192.0.2.10/24 dev lo",
  ],
  ["arp_ignore is 0 on eth0 of a real server.", { settings: { "net/ipv4/conf/all/arp_ignore": "0" } }, "Error", "all.arp_ignore=1"],
  [
    "arp_announce is less than 2 on eth0 of a real server.",
    { settings: { "net/ipv4/conf/all/arp_announce": "1" } },
    "Error",
    "all.arp_announce=2",
  ],
  ["There is no link tunl0.", { links: [lo, { ...eth0, mtu: 9000 }] }, "Error", "modprobe ipip"],
  ["The link tunl0 is down.", { links: [lo, { ...eth0, mtu: 9000 }, { ...tunl0, up: false }] }, "Error", "ip link set tunl0 up"],
  [
    "The link tunl0 has no IPv4 address, and its reverse path filter is on.",
    { links: [lo, { ...eth0, mtu: 9000 }, { ...tunl0, addresses: [] }] },
    "Error",
    "ip address add 192.0.2.10/32 dev tunl0 scope host",
  ],
  ["The reverse path filter of tunl0 is strict (1).", { settings: { "net/ipv4/conf/tunl0/rp_filter": "0" } }, "Error", "tunl0.rp_filter=2"],
  [
    "The reverse path filter is strict (1) on eth1.5 of a real server, and the default route leads elsewhere.",
    { links: [lo, { ...eth0, mtu: 9000 }, tunl0, { name: "eth1.5", up: true, mtu: 9000, addresses: ["10.0.0.1/24"] }] },
    "Warning",
    "net.ipv4.conf.eth1/5.rp_filter=2",
  ],
  [
    "Somebody else has set net.ipv4.conf.all.arp_ignore to 0, 3 times; the agent sets it to 1 again.",
    { machine: { settingChanges: [{ setting: "net.ipv4.conf.all.arp_ignore", found: "0", wanted: "1", times: 3 }] } },
    "Warning",
    "grep -r net.ipv4.conf.all.arp_ignore",
  ],
];

for (const [what, state, severity, fix] of bad)
  test(`doctor: ${what}`, () => {
    const found = examine(state);
    assert.deepEqual(
      found.map((finding) => [finding.severity, finding.what]),
      [[severity, what]],
    );
    assert.ok(found[0]?.fix.includes(fix), found[0]?.fix);
  });

test("a stricter value of the link counts as well as that of all", () => {
  const settings = {
    "net/ipv4/conf/all/arp_ignore": "0",
    "net/ipv4/conf/eth0/arp_ignore": "2",
    "net/ipv4/conf/all/arp_announce": "0",
    "net/ipv4/conf/eth0/arp_announce": "2",
  };
  assert.deepEqual(examine({ settings }), []);
});

test("errors come first", () => {
  const settings = { "net/ipv4/conf/all/send_redirects": "1", "net/ipv4/conf/all/arp_ignore": "0" };
  assert.deepEqual(
    examine({ settings }).map(({ severity }) => severity),
    ["Error", "Warning"],
  );
});

const table = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C000020A:0050 mh persistent 300 FFFFFFFF
  -> C0000202:0050      Route   1      0          0         
  -> C0000203:0050      Masq    1      0          0         
UDP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0035 rr ops 
  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:0035      Tunnel  1      0          0         
FWM  0000000A rr  
TCP  0A600001:01BB rr  
  -> 0A000001:01BB      Masq    1      0          0         
`;

test("the kernel's table is read with its services, ports, marks and forwardings", () => {
  assert.deepEqual(
    parseIpvsTable(table).map(({ forwardings, ...rest }) => ({ ...rest, forwardings: [...forwardings].join() })),
    [
      { protocol: "TCP", address: "192.0.2.10", port: 80, scheduler: "mh", forwardings: "Route,Masq" },
      { protocol: "UDP", address: "2001:db8::10", port: 53, scheduler: "rr", forwardings: "Tunnel" },
      { protocol: "FWM", firewallMark: 10, scheduler: "rr", forwardings: "" },
      { protocol: "TCP", address: "10.96.0.1", port: 443, scheduler: "rr", forwardings: "Masq" },
    ],
  );
  assert.deepEqual(parseIpvsTable("nonsense\n  -> more\n"), []);
});

const machine = (links: MachineLink[]): Machine => ({
  setting: () => undefined,
  links,
  defaultLinks: [],
  services: parseIpvsTable(table),
  module: () => undefined,
  settingChanges: [],
});

test("what a node is there for follows from its specification, or from its kernel", () => {
  const spec = {
    virtualRouters: [routerSpec({ interface: "eth1" }), { ...routerSpec({ interface: "eth2" }), family: "IPv6" as const }],
    virtualServers: [{ namespace: "web", name: "shop", virtualIP: "gateway", addresses: ["192.0.2.10"] }],
    realServers: [{ namespace: "web", name: "dns", addresses: ["2001:db8::10"], tunnels: ["ip6tnl0" as const] }],
  };
  const given = rolesOf(spec, ["mh"], machine([lo]));
  assert.deepEqual([given.isDirector, given.services.length, given.foreign.length], [true, 1, 3]);
  assert.deepEqual([given.schedulers, given.carriers], [["mh"], ["eth1"]]);
  assert.deepEqual([given.serverAddresses, given.tunnels], [["2001:db8::10"], ["ip6tnl0"]]);
  const found = rolesFromKernel(machine([lo, tunl0, kubeIpvs0]));
  assert.deepEqual([found.isDirector, found.services.length, found.foreign.map(({ address }) => address)], [true, 3, ["10.96.0.1"]]);
  assert.deepEqual([found.serverAddresses, found.tunnels], [["192.0.2.10"], ["tunl0"]]);
  assert.deepEqual(rolesFromKernel(machine([{ ...lo, addresses: ["127.0.0.1/8", "::1/128"] }, tunl0])).tunnels, []);
});

test("a scheduler that the kernel lacks is found by what the VirtualServers of the node ask for", () => {
  const lacking = { ...machine([lo]), module: (name: string) => (name === "ip_vs_twos" ? ("Missing" as const) : undefined) };
  const spec = { virtualRouters: [], virtualServers: [{ namespace: "web", name: "shop", addresses: ["192.0.2.99"] }] };
  const find = nodeDoctor(
    () => lacking,
    () => ["mh", "twos"],
    new VirtualClock(),
  );
  assert.deepEqual(
    find(spec).map(({ what }) => what),
    ["The kernel has no module ip_vs_twos."],
  );
});

test("the findings of a node are read anew only for another specification, or after a while", async () => {
  const clock = new VirtualClock();
  let reads = 0;
  const read = () => {
    reads += 1;
    return { ...machine([lo]), services: undefined };
  };
  const find = nodeDoctor(read, () => [], clock);
  const spec = { virtualRouters: [], virtualServers: [{ namespace: "web", name: "shop", addresses: ["192.0.2.10"] }] };
  assert.deepEqual(
    find(spec).map(({ what }) => what),
    ["The module ip_vs is not loaded."],
  );
  await clock.advance(9000);
  find(spec);
  assert.equal(reads, 1);
  assert.deepEqual(find({ virtualRouters: [] }), []);
  await clock.advance(10_000);
  find(spec);
  assert.equal(reads, 3);
});
