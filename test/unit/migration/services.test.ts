import assert from "node:assert/strict";
import { test } from "node:test";
import { advertisement, importObjects, pool, service } from "./support.ts";

/** With a pool 192.0.2.0/28 called public. */
function imported(...services: ReturnType<typeof service>[]) {
  const { annotations, messages } = importObjects(pool("public"), advertisement("l2"), ...services);
  return { annotations, messages };
}

test("MetalLB's annotations under both names, the newer one first", () => {
  const { annotations, messages } = imported(
    service("old", { "metallb.universe.tf/loadBalancerIPs": "192.0.2.1", "metallb.universe.tf/allow-shared-ip": "k" }),
    service("new", { "metallb.io/loadBalancerIPs": "192.0.2.2, 2001:DB8::2" }),
    service("both", {
      "metallb.io/address-pool": "public",
      "metallb.universe.tf/address-pool": "other",
      "metallb.io/ip-allocated-from-pool": "public",
    }),
  );
  assert.deepEqual(annotations, {
    "shop/old": { "aloft.dev/addresses": "192.0.2.1", "aloft.dev/sharing-key": "k" },
    "shop/new": { "aloft.dev/addresses": "192.0.2.2,2001:db8::2" },
    "shop/both": { "aloft.dev/pool": "public" },
  });
  assert.deepEqual(messages, [
    "warning: Service shop/new: 2001:db8::2 is in no pool of the input: it would not keep it",
    'warning: Service shop/both: metadata.annotations.metallb.universe.tf/address-pool: expected the name of a pool of the input, got "other": left out',
  ]);
});

test("values that cannot be taken are left out and told", () => {
  const { annotations, messages } = imported(
    service("a", { "metallb.io/loadBalancerIPs": "192.0.2.1,192.0.2.2" }),
    service("b", { "metallb.io/loadBalancerIPs": "example.com" }),
    service("c", { "metallb.io/allow-shared-ip": "two\nlines", "metallb.io/colour": "red" }),
    service("d", { "metallb.io/allow-shared-ip": "" }),
  );
  assert.deepEqual(annotations, { "shop/a": {}, "shop/b": {}, "shop/c": {} });
  const expected = "expected IP addresses, at most one of each family, got";
  assert.deepEqual(
    messages.map((message) => message.replace("warning: Service shop/", "").replace("metadata.annotations.metallb.io/", "")),
    [
      `a: loadBalancerIPs: ${expected} "192.0.2.1,192.0.2.2": left out`,
      `b: loadBalancerIPs: ${expected} "example.com": left out`,
      'c: allow-shared-ip: expected a text of one line, of characters that can be seen, got "twoU+000Alines": left out',
      "c: colour: unknown here: ignored",
    ],
  );
});

test("a Service that has an address and asks for nothing needs nothing: its status is what it keeps", () => {
  const { annotations, messages } = imported(service("web", { "metallb.io/ip-allocated-from-pool": "public" }, {}, ["192.0.2.3"]));
  assert.deepEqual([annotations, messages], [{}, []]);
});

test("an address that no pool holds would be lost: told, also of the deprecated field", () => {
  const { messages } = imported(service("has", {}, {}, ["203.0.113.1"]), service("asks", {}, { loadBalancerIP: "203.0.113.2" }));
  assert.deepEqual(messages, [
    "warning: Service shop/has: 203.0.113.1 is in no pool of the input: it would not keep it",
    "warning: Service shop/asks: 203.0.113.2 is in no pool of the input: it would not keep it",
  ]);
});

test("the deprecated field, which Aloft reads, too: what it cannot take is told", () => {
  const { annotations, messages } = imported(
    service("dhcp", {}, { loadBalancerIP: "0.0.0.0" }),
    service("bad", {}, { loadBalancerIP: "web" }),
    service("local", {}, { loadBalancerIP: "127.0.0.1" }),
    service("annotated", { "metallb.io/loadBalancerIPs": "192.0.2.1" }, { loadBalancerIP: "0.0.0.0" }),
  );
  assert.deepEqual(annotations["shop/annotated"], { "aloft.dev/addresses": "192.0.2.1" });
  assert.deepEqual(
    messages.map((message) => message.replace("warning: Service shop/", "").replace("spec.loadBalancerIP: expected ", "")),
    [
      'dhcp: addresses, for DHCP is not offered, got "0.0.0.0": take it away, or the Service gets none',
      'bad: IP addresses, at most one of each family, got "web": take it away, or the Service gets none',
      'local: addresses that other hosts can reach, got "127.0.0.1": take it away, or the Service gets none',
    ],
  );
});

test("classes: a peer's must change, and takes the address along as a wish; a stranger's is left alone", () => {
  const { annotations, messages } = imported(
    service("classed", { "metallb.io/ip-allocated-from-pool": "public" }, { loadBalancerClass: "example.com/metallb" }, ["192.0.2.3"]),
    service("strange", {}, { loadBalancerClass: "example.com/cloud" }, ["203.0.113.1"]),
    service("ours", {}, { loadBalancerClass: "aloft.dev/vrrp" }, ["192.0.2.4"]),
    { ...service("internal", { "metallb.io/address-pool": "public" }), spec: { type: "ClusterIP" } },
  );
  assert.deepEqual(annotations, { "shop/classed": { "aloft.dev/addresses": "192.0.2.3" } });
  assert.deepEqual(messages, [
    'warning: Service shop/classed: spec.loadBalancerClass: "example.com/metallb" must become aloft.dev/vrrp, which takes another type in between: see docs/moving.md',
    'warning: Service shop/strange: spec.loadBalancerClass: "example.com/cloud" is somebody else\'s: left alone',
  ]);
});
