import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FixedSecrets } from "../../../../src/agent/credentials/secrets.ts";
import type { VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { plain, planOf, routerSpec } from "../fixtures.ts";

const plan = (...virtualRouters: unknown[]) => planOf({ virtualRouters });

test("a router that cannot be read goes on as it ran, and says so; one that did not run is refused", () => {
  const before = [routerSpec({ priority: 90 })];
  const newer = { ...routerSpec({ priority: 200 }), checksum: "Sum" };
  const db = routerSpec({ virtualIP: "db", virtualRouterID: 52, addresses: plain("192.0.2.11") });
  const { desired, accepted, rejected, adjusted } = planOf({ virtualRouters: [newer, db] }, { before });
  assert.deepEqual(
    desired.routers.map(({ key, priority }) => `${key} ${priority}`),
    ["web/IPv4 90", "db/IPv4 100"],
  );
  assert.deepEqual([accepted.virtualRouters, rejected], [[...before, db], []]);
  assert.deepEqual([adjusted[0]?.subject, adjusted[0]?.isOutdated], ["web/IPv4", true]);
  assert.match(adjusted[0]?.message ?? "", /^checksum: .*; what ran before goes on$/);
  const other = planOf({ virtualRouters: [{ ...newer, virtualIP: "other" }] }, { before });
  assert.deepEqual([other.desired.routers, other.rejected.length], [[], 1]);
});

test("a router that cannot be read goes on as its own family ran", () => {
  const before = [routerSpec({ priority: 90 }), routerSpec({ priority: 80, family: "IPv6", addresses: plain("2001:db8::10") })];
  const newer = { ...routerSpec({ family: "IPv6", addresses: plain("2001:db8::10") }), checksum: "Sum" };
  const { desired } = planOf({ virtualRouters: [newer] }, { before });
  assert.deepEqual(
    desired.routers.map(({ key, priority }) => `${key} ${priority}`),
    ["web/IPv6 80"],
  );
});

test("an entry that is refused is named as far as it can be, and its adjustments are of no interest", () => {
  const nameless = [{}, { virtualIP: "", family: "IPv4" }, { virtualIP: 7, family: "" }, { virtualIP: "web", family: "IPv5" }];
  const { rejected } = plan(...nameless, { ...routerSpec(), addresses: 7, priority: 90 });
  assert.deepEqual(
    rejected.map(({ subject, router }) => [subject, router]),
    [
      ["?/?", undefined],
      ["?/IPv4", undefined],
      ["?/?", undefined],
      ["web/IPv5", undefined],
      ["web/IPv4", { virtualIP: "web", family: "IPv4", priority: 90 }],
    ],
  );
  const twice = plan(routerSpec({ unicastPeers: [] }), routerSpec({ unicastPeers: [] }));
  assert.deepEqual([twice.adjusted.map(({ path }) => path), twice.rejected.length], [["virtualRouters[0]"], 1]);
});

test("fields of a later version have no effect, and are told", () => {
  const { desired, adjusted } = planOf({ virtualRouters: [{ ...routerSpec(), quorum: 2, mode: "New" }], later: [] } as object);
  assert.equal(desired.routers.length, 1);
  assert.deepEqual(
    adjusted.map(({ subject, message }) => `${subject}: ${message}`),
    [
      "web/IPv4: quorum, mode: not known to this version of the agent, without effect",
      "specification: later: not known to this version of the agent, without effect",
    ],
  );
});

test("a router in the core's form: milliseconds, canonical addresses without repetition", () => {
  const { desired, rejected } = plan(
    routerSpec({
      family: "IPv6",
      advertisementInterval: "1s",
      preemptDelay: "1m30s",
      addresses: plain("2001:DB8:0::10/64", "2001:db8::10/64", "2001:db8::11"),
    }),
  );
  assert.deepEqual(rejected, []);
  assert.deepEqual(desired.routers, [
    {
      key: "web/IPv6",
      family: "IPv6",
      interface: "eth0",
      virtualRouterID: 51,
      version: 3,
      priority: 100,
      advertisementIntervalMs: 1000,
      preempt: true,
      preemptDelayMs: 90_000,
      checksum: "Auto",
      addresses: plain("2001:db8::10/64", "2001:db8::11/128"),
    },
  ]);
});

const refusals: [string, Partial<Record<keyof VirtualRouterSpec, unknown>>, RegExp][] = [
  ["no VRID", { virtualRouterID: 0 }, /^virtualRouterID: /],
  ["an unknown version", { version: 4 }, /^version: /],
  ["IPv6 in version 2", { family: "IPv6", version: 2 }, /^version: IPv6 needs VRRP version 3$/],
  ["an unknown checksum", { checksum: "Sum" }, /^checksum: /],
  ["5 ms", { advertisementInterval: "5ms" }, /^advertisementInterval: version 3 allows 10ms to 40.95s in steps of 10ms, not 5ms$/],
  ["15 ms", { advertisementInterval: "15ms" }, /^advertisementInterval: version 3 allows/],
  ["41 s", { advertisementInterval: "41s" }, /^advertisementInterval: version 3 allows/],
  ["no interval", { advertisementInterval: "soon" }, /^advertisementInterval: must be a duration/],
  ["100 ms in version 2", { version: 2 }, /^advertisementInterval: version 2 allows whole seconds from 1s to 255s, not 100ms$/],
  ["256 s in version 2", { version: 2, advertisementInterval: "256s" }, /^advertisementInterval: version 2/],
  ["a long preemptDelay", { preemptDelay: "1001s" }, /^preemptDelay: must be at most 1000s/],
  ["no addresses", { addresses: [] }, /^addresses: /],
  ["an address that is none", { addresses: plain("192.0.2.300/24") }, /^addresses: "192.0.2.300\/24" is not an address$/],
  [
    "an address of the other family that is advertised",
    { addresses: plain("2001:db8::1/64") },
    /^addresses: 2001:db8::1\/64 is not IPv4 as the virtual router is, and so cannot be advertised$/,
  ],
  ["a long interface name", { interface: "sixteen-letters-" }, /^interface: /],
];

for (const [name, fields, message] of refusals) {
  test(`${name}: refused with the field's name, and the others go on`, () => {
    const good = routerSpec({ virtualIP: "good", virtualRouterID: 9, addresses: plain("192.0.2.9/24") });
    const { desired, rejected } = plan({ ...routerSpec(), ...fields }, good);
    assert.deepEqual(
      desired.routers.map(({ key }) => key),
      ["good/IPv4"],
    );
    assert.equal(rejected.length, 1);
    assert.match(rejected[0]?.message ?? "", message);
    assert.deepEqual([rejected[0]?.path, rejected[0]?.router?.virtualIP], ["virtualRouters[0]", "web"]);
  });
}

test("entries that are no objects are refused", () => {
  for (const entry of [null, 7, "web", []]) assert.equal(plan(entry).rejected.length, 1);
  assert.deepEqual(planOf({ virtualRouters: "none" }).desired.routers, []);
});

const clashes: [string, Partial<VirtualRouterSpec>, RegExp][] = [
  ["the same name and family", { virtualRouterID: 52, addresses: plain("192.0.2.11/24") }, /^is listed twice$/],
  [
    "the same VRID on the same interface",
    { virtualIP: "db", addresses: plain("192.0.2.11/24") },
    /^virtualRouterID: 51 on eth0 is used by web\/IPv4$/,
  ],
  ["the same address", { virtualIP: "db", virtualRouterID: 52, interface: "eth1" }, /^addresses: 192.0.2.10\/24 belongs to web\/IPv4$/],
];
for (const [name, fields, message] of clashes) {
  test(`${name}: the first one keeps it`, () => {
    const { desired, rejected } = plan(routerSpec(), routerSpec(fields));
    assert.deepEqual(
      desired.routers.map(({ key }) => key),
      ["web/IPv4"],
    );
    assert.match(rejected[0]?.message ?? "", message);
  });
}

test("the families of one VirtualIP share the VRID", () => {
  const { desired } = plan(routerSpec(), routerSpec({ family: "IPv6", addresses: plain("2001:db8::10/64") }));
  assert.deepEqual(
    desired.routers.map(({ key }) => key),
    ["web/IPv4", "web/IPv6"],
  );
});

test("without real time shorter intervals are raised to 100 ms, and that is told", () => {
  const spec = {
    virtualRouters: [
      routerSpec({ advertisementInterval: "10ms" }),
      routerSpec({ virtualIP: "db", virtualRouterID: 2, addresses: plain("192.0.2.2/24") }),
    ],
  };
  const { desired, adjusted } = planOf(spec, { realTime: false });
  assert.deepEqual(
    desired.routers.map((router) => router.advertisementIntervalMs),
    [100, 100],
  );
  assert.deepEqual(
    adjusted.map(({ subject }) => subject),
    ["web/IPv4"],
  );
  assert.match(adjusted[0]?.message ?? "", /raised from 10ms to 100ms/);
  assert.equal(planOf(spec).desired.routers[0]?.advertisementIntervalMs, 10);
});

test("whatever the entries are, each is either planned or refused, and no two planned ones clash", () => {
  const entry = fc.oneof(
    fc.anything(),
    fc
      .record({
        virtualIP: fc.constantFrom("a", "b", "c"),
        family: fc.constantFrom("IPv4", "IPv6"),
        virtualRouterID: fc.integer({ min: 0, max: 3 }),
        version: fc.constantFrom(2, 3),
        advertisementInterval: fc.constantFrom("10ms", "15ms", "1s", "300s"),
        addresses: fc.array(fc.constantFrom(...plain("192.0.2.1/24", "192.0.2.2", "2001:db8::1/64", "x")), { maxLength: 2 }),
      })
      .map((fields) => ({ ...routerSpec(), ...fields })),
  );
  fc.assert(
    fc.property(fc.array(entry), (virtualRouters) => {
      const { desired, rejected } = plan(...virtualRouters);
      assert.equal(desired.routers.length + rejected.length, virtualRouters.length);
      const unique = (keys: string[]) => assert.equal(new Set(keys).size, keys.length);
      unique(desired.routers.map(({ key }) => key));
      unique(desired.routers.map(({ family, virtualRouterID }) => `${family} ${virtualRouterID}`));
    }),
  );
});

test("all that a router can say, in the core's words", () => {
  const spec = {
    checks: [{ name: "web.nginx", process: { name: "nginx" } }],
    virtualRouters: [
      routerSpec({
        version: 2,
        advertisementInterval: "1s",
        addresses: [
          { address: "192.0.2.10/24", label: "eth0:vip", broadcast: "192.0.2.255", scope: "site" },
          { address: "192.0.2.11", interface: "lo", label: "lo:1", advertised: false },
          { address: "2001:DB8::11/64", advertised: false },
        ],
        downTimerAdverts: 5,
        startupDelay: "2s",
        sourceAddress: "192.0.2.1",
        trackSourceAddress: true,
        multicastGroup: "224.0.100.19",
        passwordRef: { name: "vrrp", key: "pass" },
        virtualMACInterface: "v4-51-eth0",
        advertsWithVirtualMAC: false,
        group: "gateway",
        track: [
          { check: "web.nginx", weight: -20, reverse: true },
          { interface: "eth1", weight: 0, reverse: false },
        ],
        trackPrimary: false,
        announcements: { at: ["0s", "5s"], copies: 5, refresh: "30s", refreshCopies: 2 },
        conflicts: "Report",
        accept: false,
        deadMan: true,
        handOver: 7,
        routes: [
          {
            destination: "0.0.0.0/0",
            type: "unicast",
            nextHops: [{ via: "192.0.2.254", interface: "eth0", onLink: true }],
            source: "192.0.2.10",
          },
          { destination: "203.0.113.0/24", type: "blackhole", metric: 5 },
        ],
        rules: [{ from: "192.0.2.10", action: "lookup", table: 100, priority: 10 }],
      }),
    ],
  };
  const secrets = new FixedSecrets([{ name: "vrrp", key: "pass", value: "s3cret" }]);
  const { desired, accepted, rejected, adjusted, paths } = planOf(spec, { secrets });
  assert.deepEqual([rejected, adjusted], [[], []]);
  assert.deepEqual(desired.routers[0], {
    key: "web/IPv4",
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 51,
    version: 2,
    priority: 100,
    advertisementIntervalMs: 1000,
    preempt: true,
    preemptDelayMs: 0,
    checksum: "Auto",
    addresses: [
      { address: "192.0.2.10/24", label: "eth0:vip", broadcast: "192.0.2.255", scope: "site" },
      { address: "192.0.2.11/32", interface: "lo", label: "lo:1", advertised: false },
      { address: "2001:db8::11/64", advertised: false },
    ],
    downTimerAdverts: 5,
    startupDelayMs: 2000,
    sourceAddress: "192.0.2.1",
    trackSourceAddress: true,
    multicastGroup: "224.0.100.19",
    password: "s3cret",
    virtualMACInterface: "v4-51-eth0",
    advertsWithVirtualMAC: false,
    group: "gateway",
    checks: [{ check: "web.nginx", weight: -20, reverse: true }],
    interfaces: [{ interface: "eth1", weight: 0, reverse: false }],
    trackPrimary: false,
    announcements: { atMs: [0, 5000], copies: 5, refreshMs: 30_000, refreshCopies: 2 },
    conflicts: "Report",
    accept: false,
    deadMan: true,
    handOver: 7,
    routes: [
      {
        family: "IPv4",
        destination: "0.0.0.0/0",
        type: "unicast",
        nextHops: [{ via: "192.0.2.254", interface: "eth0", onLink: true }],
        source: "192.0.2.10",
      },
      { family: "IPv4", destination: "203.0.113.0/24", type: "blackhole", nextHops: [], metric: 5 },
    ],
    rules: [{ family: "IPv4", from: "192.0.2.10/32", action: "lookup", table: 100, priority: 10 }],
  });
  assert.equal(accepted.checks?.[0]?.interval, "1s");
  assert.equal(paths.get("web/IPv4"), "virtualRouters[0]");
});

test("each peer gets its range of TTLs, in the order of the peers; of whom nothing is said, 255 alone", () => {
  const unicastPeers = ["2001:DB8::2", "2001:db8::3", "2001:db8::2"];
  const peerTTLs = [{ peer: "2001:db8:0::3", minimum: 0, maximum: 64 }];
  const ttls = (fields: Partial<VirtualRouterSpec>) => {
    const { desired, rejected } = planOf({
      virtualRouters: [routerSpec({ family: "IPv6", addresses: plain("2001:db8::10/64"), ...fields })],
    });
    assert.deepEqual(rejected, []);
    const [router] = desired.routers;
    return [router?.unicastPeers, router?.peerTTLs, router?.unicastTTL];
  };
  const peers = ["2001:db8::2", "2001:db8::3"];
  const strict = { minimum: 255, maximum: 255 };
  assert.deepEqual(ttls({ unicastPeers, peerTTLs, unicastTTL: 64 }), [peers, [strict, { minimum: 0, maximum: 64 }], 64]);
  assert.deepEqual(ttls({ unicastPeers }), [peers, undefined, undefined]);
});

const more: [string, Partial<Record<keyof VirtualRouterSpec, unknown>>, RegExp][] = [
  [
    "a label of another device",
    { addresses: [{ address: "192.0.2.10", label: "eth1:0" }] },
    /^addresses: label "eth1:0" must be eth0:TEXT/,
  ],
  ["a label of IPv6", { addresses: [{ address: "2001:db8::1", label: "eth0:0", advertised: false }] }, /only IPv4 addresses have labels$/],
  ["a broadcast address of IPv6", { addresses: [{ address: "2001:db8::1", broadcast: "192.0.2.255", advertised: false }] }, /no broadcast/],
  ["a source of the other family", { sourceAddress: "2001:db8::1" }, /^sourceAddress: "2001:db8::1" is not an IPv4 address$/],
  ["a group that is no multicast address", { multicastGroup: "192.0.2.18" }, /^multicastGroup: 192.0.2.18 is not a multicast address$/],
  ["a peer that is the node itself", { sourceAddress: "192.0.2.1", unicastPeers: ["192.0.2.1"] }, /^unicastPeers: 192.0.2.1 is the source/],
  ["a password of version 3", { passwordRef: { name: "vrrp" } }, /^passwordRef: only version 2 has passwords/],
  ["a long startupDelay", { startupDelay: "20m" }, /^startupDelay: must be at most 1000s/],
  ["announcements that go back in time", { announcements: { at: ["5s", "1s"] } }, /^announcements\.at: the times must ascend$/],
  ["a track of nothing", { track: [{ weight: 1 }] }, /^track: an entry names either a check or an interface$/],
  ["a route without a way", { routes: [{ destination: "203.0.113.0/24" }] }, /^routes: 203.0.113.0\/24: needs a next hop/],
  [
    "a blackhole with a way",
    { routes: [{ destination: "203.0.113.0/24", type: "blackhole", nextHops: [{ via: "192.0.2.1" }] }] },
    /has no next hops$/,
  ],
  [
    "a gateway of the other family",
    { routes: [{ destination: "203.0.113.0/24", nextHops: [{ via: "fe80::1" }] }] },
    /via: "fe80::1" is not an IPv4/,
  ],
  ["a rule without a table", { rules: [{ from: "192.0.2.10" }] }, /^rules: table: the action lookup needs one$/],
  ["a rule of two families", { rules: [{ from: "192.0.2.10", to: "2001:db8::/32", table: 1 }] }, /of different families$/],
];
for (const [name, fields, message] of more) {
  test(`${name}: refused with a sentence`, () => {
    const { desired, rejected } = plan({ ...routerSpec(), ...fields });
    assert.deepEqual(desired.routers, []);
    assert.match(rejected[0]?.message ?? "", message);
  });
}

const passwords: [string, string | undefined, RegExp, string | undefined][] = [
  ["no Secret", undefined, /^passwordRef: there is no Secret vrrp$/, undefined],
  ["an empty one", "", /^passwordRef: the value of key password in Secret vrrp is empty$/, undefined],
  ["a line break at its end", "secret\n", /perhaps a line break at its end$/, undefined],
  ["more than 8 characters", "123456_psd", /is longer than 8 characters: the first 8 count$/, "123456_p"],
];
for (const [name, value, message, password] of passwords) {
  test(`a password, ${name}: told without its value${password === undefined ? ", and the router does not run" : ""}`, () => {
    const secrets = new FixedSecrets(value === undefined ? [] : [{ name: "vrrp", key: "password", value }]);
    const spec = {
      virtualRouters: [routerSpec({ version: 2, advertisementInterval: "1s", passwordRef: { name: "vrrp", key: "password" } })],
    };
    const { desired, rejected, adjusted } = planOf(spec, { secrets });
    assert.equal(desired.routers[0]?.password, password);
    const [problem] = password === undefined ? rejected : adjusted;
    assert.match(problem?.message ?? "", message);
    if (value) assert.ok(!problem?.message.includes(value));
  });
}

test("a check that does not run does not count, and the router does", () => {
  const spec = {
    checks: [
      { name: "a" },
      { name: "b", tcp: { port: 80 }, process: { name: "x" } },
      { name: "c", tcp: { port: 80 } },
      { name: "c", tcp: { port: 81 } },
    ],
    virtualRouters: [routerSpec({ track: ["a", "b", "c", "d"].map((check) => ({ check, weight: -1, reverse: false })) })],
  };
  const { desired, rejected, adjusted } = planOf(spec, { checkProblem: ({ name }) => (name === "c" ? "exec: no" : undefined) });
  assert.equal(desired.routers[0]?.checks, undefined);
  assert.deepEqual(
    rejected.map(({ path, subject, message }) => `${path} ${subject}: ${message.slice(0, 19)}`),
    [
      "checks[0] check a: must have exactly o",
      "checks[1] check b: must have exactly o",
      "checks[2] check c: exec: no",
      "checks[3] check c: exec: no",
    ],
  );
  assert.deepEqual(
    adjusted.map(({ message }) => message.slice(0, 16)),
    Array.from("abcd", (name) => `track: check "${name}"`),
  );
});

test("static entries each stand for themselves; an address belongs to one place only", () => {
  const { desired, rejected } = planOf({
    virtualRouters: [routerSpec()],
    static: {
      addresses: [
        { address: "192.0.2.10/24", interface: "eth1" },
        { address: "192.0.2.20/24" },
        { address: "192.0.2.21/24", interface: "eth1" },
      ],
      routes: [{ destination: "203.0.113.0/24", nextHops: [{ interface: "eth1" }] }, { destination: "x" }],
      rules: [{ from: "192.0.2.21", table: 7 }],
    },
  });
  assert.deepEqual(desired.static, {
    addresses: [{ address: "192.0.2.21/24", interface: "eth1" }],
    routes: [{ family: "IPv4", destination: "203.0.113.0/24", type: "unicast", nextHops: [{ interface: "eth1" }] }],
    rules: [{ family: "IPv4", from: "192.0.2.21/32", action: "lookup", table: 7 }],
  });
  assert.deepEqual(
    rejected.map(({ path, message }) => [path, message]),
    [
      ["static.addresses[0]", "address: 192.0.2.10/24 belongs to web/IPv4"],
      ["static.addresses[1]", "interface: a static address needs one"],
      ["static.routes[1]", 'route: destination: "x" is not an address'],
    ],
  );
});

test("one link-local address on two links is two addresses, two macvlans of one name are not", () => {
  const local = (virtualIP: string, name: string, fields: object = {}) =>
    routerSpec({ virtualIP, family: "IPv6", interface: name, addresses: plain("fe80::1/64"), ...fields });
  assert.equal(plan(local("a", "eth0"), local("b", "eth1")).desired.routers.length, 2);
  const { rejected } = plan(local("a", "eth0", { virtualMACInterface: "vrrp" }), local("b", "eth1", { virtualMACInterface: "vrrp" }));
  assert.match(rejected[0]?.message ?? "", /^virtualMACInterface: vrrp belongs to a\/IPv6$/);
});

test("addresses of a real server stand beside the static entries, each once, and stay when the agent ends where another adopts them", () => {
  const entry = { namespace: "web", name: "shop", addresses: ["192.0.2.20", "192.0.2.21"] };
  const lo = { address: "192.0.2.20/32", interface: "lo" };
  const spec = { static: { addresses: [lo], rules: [{ from: "192.0.2.21", table: 7 }] }, realServers: [entry] };
  const { desired, rejected } = planOf(spec, { staysPrepared: true });
  assert.deepEqual(rejected, []);
  assert.deepEqual(
    desired.static?.addresses?.map(({ address }) => address),
    ["192.0.2.20/32", "192.0.2.21/32"],
  );
  assert.deepEqual([desired.static?.rules?.length, desired.static?.keep], [1, true]);
  assert.equal(planOf(spec).desired.static?.keep, undefined);
  const odd = planOf({ realServers: [{ ...entry, addresses: ["web"] }] });
  assert.deepEqual([odd.desired.static, odd.rejected.map(({ subject }) => subject)], [undefined, ["real server of web/shop"]]);
});

test("what a specification does not have the core and those beside it are not told of", () => {
  const { desired, accepted } = planOf({
    static: {},
    virtualServers: [],
    realServers: [],
    interfaces: [],
    announcementPacing: [],
    groups: [],
  });
  assert.deepEqual({ desired, accepted }, { desired: { routers: [], debugUnknownRouters: false }, accepted: { virtualRouters: [] } });
});

test("groups, notifications and the search for unknown routers are taken as they are", () => {
  const groups = [{ name: "g", notify: { programs: [{ events: ["MASTER" as const], command: ["/bin/true"] }] } }];
  const notify = { fifo: "/run/aloft/fifo" };
  const { desired, accepted, rejected } = planOf({ debugUnknownRouters: true, groups, notify });
  assert.deepEqual(rejected, []);
  assert.equal(desired.debugUnknownRouters, true);
  assert.deepEqual([accepted.groups, accepted.notify], [groups, notify]);
});
