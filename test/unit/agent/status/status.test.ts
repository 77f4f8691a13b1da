import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppliedSpec } from "../../../../src/agent/specRunner.ts";
import { buildStatus, reportedInterfaces, type StatusFacts } from "../../../../src/agent/status/status.ts";
import { nodeAgentStatusSchema } from "../../../../src/api/nodeAgentStatus.ts";
import { link, plain, planOf, routerSnapshot, routerSpec, snapshot } from "../fixtures.ts";

const startedAt = new Date("2026-01-01T00:00:00Z");
const appliedAt = new Date("2026-01-01T00:00:01Z");
const now = new Date("2026-01-01T00:01:00Z");

function applied(virtualRouters: unknown[], fields: Partial<AppliedSpec> = {}): AppliedSpec {
  return { generation: 4, appliedAt, ...planOf({ virtualRouters }), ...fields };
}

function facts(fields: Partial<StatusFacts> = {}): StatusFacts {
  const current = fields.snapshot ?? snapshot();
  return {
    version: "1.2.3",
    startedAt,
    now,
    stopped: false,
    snapshot: current,
    checks: [],
    preflight: {
      missingCapabilities: [],
      links: current.links,
      gate: current.gate,
      multicast: () => true,
      seesNodeProcesses: true,
      ipv4Setting: () => 0,
    },
    fileProblems: [],
    findings: [],
    conditions: [],
    ...fields,
  };
}

const condition = (status: ReturnType<typeof buildStatus>, type: string) => status.conditions?.find((one) => one.type === type);

test("a running agent", () => {
  const routers = [routerSnapshot({ state: "MASTER", reason: "AdvertTimeout", silenceMs: 361.500177, peer: "192.0.2.2", transitions: 2 })];
  const status = buildStatus(facts({ applied: applied([routerSpec()]), snapshot: snapshot({ routers }) }));
  assert.equal(nodeAgentStatusSchema.safeParse(status).error, undefined);
  const { conditions, virtualRouters, ...rest } = status;
  assert.deepEqual(rest, {
    observedGeneration: 4,
    state: "Running",
    version: "1.2.3",
    startTime: startedAt.toISOString(),
    lastReportTime: now.toISOString(),
    http: undefined,
    masters: 1,
    backups: 0,
    faults: 0,
    interfaces: [{ name: "eth0", up: true, mac: "02:00:00:00:00:01", addresses: ["192.0.2.1/24", "fe80::1/64"] }],
    virtualServers: undefined,
    unknownRouters: undefined,
    findings: undefined,
  });
  assert.deepEqual(virtualRouters, [
    {
      virtualIP: "web",
      family: "IPv4",
      state: "MASTER",
      priority: 100,
      since: "2026-01-01T00:00:00.000Z",
      reason: "AdvertTimeout",
      peer: "192.0.2.2",
      silenceMs: 361.5,
      transitions: 2,
      handOver: undefined,
      conflict: undefined,
      foreignRouter: undefined,
      message: undefined,
    },
  ]);
  assert.deepEqual(
    conditions?.map(({ type, status }) => [type, status]),
    [
      ["RealTime", "True"],
      ["Preflight", "True"],
      ["ConfigurationApplied", "True"],
      ["DeadManSwitch", "False"],
    ],
  );
});

test("before the first configuration", () => {
  const status = buildStatus(facts());
  assert.equal(status.state, "Starting");
  assert.equal(status.observedGeneration, undefined);
  assert.deepEqual(status.virtualRouters, []);
  assert.equal(condition(status, "ConfigurationApplied")?.status, "Unknown");
});

test("a router that the core does not know yet is in INIT since the configuration came", () => {
  const [router] = buildStatus(facts({ applied: applied([routerSpec()]) })).virtualRouters ?? [];
  assert.deepEqual([router?.state, router?.reason, router?.since], ["INIT", "Starting", appliedAt.toISOString()]);
});

