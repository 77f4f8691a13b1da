import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { excludeLabel, outOfServiceTaint } from "../../../../src/api/service.ts";
import type { NodeView } from "../../../../src/operator/plan/cluster.ts";
import { PlayedCluster } from "../playedCluster.ts";
import { dual, virtualIP } from "../samples.ts";

function webOn(spec: object = {}, ...names: string[]): PlayedCluster {
  const cluster = new PlayedCluster(...(names.length > 0 ? names : ["n1", "n2", "n3"]));
  cluster.virtualIPs = [virtualIP("web", { ...dual, ...spec })];
  cluster.rest();
  cluster.model.costs.length = 0;
  return cluster;
}

const nonPreemptive = { vrrp: { preempt: false } };

for (const [name, spec] of Object.entries({ preempt: {}, "no preempt": nonPreemptive })) {
  test(`move (${name}): the preferred node takes over once, for nothing, and leads`, () => {
    const cluster = webOn(spec);
    assert.equal(cluster.active("web"), "n1");
    cluster.prefer("web", "n3");
    cluster.rest();
    assert.equal(cluster.active("web"), "n3");
    assert.deepEqual(cluster.model.costs, []);
    assert.equal(cluster.view("web").status.transitions, 1);
    assert.deepEqual(cluster.priorities("web"), { n3: 254, n1: 244, n2: 234 });
    assert.equal(cluster.move("web"), "Done n1→n3 n3 leads, as spec.nodes.preferred says");
    assert.deepEqual(
      cluster.notices.filter((notice) => notice.startsWith("Moved")),
      ["Moved: n3 leads, as spec.nodes.preferred says"],
    );
  });
}

test("move: while it is prepared the target is below the active node and above all others; then that one is asked, with a lower priority", () => {
  const cluster = webOn();
  cluster.prefer("web", "n3");
  cluster.step();
  assert.deepEqual(cluster.priorities("web"), { n1: 254, n3: 244, n2: 234 });
  assert.match(cluster.move("web"), /^Waiting n1→n3 n[123] is getting its new priority$/);
  assert.deepEqual(
    cluster.routers("n1").map(({ handOver }) => handOver),
    [undefined, undefined],
  );
  // Until all run that, nobody is asked.
  cluster.rounds(5, (name) => name !== "n2");
  assert.match(cluster.move("web"), /^Waiting/);
  assert.equal(cluster.active("web"), "n1");
  cluster.round();
  // Recorded first, used by the next plan.
  const asking = cluster.step();
  assert.equal(asking.nodeAgents.size, 0);
  assert.match(cluster.move("web"), /^HandingOver n1→n3/);
  cluster.step();
  assert.deepEqual(
    cluster.routers("n1").map(({ handOver, priority }) => [handOver, priority]),
    [
      [1, 244],
      [1, 244],
    ],
  );
});

test("move: an operator that starts anew in the middle of it goes on and asks nobody twice", () => {
  for (let lost = 1; lost < 8; lost += 1) {
    const cluster = webOn();
    cluster.prefer("web", "n2");
    cluster.rounds(lost);
    cluster.memory = new Map();
    cluster.rest();
    assert.equal(cluster.active("web"), "n2");
    assert.deepEqual(cluster.model.costs, []);
    assert.deepEqual(
      cluster.routers("n1").map(({ handOver }) => handOver),
      [1, 1],
    );
    assert.equal(cluster.view("web").status.transitions, 1);
  }
});

test("move: never to a node that is not well; as soon as it is, it goes on", () => {
  const cluster = webOn();
  cluster.model.fault("n3", true);
  cluster.rest();
  cluster.prefer("web", "n3");
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
  assert.equal(cluster.move("web"), "Waiting n1→n3 n3 cannot take over: IPv4 is in FAULT (CheckFailed)");
  cluster.model.fault("n3", false);
  cluster.rest();
  assert.equal(cluster.active("web"), "n3");
  assert.deepEqual(cluster.model.costs, []);
});

test("move: not to a node that what is tracked puts below another one", () => {
  const cluster = webOn();
  cluster.model.bonus("n3", -20);
  cluster.rest();
  cluster.prefer("web", "n3");
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
  assert.equal(cluster.move("web"), "Waiting n1→n3 n3 cannot lead: with what is tracked its priority is 234, and that of n1 not less");
  assert.deepEqual(cluster.model.costs, []);
});

