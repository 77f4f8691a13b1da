/** Defaults and the shape of problems; the verdicts on good and bad objects are in test/apiserver/schema.test.ts, next to kube-apiserver's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import { virtualIPSchema, virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";

const addresses = [{ address: "192.0.2.10/24" }];

function problems(spec: object): string[] {
  const parsed = virtualIPSpecSchema.safeParse(spec);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("a VirtualIP needs nothing but addresses", () => {
  const { spec } = virtualIPSchema.parse({ metadata: { name: "gateway" }, spec: { addresses } });
  assert.deepEqual(spec, {
    addresses,
    segment: "default",
    nodes: { maxCandidates: 5 },
    vrrp: { version: 3, preempt: true, preemptDelay: "0s", checksum: "Auto", mode: "Multicast", virtualMAC: false },
    conflictDetection: "Enforce",
    deadManSwitch: "Auto",
  });
});

test("defaults are filled in beside what is given", () => {
  const { vrrp, nodes } = virtualIPSpecSchema.parse({ addresses, vrrp: { version: 2 }, nodes: { overrides: [{ name: "n1" }] } });
  assert.deepEqual(vrrp, {
    version: 2,
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    mode: "Multicast",
    virtualMAC: false,
  });
  assert.deepEqual(nodes, { maxCandidates: 5, overrides: [{ name: "n1" }] });
});

test("a NodeAgent without a spec runs nothing", () => {
  assert.deepEqual(nodeAgentSchema.parse({ metadata: { name: "n1" } }).spec, { virtualRouters: [] });
});

test("fields of a newer version are dropped, not refused", () => {
  assert.deepEqual(virtualIPSpecSchema.parse({ addresses, colour: [] }), virtualIPSpecSchema.parse({ addresses }));
});

test("a problem names the path of its field", () => {
  assert.deepEqual(
    problems({ addresses: [...addresses, { address: "192.0.2.300" }] }).map((text) => text.split(": ")[0]),
    ["addresses.1.address"],
  );
  assert.match(
    problems({ addresses, vrrp: { advertisementInterval: "15ms" } })[0] ?? "",
    /^vrrp\.advertisementInterval: .* 10ms to 40\.95s/,
  );
  const equal = [
    { name: "n1", priority: 9 },
    { name: "n2", priority: 9 },
  ];
  assert.match(problems({ addresses, nodes: { overrides: equal } })[0] ?? "", /^nodes\.overrides: priority must differ/);
});

test("a repeated item is named by its key", () => {
  const overrides = [{ name: "n1" }, { name: "n2" }, { name: "n1" }];
  assert.deepEqual(problems({ addresses, nodes: { overrides } }), ['nodes.overrides.2.name: stands in the list already: ["n1"]']);
});
