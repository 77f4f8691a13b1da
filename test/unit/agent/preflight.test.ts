import assert from "node:assert/strict";
import { test } from "node:test";
import type { DesiredRouter } from "../../../src/agent/native/desiredState.ts";
import { type PreflightFacts, processProblems, routerProblem } from "../../../src/agent/preflight.ts";
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import { link, plain, planOf, routerSpec } from "./fixtures.ts";

const facts = (fields: Partial<PreflightFacts> = {}): PreflightFacts => ({
  missingCapabilities: [],
  links: [link()],
  gate: { active: true, message: "" },
  multicast: () => true,
  seesNodeProcesses: true,
  ipv4Setting: () => 0,
  ...fields,
});

function router(fields: Partial<VirtualRouterSpec> = {}): DesiredRouter {
  const [planned] = planOf({ virtualRouters: [routerSpec(fields)] }).desired.routers;
  assert.ok(planned);
  return planned;
}
const ipv6 = { family: "IPv6", addresses: plain("2001:db8::10/64") } as const;

test("nothing is wrong", () => {
  assert.equal(routerProblem(router(), facts()), undefined);
  assert.equal(routerProblem(router(ipv6), facts()), undefined);
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
    ipv6,
    { links: [link({ addresses: ["192.0.2.1/24", "2001:db8::1/64"] })] },
    "Interface eth0 has no IPv6 link-local address to send adverts from.",
  ],
  [
    "static address, with another prefix length and on another interface",
    {},
    { links: [link(), link({ index: 3, name: "eth1", addresses: ["192.0.2.10/32"] })] },
    "192.0.2.10 is configured statically on eth1, so that this node answers for it in every state.",
  ],
  [
    "a source address that it does not have",
    { sourceAddress: "192.0.2.9" },
    {},
    "Interface eth0 does not have 192.0.2.9, the source address of the adverts.",
  ],
  [
    "packets that nobody refuses",
    { accept: false },
    { gate: { active: false, message: "bpf: Operation not permitted" } },
    "Packets to the addresses are accepted although accept is false, for the kernel has no gate: bpf: Operation not permitted.",
  ],
  ["no macvlan", { virtualMACInterface: "v4-51-eth0" }, {}, "The macvlan v4-51-eth0 could not be made: perhaps the kernel has no macvlan."],
  [
    "a reverse path filter above its macvlan",
    { virtualMACInterface: "v4-51-eth0" },
    { links: [link(), link({ name: "v4-51-eth0", kind: "macvlan" })], ipv4Setting: (device) => (device === "all" ? 1 : 0) },
    "The reverse path filter drops what is sent to v4-51-eth0: set net.ipv4.conf.all.rp_filter to 0 or 2.",
  ],
];
for (const [name, spec, more, sentence] of problems) {
  test(`the interface: ${name}`, () => assert.equal(routerProblem(router(spec), facts(more)), sentence));
}

test("accept: false needs nothing of who has a gate, nor of the address owner", () => {
  const gate = { active: false, message: "no" };
  assert.equal(routerProblem(router({ accept: false }), facts()), undefined);
  assert.equal(routerProblem(router({ accept: false, priority: 255 }), facts({ gate })), undefined);
  assert.equal(routerProblem(router({ accept: true }), facts({ gate })), undefined);
});

test("the address owner has its address statically by right", () => {
  const links = [link({ addresses: ["192.0.2.10/24"] })];
  assert.equal(routerProblem(router({ priority: 255 }), facts({ links })), undefined);
});

test("a real server's address on the loopback interface or on a tunnel is no trouble where the LAN gets no answer for it", () => {
  const links = [link(), link({ index: 1, name: "lo", loopback: true, addresses: ["192.0.2.10/32"] })];
  const ignoring = (level: number) => facts({ links, ipv4Setting: (_device, name) => (name === "arp_ignore" ? level : 0) });
  assert.equal(routerProblem(router(), ignoring(1)), undefined);
  assert.match(routerProblem(router(), ignoring(0)) ?? "", /192\.0\.2\.10 is configured statically on lo/);
  const tunnel = [link(), link({ index: 7, name: "tunl0", addresses: ["192.0.2.10/32"] })];
  assert.equal(
    routerProblem(router(), facts({ links: tunnel, ipv4Setting: (_device, name) => (name === "arp_ignore" ? 1 : 0) })),
    undefined,
  );
});

test("unicast needs no multicast; a loose filter drops nothing", () => {
  const multicast = () => false;
  assert.equal(routerProblem(router({ unicastPeers: ["192.0.2.2"] }), facts({ multicast })), undefined);
  const links = [link(), link({ name: "v4-51-eth0", kind: "macvlan", addresses: [] })];
  const loose = facts({ links, ipv4Setting: (device, name) => (name === "rp_filter" && device !== "all" ? 2 : 1) });
  assert.equal(routerProblem(router({ virtualMACInterface: "v4-51-eth0" }), loose), undefined);
});

test("what programs and checks of processes need is asked for only where there are some", () => {
  const lacking = facts({ missingCapabilities: ["CAP_SETUID", "CAP_SETGID"], seesNodeProcesses: false });
  assert.deepEqual(processProblems(lacking, { virtualRouters: [routerSpec()] }), []);
  const checks = planOf({
    checks: [
      { name: "a", process: { name: "nginx" } },
      { name: "b", exec: { command: ["/bin/true"] } },
    ],
  }).accepted.checks;
  assert.deepEqual(processProblems(lacking, { virtualRouters: [], checks }), [
    "The agent lacks CAP_SETUID: it cannot run programs as another user.",
    "The agent lacks CAP_SETGID: it cannot run programs as another group.",
    "The agent sees the processes of its own container only: checks of processes need hostPID.",
  ]);
  const notify = { programs: [{ events: ["MASTER" as const], command: ["/bin/true"] }] };
  assert.equal(processProblems(lacking, { virtualRouters: [routerSpec({ notify })] }).length, 2);
});

test("each missing capability is told with what does not work; real time has a condition of its own", () => {
  assert.deepEqual(processProblems(facts({ missingCapabilities: ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_NICE"] })), [
    "The agent lacks CAP_NET_ADMIN: it cannot add or remove addresses.",
    "The agent lacks CAP_NET_RAW: it cannot send or receive adverts.",
  ]);
});
