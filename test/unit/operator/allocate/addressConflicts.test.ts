import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AddressClaim, findAddressConflicts } from "../../../../src/operator/allocate/addressConflicts.ts";
import { timeAt } from "../samples.ts";

function claim(name: string, createdAt: number, wanted: string[], more: Partial<AddressClaim> = {}): AddressClaim {
  return { name, createdAt: timeAt(createdAt), segment: "default", settled: false, held: [], wanted, ...more };
}

const cases: { name: string; claims: AddressClaim[]; losers: Record<string, string> }[] = [
  { name: "the older wins", claims: [claim("b", 2, ["192.0.2.1"]), claim("a", 1, ["192.0.2.1"])], losers: { b: "a" } },
  { name: "other addresses do not clash", claims: [claim("b", 2, ["192.0.2.1"]), claim("a", 1, ["192.0.2.2"])], losers: {} },
  {
    name: "other segments do not clash",
    claims: [claim("b", 2, ["192.0.2.1"]), claim("a", 1, ["192.0.2.1"], { segment: "dmz" })],
    losers: {},
  },
  {
    name: "who runs an address keeps it",
    claims: [claim("a", 1, ["192.0.2.1"]), claim("b", 2, ["192.0.2.1"], { held: ["192.0.2.1"] })],
    losers: { a: "b" },
  },
  {
    name: "who was accepted with it keeps it, though no node runs it",
    claims: [claim("a", 1, ["192.0.2.1"]), claim("b", 2, ["192.0.2.1"], { settled: true })],
    losers: { a: "b" },
  },
  {
    name: "a loser blocks nobody with its other addresses",
    claims: [claim("a", 1, ["192.0.2.1"]), claim("b", 2, ["192.0.2.1", "192.0.2.2"]), claim("c", 3, ["192.0.2.2"])],
    losers: { b: "a" },
  },
  {
    name: "what is still being released is not free",
    claims: [claim("leaving", 1, [], { held: ["192.0.2.1"] }), claim("b", 2, ["192.0.2.1"])],
    losers: { b: "leaving" },
  },
];

for (const { name, claims, losers } of cases) {
  test(`address conflict: ${name}`, () => {
    const conflicts = findAddressConflicts(claims);
    assert.deepEqual(Object.fromEntries([...conflicts].map(([loser, { other }]) => [loser, other])), losers);
  });
}

test("address conflict: names the index of the address", () => {
  const conflict = findAddressConflicts([claim("a", 1, ["192.0.2.2"]), claim("b", 2, ["192.0.2.1", "192.0.2.2"])]).get("b");
  assert.deepEqual(conflict, { index: 1, other: "a" });
});

test("address conflict property: the winners share no address, and one of those that clash always wins", () => {
  const address = fc.integer({ min: 1, max: 6 }).map((last) => `192.0.2.${last}`);
  const claims = fc.uniqueArray(
    fc.record({
      name: fc.integer({ min: 0, max: 50 }).map((number) => `v${number}`),
      createdAt: fc.integer({ min: 0, max: 5 }).map(timeAt),
      segment: fc.constantFrom("default", "dmz"),
      settled: fc.boolean(),
      held: fc.constant([]),
      wanted: fc.uniqueArray(address, { minLength: 1, maxLength: 3 }),
    }),
    { selector: ({ name }) => name },
  );
  fc.assert(
    fc.property(claims, (all) => {
      const conflicts = findAddressConflicts(all);
      const won = all
        .filter(({ name }) => !conflicts.has(name))
        .flatMap(({ segment, wanted }) => wanted.map((each) => `${segment} ${each}`));
      assert.equal(new Set(won).size, won.length);
      for (const { other } of conflicts.values()) assert.ok(!conflicts.has(other), `${other} lost as well`);
    }),
  );
});
