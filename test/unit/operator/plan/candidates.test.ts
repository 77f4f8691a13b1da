import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { InterfaceStatus } from "../../../../src/api/nodeAgent.ts";
import { readSubnets } from "../../../../src/api/subnets.ts";
import { virtualIPSpecSchema } from "../../../../src/api/virtualIP.ts";
import { type CandidateQuestion, chooseCandidates, type NodeFacts } from "../../../../src/operator/plan/candidates.ts";
import type { InterfaceChoice } from "../../../../src/plan/interfaces.ts";

const eth0 = { name: "eth0", up: true, addresses: ["192.0.2.1/24", "2001:db8::1/64"] };

type Facts = Omit<NodeFacts, "interfaces"> & { interfaces: InterfaceStatus[] | undefined };

function facts(name: string, more: Partial<Facts> = {}): NodeFacts {
  const present = { deleting: false, draining: false, outOfService: false, alive: true };
  const { interfaces, ...rest } = { name, labels: {}, ...present, interfaces: [eth0], ...more };
  return { ...rest, interfaces: interfaces && readSubnets(interfaces) };
}

interface Question {
  spec?: object;
  nodes: NodeFacts[];
  current?: Record<string, InterfaceChoice>;
  load?: Record<string, number>;
  needed?: string[];
}

function choose({ spec, nodes, current = {}, load = {}, needed = [] }: Question) {
  const parsed = virtualIPSpecSchema.parse({ addresses: [{ address: "192.0.2.10" }], ...spec });
  const question: CandidateQuestion = {
    members: [{ name: "web", spec: parsed, interfaces: new Map(Object.entries(current)) }],
    nodes,
    current: Object.keys(current),
    needed: new Set(needed),
    load: new Map(Object.entries(load)),
  };
  const { candidates, unfit, departing } = chooseCandidates(question);
  return { unfit, departing, candidates: candidates.map(({ interfaces, ...rest }) => ({ ...rest, interfaces: interfaces.get("web") })) };
}

const names = (question: Question) => choose(question).candidates.map(({ node }) => node);
const onEth0 = { IPv4: "eth0" };

test("candidates: every node by default, in order of name", () => {
  assert.deepEqual(names({ nodes: [facts("n2"), facts("n1")] }), ["n1", "n2"]);
});

test("candidates: the selector decides", () => {
  const spec = { nodes: { selector: { matchLabels: { edge: "true" } } } };
  assert.deepEqual(names({ spec, nodes: [facts("n1"), facts("n2", { labels: { edge: "true" } })] }), ["n2"]);
});

test("candidates: a node that is being deleted goes, also a current one", () => {
  assert.deepEqual(names({ nodes: [facts("n1", { deleting: true }), facts("n2")], current: { n1: onEth0 } }), ["n2"]);
});

test("candidates: a node that is not ready, or whose agent is silent, stays", () => {
  assert.deepEqual(names({ nodes: [facts("n1", { alive: false }), facts("n2")], current: { n1: onEth0, n2: onEth0 } }), ["n1", "n2"]);
});

test("candidates: current ones go first, then living ones, then those with the least load", () => {
  const nodes = [facts("n1", { alive: false }), facts("n2"), facts("n3"), facts("n4")];
  const question = { nodes, current: { n4: onEth0 }, load: { n2: 7, n3: 1 } };
  assert.deepEqual(names(question), ["n4", "n3", "n2", "n1"]);
  assert.deepEqual(names({ ...question, spec: { nodes: { maxCandidates: 2 } } }), ["n4", "n3"]);
});

const label = "node.kubernetes.io/exclude-from-external-load-balancers";
const withoutExcluded = { nodes: { selector: { matchExpressions: [{ key: label, operator: "DoesNotExist" }] } } };
const excluded = (name: string) => facts(name, { labels: { [label]: "" } });