test("a stopped agent runs nothing, whatever the last snapshot says", () => {
  const status = buildStatus(
    facts({ applied: applied([routerSpec()]), snapshot: snapshot({ routers: [routerSnapshot({ state: "MASTER" })] }), stopped: true }),
  );
  assert.equal(status.state, "Stopped");
  assert.equal(status.masters, 0);
  assert.deepEqual(
    status.virtualRouters?.map(({ state, reason }) => [state, reason]),
    [["INIT", "Stopped"]],
  );
});

test("refused entries are told in the condition, and as routers where they name one", () => {
  const specs = [
    routerSpec({ version: 2 }),
    { family: "IPv4" },
    routerSpec({ virtualIP: "db", virtualRouterID: 2, addresses: plain("192.0.2.2/24") }),
  ];
  const routers = [routerSnapshot({ key: "db/IPv4" })];
  const status = buildStatus(facts({ applied: applied(specs), snapshot: snapshot({ routers }) }));
  assert.equal(nodeAgentStatusSchema.safeParse(status).error, undefined);
  assert.equal(status.state, "Degraded");
  assert.deepEqual(
    status.virtualRouters?.map(({ virtualIP, reason }) => [virtualIP, reason]),
    [
      ["db", "Started"],
      ["web", "Rejected"],
    ],
  );
  const told = condition(status, "ConfigurationApplied");
  assert.equal(told?.reason, "EntriesRejected");
  assert.match(told?.message ?? "", /web\/IPv4: advertisementInterval: .*; \?\/IPv4: virtualIP: /);
});

test("a second entry of a router that runs is told only in the condition: the list has one place for it", () => {
  const status = buildStatus(
    facts({ applied: applied([routerSpec(), routerSpec()]), snapshot: snapshot({ routers: [routerSnapshot()] }) }),
  );
  assert.deepEqual(
    status.virtualRouters?.map(({ reason }) => reason),
    ["Started"],
  );
  assert.match(condition(status, "ConfigurationApplied")?.message ?? "", /web\/IPv4: is listed twice/);
});

test("what preflight finds, FAULT and damaged files degrade; missing real time does not", () => {
  const run = (fields: Partial<StatusFacts>) => buildStatus(facts({ applied: applied([routerSpec()]), ...fields }));
  const down = snapshot({ routers: [routerSnapshot({ state: "FAULT", message: "eth0 has no carrier." })], links: [link({ up: false })] });
  const faulty = run({ snapshot: down });
  assert.equal(faulty.state, "Degraded");
  assert.equal(faulty.virtualRouters?.[0]?.message, "eth0 has no carrier. Interface eth0 is down.");
  assert.equal(condition(faulty, "Preflight")?.message, "Interface eth0 is down.");
  const damaged = run({ fileProblems: ["The journal was damaged."] });
  assert.equal(damaged.state, "Degraded");
  assert.equal(condition(damaged, "Preflight")?.message, "The journal was damaged.");
  const slow = run({ snapshot: snapshot({ routers: [routerSnapshot()], realTime: { granted: false, message: "SCHED_FIFO: EPERM" } }) });
  assert.equal(slow.state, "Running");
  assert.deepEqual([condition(slow, "RealTime")?.status, condition(slow, "RealTime")?.message], ["False", "SCHED_FIFO: EPERM"]);
});

test("what the core sees of others, the check that is down, and the hand-over that it heard", () => {
  const at = Date.UTC(2026, 0, 1);
  const spec = routerSpec({ handOver: 3, track: [{ check: "web.nginx", weight: -20, reverse: false }] });
  const plan = planOf({ virtualRouters: [spec], checks: [{ name: "web.nginx", process: { name: "nginx" } }] });
  const router = routerSnapshot({
    priority: 80,
    conflict: { address: "192.0.2.10", mac: "02:00:00:00:00:09", at },
    foreignRouter: { address: "192.0.2.77", reason: "other addresses", at },
  });
  const check = { name: "web.nginx", kind: "process" as const, up: false, since: new Date(at), message: "0 of 1 run" };
  const status = buildStatus(facts({ applied: { ...applied([]), ...plan }, snapshot: snapshot({ routers: [router] }), checks: [check] }));
  assert.equal(nodeAgentStatusSchema.safeParse(status).error, undefined);
  const [told] = status.virtualRouters ?? [];
  assert.deepEqual([told?.priority, told?.handOver], [80, 3]);
  assert.deepEqual(told?.conflict, { address: "192.0.2.10", mac: "02:00:00:00:00:09", time: "2026-01-01T00:00:00.000Z" });
  assert.deepEqual(told?.foreignRouter, { address: "192.0.2.77", reason: "other addresses", time: "2026-01-01T00:00:00.000Z" });
  const failure = "Check web.nginx has been down since 2026-01-01T00:00:00.000Z: 0 of 1 run.";
  assert.equal(told?.message, failure);
  assert.deepEqual(
    [condition(status, "Checks")?.status, condition(status, "Checks")?.message],
    ["False", `0 of 1 checks are up. ${failure}`],
  );
  assert.equal(status.state, "Running");
});

