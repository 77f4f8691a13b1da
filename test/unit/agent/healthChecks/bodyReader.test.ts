import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Unasked } from "../../../../src/agent/checks/probe.ts";
import { HealthBodyReader, matchProblem } from "../../../../src/agent/healthChecks/bodyReader.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";

function bodyMatch(pattern: string) {
  const [request] = healthCheckSchema.parse({ http: { requests: [{ bodyMatch: { pattern } }] } }).http?.requests ?? [];
  assert.ok(request?.bodyMatch);
  return request.bodyMatch;
}

test("http: an expression that took too long several times is left alone for a while, others are not", () => {
  const [endless, other] = [bodyMatch("(.*?.*?)*y$"), bodyMatch("x")];
  const body = Buffer.alloc(5000, "x");
  const took = (now: number) => {
    const [before, usedBefore] = [performance.now(), process.cpuUsage()];
    assert.match(matchProblem(endless, body, now), /more than 100 ms/);
    const { user, system } = process.cpuUsage(usedBefore);
    return { ms: performance.now() - before, usedMs: (user + system) / 1000 };
  };
  for (const now of [1000, 1001, 1002]) assert.ok(took(now).ms > 90);
  // Others may have the processor meanwhile.
  assert.ok(took(1003).usedMs < 50);
  assert.equal(matchProblem(other, body, 1003), "");
  assert.ok(took(11_003).ms > 90);
});

const mebibyte = Buffer.alloc(2 ** 20, "x");

function reader(context: TestContext): HealthBodyReader {
  const opened = new HealthBodyReader({ bodyMatch: bodyMatch("x$") });
  context.after(() => opened.close());
  return opened;
}

test("http: what is kept of bodies has a limit, beyond which nothing is said of the server", (context) => {
  const readers = Array.from({ length: 64 }, () => reader(context));
  // One byte less than all that is looked at.
  for (const held of readers) assert.equal(held.take(mebibyte.subarray(1)), true);
  const late = reader(context);
  assert.equal(late.take(mebibyte), false);
  assert.throws(() => late.problem(), Unasked);
  for (const held of readers) held.close();
  const next = reader(context);
  assert.equal(next.take(mebibyte), false);
  assert.equal(next.problem(), "");
});