const departures: [what: string, spec: object, node: NodeFacts, message: string][] = [
  ["is being drained", {}, facts("n1", { draining: true }), "is being drained"],
  ["is out of service", {}, facts("n1", { outOfService: true }), "has the taint node.kubernetes.io/out-of-service"],
  ["is excluded from Services", withoutExcluded, excluded("n1"), `has the label ${label}`],
  ["is excluded from Services that only some nodes may serve", { nodes: { names: ["n2"] } }, excluded("n1"), `has the label ${label}`],
  ["lost the label that selected it", { nodes: { selector: { matchLabels: { edge: "" } } } }, facts("n1"), "is no longer selected"],
];
for (const [what, spec, node, message] of departures) {
  const others = [facts("n2", { labels: { edge: "" } })];
  const current = { n1: onEth0, n2: onEth0 };
  test(`candidates: a node that ${what} stays until it has handed over, and then is none`, () => {
    const holding = choose({ spec, nodes: [node, ...others], current, needed: ["n1"] });
    assert.deepEqual(holding.candidates, [
      { node: "n2", interfaces: onEth0 },
      { node: "n1", interfaces: onEth0, message },
    ]);
    assert.deepEqual(holding.departing, new Map([["n1", message]]));
    assert.deepEqual(names({ spec, nodes: [node, ...others], current }), ["n2"]);
    assert.deepEqual(names({ spec, nodes: [node, ...others] }), ["n2"]);
  });
}

test("candidates: where nobody can follow, a node that is drained keeps what it has, and one that its user excludes does not", () => {
  const alone = (spec: object, node: NodeFacts) => names({ spec, nodes: [node], current: { n1: onEth0 }, needed: ["n1"] });
  assert.deepEqual(alone({}, facts("n1", { draining: true })), ["n1"]);
  assert.deepEqual(alone({}, facts("n1", { outOfService: true })), ["n1"]);
  assert.deepEqual(alone(withoutExcluded, excluded("n1")), []);
  assert.deepEqual(alone({ nodes: { selector: { matchLabels: { edge: "" } } } }, facts("n1")), []);
});

test("candidates: a node that the names leave out goes at once: it has no endpoint any more", () => {
  const spec = { nodes: { names: ["n2"] } };
  assert.deepEqual(names({ spec, nodes: [facts("n1"), facts("n2")], current: { n1: onEth0, n2: onEth0 }, needed: ["n1"] }), ["n2"]);
});

test("candidates: the label that excludes from Services is named where it keeps a node out, and means nothing to other VirtualIPs", () => {
  assert.deepEqual(choose({ spec: withoutExcluded, nodes: [excluded("n1")] }).unfit, [{ node: "n1", message: `has the label ${label}` }]);
  assert.deepEqual(names({ nodes: [excluded("n1")] }), ["n1"]);
});

test("candidates: a node that is out of service frees its place for another one", () => {
  const nodes = [facts("n1", { outOfService: true, alive: false }), facts("n2"), facts("n3")];
  const question = { nodes, spec: { nodes: { maxCandidates: 2 } }, current: { n1: onEth0, n2: onEth0 } };
  assert.deepEqual(names(question), ["n2", "n3"]);
});

test("candidates: a node says why it cannot take part", () => {
  const nodes = [
    facts("n1", { interfaces: undefined }),
    facts("n2", { interfaces: [{ name: "eth0", up: true, addresses: ["198.51.100.1/24"] }] }),
  ];
  assert.deepEqual(choose({ nodes }), {
    candidates: [],
    unfit: [
      { node: "n1", message: "no agent has reported" },
      { node: "n2", message: "no interface holds 192.0.2.10" },
    ],
    departing: new Map(),
  });
  const [unfit] = choose({ spec: { interface: "eth1" }, nodes: [facts("n1")] }).unfit;
  assert.equal(unfit?.message, "interface eth1 does not exist");
});

test("candidates: an interface that is gone does not remove a candidate, but yields to a node that has one", () => {
  const lost = facts("n1", { interfaces: [] });
  const current = { n1: onEth0, n2: onEth0 };
  const kept = choose({ nodes: [lost, facts("n2")], current });
  assert.deepEqual(kept.candidates, [
    { node: "n2", interfaces: onEth0 },
    { node: "n1", interfaces: onEth0, message: "no interface holds 192.0.2.10" },
  ]);
  const replaced = choose({ spec: { nodes: { maxCandidates: 2 } }, nodes: [lost, facts("n2"), facts("n3")], current });
  assert.deepEqual(
    replaced.candidates.map(({ node }) => node),
    ["n2", "n3"],
  );
});

test("candidates: one whose NodeAgent holds no report stays even when others want its place", () => {
  const nodes = [facts("n1", { interfaces: undefined }), facts("n2")];
  assert.deepEqual(names({ spec: { nodes: { maxCandidates: 1 } }, nodes, current: { n1: onEth0 } }), ["n1"]);
});

