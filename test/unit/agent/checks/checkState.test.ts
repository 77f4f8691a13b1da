import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CheckPolicy, type CheckState, checkPolicy, initialState, observe, ripen } from "../../../../src/agent/checks/checkState.ts";

function policyOf(policy: Partial<CheckPolicy> = {}): CheckPolicy {
  return { rise: 1, fall: 1, initial: "Up", riseDelayMs: 0, fallDelayMs: 0, ...policy };
}

/** What it counts as after each result of "+" and "-", one a second. */
function run(policy: CheckPolicy, results: string): string {
  let state = initialState(policy);
  return [...results]
    .map((result, index) => {
      state = observe(state, policy, result === "+", index * 1000);
      return state.up ? "U" : "D";
    })
    .join("");
}

const table = [
  { what: "the first success counts at once", policy: { rise: 3, fall: 3 }, results: "+", states: "U" },
  { what: "the first failure counts at once, whatever fall says", policy: { rise: 3, fall: 3 }, results: "-", states: "D" },
  { what: "then fall failures in a row make it down", policy: { fall: 3 }, results: "+---", states: "UUUD" },
  { what: "a success in between begins anew", policy: { fall: 3 }, results: "+--+---", states: "UUUUUUD" },
  { what: "rise successes in a row make it up", policy: { rise: 2 }, results: "-+-++", states: "DDDDU" },
  { what: "fall counts anew once it is up again", policy: { rise: 2, fall: 2 }, results: "-++-+--", states: "DDUUUUD" },
  { what: "initially down it needs rise successes", policy: { rise: 3, initial: "Down" }, results: "+++", states: "DDU" },
  { what: "initially down a failure changes nothing", policy: { rise: 2, initial: "Down" }, results: "-+-++", states: "DDDDU" },
] as const;

for (const { what, policy, results, states } of table) {
  test(`rise and fall: ${what}`, () => assert.equal(run(policyOf(policy), results), states));
}

/** keepalived 2.2.7: one counter, `result`, which is below `rise` while it is down. */
function keepalived({ rise, fall, initial }: CheckPolicy, results: readonly boolean[]): boolean[] {
  let result = initial === "Up" ? rise - 1 : 0;
  let up = initial === "Up";
  let first = initial === "Up";
  return results.map((good) => {
    if (good) {
      if (result < rise - 1) result += 1;
      else {
        if (result < rise) up = true;
        result = rise + fall - 1;
      }
    } else if (result > rise) result -= 1;
    else {
      if (result === rise || first) up = false;
      result = 0;
    }
    first = false;
    return up;
  });
}

test("any run of results amounts to what keepalived makes of it", () => {
  const policies = fc.record({
    rise: fc.integer({ min: 1, max: 5 }),
    fall: fc.integer({ min: 1, max: 5 }),
    initial: fc.constantFrom("Up", "Down"),
  });
  fc.assert(
    fc.property(policies, fc.array(fc.boolean(), { maxLength: 60 }), (given, results) => {
      const policy = policyOf(given as Partial<CheckPolicy>);
      let state = initialState(policy);
      const states = results.map((good) => {
        state = observe(state, policy, good, 0);
        return state.up;
      });
      assert.deepEqual(states, keepalived(policy, results));
    }),
    { numRuns: 2000 },
  );
});

test("a delay begins when the row is complete, and a result to the contrary ends it", () => {
  const policy = policyOf({ fall: 2, fallDelayMs: 500 });
  const up = observe(initialState(policy), policy, true, 0);
  const failing = observe(observe(up, policy, false, 1000), policy, false, 2000);
  assert.deepEqual([failing.up, failing.changeAt], [true, 2500]);
  assert.equal(observe(failing, policy, false, 2400).changeAt, 2500, "further failures do not put it off");
  assert.equal(ripen(failing, 2499).up, true);
  assert.deepEqual(ripen(failing, 2500), { up: false, decided: true, against: 0, changeAt: undefined });
  const saved = observe(failing, policy, true, 2400);
  assert.deepEqual([saved.up, saved.changeAt], [true, undefined]);
});

test("a change that fell due while nobody looked counts before the next result", () => {
  const policy = policyOf({ fallDelayMs: 500, rise: 2 });
  const failing = observe(observe(initialState(policy), policy, true, 0), policy, false, 1000);
  const late = observe(failing, policy, true, 9000);
  assert.deepEqual([late.up, late.against], [false, 1]);
});

test("the first result counts without a delay", () => {
  const policy = policyOf({ fallDelayMs: 500 });
  assert.equal(observe(initialState(policy), policy, false, 0).up, false);
});

test("the fields of a check are the policy", () => {
  assert.deepEqual(checkPolicy({ rise: 2, fall: 3, initial: "Down", riseDelay: "1.5s", fallDelay: undefined }), {
    rise: 2,
    fall: 3,
    initial: "Down",
    riseDelayMs: 1500,
    fallDelayMs: 0,
  } satisfies CheckPolicy);
  assert.deepEqual(initialState(policyOf({ initial: "Down" })), {
    up: false,
    decided: false,
    against: 0,
    changeAt: undefined,
  } satisfies CheckState);
});
