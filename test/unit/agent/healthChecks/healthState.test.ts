import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  afterAttempt,
  type Bounds,
  type HealthPolicy,
  healthPolicy,
  initialHealth,
  removalBounds,
  returnBounds,
} from "../../../../src/agent/healthChecks/healthState.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";

function policyOf(fields: Record<string, unknown> = {}): HealthPolicy {
  return healthPolicy(healthCheckSchema.parse({ tcp: {}, ...fields }));
}

/** Of attempts "+", "-" and "?": what it counts as after each, and whether a retry (r) or the next run (n) follows. */
function run(policy: HealthPolicy, attempts: string): string {
  let state = initialHealth(policy);
  return [...attempts]
    .map((attempt) => {
      const step = afterAttempt(state, policy, attempt === "?" ? undefined : attempt === "+");
      state = step.state;
      return (state.check.up ? "U" : "D") + (step.delayMs === policy.intervalMs ? "n" : "r");
    })
    .join(" ");
}

const timing = { interval: "10s", retryDelay: "3s" };
const table = [
  { what: "the first failure counts at once, without retries", fields: { retries: 3 }, attempts: "-", steps: "Dn" },
  { what: "the first success counts at once", fields: { retries: 3, rise: 4 }, attempts: "+", steps: "Un" },
  { what: "alpha: down until the first success", fields: { initial: "Down", retries: 3 }, attempts: "-+", steps: "Dn Un" },
  { what: "alpha: the first success is enough, whatever rise says", fields: { initial: "Down", rise: 2 }, attempts: "+", steps: "Un" },
  { what: "retries come before it is down", fields: { retries: 3 }, attempts: "+----", steps: "Un Ur Ur Ur Dn" },
  { what: "a success among the retries saves it", fields: { retries: 3 }, attempts: "+--+-", steps: "Un Ur Ur Un Ur" },
  { what: "without retries one failure is enough", fields: { retries: 0 }, attempts: "+-", steps: "Un Dn" },
  { what: "what is down gets no second try", fields: { retries: 3 }, attempts: "---+", steps: "Dn Dn Dn Un" },
  { what: "HTTP_GET without fast_recovery: two good ones", fields: { retries: 0, rise: 2 }, attempts: "+-++", steps: "Un Dn Dn Un" },
  { what: "rise wants them in a row", fields: { retries: 0, rise: 2 }, attempts: "-+-++", steps: "Dn Dn Dn Dn Un" },
  { what: "fall counts runs, each with its retries", fields: { retries: 1, fall: 2 }, attempts: "+----", steps: "Un Ur Un Ur Dn" },
  { what: "what says nothing changes nothing", fields: { retries: 1 }, attempts: "?+?-?--", steps: "Un Un Un Ur Un Ur Dn" },
];

for (const { what, fields, attempts, steps } of table) {
  test(`health: ${what}`, () => assert.equal(run(policyOf({ ...timing, ...fields }), attempts), steps));
}

/** keepalived 2.2.7's own counters, of its checkers that give a server that is down no second try (PING, UDP). */
function keepalived({ retries, initial }: HealthPolicy, attempts: readonly boolean[]): { up: boolean; isRetry: boolean }[] {
  let up = initial === "Up";
  let hasRun = false;
  let tries = retries;
  return attempts.map((good) => {
    let isRetry = false;
    if (good || ((up || !hasRun) && tries >= retries)) {
      tries = 0;
      up = good;
    } else if (up) {
      isRetry = true;
      tries += 1;
    }
    hasRun = true;
    return { up, isRetry };
  });
}

const policies = fc.record({
  retries: fc.nat({ max: 4 }),
  initial: fc.constantFrom("Up", "Down"),
  fall: fc.constant(1),
  rise: fc.constant(1),
});
const attemptLists = fc.array(fc.boolean(), { maxLength: 60 });

test("any attempts amount to what keepalived makes of them, and are repeated when it repeats them", () => {
  fc.assert(
    fc.property(policies, attemptLists, (fields, attempts) => {
      const policy = policyOf({ ...timing, ...fields });
      let state = initialHealth(policy);
      const steps = attempts.map((good) => {
        const step = afterAttempt(state, policy, good);
        state = step.state;
        return { up: state.check.up, isRetry: step.delayMs === policy.retryDelayMs };
      });
      assert.deepEqual(steps, keepalived(policy, attempts));
    }),
    { numRuns: 2000 },
  );
});

