import assert from "node:assert/strict";
import { test } from "node:test";
import type { Move, VirtualIPStatus } from "../../../../src/api/virtualIP.ts";
import { findHolder, type Holding } from "../../../../src/operator/plan/holder.ts";
import { describeMove, findMove, historyLength, recordMove } from "../../../../src/operator/plan/moves.ts";
import type { RouterReport } from "../../../../src/operator/plan/reports.ts";
import { report, timeAt } from "../samples.ts";

function routerOf(node: string, more: Partial<RouterReport>): RouterReport {
  return { ...report("web", { state: "MASTER" }), node, silent: false, reportedAt: 0, ...more };
}

const heldBy = (node: string, ...claims: Partial<RouterReport>[]): Holding => ({
  kind: "held",
  node,
  claims: claims.map((claim) => routerOf(node, claim)),
});
const knows = (...moves: Move[]): VirtualIPStatus => ({ history: moves });
const first: Move = { time: timeAt(0), from: "", to: "n1", reason: "FirstElection" };
const candidates = ["n1", "n2"];
const wallNow = timeAt(99);

test("move: the first announcement comes from nobody", () => {
  const holding = heldBy("n1", { since: timeAt(5), reason: "FirstElection" });
  assert.deepEqual(findMove({ holding, reports: [], status: {}, candidates, wallNow }), {
    time: timeAt(5),
    from: "",
    to: "n1",
    reason: "FirstElection",
  });
});

test("move: none while the same node holds it", () => {
  assert.equal(
    findMove({ holding: heldBy("n1", { since: timeAt(0) }), reports: [], status: knows(first), candidates, wallNow }),
    undefined,
  );
});

test("move: a node that has it again, though nobody saw it lose it: the next takeover counts as later than that", () => {
  const again = { since: timeAt(7), reason: "Preempted", silenceMs: 60 };
  const move = findMove({ holding: heldBy("n1", again), reports: [], status: knows(first), candidates, wallNow });
  assert.deepEqual(move, { time: timeAt(7), from: "", to: "n1", reason: "Preempted", durationMs: 60 });
  const recorded = recordMove(knows(first), move);
  assert.equal(findMove({ holding: heldBy("n1", again), reports: [], status: recorded, candidates, wallNow }), undefined);
  const taken = recordMove(recorded, { time: timeAt(9), from: "n1", to: "n2", reason: "AdvertTimeout" });
  const reports = [routerOf("n1", again), routerOf("n2", { since: timeAt(9) })];
  const { holding } = findHolder({ families: ["IPv4"], reports, status: taken, advertisementInterval: "100ms", memory: {}, now: 0 });
  assert.equal(holding.kind === "held" && holding.node, "n2");
});

test("move: reason and duration are those of the slower family, the time that of the later one", () => {
  const holding = heldBy(
    "n2",
    { since: timeAt(21), reason: "PeerResigned", silenceMs: 3.5 },
    { since: timeAt(20), family: "IPv6", reason: "AdvertTimeout", silenceMs: 312.25 },
  );
  assert.deepEqual(findMove({ holding, reports: [], status: knows(first), candidates, wallNow }), {
    time: timeAt(21),
    from: "n1",
    to: "n2",
    reason: "AdvertTimeout",
    durationMs: 312.25,
  });
});

test("move: who follows its sync group says nothing about the cause", () => {
  const holding = heldBy(
    "n2",
    { since: timeAt(20), reason: "SyncGroup", silenceMs: 350 },
    { since: timeAt(20), family: "IPv6", reason: "AdvertTimeout", silenceMs: 304 },
  );
  const move = findMove({ holding, reports: [], status: knows(first), candidates, wallNow });
  assert.deepEqual([move?.reason, move?.durationMs], ["AdvertTimeout", 350]);
});

test("move: one that was asked for is a hand-over, whoever reports first", () => {
  const holding = heldBy("n2", { since: timeAt(20), reason: "PeerResigned", silenceMs: 4 });
  const plannedMove = { from: "n1", to: "n2", reason: "Drain", state: "HandingOver", handOver: 1, time: timeAt(19) } as const;
  const leaver = (reason: string) => [routerOf("n1", { state: "BACKUP", since: timeAt(20), reason })];
  const reasonOf = (reports: RouterReport[], status: VirtualIPStatus) =>
    findMove({ holding, reports, status: { ...knows(first), ...status }, candidates, wallNow })?.reason;
  assert.equal(reasonOf([], { plannedMove }), "HandOver");
  assert.equal(reasonOf(leaver("HandOver"), {}), "HandOver");
  assert.equal(reasonOf([], { plannedMove: { ...plannedMove, state: "Waiting" } }), "PeerResigned");
  assert.equal(reasonOf([], { plannedMove: { ...plannedMove, from: "n3" } }), "PeerResigned");
  assert.equal(reasonOf(leaver("InterfaceDown"), { plannedMove }), "PeerResigned");
});

