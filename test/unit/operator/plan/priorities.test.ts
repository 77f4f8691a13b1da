import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignPriorities, Standing } from "../../../../src/operator/plan/priorities.ts";

interface Question {
  candidates: string[];
  explicit?: Record<string, number>;
  current?: Record<string, number>;
  dormant?: string[];
}

function assign({ candidates, explicit = {}, current = {}, dormant = [] }: Question, standing = new Standing()) {
  const question = { candidates, explicit: new Map(Object.entries(explicit)), current: new Map(Object.entries(current)) };
  return Object.fromEntries(assignPriorities({ ...question, dormant: new Set(dormant) }, standing));
}

const cases: { name: string; question: Question; expected: Record<string, number> }[] = [
  { name: "from 254 down in steps of 10", question: { candidates: ["n1", "n2", "n3"] }, expected: { n1: 254, n2: 244, n3: 234 } },
  { name: "explicit ones as they are", question: { candidates: ["n1", "n2"], explicit: { n2: 255 } }, expected: { n2: 255, n1: 254 } },
  {
    name: "a generated one never equals an explicit one, not even that of a node that is no candidate",
    question: { candidates: ["n1", "n2"], explicit: { n2: 254, n9: 244 } },
    expected: { n2: 254, n1: 234 },
  },
  {
    name: "current ones stay, and a newcomer stays below the leader",
    question: { candidates: ["n2", "n3", "n4"], current: { n2: 244, n3: 224 } },
    expected: { n2: 244, n4: 234, n3: 224 },
  },
  {
    name: "a current one changes when somebody else's explicit one takes it",
    question: { candidates: ["n1", "n2", "n3"], current: { n1: 254, n2: 244, n3: 234 }, explicit: { n3: 254 } },
    expected: { n3: 254, n2: 244, n1: 234 },
  },
  {
    name: "a user's change applies to that node alone",
    question: { candidates: ["n1", "n2"], current: { n1: 254, n2: 244 }, explicit: { n1: 100 } },
    expected: { n2: 244, n1: 100 },
  },
  {
    name: "a node that does not answer does not lead",
    question: { candidates: ["n1", "n2"], dormant: ["n1"] },
    expected: { n2: 254, n1: 244 },
  },
  {
    name: "below a leader of 4 the values between the steps are used",
    question: { candidates: ["n1", "n2"], current: { n1: 4 } },
    expected: { n1: 4, n2: 3 },
  },
  {
    name: "where nothing is left below the leader a newcomer goes above it",
    question: { candidates: ["n1", "n2"], current: { n1: 1 } },
    expected: { n2: 254, n1: 1 },
  },
];

for (const { name, question, expected } of cases) {
  test(`priorities: ${name}`, () => assert.deepEqual(assign(question), expected));
}

test("priorities: 32 candidates all get different ones", () => {
  const candidates = Array.from({ length: 32 }, (_, index) => `n${index}`);
  assert.equal(new Set(Object.values(assign({ candidates }))).size, 32);
});

test("priorities: leaders, and those next behind each leader, spread evenly over the nodes", () => {
  for (const size of [2, 3, 4, 5]) {
    const candidates = Array.from({ length: size }, (_, index) => `n${index}`);
    const standing = new Standing();
    const pairs = Array.from({ length: size * (size - 1) }, () => {
      const order = Object.entries(assign({ candidates }, standing))
        .sort(([, a], [, b]) => b - a)
        .map(([node]) => node);
      standing.add(order);
      return order.slice(0, 2).join(" ");
    });
    // Every ordered pair exactly once: when any node dies, what it led spreads over all others.
    assert.equal(new Set(pairs).size, pairs.length);
  }
});

const nodeName = fc.integer({ min: 0, max: 40 }).map((number) => `n${number}`);
const question = fc
  .record({
    candidates: fc.uniqueArray(nodeName, { minLength: 1, maxLength: 32 }),
    explicit: fc.dictionary(nodeName, fc.integer({ min: 1, max: 255 }), { maxKeys: 5 }),
    current: fc.dictionary(nodeName, fc.integer({ min: 1, max: 254 }), { maxKeys: 5 }),
  })
  .filter(({ explicit }) => new Set(Object.values(explicit)).size === Object.keys(explicit).length);

test("priorities property: all candidates have distinct ones from 1 to 255, explicit ones as asked for", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const assigned = assign(asked);
      assert.deepEqual(Object.keys(assigned).sort(), [...asked.candidates].sort());
      const values = Object.values(assigned);
      assert.equal(new Set(values).size, values.length);
      assert.ok(values.every((value) => Number.isInteger(value) && value >= 1 && value <= 255));
      for (const [node, priority] of Object.entries(asked.explicit)) if (node in assigned) assert.equal(assigned[node], priority);
    }),
  );
});

test("priorities property: asked again with what was given, nothing changes", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const first = assign(asked);
      assert.deepEqual(assign({ ...asked, candidates: [...asked.candidates].reverse(), current: first }), first);
    }),
  );
});