test("move: not to a node that is silent, and to nobody that does not take part", () => {
  const cluster = webOn();
  cluster.dead.add("n3");
  cluster.rest();
  cluster.prefer("web", "n3");
  cluster.rest();
  assert.match(cluster.move("web"), /^Waiting n1→n3 n3 cannot take over: its agent does not report/);
  cluster.prefer("web", "n9");
  cluster.rest();
  assert.equal(cluster.view("web").status.plannedMove, undefined);
  assert.equal(cluster.active("web"), "n1");
});

test("move: once done VRRP decides: with preempt the preferred node comes back after a failure, without it does not", () => {
  for (const [spec, back] of [
    [{}, "n3"],
    [nonPreemptive, "n1"],
  ] as const) {
    const cluster = webOn(spec);
    cluster.prefer("web", "n3");
    cluster.rest();
    cluster.dead.add("n3");
    cluster.rounds(3);
    assert.equal(cluster.active("web"), "n1");
    cluster.dead.delete("n3");
    cluster.rest();
    assert.equal(cluster.active("web"), back);
  }
});

test("move: when nobody is preferred any more, what leads goes on leading", () => {
  const cluster = webOn();
  cluster.prefer("web", "n3");
  cluster.rest();
  cluster.prefer("web", undefined);
  cluster.rest();
  assert.equal(cluster.active("web"), "n3");
  assert.deepEqual(cluster.model.costs, []);
  cluster.prefer("web", "n2");
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(cluster.model.costs, []);
});

test("move: priorities that the user gives take turns too, and come to rest", () => {
  const overrides = [
    { name: "n2", priority: 10 },
    { name: "n3", priority: 200 },
  ];
  const cluster = webOn({ nodes: { overrides } });
  const before = Object.values(cluster.priorities("web")).sort();
  cluster.prefer("web", "n2");
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(Object.values(cluster.priorities("web")).sort(), before);
  assert.deepEqual(cluster.model.costs, []);
});

test("move: nobody leads before the owner of the addresses", () => {
  const cluster = webOn({ nodes: { overrides: [{ name: "n1", priority: 255 }] } });
  cluster.prefer("web", "n2");
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
  assert.match(cluster.move("web"), /^Waiting n1→n2 the node of priority 255 owns the addresses/);
  assert.equal(cluster.priorities("web").n2, 254);
});

test("move: a new VirtualIP begins on its preferred node", () => {
  const cluster = webOn({ nodes: { preferred: "n3" } });
  assert.equal(cluster.active("web"), "n3");
  assert.equal(cluster.view("web").status.transitions, 0);
  assert.deepEqual(
    cluster.notices.filter((notice) => notice.startsWith("Moved")),
    [],
  );
});

test("move: a request that led to nothing is repeated after a minute", () => {
  const cluster = webOn(nonPreemptive, "n1", "n2");
  cluster.prefer("web", "n2");
  for (let round = 0; round < 9 && !cluster.move("web").startsWith("HandingOver"); round += 1) cluster.round(() => false);
  assert.match(cluster.move("web"), /^HandingOver/);
  // The peer is lost before the active agent hears of the request.
  cluster.model.fault("n2", true);
  cluster.rest();
  assert.deepEqual(
    cluster.routers("n1").map(({ handOver }) => handOver),
    [1, 1],
  );
  cluster.model.fault("n2", false);
  cluster.rounds(70);
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(
    cluster.routers("n1").map(({ handOver }) => handOver),
    [2, 2],
  );
});

test("drain: the node hands over, and is no candidate until the end of it", () => {
  const cluster = webOn();
  cluster.drain("n1", true);
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(cluster.model.costs, []);
  assert.deepEqual(cluster.routers("n1"), []);
  assert.deepEqual(Object.keys(cluster.priorities("web")), ["n2", "n3"]);
  assert.equal(cluster.move("web"), "Done n1→n2 n1 has handed over to n2");
  assert.ok(cluster.notices.includes("Drained: n1 has handed over to n2"), cluster.notices.join("\n"));
  const accepted = cluster.view("web").status.conditions?.find(({ type }) => type === "Accepted");
  assert.match(accepted?.message ?? "", /not among them n1: is being drained/);
  cluster.drain("n1", false);
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(Object.keys(cluster.priorities("web")).sort(), ["n1", "n2", "n3"]);
});

test("drain: a node that stands by goes at once", () => {
  const cluster = webOn();
  cluster.drain("n2", true);
  cluster.rest();
  assert.deepEqual(cluster.routers("n2"), []);
  assert.equal(cluster.active("web"), "n1");
  assert.equal(cluster.view("web").status.plannedMove, undefined);
});

