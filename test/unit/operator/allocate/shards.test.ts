import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { placeInShards, type ShardMember } from "../../../../src/operator/allocate/shards.ts";

const members = fc.uniqueArray(
  fc.record({ key: fc.integer({ min: 0, max: 60 }).map((number) => `u${number}`), size: fc.integer({ min: 1, max: 2 }) }),
  { selector: ({ key }) => key, maxLength: 40 },
);
const shards = ["p-0", "p-1", "p-2"];

test("shards: newcomers go where the fewest are, and who is in one stays", () => {
  const standing: ShardMember[] = [
    { key: "a", size: 3, current: "p-0" },
    { key: "b", size: 1, current: "p-1" },
  ];
  const places = placeInShards({ members: [...standing, { key: "c", size: 1 }, { key: "d", size: 1 }], shards, capacity: 9 });
  assert.deepEqual(Object.fromEntries(places), { a: "p-0", b: "p-1", c: "p-2", d: "p-1" });
});

test("shards: what a shard that is no more has goes to the others; what has no room goes nowhere", () => {
  const places = placeInShards({
    members: [
      { key: "a", size: 2, current: "p-9" },
      { key: "b", size: 2, current: "p-0" },
      { key: "c", size: 2 },
    ],
    shards: ["p-0", "p-1"],
    capacity: 3,
  });
  assert.deepEqual(Object.fromEntries(places), { a: "p-1", b: "p-0" });
});

test("shards property: even, stable, and the order of the input does not matter", () => {
  fc.assert(
    fc.property(members, members, (all, more) => {
      const first = placeInShards({ members: all, shards, capacity: 1000 });
      const load = shards.map((name) => all.filter(({ key }) => first.get(key) === name).reduce((sum, { size }) => sum + size, 0));
      assert.ok(Math.max(...load) - Math.min(...load) <= 2);
      assert.deepEqual(placeInShards({ members: all.toReversed(), shards, capacity: 1000 }), first);
      const standing = all.map((member) => ({ ...member, current: first.get(member.key) }));
      const second = placeInShards({ members: [...more.filter(({ key }) => !first.has(key)), ...standing], shards, capacity: 1000 });
      for (const [key, name] of first) assert.equal(second.get(key), name);
    }),
  );
});
