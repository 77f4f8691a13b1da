import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { fleetOf, priorities, toConf, toYaml } from "../../../bench/vrrp/fleet.ts";
import { virtualIPSchema } from "../../../src/api/virtualIP.ts";

test("a thousand virtual routers on four interfaces have a number and an address of their own there", () => {
  const fleet = fleetOf(1000, 10, ["l0", "l1", "l2", "l3"]);
  assert.equal(new Set(fleet.map((router) => `${router.interface} ${router.virtualRouterID}`)).size, 1000);
  assert.equal(new Set(fleet.flatMap(({ addresses }) => addresses)).size, 1000);
  assert.deepEqual(fleet.at(-1), {
    family: "IPv4",
    interface: "l3",
    virtualRouterID: 250,
    intervalMs: 10,
    addresses: ["10.200.3.250"],
  });
});

test("more than fit is an error", () => {
  assert.throws(() => fleetOf(251, 10, ["l0"]), /251 virtual routers do not fit on 1 interfaces/);
  assert.throws(() => fleetOf(300, 10, ["l0"], 300), /do not fit/);
});

test("the YAML is of valid VirtualIPs with the interval, the number and the priority", () => {
  const [router] = fleetOf(1, 10, ["eth0"]);
  assert.ok(router);
  const fleet = [router, { ...router, virtualRouterID: 2, addresses: ["10.200.0.2"], excluded: ["10.201.0.1"] }];
  const documents = parseAllDocuments(toYaml("n1", fleet, priorities.leader)).map((document) => virtualIPSchema.parse(document.toJS()));
  assert.equal(documents.length, 2);
  assert.equal(documents[0]?.spec.vrrp.advertisementInterval, "10ms");
  assert.equal(documents[1]?.spec.vrrp.virtualRouterID, 2);
  assert.deepEqual(documents[1]?.spec.nodes.overrides, [{ name: "n1", priority: 254 }]);
  assert.deepEqual(documents[1]?.spec.excludedAddresses, [{ address: "10.201.0.1" }]);
});

test("the keepalived.conf says the same, and gives its process real time where asked", () => {
  const [router] = fleetOf(1, 10, ["eth0"]);
  assert.ok(router);
  const conf = toConf("n1", [{ ...router, family: "IPv6", addresses: ["2001:db8::1"], excluded: ["2001:db8::2"] }], 244, 50);
  for (const line of ["interface eth0", "virtual_router_id 1", "priority 244", "advert_int 0.01", "vrrp_rt_priority 50"])
    assert.match(conf, new RegExp(`^ +${line}$`, "m"));
  assert.match(
    conf,
    /virtual_ipaddress \{\n +fe80::200:5eff:fe00:201\/64\n +2001:db8::1\/128\n +\}\n +virtual_ipaddress_excluded \{\n +2001:db8::2\/128\n/,
  );
  assert.doesNotMatch(toConf("n1", [router], 244), /rt_priority|excluded/);
});