test("move: to nobody, with what the node that gave it up says", () => {
  const reports = [routerOf("n1", { state: "FAULT", since: timeAt(30), reason: "InterfaceDown" })];
  assert.deepEqual(findMove({ holding: { kind: "none" }, reports, status: knows(first), candidates, wallNow }), {
    time: timeAt(30),
    from: "n1",
    to: "",
    reason: "InterfaceDown",
  });
});

test("move: to nobody, when the node is silent or takes no part any more", () => {
  const none: Holding = { kind: "none" };
  assert.equal(findMove({ holding: none, reports: [], status: knows(first), candidates, wallNow })?.reason, "NodeSilent");
  assert.equal(findMove({ holding: none, reports: [], status: knows(first), candidates: [], wallNow })?.reason, "Withdrawn");
});

test("move: none from nobody to nobody, and none while nothing is certain", () => {
  assert.equal(findMove({ holding: { kind: "none" }, reports: [], status: {}, candidates, wallNow }), undefined);
  for (const holding of [
    { kind: "settling", forMs: 1 },
    { kind: "contested", family: "IPv4", nodes: candidates },
  ] satisfies Holding[]) {
    assert.equal(findMove({ holding, reports: [], status: knows(first), candidates, wallNow }), undefined);
  }
});

test("move: back to a node that never gave it up happens when the other one gave way", () => {
  const status = knows({ time: timeAt(20), from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 350 }, first);
  const reports = [routerOf("n2", { state: "BACKUP", since: timeAt(40), reason: "HigherPriority" })];
  const holding = heldBy("n1", { since: timeAt(0), reason: "FirstElection", silenceMs: 1 });
  assert.deepEqual(findMove({ holding, reports, status, candidates, wallNow }), {
    time: timeAt(40),
    from: "n2",
    to: "n1",
    reason: "HigherPriority",
  });
});

test("history: the newest first, no more than 20; the first announcement is no transition", () => {
  let status: VirtualIPStatus = {};
  for (let index = 0; index < 25; index += 1) {
    const move = { time: timeAt(index), from: index === 0 ? "" : `n${index - 1}`, to: `n${index}`, reason: "AdvertTimeout" };
    status = { ...status, ...recordMove(status, move) };
  }
  assert.equal(status.transitions, 24);
  assert.equal(status.history?.length, historyLength);
  assert.equal(status.history?.[0]?.to, "n24");
});

test("history: losing the addresses is no transition, taking them again is one", () => {
  const lost = recordMove({ history: [first], transitions: 0 }, { time: timeAt(9), from: "n1", to: "", reason: "InterfaceDown" });
  assert.equal(lost.transitions, 0);
  assert.equal(recordMove(lost, { time: timeAt(10), from: "", to: "n1", reason: "FirstElection" }).transitions, 1);
});

const sentences: [move: Partial<Move>, sentence: string][] = [
  [{ from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 312.4 }, "n1 → n2 in 312 ms: n1 fell silent (AdvertTimeout)"],
  [{ from: "n1", to: "n2", reason: "PeerResigned", durationMs: 4.6912 }, "n1 → n2 in 4.69 ms: n1 resigned (PeerResigned)"],
  [{ from: "n2", to: "n1", reason: "Preempted" }, "n2 → n1: n1 has the higher priority (Preempted)"],
  [{ from: "", to: "n1", reason: "FirstElection" }, "n1 answers: no other node was heard (FirstElection)"],
  [
    { from: "n1", to: "", reason: "InterfaceDown" },
    "n1 no longer answers, and no other node does: the interface of n1 is down (InterfaceDown)",
  ],
  [{ from: "n1", to: "n2", reason: "SomethingNew" }, "n1 → n2: SomethingNew"],
];

for (const [move, sentence] of sentences) {
  test(`move in words: ${sentence}`, () => assert.equal(describeMove({ ...first, ...move }), sentence));
}
