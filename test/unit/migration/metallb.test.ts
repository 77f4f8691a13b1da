import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advertisement, importObjects, importText, pool, type Written } from "./support.ts";

const onN = (name: string) => ({ matchLabels: { "kubernetes.io/hostname": name } });
const announced = advertisement("l2");

/** The spec of the only pool, and what was said. */
function imported(spec: object, ...more: Written[]) {
  const { specs, messages } = importObjects(pool("first", spec), ...(more.length > 0 ? more : [announced]));
  return { spec: specs["AddressPool first"], messages };
}

test("a pool as most have it", () => {
  const { spec, messages } = imported({ addresses: ["192.0.2.100-192.0.2.109", "2001:db8::100/124"] });
  assert.deepEqual(spec, { addresses: ["192.0.2.100-192.0.2.109", "2001:db8::100/124"], sharing: "Cluster" });
  assert.deepEqual(messages, []);
});

test("addresses are written as an AddressPool has them: without spaces, and CIDRs as networks", () => {
  const { spec, messages } = imported({
    addresses: ["192.0.2.100 - 192.0.2.109", "198.51.100.5/28"],
    avoidBuggyIPs: true,
    autoAssign: false,
  });
  const addresses = ["192.0.2.100-192.0.2.109", "198.51.100.0/28"];
  assert.deepEqual(spec, { addresses, skipZeroAnd255: true, autoAssign: false, sharing: "Cluster" });
  assert.deepEqual(messages, [
    'warning: IPAddressPool first: spec.addresses[1]: "198.51.100.5/28" has bits of a host: written as the network 198.51.100.0/28, as MetalLB takes it',
  ]);
});

const expected = 'expected an address, a CIDR or a range such as "198.51.100.0/27" or "198.51.100.10-198.51.100.20"';
for (const text of ["192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.0/33", "192.0.2", "192.0.2.1-192.0.2.2-192.0.2.3", ""]) {
  test(`"${text}" is no range: an error with its place`, () => {
    const { migration } = importObjects(pool("first", { addresses: ["192.0.2.0/30", text] }), announced);
    const message = `IPAddressPool first: spec.addresses[1]: ${expected}, got "${text}"`;
    const [told] = migration.diagnostics;
    assert.deepEqual([told?.severity, told?.message, told?.position.line, migration.hasErrors], ["error", message, 10, true]);
  });
}

describe("whom a pool is for", () => {
  const allocated = (serviceAllocation: object) => imported({ addresses: ["192.0.2.0/28"], serviceAllocation });

  test("one kind of choice is taken as it is", () => {
    const tier = { matchExpressions: [{ key: "tier", operator: "Exists" as const }] };
    const { spec, messages } = allocated({ priority: 50, namespaces: ["a", "b"], serviceSelectors: [tier] });
    const addresses = ["192.0.2.0/28"];
    assert.deepEqual(spec, { addresses, priority: 951, namespaces: ["a", "b"], serviceSelector: tier, sharing: "Cluster" });
    assert.deepEqual(messages, []);
  });

  test("namespaces by name or by selector become one selector where it can say the same", () => {
    const byName = { matchLabels: { "kubernetes.io/metadata.name": "c" } };
    const { spec } = allocated({ namespaces: ["a"], namespaceSelectors: [byName] });
    const values = ["a", "c"];
    const namespaceSelector = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] };
    assert.deepEqual(spec, { addresses: ["192.0.2.0/28"], priority: 1, namespaceSelector, sharing: "Cluster" });
  });

  test("where it cannot, that is an error: nobody gets addresses that he had not", () => {
    const { messages } = allocated({ namespaces: ["a"], namespaceSelectors: [{ matchLabels: { tenant: "acme" } }] });
    assert.deepEqual(messages, [
      "error: IPAddressPool first: spec.serviceAllocation.namespaceSelectors: expected one selector, or several of the values of one label: " +
        "an AddressPool has one, got 2, any of which may hold",
    ]);
  });

  test("a selector of everything restricts nothing", () => {
    const { spec } = allocated({ serviceSelectors: [{}, { matchLabels: { a: "b" } }] });
    assert.deepEqual(spec, { addresses: ["192.0.2.0/28"], priority: 1, sharing: "Cluster" });
  });

  test("priorities: MetalLB's lowest comes first, then 0, then what has no serviceAllocation", () => {
    const priorityOf = (priority: number) => (allocated({ priority }).spec as { priority: number }).priority;
    assert.deepEqual([1, 2, 999, 1000, 0, -1].map(priorityOf), [1000, 999, 2, 2, 1, 1]);
    assert.match(String(allocated({ priority: 1000 }).messages), /priority: numbers from 999 on become the same: 2/);
    assert.match(String(allocated({ priority: -1 }).messages), /priority: expected a number from 0, got -1: taken as 0/);
  });
});

