import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCheckSchema, virtualRouterSpecSchema } from "../../../src/api/nodeAgent.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { type Candidate, planVirtualRouters } from "../../../src/plan/virtualRouters.ts";

const v4 = { address: "192.0.2.10/24" };
const v6 = { address: "2001:db8::10/64" };

function plan(spec: object, candidate: Partial<Candidate> = {}) {
  const whole: Candidate = {
    node: "n1",
    priority: 254,
    interfaces: { IPv4: "eth0", IPv6: "eth0" },
    virtualRouterID: 51,
    liveOthers: false,
    ...candidate,
  };
  const planned = planVirtualRouters("web", virtualIPSpecSchema.parse({ addresses: [v4], ...spec }), whole);
  // What the API server would store: neither refused nor changed by defaults.
  for (const router of planned.virtualRouters) assert.deepEqual(virtualRouterSpecSchema.parse(router), router);
  for (const check of planned.checks) assert.deepEqual(nodeCheckSchema.parse(check), check);
  return planned;
}

function only(spec: object, candidate: Partial<Candidate> = {}) {
  const [router, ...rest] = plan(spec, candidate).virtualRouters;
  assert.ok(router && rest.length === 0);
  return router;
}

function both(spec: object, candidate: Partial<Candidate> = {}) {
  const { virtualRouters } = plan({ addresses: [v4, v6], ...spec }, candidate);
  const [first, second, ...rest] = virtualRouters;
  assert.ok(first?.family === "IPv4" && second?.family === "IPv6" && rest.length === 0);
  return { IPv4: first, IPv6: second };
}

test("plan: with one address and nothing else said", () => {
  assert.deepEqual(only({}), {
    virtualIP: "web",
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 51,
    version: 3,
    priority: 254,
    advertisementInterval: "100ms",
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    addresses: [v4],
    conflicts: "Enforce",
  });
});

test("plan: a family without an interface is left out, with its checks when it was the only one", () => {
  const track = [{ name: "web", tcp: { port: 80 } }];
  assert.deepEqual(
    plan({ addresses: [v4, v6], track }, { interfaces: { IPv6: "eth1" } }).virtualRouters.map(({ family }) => family),
    ["IPv6"],
  );
  assert.deepEqual(plan({ track }, { interfaces: {} }), { virtualRouters: [], checks: [] });
});

test("plan: the families of one VirtualIP are a sync group that no group of a user can be called", () => {
  const { IPv4, IPv6 } = both({});
  assert.deepEqual([IPv4.group, IPv6.group], ["virtualip/web", "virtualip/web"]);
  assert.equal(only({}).group, undefined);
  assert.equal(only({ group: "gateway" }).group, "gateway");
  assert.equal(both({ group: "gateway" }).IPv6.group, "gateway");
});

test("plan: addresses are canonical, each once, and keep where and how they stand", () => {
  const addresses = [{ address: "192.0.2.10", label: "eth0:1", scope: "link", broadcast: "192.0.2.255", interface: "eth1" }];
  const excludedAddresses = [{ address: "192.0.2.10/24" }, { address: "192.0.2.11" }, { address: "192.0.2.11/24" }];
  assert.deepEqual(only({ addresses, excludedAddresses }).addresses, [
    { ...addresses[0], address: "192.0.2.10/32" },
    { address: "192.0.2.11/32", advertised: false },
  ]);
  assert.deepEqual(only({ addresses: [{ address: "2001:DB8:0::10" }] }).addresses, [{ address: "2001:db8::10/128" }]);
});

test("plan: excluded addresses go with the router of their family, or with the only one", () => {
  const excludedAddresses = [{ address: "2001:db8::20" }, { address: "192.0.2.20" }];
  const [six, four] = ["2001:db8::20/128", "192.0.2.20/32"].map((address) => ({ address, advertised: false }));
  assert.deepEqual(only({ excludedAddresses }).addresses, [v4, six, four]);
  const { IPv4, IPv6 } = both({ excludedAddresses });
  assert.deepEqual(
    [IPv4.addresses, IPv6.addresses],
    [
      [v4, four],
      [v6, six],
    ],
  );
});

test("plan: what is tracked becomes checks of the VirtualIP's name; interfaces are the core's", () => {
  const track = [
    { name: "uplink", interface: "eth1", weight: -20 },
    { name: "http", http: { path: "/healthz" }, interval: "500ms", rise: 2, fall: 3, weight: -30, reverse: true },
  ];
  const { virtualRouters, checks } = plan({ addresses: [v4, v6], track });
  const entries = [
    { interface: "eth1", weight: -20, reverse: false },
    { check: "web.http", weight: -30, reverse: true },
  ];
  assert.deepEqual(
    virtualRouters.map((router) => router.track),
    [entries, entries],
  );
  assert.deepEqual(
    checks.map(({ name, interval, rise, fall, http }) => [name, interval, rise, fall, http?.path, http?.scheme]),
    [["web.http", "500ms", 2, 3, "/healthz", "HTTP"]],
  );
});

