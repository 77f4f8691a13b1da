import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateSyncIDs } from "../../../../src/operator/allocate/syncID.ts";

const result = (claims: Parameters<typeof allocateSyncIDs>[0]) => Object.fromEntries(allocateSyncIDs(claims));

test("sync ids: the lowest that nobody has, holds or gives", () => {
  const claims = [
    { name: "c", asks: true },
    { name: "b", asks: true, held: 2 },
    { name: "a", asks: true },
    { name: "own", asks: true, explicit: 1 },
  ];
  assert.deepEqual(result(claims), { a: 3, b: 2, c: 4 });
});

test("sync ids: a holder keeps its number whatever comes, and of two that hold one the first by name", () => {
  const held = [
    { name: "new", asks: true, explicit: 5 },
    { name: "b", asks: true, held: 5 },
    { name: "z", asks: true, held: 5 },
  ];
  assert.deepEqual(result(held), { b: 5, z: 1 });
});

test("sync ids: who does not ask gets none, and keeps what it holds reserved", () => {
  assert.deepEqual(result([{ name: "a", asks: false }]), {});
  assert.deepEqual(
    result([
      { name: "a", asks: false, held: 1 },
      { name: "b", asks: true },
    ]),
    { a: 1, b: 2 },
  );
});

test("sync ids: when all 255 are taken, one more has none", () => {
  const claims = Array.from({ length: 256 }, (_, index) => ({ name: `c${String(index).padStart(3, "0")}`, asks: true }));
  const numbers = allocateSyncIDs(claims);
  assert.equal(numbers.size, 255);
  assert.equal(numbers.get("c255"), undefined);
});