const deadMan = { virtualRouters: [routerSpec({ deadMan: true })] };
const gates: [string, object, boolean, string, string, string][] = [
  ["works and is wanted", deadMan, true, "True", "Armed", "Running"],
  ["works and nobody wants it", { virtualRouters: [routerSpec()] }, true, "False", "NotNeeded", "Running"],
  ["does not work and nobody wants it", { virtualRouters: [routerSpec()] }, false, "False", "NotNeeded", "Running"],
  ["does not work and is wanted", deadMan, false, "False", "Unavailable", "Degraded"],
  [
    "does not work and conflicts are to be seen",
    { virtualRouters: [routerSpec({ conflicts: "Report" })] },
    false,
    "False",
    "Unavailable",
    "Degraded",
  ],
];
for (const [name, spec, active, status, reason, state] of gates) {
  test(`the gate ${name}: ${reason}`, () => {
    const gate = { active, message: active ? "" : "bpf: Operation not permitted" };
    const current = snapshot({ gate, routers: [routerSnapshot()] });
    const preflight = { ...facts().preflight, missingCapabilities: active ? [] : ["CAP_BPF" as const] };
    const built = buildStatus(facts({ applied: { ...applied([]), ...planOf(spec) }, snapshot: current, preflight }));
    const told = condition(built, "DeadManSwitch");
    assert.deepEqual([told?.status, told?.reason, built.state], [status, reason, state]);
    if (reason === "Unavailable") assert.match(told?.message ?? "", /: bpf: Operation not permitted\. The agent lacks CAP_BPF\.$/);
  });
}

test("the gate that does not stand on an interface: Unavailable, and why", () => {
  const gate = { active: true, message: "attach the gate to eth0: Device or resource busy" };
  const built = buildStatus(
    facts({ applied: { ...applied([]), ...planOf(deadMan) }, snapshot: snapshot({ gate, routers: [routerSnapshot()] }) }),
  );
  const told = condition(built, "DeadManSwitch");
  assert.deepEqual([told?.status, told?.reason, built.state], ["False", "Unavailable", "Degraded"]);
  assert.match(told?.message ?? "", /: attach the gate to eth0: Device or resource busy\.$/);
});

test("routers of others are told when that was asked for, and only those of the last ten minutes", () => {
  const heard = (minutes: number) => ({
    interface: "eth0",
    family: "IPv4" as const,
    virtualRouterID: minutes,
    address: "192.0.2.7",
    at: now.getTime() - minutes * 60_000,
  });
  const current = snapshot({ unknownRouters: [heard(11), heard(9)] });
  const asked = applied([], planOf({ debugUnknownRouters: true }));
  assert.equal(buildStatus(facts({ applied: applied([]), snapshot: current })).unknownRouters, undefined);
  const { unknownRouters } = buildStatus(facts({ applied: asked, snapshot: current }));
  assert.deepEqual(
    unknownRouters?.map(({ virtualRouterID, time }) => [virtualRouterID, time]),
    [[9, "2025-12-31T23:52:00.000Z"]],
  );
});

test("a macvlan of a virtual router is no interface of the node", () => {
  const links = [link(), link({ index: 3, name: "v4-51-eth0", kind: "macvlan" })];
  const status = buildStatus(
    facts({ applied: applied([routerSpec({ virtualMACInterface: "v4-51-eth0" })]), snapshot: snapshot({ links }) }),
  );
  assert.deepEqual(
    status.interfaces?.map(({ name }) => name),
    ["eth0"],
  );
});