test("plan: an override replaces what is tracked under its name, and adds what is not", () => {
  const track = [
    { name: "a", tcp: { port: 80 }, weight: -5 },
    { name: "b", tcp: { port: 81 } },
  ];
  const overrides = [
    {
      name: "n2",
      track: [
        { name: "a", tcp: { host: "192.0.2.9", port: 8080 } },
        { name: "c", interface: "eth9" },
      ],
    },
  ];
  const tracked = (node: string) => plan({ track, nodes: { overrides } }, { node });
  assert.deepEqual(
    tracked("n2").checks.map(({ name, tcp }) => [name, tcp?.host, tcp?.port]),
    [
      ["web.a", "192.0.2.9", 8080],
      ["web.b", "127.0.0.1", 81],
    ],
  );
  assert.deepEqual(
    tracked("n2").virtualRouters[0]?.track?.map(({ check, interface: device, weight }) => check ?? `${device} ${weight}`),
    ["web.a", "web.b", "eth9 0"],
  );
  assert.equal(tracked("n2").virtualRouters[0]?.track?.[0]?.weight, 0);
  assert.equal(tracked("n1").virtualRouters[0]?.track?.[0]?.weight, -5);
});

test("plan: routes and rules go with the router of their family, and out of its interface where nothing is said", () => {
  const spec = {
    routes: [
      { destination: "198.51.100.0/24" },
      { destination: "2001:db8:1::/48", nextHops: [{ via: "fe80::1" }] },
      { destination: "203.0.113.0/24", type: "blackhole" },
    ],
    rules: [
      { from: "192.0.2.10", table: 100 },
      { family: "IPv6", inputInterface: "eth1", action: "prohibit" },
    ],
  };
  const { IPv4, IPv6 } = both(spec, { interfaces: { IPv4: "eth0", IPv6: "eth1" } });
  assert.deepEqual(
    IPv4.routes?.map(({ destination, nextHops }) => [destination, nextHops]),
    [
      ["198.51.100.0/24", [{ interface: "eth0" }]],
      ["203.0.113.0/24", undefined],
    ],
  );
  assert.deepEqual(
    IPv6.routes?.map(({ destination, nextHops }) => [destination, nextHops]),
    [["2001:db8:1::/48", [{ via: "fe80::1" }]]],
  );
  assert.deepEqual([IPv4.rules?.map(({ table }) => table), IPv6.rules?.map(({ action }) => action)], [[100], ["prohibit"]]);
  assert.deepEqual([only(spec).routes?.length, only(spec).rules?.length], [3, 2]);
});

test("plan: a change of both families is told once", () => {
  const notify = { mail: true, programs: [{ events: ["MASTER"], command: ["/x"] }] };
  const { IPv4, IPv6 } = both({ notify });
  assert.deepEqual([IPv4.notify, IPv6.notify], [notify, undefined]);
  assert.deepEqual(plan({ addresses: [v4, v6], notify }, { interfaces: { IPv6: "eth0" } }).virtualRouters[0]?.notify, notify);
});

test("plan: unicast to the other candidates and to peers outside, from the address that they know", () => {
  const vrrp = { mode: "Unicast", unicastPeers: ["192.0.2.99", "fe80::99", "192.0.2.2"] };
  const peers = { IPv4: ["192.0.2.2"], IPv6: ["fe80::2"] };
  const { IPv4, IPv6 } = both({ vrrp }, { peers, sourceAddress: { IPv4: "192.0.2.1", IPv6: "fe80::1" } });
  assert.deepEqual([IPv4.unicastPeers, IPv4.sourceAddress], [["192.0.2.2", "192.0.2.99"], "192.0.2.1"]);
  assert.deepEqual([IPv6.unicastPeers, IPv6.sourceAddress], [["fe80::2", "fe80::99"], "fe80::1"]);
});

test("plan: the TTLs of unicast are those of every peer, and 255 alone where nothing is said", () => {
  const ttls = (vrrp: object) => {
    const { peerTTLs, unicastTTL } = only(
      { vrrp: { mode: "Unicast", unicastPeers: ["192.0.2.99"], ...vrrp } },
      { peers: { IPv4: ["192.0.2.2"] } },
    );
    return [peerTTLs?.map(({ peer, minimum, maximum }) => `${peer} ${minimum}-${maximum}`), unicastTTL];
  };
  assert.deepEqual(ttls({}), [undefined, undefined]);
  assert.deepEqual(ttls({ minimumTTL: 253 }), [["192.0.2.2 253-255", "192.0.2.99 253-255"], undefined]);
  assert.deepEqual(ttls({ minimumTTL: 0, maximumTTL: 64, unicastTTL: 64 }), [["192.0.2.2 0-64", "192.0.2.99 0-64"], 64]);
});

