import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allocateVirtualRouterIDs, type VirtualRouterIDClaim } from "../../../../src/operator/allocate/virtualRouterID.ts";
import { timeAt } from "../samples.ts";

function claim(name: string, createdAt: number, more: Partial<VirtualRouterIDClaim> = {}): VirtualRouterIDClaim {
  return { name, createdAt: timeAt(createdAt), segment: "default", settled: more.held !== undefined, ...more };
}

function allocate(claims: VirtualRouterIDClaim[]) {
  const results = allocateVirtualRouterIDs(claims);
  return Object.fromEntries([...results].map(([name, result]) => [name, result.ok ? result.virtualRouterID : result.reason]));
}

const cases: { name: string; claims: VirtualRouterIDClaim[]; expected: Record<string, number | string> }[] = [
  { name: "the lowest free number, older first", claims: [claim("b", 2), claim("a", 1)], expected: { a: 1, b: 2 } },
  { name: "by name within one second", claims: [claim("b", 1), claim("a", 1)], expected: { a: 1, b: 2 } },
  { name: "one count per segment", claims: [claim("a", 1), claim("b", 2, { segment: "dmz" })], expected: { a: 1, b: 1 } },
  { name: "a holder keeps its number though it is younger", claims: [claim("a", 1), claim("b", 2, { held: 1 })], expected: { b: 1, a: 2 } },
  {
    name: "an explicit number is given before any is chosen",
    claims: [claim("a", 1), claim("b", 2, { explicit: 1 })],
    expected: { a: 2, b: 1 },
  },
  {
    name: "of two explicit ones the later object loses",
    claims: [claim("b", 2, { explicit: 51 }), claim("a", 1, { explicit: 51 })],
    expected: { a: 51, b: "VirtualRouterIDConflict" },
  },
  {
    name: "a holder never loses its number to an explicit newcomer, even an older one",
    claims: [claim("old", 1, { explicit: 7 }), claim("young", 9, { held: 7 })],
    expected: { young: 7, old: "VirtualRouterIDConflict" },
  },
  {
    name: "a holder moves to the number that it asks for, and its old one stays reserved meanwhile",
    claims: [claim("a", 1, { held: 1, explicit: 9 }), claim("b", 2)],
    expected: { a: 9, b: 2 },
  },
  {
    name: "who gives one number up for another comes before an older newcomer, settled or not",
    claims: [claim("old", 1, { explicit: 9 }), claim("mover", 2, { held: 4, explicit: 9, settled: false })],
    expected: { mover: 9, old: "VirtualRouterIDConflict" },
  },
  {
    name: "a recorded number held twice stays with the older, and the younger gets another",
    claims: [claim("a", 1, { held: 3 }), claim("b", 2, { held: 3 })],
    expected: { a: 3, b: 1 },
  },
  {
    name: "one that came from another segment is no holder in the new one",
    claims: [claim("mover", 1, { held: 4, settled: false }), claim("b", 2, { held: 4 })],
    expected: { b: 4, mover: 1 },
  },
  {
    name: "a frozen claim keeps what it holds and gets nothing new",
    claims: [claim("a", 1, { held: 1, frozen: true }), claim("b", 2, { frozen: true }), claim("c", 3)],
    expected: { a: 1, c: 2 },
  },
  {
    name: "a frozen claim does not get the other number that it asks for",
    claims: [claim("a", 1, { held: 1, explicit: 9, frozen: true }), claim("b", 2, { explicit: 9 })],
    expected: { a: 1, b: 9 },
  },
];

for (const { name, claims, expected } of cases) {
  test(`VRID: ${name}`, () => assert.deepEqual(allocate(claims), expected));
}

test("VRID: the message of a conflict names the number and the other object", () => {
  const result = allocateVirtualRouterIDs([claim("web", 1, { explicit: 51 }), claim("db", 2, { explicit: 51 })]).get("db");
  assert.equal(result?.ok, false);
  assert.match(result?.ok === false ? result.message : "", /VRID 51 .*"web"/);
});

test("VRID: the 256th VirtualIP of a segment is refused, and all others keep theirs", () => {
  const claims = Array.from({ length: 256 }, (_, index) => claim(`v${index}`, index));
  const results = allocate(claims);
  assert.equal(results.v255, "VirtualRouterIDsExhausted");
  const refused = allocateVirtualRouterIDs(claims).get("v255");
  assert.match(refused?.ok === false ? refused.message : "", /^all 255 VRIDs of segment "default" are in use/);
  assert.deepEqual(new Set(Object.values(results).slice(0, 255)), new Set(Array.from({ length: 255 }, (_, index) => index + 1)));
});

const claims = fc.uniqueArray(
  fc.record({
    name: fc.integer({ min: 0, max: 99 }).map((number) => `v${number}`),
    createdAt: fc.integer({ min: 0, max: 20 }).map(timeAt),
    segment: fc.constantFrom("default", "dmz"),
    settled: fc.boolean(),
    explicit: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    held: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    frozen: fc.boolean(),
  }),
  { selector: ({ name }) => name, maxLength: 30 },
);

test("VRID property: no number is given twice in a segment", () => {
  fc.assert(
    fc.property(claims, (all) => {
      const results = allocateVirtualRouterIDs(all);
      const given = all.flatMap(({ name, segment }) => {
        const result = results.get(name);
        return result?.ok ? [`${segment}/${result.virtualRouterID}`] : [];
      });
      assert.equal(new Set(given).size, given.length);
    }),
  );
});

test("VRID property: the order of the input does not matter", () => {
  fc.assert(
    fc.property(
      claims.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => assert.deepEqual(allocate(shuffled), allocate(all)),
    ),
  );
});

test("VRID property: a restart, which sees only what was recorded, changes nothing, whoever is new", () => {
  fc.assert(
    fc.property(claims, claims, (all, more) => {
      const first = allocate(all);
      const recorded = all.flatMap((each) =>
        typeof first[each.name] === "number" ? [{ ...each, held: Number(first[each.name]), settled: true }] : [],
      );
      const newcomers = more.filter(({ name }) => !(name in first)).map((each) => ({ ...each, held: undefined, settled: false }));
      const second = allocate([...recorded, ...newcomers]);
      for (const { name, held } of recorded) assert.equal(second[name], held);
    }),
  );
});