describe("who answers", () => {
  const base = { addresses: ["192.0.2.0/28"], sharing: "Cluster" };
  const answering = (...more: Written[]) => imported({ addresses: ["192.0.2.0/28"] }, ...more);

  test("one advertisement may announce several pools: each has its interface and its nodes", () => {
    const adverts = advertisement("l2", {
      ipAddressPools: ["a"],
      ipAddressPoolSelectors: [{ matchLabels: { zone: "east" } }],
      interfaces: ["eth1"],
    });
    const { specs, messages } = importObjects(
      pool("a"),
      pool("b", { addresses: ["192.0.2.16/28"] }, { zone: "east" }),
      pool("c", { addresses: ["192.0.2.32/28"] }, { zone: "west" }),
      adverts,
    );
    assert.deepEqual(specs["AddressPool a"], { ...base, virtualIP: { interface: "eth1" } });
    assert.deepEqual(specs["AddressPool b"], { ...base, addresses: ["192.0.2.16/28"], virtualIP: { interface: "eth1" } });
    assert.deepEqual(specs["AddressPool c"], { ...base, addresses: ["192.0.2.32/28"] });
    assert.deepEqual(messages, [
      "warning: IPAddressPool c: no L2Advertisement of the input announces it: MetalLB answers for none of its addresses, Aloft will",
    ]);
  });

  test("several advertisements of one pool: nodes of any of them", () => {
    const [one, two] = [
      advertisement("one", { nodeSelectors: [onN("n1")] }),
      advertisement("two", { nodeSelectors: [onN("n2"), onN("n3")] }),
    ];
    const values = ["n1", "n2", "n3"];
    const selector = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values }] };
    assert.deepEqual(answering(one, two), { spec: { ...base, virtualIP: { nodes: { selector } } }, messages: [] });
    assert.deepEqual(answering(one, advertisement("all")), { spec: base, messages: [] });
  });

  test("nodes that no selector can name: an error that names the advertisements", () => {
    const rack = advertisement("rack", { nodeSelectors: [{ matchLabels: { rack: "r1" } }] });
    assert.deepEqual(answering(rack, advertisement("host", { nodeSelectors: [onN("n1")] })).messages, [
      "error: IPAddressPool first: announced by L2Advertisement rack (objects.yaml:11) and L2Advertisement host (objects.yaml:21) from the nodes of " +
        "2 selectors, any of which may hold: expected one selector, or several of the values of one label: an AddressPool has one, write it there",
    ]);
  });

  test("several interfaces: left out, and said", () => {
    const both = answering(advertisement("l2", { interfaces: ["eth0", "eth1"] }));
    assert.deepEqual(both.spec, base);
    assert.match(
      String(both.messages),
      /^warning: L2Advertisement l2: spec\.interfaces: expected at most one, .* got eth0, eth1: left out/,
    );
    const apart = answering(advertisement("a", { interfaces: ["eth0"] }), advertisement("b", { interfaces: ["eth1"] }));
    assert.deepEqual(apart.spec, base);
    assert.match(String(apart.messages), /announced on eth0 by L2Advertisement a \(objects\.yaml:11\), on eth1 by L2Advertisement b/);
    assert.deepEqual(answering(advertisement("a", { interfaces: ["eth0"] }), advertisement("b")), { spec: base, messages: [] });
  });

  test("what an AddressPool does not say of an advertisement, and a pool that is not there", () => {
    const { messages } = answering(
      advertisement("l2", {
        ipAddressPools: ["first", "second"],
        serviceSelectors: [{}],
        preferredNodeSelectors: [{ weight: 1, preference: {} }],
      }),
    );
    const [reference, services, preferred, ...more] = messages;
    assert.match(
      reference ?? "",
      /^warning: L2Advertisement l2: spec\.ipAddressPools\[1\]: expected the name of an IPAddressPool .* got "second"$/,
    );
    assert.match(services ?? "", /^warning: L2Advertisement l2: spec\.serviceSelectors: an AddressPool says/);
    assert.match(preferred ?? "", /^warning: L2Advertisement l2: spec\.preferredNodeSelectors: no node is preferred/);
    assert.deepEqual(more, []);
  });

  test("BGP is named as not taken; a pool that BGP alone announces is left out", () => {
    const kinds = ["BGPPeer", "BFDProfile", "Community"].map((kind) => advertisement("x", { anything: 1 }, kind));
    const { specs, messages } = importObjects(pool("first"), advertisement("bgp", {}, "BGPAdvertisement"), ...kinds);
    assert.deepEqual(specs, {});
    assert.deepEqual(messages, [
      "warning: IPAddressPool first: announced by BGPAdvertisement bgp (objects.yaml:11) alone, and BGP is not offered: left out",
      "warning: BGPAdvertisement bgp: BGP is not offered: not taken",
      ...["BGPPeer", "BFDProfile", "Community"].map((kind) => `warning: ${kind} x: BGP is not offered: not taken`),
    ]);
    const both = importObjects(pool("first"), announced, advertisement("bgp", {}, "BGPAdvertisement"));
    assert.deepEqual(both.specs, { "AddressPool first": base });
  });
});

