import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findServiceConflicts, type ServiceClaim } from "../../../../src/operator/allocate/serviceConflicts.ts";
import { timeAt } from "../samples.ts";

const claim = (name: string, age: number, ports: [number, number?][], places = ["TCP 192.0.2.10"]): ServiceClaim => ({
  name,
  createdAt: timeAt(-age),
  places,
  ports: ports.map(([first, last = first]) => ({ first, last })),
});

test("services: of two that ask for one port the older wins, in whatever order they come, and the other is told which", () => {
  const [old, young] = [claim("web/old", 9, [[80]]), claim("app/young", 1, [[443], [80]])];
  for (const claims of [
    [old, young],
    [young, old],
  ]) {
    assert.deepEqual([...findServiceConflicts(claims)], [["app/young", { place: "TCP 192.0.2.10", port: 80, other: "web/old" }]]);
  }
});

test("services: ranges conflict where they overlap, and not where they touch", () => {
  const conflicts = findServiceConflicts([
    claim("a", 9, [[8000, 8010]]),
    claim("b", 8, [[8011, 8020]]),
    claim("c", 7, [[7990, 8000]]),
    claim("d", 6, [[8005]]),
  ]);
  assert.deepEqual(
    [...conflicts].map(([name, { port, other }]) => [name, port, other]),
    [
      ["c", 8000, "a"],
      ["d", 8005, "a"],
    ],
  );
});

test("services: another protocol, another address and all ports of an address are other services", () => {
  const conflicts = findServiceConflicts([
    claim("a", 9, [[80]]),
    claim("b", 8, [[80]], ["UDP 192.0.2.10"]),
    claim("c", 7, [[80]], ["TCP 192.0.2.11"]),
    claim("d", 6, [[0]]),
  ]);
  assert.deepEqual([...conflicts], []);
});

test("services: a loser has none of its places, so that who comes after it gets them", () => {
  const conflicts = findServiceConflicts([
    claim("first", 9, [[80]]),
    claim("loser", 8, [[80]], ["TCP 192.0.2.10", "TCP 192.0.2.11"]),
    claim("third", 7, [[80]], ["TCP 192.0.2.11"]),
  ]);
  assert.deepEqual([...conflicts.keys()], ["loser"]);
});

test("services property: whoever is accepted shares no port with another, and who is not has an older one to blame", () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 4 }));
  const claims = fc.array(fc.record({ age: fc.integer({ min: 0, max: 5 }), ports: fc.array(range, { minLength: 1, maxLength: 3 }) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(claims, (wanted) => {
      const all = wanted.map(({ age, ports }, index) =>
        claim(
          `v${index}`,
          age,
          ports.map(([first, more]) => [first, first + more]),
        ),
      );
      const conflicts = findServiceConflicts(all);
      const accepted = all.filter(({ name }) => !conflicts.has(name));
      for (const a of accepted) {
        for (const b of accepted) assert.ok(a === b || !overlaps(a, b), `${a.name} and ${b.name}`);
      }
      for (const [name, { other }] of conflicts) {
        const [loser, winner] = [name, other].map((each) => all.find((candidate) => candidate.name === each));
        assert.ok(winner && loser && winner.createdAt <= loser.createdAt && !conflicts.has(other) && overlaps(winner, loser));
      }
    }),
  );
});

function overlaps(a: ServiceClaim, b: ServiceClaim): boolean {
  return a.ports.some((left) => b.ports.some((right) => left.first <= right.last && right.first <= left.last));
}