test("drain: a node that nobody can follow keeps what it has, and says so", () => {
  const cluster = webOn({}, "n1", "n2");
  cluster.model.fault("n2", true);
  cluster.rest();
  cluster.drain("n1", true);
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
  assert.equal(cluster.move("web"), "Waiting n1→ n1 keeps the addresses: no other node can take over (n2: IPv4 is in FAULT (CheckFailed))");
  cluster.model.fault("n2", false);
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
});

test("drain: another node takes the place, and may be the one that follows", () => {
  const cluster = webOn({ nodes: { maxCandidates: 1 } }, "n1", "n2");
  assert.deepEqual(Object.keys(cluster.priorities("web")), ["n1"]);
  cluster.drain("n1", true);
  cluster.rest();
  assert.equal(cluster.active("web"), "n2");
  assert.deepEqual(cluster.model.costs, []);
});

test("drain: the preferred node leaves too, and leads again afterwards", () => {
  const cluster = webOn();
  cluster.prefer("web", "n3");
  cluster.rest();
  cluster.drain("n3", true);
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
  cluster.drain("n3", false);
  cluster.rest();
  assert.equal(cluster.active("web"), "n3");
  assert.deepEqual(cluster.model.costs, []);
});

const farewells: [what: string, change: Partial<NodeView>, why: string][] = [
  ["the label that excludes a node from Services", { labels: { [excludeLabel]: "" } }, `it has the label ${excludeLabel}`],
  ["the taint out-of-service", { outOfService: true }, `it has the taint ${outOfServiceTaint}`],
];
for (const [what, change, why] of farewells) {
  test(`drain: ${what} does the same, for nothing, and its end brings the node back as one that stands by`, () => {
    const matchExpressions = [{ key: excludeLabel, operator: "DoesNotExist" }];
    const cluster = webOn({ nodes: { selector: { matchExpressions } } });
    const [n1, ...others] = cluster.nodes;
    assert.ok(n1 && cluster.active("web") === "n1");
    cluster.nodes = [{ ...n1, ...change }, ...others];
    const plan = cluster.round();
    assert.equal(plan.nodeAgents.has("n1"), false, "it stays until it has handed over");
    cluster.rest();
    assert.equal(cluster.active("web"), "n2");
    assert.deepEqual(cluster.model.costs, []);
    assert.deepEqual(cluster.priorities("web"), { n2: 244, n3: 234 });
    const accepted = cluster.view("web").status.conditions?.find(({ type }) => type === "Accepted");
    assert.ok(accepted?.message.includes(`not among them n1: ${why.slice("it ".length)}`), accepted?.message);
    cluster.nodes = [n1, ...others];
    cluster.rest();
    assert.equal(cluster.active("web"), "n2");
    assert.deepEqual(Object.keys(cluster.priorities("web")), ["n2", "n3", "n1"]);
  });
}

test("drain: of all nodes: the last one stays", () => {
  const cluster = webOn();
  for (const name of ["n1", "n2", "n3"]) cluster.drain(name, true);
  cluster.rest();
  assert.equal(cluster.active("web"), "n1");
});

test("moves and drains in any order, with agents that lag: nothing is preempted, split or left without a node, and all comes to rest", () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("prefer" as const), node: fc.constantFrom("n1", "n2", "n3", "n4", undefined) }),
    fc.record({ kind: fc.constant("drain" as const), node: fc.constantFrom("n1", "n2", "n3"), on: fc.boolean() }),
    fc.record({ kind: fc.constant("restart" as const) }),
  );
  const script = fc.array(fc.record({ action, rounds: fc.integer({ min: 1, max: 4 }), lag: fc.integer({ min: 0, max: 15 }) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(script, fc.boolean(), fc.boolean(), (steps, preempt, unicast) => {
      const cluster = webOn({ vrrp: { preempt, mode: unicast ? "Unicast" : "Multicast" } }, "n1", "n2", "n3", "n4");
      for (const { action, rounds, lag } of steps) {
        if (action.kind === "prefer") cluster.prefer("web", action.node);
        if (action.kind === "drain") {
          // One drain after another: what several at once cost while agents lag for seconds is bounded, but not nothing.
          cluster.rest();
          cluster.drain(action.node, action.on);
        }
        if (action.kind === "restart") cluster.memory = new Map();
        cluster.rounds(rounds, (name) => ((lag >> (Number(name.slice(1)) - 1)) & 1) === 0);
        assert.equal(cluster.model.master("virtualip/web").length, 1);
      }
      cluster.rest();
      assert.deepEqual(cluster.model.costs, []);
    }),
    { numRuns: 300 },
  );
});