test("plan: a node is no peer of its own", () => {
  const spec = { vrrp: { mode: "Unicast", unicastPeers: ["192.0.2.1", "192.0.2.2"] } };
  const sourced = { ...spec, nodes: { overrides: [{ name: "n1", sourceAddress: { ipv4: "192.0.2.1" } }] } };
  assert.deepEqual(only(sourced).unicastPeers, ["192.0.2.2"]);
});

test("plan: a source address of the node goes before that of all, and both before the one that was found", () => {
  const vrrp = { sourceAddress: { ipv4: "192.0.2.3" } };
  const overrides = [{ name: "n1", sourceAddress: { ipv4: "192.0.2.4" } }];
  const found = { sourceAddress: { IPv4: "192.0.2.5" } };
  assert.equal(only({ vrrp, nodes: { overrides } }, found).sourceAddress, "192.0.2.4");
  assert.equal(only({ vrrp }, found).sourceAddress, "192.0.2.3");
  assert.equal(only({}, found).sourceAddress, "192.0.2.5");
});

test("plan: multicast groups by family, and no peers", () => {
  const { IPv4, IPv6 } = both({ vrrp: { multicastGroup: { ipv4: "224.0.100.19" } } }, { peers: { IPv4: ["192.0.2.2"] } });
  assert.deepEqual([IPv4.multicastGroup, IPv6.multicastGroup, IPv4.unicastPeers], ["224.0.100.19", undefined, undefined]);
});

test("plan: with version 2 IPv6 is version 3, at the same interval; a password is referred to", () => {
  const { IPv4, IPv6 } = both({ vrrp: { version: 2 } });
  assert.deepEqual(
    [IPv4, IPv6].map(({ version, advertisementInterval }) => [version, advertisementInterval]),
    [
      [2, "1s"],
      [3, "1s"],
    ],
  );
  const authentication = { type: "PASS", secretRef: { name: "vrrp" } };
  assert.deepEqual(only({ vrrp: { version: 2, authentication } }).passwordRef, { name: "vrrp", key: "password" });
});

test("plan: the macvlan's name tells family, VRID and interface, and fits", () => {
  const { IPv4, IPv6 } = both({ vrrp: { virtualMAC: true } });
  assert.deepEqual([IPv4.virtualMACInterface, IPv6.virtualMACInterface], ["v4-51-eth0", "v6-51-eth0"]);
  const names = ["enp129s0f1np100", "enp129s0f1np101"].map(
    (device) => only({ vrrp: { virtualMAC: true } }, { virtualRouterID: 255, interfaces: { IPv4: device } }).virtualMACInterface ?? "",
  );
  assert.notEqual(names[0], names[1]);
  for (const name of names) assert.match(name, /^v4-255-[0-9a-f]{8}$/);
});

test("plan: the dead-man switch is armed only where another candidate is live, and not when it is switched off", () => {
  assert.equal(only({}, { liveOthers: true }).deadMan, true);
  assert.equal(only({}, { liveOthers: false }).deadMan, undefined);
  assert.equal(only({ deadManSwitch: "Disabled" }, { liveOthers: true }).deadMan, undefined);
});

test("plan: the parameters of the election, and what is to be told of conflicts", () => {
  const vrrp = {
    gratuitousARP: { at: ["0s", "5s"], copies: 5 },
    downTimerAdverts: 5,
    startupDelay: "10s",
    trackPrimary: false,
    trackSourceAddress: true,
    accept: false,
    virtualMAC: true,
    advertsWithVirtualMAC: false,
    linkLocalFirst: false,
  };
  const { IPv4, IPv6 } = both({ vrrp, conflictDetection: "Disabled" }, { handOver: 3 });
  assert.deepEqual(IPv4.announcements, { at: ["0s", "5s"], copies: 5, refresh: "0s", refreshCopies: 1 });
  assert.deepEqual(
    [IPv4.downTimerAdverts, IPv4.startupDelay, IPv4.trackPrimary, IPv4.conflicts, IPv4.handOver],
    [5, "10s", false, "Off", 3],
  );
  assert.deepEqual([IPv4.trackSourceAddress, IPv4.accept, IPv4.advertsWithVirtualMAC], [true, false, false]);
  assert.deepEqual([IPv4.linkLocalFirst, IPv6.linkLocalFirst], [undefined, false]);
});