test("fields and kinds that are not known, and values of the wrong type", () => {
  const { messages } = importObjects(
    pool("first", { addresses: ["192.0.2.0/28"], shape: "round" }),
    pool("second", { addresses: "192.0.2.16/28" }),
    announced,
    advertisement("old", {}, "AddressPool"),
    advertisement("new", {}, "Teapot"),
    advertisement("status", {}, "ServiceL2Status"),
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } },
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "b" } },
  );
  assert.deepEqual(messages, [
    "warning: IPAddressPool first: spec.shape: unknown here: ignored",
    "error: IPAddressPool second: spec.addresses: expected array, got string",
    "error: AddressPool old: of MetalLB before 0.13: expected an IPAddressPool and an L2Advertisement",
    "warning: Teapot new: unknown here: ignored",
    "warning: Deployment a: Deployment is nothing that addresses are read from: ignored and 1 more of its kind",
  ]);
});

test("pools that overlap are refused with both names and the first address in question", () => {
  const { messages } = importObjects(pool("a"), pool("b", { addresses: ["192.0.2.8-192.0.2.40"] }), announced);
  assert.deepEqual(messages, [
    "error: IPAddressPool b: 192.0.2.8 is in AddressPool b and in AddressPool a: expected addresses that stand in one alone",
  ]);
});

test("a name that VirtualIPs and labels cannot have becomes another one, and Services follow", () => {
  const long = `long.${"x".repeat(60)}`;
  const chosen = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop", annotations: { "metallb.io/address-pool": long } },
    spec: { type: "LoadBalancer" },
  };
  const { specs, annotations, messages } = importObjects(pool(long), announced, chosen);
  const name = `long-${"x".repeat(35)}`;
  assert.deepEqual(Object.keys(specs), [`AddressPool ${name}`]);
  assert.deepEqual(annotations, { "shop/web": { "aloft.dev/pool": name } });
  assert.deepEqual(messages, [`warning: IPAddressPool ${long}: metadata.name: the AddressPool is called ${name}`]);
});

test("what is no YAML, and what is no object, is an error with its place", () => {
  const lines = (text: string) => importText(text).migration.diagnostics.map(({ severity, position }) => [severity, position.line]);
  assert.deepEqual(
    lines("a: [1\nb: 2"),
    [
      ["error", 2],
      ["error", 2],
    ].slice(0, lines("a: [1\nb: 2").length),
  );
  assert.deepEqual(lines("kind: List\nitems:\n  - kind: Service\n  - 7"), [["error", 4]]);
  assert.deepEqual(lines(""), []);
});
