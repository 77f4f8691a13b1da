import assert from "node:assert/strict";
import { test } from "node:test";
import { planDesired } from "../../../src/agent/desired.ts";
import type { AppliedSpec } from "../../../src/agent/specRunner.ts";
import { buildStatus, reportedInterfaces, type StatusFacts } from "../../../src/agent/status.ts";
import { nodeAgentStatusSchema } from "../../../src/api/nodeAgent.ts";
import { link, routerSnapshot, routerSpec, snapshot } from "./fixtures.ts";

const startedAt = new Date("2026-01-01T00:00:00Z");
const appliedAt = new Date("2026-01-01T00:00:01Z");
const now = new Date("2026-01-01T00:01:00Z");

function applied(virtualRouters: unknown[], fields: Partial<AppliedSpec> = {}): AppliedSpec {
  return { generation: 4, appliedAt, ...planDesired({ virtualRouters }, { realTime: true }), ...fields };
}

function facts(fields: Partial<StatusFacts> = {}): StatusFacts {
  const current = fields.snapshot ?? snapshot();
  return {
    version: "1.2.3",
    startedAt,
    now,
    stopped: false,
    snapshot: current,
    preflight: { missingCapabilities: [], links: current.links, multicast: () => true },
    fileProblems: [],
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
    masters: 1,
    backups: 0,
    faults: 0,
    interfaces: [{ name: "eth0", up: true, mac: "02:00:00:00:00:01", addresses: ["192.0.2.1/24", "fe80::1/64"] }],
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
      message: undefined,
    },
  ]);
  assert.deepEqual(
    conditions?.map(({ type, status }) => [type, status]),
    [
      ["RealTime", "True"],
      ["Preflight", "True"],
      ["ConfigurationApplied", "True"],
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
    routerSpec({ virtualIP: "db", virtualRouterID: 2, addresses: ["192.0.2.2/24"] }),
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
