import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../../src/api/ipAddress.ts";
import { readSubnets } from "../../../src/api/subnets.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { type InterfaceChoice, searchInterfaces } from "../../../src/plan/interfaces.ts";

const lan = [
  { name: "eth0", addresses: ["192.0.2.1/24", "fe80::1/64"] },
  { name: "eth1", addresses: ["198.51.100.1/24", "2001:db8::1/64", "fe80::2/64"] },
];

function search(texts: (string | object)[], more: object = {}, inUse: InterfaceChoice = {}) {
  const addresses = texts.map((text) => (typeof text === "string" ? { address: text } : text));
  const { interfaces, missing } = searchInterfaces(virtualIPSpecSchema.parse({ addresses, ...more }), "n1", readSubnets(lan), inUse);
  return { ...interfaces, missing: missing.map(([family, address]) => `${family} ${formatAddress(address)}`) };
}

test("interfaces: each family by its own subnet", () => {
  assert.deepEqual(search(["192.0.2.10", "2001:db8::10"]), { IPv4: "eth0", IPv6: "eth1", missing: [] });
});

test("interfaces: an address outside all subnets leaves the choice to the others of its family", () => {
  assert.deepEqual(search(["203.0.113.1", "198.51.100.10"]), { IPv4: "eth1", missing: [] });
  assert.deepEqual(search(["203.0.113.1", "203.0.113.2"]), { missing: ["IPv4 203.0.113.1"] });
});

test("interfaces: an address with an interface of its own does not decide, unless all have one", () => {
  assert.deepEqual(search([{ address: "192.0.2.10", interface: "eth0" }, "198.51.100.10"]), { IPv4: "eth1", missing: [] });
  assert.deepEqual(search([{ address: "192.0.2.10", interface: "lo" }]), { IPv4: "eth0", missing: [] });
});

test("interfaces: a link-local address is of every link, so the other family or what runs decides", () => {
  assert.deepEqual(search(["192.0.2.10", "fe80::10"]), { IPv4: "eth0", IPv6: "eth0", missing: [] });
  assert.deepEqual(search(["fe80::10", "2001:db8::10"]), { IPv6: "eth1", missing: [] });
  assert.deepEqual(search(["fe80::10"]), { missing: ["IPv6 fe80::10"] });
  assert.deepEqual(search(["fe80::10"], {}, { IPv6: "eth0" }), { IPv6: "eth0", missing: [] });
});

test("interfaces: what the user names serves both families, and a node's own goes first", () => {
  const overrides = [{ name: "n1", interface: "bond0" }];
  assert.deepEqual(search(["192.0.2.10", "2001:db8::10"], { interface: "eth7" }), { IPv4: "eth7", IPv6: "eth7", missing: [] });
  assert.deepEqual(search(["192.0.2.10"], { interface: "eth7", nodes: { overrides } }), { IPv4: "bond0", missing: [] });
});