/** A server that changes at a time: when the result follows, on virtual time. */
function simulate(policy: HealthPolicy, changeAt: number, goodBefore: boolean, goodMs: number, badMs: number, phase: number): number {
  let state = initialHealth(policy);
  let now = phase;
  for (;;) {
    const good = now >= changeAt ? !goodBefore : goodBefore;
    now += good ? goodMs : badMs;
    const step = afterAttempt(state, policy, good);
    state = step.state;
    if (now >= changeAt && state.check.up !== goodBefore) return now - changeAt;
    now += step.delayMs;
  }
}

test("removal and return keep to their bounds, whatever the settings and the phase", () => {
  const settings = fc.record({
    interval: fc.integer({ min: 10, max: 5000 }),
    retryDelay: fc.integer({ min: 0, max: 3000 }),
    retries: fc.nat({ max: 4 }),
    rise: fc.integer({ min: 1, max: 4 }),
    fall: fc.integer({ min: 1, max: 4 }),
    goodMs: fc.nat({ max: 50 }),
    badMs: fc.nat({ max: 2000 }),
    phase: fc.nat({ max: 5000 }),
  });
  fc.assert(
    fc.property(settings, ({ interval, retryDelay, goodMs, badMs, phase, ...fields }) => {
      const policy = policyOf({ interval: `${interval}ms`, retryDelay: `${retryDelay}ms`, ...fields });
      const within = (time: number, { leastMs, mostMs }: Bounds) =>
        assert.ok(leastMs <= time && time <= mostMs, `${leastMs} ${time} ${mostMs}`);
      // Late enough for the first attempt, which counts by itself, and for rows to be complete.
      const changeAt = 60_000;
      within(simulate(policy, changeAt, true, goodMs, badMs, phase), {
        ...removalBounds(policy, badMs),
        mostMs: removalBounds(policy, badMs).mostMs + goodMs,
      });
      within(simulate(policy, changeAt, false, goodMs, badMs, phase), returnBounds(policy, goodMs, badMs));
    }),
    { numRuns: 1000 },
  );
});

/** From the fixtures' table: seconds that 2.2.7 takes for a server that refuses, that is silent, and that is back. */
const fixtures = [
  {
    file: "ha-ipvs-dr.conf",
    fields: { interval: "3s", timeout: "1s", retries: 3, retryDelay: "1s", rise: 2 },
    refused: [3, 6],
    silent: [7, 10],
    back: [3, 6],
  },
  {
    file: "check-tcp.conf",
    fields: { interval: "3s", timeout: "3s", retries: 3, retryDelay: "2s" },
    refused: [6, 9],
    silent: [18, 21],
    back: [0, 3],
  },
  {
    file: "lvs-dr-master.conf",
    fields: { interval: "6s", timeout: "3s", retries: 3, retryDelay: "4s" },
    refused: [12, 18],
    silent: [24, 30],
    back: [0, 6],
  },
  {
    file: "dual-master-lvs-fwmark-node1.conf",
    fields: { interval: "2s", timeout: "2s", retries: 3, retryDelay: "3s" },
    refused: [9, 11],
    silent: [17, 19],
  },
  {
    file: "rs-monitor-equivalent.conf",
    fields: { interval: "5s", timeout: "1s", retries: 2, retryDelay: "0s" },
    refused: [0, 5],
    silent: [3, 8],
  },
];

for (const { file, fields, refused, silent, back } of fixtures) {
  test(`health: the bounds of ${file} are those of the fixtures' table`, () => {
    const policy = policyOf(fields);
    const seconds = ({ leastMs, mostMs }: Bounds) => [leastMs / 1000, mostMs / 1000];
    assert.deepEqual(seconds(removalBounds(policy, 0)), refused);
    assert.deepEqual(seconds(removalBounds(policy, policy.timeoutMs)), silent);
    if (back) assert.deepEqual(seconds(returnBounds(policy, 0, 0)), back);
  });
}

test("the fields of a check are the policy", () => {
  const defaults = policyOf();
  assert.deepEqual(defaults, {
    intervalMs: 2000,
    timeoutMs: 1000,
    retries: 1,
    retryDelayMs: 1000,
    rise: 1,
    fall: 1,
    initial: "Up",
    warmupMs: 1000,
    spreads: true,
  } satisfies HealthPolicy);
  // The API refuses it; nothing here relies on that.
  const endless = { ...healthCheckSchema.parse({ tcp: {} }), interval: "0s" };
  assert.deepEqual([healthPolicy(endless).intervalMs, policyOf({ interval: "200ms" }).warmupMs], [10, 200]);
  assert.deepEqual([policyOf({ warmup: "0s" }).warmupMs, policyOf({ warmup: "0s" }).spreads], [0, false]);
});