const interfaceCases: {
  name: string;
  spec?: object;
  interfaces: [name: string, ...addresses: string[]][];
  current?: InterfaceChoice;
  expected: InterfaceChoice;
}[] = [
  {
    name: "the one whose subnet holds the address",
    interfaces: [
      ["eth0", "198.51.100.1/24"],
      ["eth1", "192.0.2.1/24"],
    ],
    expected: { IPv4: "eth1" },
  },
  {
    name: "the longest prefix",
    interfaces: [
      ["a", "192.0.0.1/16"],
      ["b", "192.0.2.1/24"],
    ],
    expected: { IPv4: "b" },
  },
  {
    name: "the first by name of equals",
    interfaces: [
      ["b", "192.0.2.1/24"],
      ["a", "192.0.2.2/24"],
    ],
    expected: { IPv4: "a" },
  },
  {
    name: "the one in use of equals",
    interfaces: [
      ["b", "192.0.2.1/24"],
      ["a", "192.0.2.2/24"],
    ],
    current: { IPv4: "b" },
    expected: { IPv4: "b" },
  },
  {
    name: "a host address is no subnet",
    interfaces: [
      ["a", "192.0.2.10/32"],
      ["b", "192.0.2.1/24"],
    ],
    expected: { IPv4: "b" },
  },
  {
    name: "each family its own",
    spec: { addresses: [{ address: "192.0.2.10/24" }, { address: "2001:db8::10/64" }] },
    interfaces: [
      ["a", "192.0.2.1/24"],
      ["b", "2001:db8::1/64"],
    ],
    expected: { IPv4: "a", IPv6: "b" },
  },
  {
    name: "an explicit one for both, whatever its subnets",
    spec: { addresses: [{ address: "192.0.2.10" }, { address: "2001:db8::10" }], interface: "bond0" },
    interfaces: [["eth0", "192.0.2.1/24"], ["bond0"]],
    expected: { IPv4: "bond0", IPv6: "bond0" },
  },
  {
    name: "the override of the node before that of the VirtualIP",
    spec: { interface: "eth0", nodes: { overrides: [{ name: "n1", interface: "eth1" }] } },
    interfaces: [["eth0", "192.0.2.1/24"], ["eth1"]],
    expected: { IPv4: "eth1" },
  },
];

for (const { name, spec, interfaces, current, expected } of interfaceCases) {
  test(`interface: ${name}`, () => {
    const reported = interfaces.map(([device, ...addresses]) => ({ name: device, up: true, addresses }));
    const answer = choose({ spec, nodes: [facts("n1", { interfaces: reported })], current: current && { n1: current } });
    assert.deepEqual(answer.candidates, [{ node: "n1", interfaces: expected }]);
  });
}

test("candidates: a node that lacks the interface of a family that was added keeps running the other one", () => {
  const spec = { addresses: [{ address: "192.0.2.10" }, { address: "2001:db8:ff::10" }] };
  const answer = choose({ spec, nodes: [facts("n1")], current: { n1: onEth0 } });
  assert.deepEqual(answer.candidates, [{ node: "n1", interfaces: onEth0, message: "no interface holds 2001:db8:ff::10" }]);
});

test("candidates property: whoever fits and is a candidate stays one, whatever nodes come and however they are listed", () => {
  const nodes = fc.uniqueArray(fc.record({ name: fc.integer({ min: 0, max: 30 }).map((number) => `n${number}`), alive: fc.boolean() }), {
    selector: ({ name }) => name,
    minLength: 1,
    maxLength: 20,
  });
  const scenario = fc.record({ nodes, more: nodes, most: fc.integer({ min: 1, max: 8 }) });
  fc.assert(
    fc.property(scenario, ({ nodes, more, most }) => {
      const spec = { nodes: { maxCandidates: most } };
      const before = nodes.map(({ name, alive }) => facts(name, { alive }));
      const first = names({ spec, nodes: before });
      assert.equal(first.length, Math.min(most, before.length));
      const arrivals = more
        .filter(({ name }) => !before.some((known) => known.name === name))
        .map(({ name, alive }) => facts(name, { alive }));
      const current = Object.fromEntries(first.map((name) => [name, onEth0]));
      const second = names({ spec, nodes: [...arrivals, ...before].reverse(), current });
      assert.deepEqual(second.slice(0, first.length), first);
    }),
  );
});
