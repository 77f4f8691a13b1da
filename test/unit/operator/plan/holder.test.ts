import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualIPStatus } from "../../../../src/api/virtualIP.ts";
import { findHolder, type HolderMemory } from "../../../../src/operator/plan/holder.ts";
import type { RouterReport } from "../../../../src/operator/plan/reports.ts";
import { report, timeAt } from "../samples.ts";

function claim(node: string, sinceSeconds: number, more: Partial<RouterReport> = {}): RouterReport {
  return { ...report("web", { state: "MASTER", since: timeAt(sinceSeconds) }), node, silent: false, reportedAt: 0, ...more };
}

interface Scene {
  reports: RouterReport[];
  status?: VirtualIPStatus;
  memory?: HolderMemory;
  now?: number;
  dual?: boolean;
}

function find({ reports, status = {}, memory = {}, now = 0, dual = false }: Scene) {
  const families = dual ? (["IPv4", "IPv6"] as const) : (["IPv4"] as const);
  return findHolder({ families, reports, status, advertisementInterval: "100ms", memory, now });
}

const held = (scene: Scene) => {
  const { holding } = find(scene);
  return holding.kind === "held" ? holding.node : holding.kind;
};
const moved = (...nodes: string[]): VirtualIPStatus => ({
  activeNode: nodes.at(-1),
  history: nodes
    .map((to, index) => ({ time: timeAt(10 * (index + 1)), from: nodes[index - 1] ?? "", to, reason: "AdvertTimeout" }))
    .reverse(),
});

test("holder: the one that claims", () => {
  assert.equal(held({ reports: [claim("n1", 0), { ...claim("n2", 0), state: "BACKUP" }] }), "n1");
});

test("holder: the claim of a silent node is void", () => {
  assert.equal(held({ reports: [claim("n1", 0, { silent: true })] }), "none");
});

test("holder: of two claims the later takeover", () => {
  assert.equal(held({ reports: [claim("n1", 10), claim("n2", 20)] }), "n2");
});

test("holder: of two claims of the same moment the higher priority, then the first by name, in whatever order they are reported", () => {
  const [low, high, other] = [claim("n1", 10), claim("n3", 10, { priority: 200 }), claim("n2", 10, { priority: 200 })];
  assert.deepEqual([held({ reports: [low, high] }), held({ reports: [high, low] })], ["n3", "n3"]);
  assert.deepEqual([held({ reports: [low, high, other] }), held({ reports: [other, high, low] })], ["n2", "n2"]);
});

test("holder: a takeover that the history does not know is the later one, whatever the clocks of the nodes say", () => {
  assert.equal(held({ reports: [claim("n1", 10), claim("n2", -3600)], status: moved("n1") }), "n2");
});

test("holder: of two takeovers that the history knows the one that was observed later", () => {
  const reports = [claim("n1", 10), claim("n2", 20)];
  assert.equal(held({ reports, status: moved("n1", "n2") }), "n2");
  const skewed = {
    history: [
      { time: timeAt(-3600), from: "n1", to: "n2", reason: "AdvertTimeout" },
      { time: timeAt(10), from: "", to: "n1", reason: "FirstElection" },
    ],
  };
  assert.equal(held({ reports: [claim("n1", 10), claim("n2", -3600)], status: skewed }), "n2");
});

test("holder: two claims are a contest only when both nodes repeat them after 4 intervals and 2 s", () => {
  const reports = [claim("n1", 10), claim("n2", 20)];
  const { memory } = find({ reports, now: 1000 });
  const at = (reportedAt: [number, number], now: number) =>
    held({ reports: reports.map((each, index) => ({ ...each, reportedAt: reportedAt[index] ?? 0 })), memory, now });
  assert.equal(at([1000, 3399], 3399), "n2");
  assert.equal(at([1000, 3400], 60_000), "n2", "n1 may be dead");
  assert.equal(at([3399, 3400], 3400), "n2");
  assert.equal(at([3400, 3400], 3400), "contested");
});

test("holder: a contest that is recorded stands, also for an operator that has just started", () => {
  const conditions = [{ type: "Ready", status: "False" as const, reason: "MultipleMasters", message: "", lastTransitionTime: timeAt(0) }];
  assert.deepEqual(find({ reports: [claim("n2", 10), claim("n1", 20)], status: { conditions } }).holding, {
    kind: "contested",
    family: "IPv4",
    nodes: ["n1", "n2"],
  });
  assert.equal(held({ reports: [claim("n1", 10)], status: { conditions } }), "n1");
});

test("holder: families that disagree are a split after 4 intervals and 2 s, and before that a change under way", () => {
  const reports = [claim("n1", 10), claim("n2", 20, { family: "IPv6" })];
  const first = find({ reports, dual: true, now: 500 });
  assert.deepEqual(first.holding, { kind: "settling", forMs: 2400 });
  assert.equal(held({ reports, dual: true, memory: first.memory, now: 2899 }), "settling");
  assert.deepEqual(find({ reports, dual: true, memory: first.memory, now: 2900 }).holding, {
    kind: "familySplit",
    holders: [
      ["IPv4", "n1"],
      ["IPv6", "n2"],
    ],
  });
});

test("holder: both families on one node", () => {
  assert.equal(held({ reports: [claim("n1", 10), claim("n1", 10, { family: "IPv6" })], dual: true }), "n1");
});

test("holder: when nobody claims, the last known one stands for 2 s", () => {
  const reports = [{ ...claim("n1", 10), state: "INIT" as const }];
  const first = find({ reports, status: moved("n1"), now: 100 });
  assert.deepEqual(first.holding, { kind: "settling", forMs: 2000 });
  assert.equal(held({ reports, status: moved("n1"), memory: first.memory, now: 2100 }), "none");
});

test("holder: nobody at first", () => {
  assert.equal(held({ reports: [] }), "none");
});