test("a condition keeps the time of its last change", () => {
  const before = buildStatus(facts()).conditions ?? [];
  const later = new Date("2026-01-01T01:00:00Z");
  const after = buildStatus(facts({ now: later, conditions: before, applied: applied([]) }));
  assert.equal(condition(after, "Preflight")?.lastTransitionTime, now.toISOString());
  assert.equal(condition(after, "ConfigurationApplied")?.lastTransitionTime, later.toISOString());
});

const interfaces: [string, Parameters<typeof link>[0], boolean][] = [
  ["a physical one", {}, true],
  ["a veth that is the node's uplink", { kind: "veth" }, true],
  ["a bridge", { name: "br0", kind: "bridge" }, true],
  ["a VLAN", { name: "eth0.100", kind: "vlan" }, true],
  ["a bond", { name: "bond0", kind: "bond" }, true],
  ["loopback", { name: "lo", loopback: true }, false],
  ["a port of a bridge or bond", { name: "eth1", master: 5 }, false],
  ["a pod's veth", { name: "veth12ab34cd", kind: "veth" }, false],
  ["Calico's", { name: "cali0a1b2c3d" }, false],
  ["the CNI bridge", { name: "cni0", kind: "bridge" }, false],
  ["Flannel's", { name: "flannel.1" }, false],
  ["Docker's", { name: "docker0" }, false],
  ["a Docker network's bridge", { name: "br-0123456789ab" }, false],
  ["kube-proxy's", { name: "kube-ipvs0" }, false],
];
for (const [name, fields, reported] of interfaces) {
  test(`${name} ${reported ? "is" : "is not"} reported as an interface`, () => {
    assert.equal(reportedInterfaces([link(fields)]).length, reported ? 1 : 0);
  });
}

test("the status keeps within the limits of its schema", () => {
  const links = Array.from({ length: 200 }, (_, index) =>
    link({ index, name: `eth${index}`, addresses: Array.from({ length: 300 }, (_, host) => `10.${index}.${host >> 8}.${host & 255}/8`) }),
  );
  const current = snapshot({ links, realTime: { granted: false, message: "x".repeat(40_000) } });
  const parsed = nodeAgentStatusSchema.safeParse(buildStatus(facts({ snapshot: current })));
  assert.equal(parsed.error, undefined);
});

test("virtual servers, cut to what an object holds in all", () => {
  const server = { address: "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", port: 65535, up: true, weight: 1, since: now.toISOString() };
  const servers = Array.from({ length: 64 }, (_, index) =>
    index < 63 ? server : { ...server, up: false, weight: 0, message: "x".repeat(256) },
  );
  const status = {
    namespace: "n".repeat(20),
    name: "v".repeat(20),
    programmed: false,
    up: 63,
    total: 64,
    quorum: true,
    message: "y".repeat(1024),
  };
  const small = buildStatus(facts({ virtualServers: [{ ...status, servers }] }));
  assert.deepEqual(small.virtualServers, [{ ...status, servers }]);
  for (const [count, kept] of [
    [5000, 4096],
    [2500, 2500],
    [300, 300],
  ] as const) {
    const large = buildStatus(facts({ virtualServers: Array.from({ length: count }, () => ({ ...status, servers })) }));
    assert.equal(large.virtualServers?.length, kept);
    assert.ok(JSON.stringify(large).length < 1_400_000, `${count}: ${JSON.stringify(large).length}`);
    // Those that are down are the last to be left out.
    assert.notEqual(large.virtualServers?.[0]?.servers?.[0]?.up, true);
    assert.equal(nodeAgentStatusSchema.safeParse(large).error, undefined);
  }
});

test("what the doctor finds is in the status, as much as the schema takes; without findings nothing is", () => {
  const finding = { severity: "Error" as const, what: "w".repeat(600), why: "y", fix: "f" };
  const { findings = [] } = buildStatus(facts({ findings: Array.from({ length: 40 }, () => finding) }));
  assert.deepEqual([findings.length, findings[0]?.what.length], [32, 512]);
  assert.equal(buildStatus(facts()).findings, undefined);
});
