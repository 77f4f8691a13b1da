import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CandidateSet, placeInSets, type SetMember } from "../../../../src/operator/allocate/candidateSets.ts";

const member = (key: string, nodes: string, current?: string): SetMember => ({ key, nodes: new Set(nodes), current });
const set = (name: string, nodes: string): CandidateSet => ({ name, nodes: [...nodes] });

interface Limits {
  limit?: number;
  mostNodes?: number;
}

function place(members: SetMember[], existing: CandidateSet[] = [], { limit = 9, mostNodes = 9 }: Limits = {}) {
  const newName = (used: ReadonlySet<string>) =>
    `s${Array.from({ length: 99 }, (_, index) => index).find((index) => !used.has(`s${index}`))}`;
  return placeInSets({ members, existing, limit, mostNodes, newName });
}

/** "a:s0 b:s1 | s0=12 s1=3". */
function describe({ sets, places }: ReturnType<typeof place>): string {
  const texts = [...places].sort().map(([key, name]) => `${key}:${name}`);
  return `${texts.join(" ")} | ${[...sets]
    .sort()
    .map(([name, nodes]) => `${name}=${nodes.join("")}`)
    .join(" ")}`;
}

const cases: { name: string; members: SetMember[]; existing?: CandidateSet[]; limits?: Limits; expected: string }[] = [
  {
    name: "one set for those of the same nodes",
    members: [member("a", "12"), member("b", "12"), member("c", "3")],
    expected: "a:s0 b:s0 c:s1 | s0=12 s1=3",
  },
  { name: "two nodes suffice for one that has three", members: [member("a", "12"), member("b", "123")], expected: "a:s0 b:s0 | s0=12" },
  { name: "one node does not for one that has two", members: [member("a", "1"), member("b", "12")], expected: "a:s0 b:s1 | s0=1 s1=12" },
  {
    name: "who is alone in his set takes it along",
    members: [member("a", "23", "s0")],
    existing: [set("s0", "12")],
    expected: "a:s0 | s0=23",
  },
  {
    name: "who loses a node leaves the others, and they stay as they are",
    members: [member("a", "12", "s0"), member("b", "2", "s0"), member("c", "12", "s0")],
    existing: [set("s0", "12")],
    expected: "a:s0 b:s1 c:s0 | s0=12 s1=2",
  },
  {
    name: "who gains a node stays, and the set gains it when all have it",
    members: [member("a", "123", "s0"), member("b", "123", "s0")],
    existing: [set("s0", "12")],
    expected: "a:s0 b:s0 | s0=123",
  },
  {
    name: "when all change, the most keep the set",
    members: [member("a", "3", "s0"), member("b", "4", "s0"), member("c", "4", "s0")],
    existing: [set("s0", "12")],
    expected: "a:s1 b:s0 c:s0 | s0=4 s1=3",
  },
  {
    name: "a set that nobody is in any more is used again",
    members: [member("a", "12")],
    existing: [set("s3", "89")],
    expected: "a:s3 | s3=12",
  },
  {
    name: "beyond the limit a set of fewer nodes, then none",
    members: [member("a", "1"), member("b", "12"), member("c", "3")],
    limits: { limit: 1 },
    expected: "a:s0 b:s0 | s0=1",
  },
  { name: "no more nodes than a set may have", members: [member("a", "1234")], limits: { mostNodes: 2 }, expected: "a:s0 | s0=12" },
  {
    name: "of too many nodes those that were in it",
    members: [member("a", "1234", "s0")],
    existing: [set("s0", "34")],
    limits: { mostNodes: 2 },
    expected: "a:s0 | s0=34",
  },
];

for (const { name, members, existing, limits, expected } of cases) {
  test(`sets of nodes: ${name}`, () => assert.equal(describe(place(members, existing, limits)), expected));
}

const nodes = fc.subarray(["1", "2", "3", "4", "5"], { minLength: 1 });
const members = fc.uniqueArray(
  fc.record({ key: fc.constantFrom(..."abcdefghij"), nodes, current: fc.constantFrom(undefined, "s0", "s1", "s2") }),
  { selector: ({ key }) => key },
);
const existing = fc.array(nodes, { maxLength: 3 }).map((all) => all.map((each, index) => set(`s${index}`, each.join(""))));
const limits = fc.record({ limit: fc.integer({ min: 1, max: 5 }), mostNodes: fc.integer({ min: 2, max: 5 }) });
type Wish = typeof members extends fc.Arbitrary<(infer One)[]> ? One : never;
const membersOf = (all: readonly Wish[]) => all.map(({ key, nodes: own, current }) => member(key, own.join(""), current));

test("sets of nodes property: only nodes that may answer for all that is in the set, and no more sets than allowed", () => {
  fc.assert(
    fc.property(members, existing, limits, (all, before, limit) => {
      const claims = membersOf(all);
      const { sets, places } = place(claims, before, limit);
      for (const { key, nodes: own } of claims) {
        const name = places.get(key);
        if (name === undefined) continue;
        const chosen = sets.get(name) ?? [];
        assert.ok(chosen.length > 0 && chosen.length <= limit.mostNodes && chosen.every((node) => own.has(node)));
      }
      assert.ok(sets.size <= Math.max(limit.limit, before.length));
      for (const name of sets.keys()) assert.ok([...places.values()].includes(name));
    }),
  );
});

test("sets of nodes property: what is placed stays when nothing changes, whatever else comes", () => {
  fc.assert(
    fc.property(members, members, (all, more) => {
      const first = place(membersOf(all));
      const standing = [...first.sets].map(([name, own]) => ({ name, nodes: own }));
      const again = membersOf(all).map((each) => ({ ...each, current: first.places.get(each.key) }));
      assert.deepEqual(place(again, standing), first);
      const newcomers = membersOf(more).filter(({ key }) => !first.places.has(key));
      const second = place([...again, ...newcomers.map((each) => ({ ...each, current: undefined }))], standing);
      for (const [key, name] of first.places) assert.equal(second.places.get(key), name);
    }),
  );
});

test("sets of nodes property: nobody moves whom his set still suits", () => {
  fc.assert(
    fc.property(members, existing, (all, before) => {
      const claims = membersOf(all);
      const { places } = place(claims, before);
      for (const { key, nodes: own, current } of claims) {
        const old = before.find(({ name }) => name === current);
        if (old && old.nodes.length >= Math.min(2, own.size) && old.nodes.every((node) => own.has(node)))
          assert.equal(places.get(key), current);
      }
    }),
  );
});

test("sets of nodes property: the order of the input does not matter", () => {
  fc.assert(
    fc.property(
      members.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      existing,
      limits,
      ([all, shuffled], before, limit) =>
        assert.equal(describe(place(membersOf(shuffled), before.toReversed(), limit)), describe(place(membersOf(all), before, limit))),
    ),
  );
});
