import assert from "node:assert/strict";
import { test } from "node:test";
import { planDesired } from "../../../src/agent/desired.ts";
import type { DesiredRouter } from "../../../src/agent/native.ts";
import { type PreflightFacts, processProblems, routerProblem } from "../../../src/agent/preflight.ts";
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import { link, routerSpec } from "./fixtures.ts";

const facts = (fields: Partial<PreflightFacts> = {}): PreflightFacts => ({
  missingCapabilities: [],
  links: [link()],
  multicast: () => true,
  ...fields,
});

function router(fields: Partial<VirtualRouterSpec> = {}): DesiredRouter {
  const [planned] = planDesired({ virtualRouters: [routerSpec(fields)] }, { realTime: true }).desired.routers;
  assert.ok(planned);
  return planned;
}
const ipv6 = { family: "IPv6", addresses: ["2001:db8::10/64"] } as const;

test("nothing is wrong", () => {
  assert.equal(routerProblem(router(), facts()), undefined);
  assert.equal(routerProblem(router({ ...ipv6, addresses: ["2001:db8::10/64"] }), facts()), undefined);
  assert.equal(routerProblem(router(), facts({ multicast: () => undefined })), undefined);
  assert.deepEqual(processProblems(facts()), []);
});

const problems: [string, Partial<VirtualRouterSpec>, Partial<PreflightFacts>, string][] = [
  ["missing", {}, { links: [] }, "Interface eth0 does not exist on this node."],
  ["down", {}, { links: [link({ up: false })] }, "Interface eth0 is down."],
  ["no multicast", {}, { multicast: () => false }, "Interface eth0 does not multicast."],
  ["no IPv4", {}, { links: [link({ addresses: ["fe80::1/64"] })] }, "Interface eth0 has no IPv4 address to send adverts from."],
  [
    "no link-local IPv6",
    { family: "IPv6", addresses: ["2001:db8::10/64"] },
    { links: [link({ addresses: ["192.0.2.1/24", "2001:db8::1/64"] })] },
    "Interface eth0 has no IPv6 link-local address to send adverts from.",
  ],
  [
    "static address, with another prefix length and on another interface",
    {},
    { links: [link(), link({ index: 3, name: "eth1", addresses: ["192.0.2.10/32"] })] },
    "192.0.2.10 is configured statically on eth1, so that this node answers for it in every state.",
  ],
];
for (const [name, spec, more, sentence] of problems) {
  test(`the interface: ${name}`, () => assert.equal(routerProblem(router(spec), facts(more)), sentence));
}

test("the address owner has its address statically by right", () => {
  const links = [link({ addresses: ["192.0.2.10/24"] })];
  assert.equal(routerProblem(router({ priority: 255 }), facts({ links })), undefined);
});

test("each missing capability is told with what does not work; real time has a condition of its own", () => {
  assert.deepEqual(processProblems(facts({ missingCapabilities: ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_NICE"] })), [
    "The agent lacks CAP_NET_ADMIN: it cannot add or remove addresses.",
    "The agent lacks CAP_NET_RAW: it cannot send or receive adverts.",
  ]);
});
