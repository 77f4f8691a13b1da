import assert from "node:assert/strict";
import { test } from "node:test";
import { combinations, Metrics } from "../../../src/runtime/metrics.ts";

test("series with known label values exist at zero, others do not", async () => {
  const metrics = new Metrics();
  metrics.counter("a_total", "A.", { family: ["IPv4", "IPv6"], state: ["up"] });
  metrics.counter("b_total", "B.", { peer: [] });
  metrics.gauge("c", "C.");
  metrics.histogram("d_seconds", "D.", [1], { kind: ["x"] });
  const text = await metrics.render();
  assert.match(text, /^a_total\{family="IPv4",state="up"\} 0$/m);
  assert.match(text, /^a_total\{family="IPv6",state="up"\} 0$/m);
  assert.doesNotMatch(text, /^b_total/m);
  assert.match(text, /^c 0$/m);
  assert.match(text, /^d_seconds_count\{kind="x"\} 0$/m);
});

test("collected values are read at each scrape", async () => {
  const metrics = new Metrics();
  let value = 1;
  metrics.collect("lateness_seconds", "L.", "histogram", () => [
    { suffix: "_bucket", labels: { le: "+Inf" }, value },
    { suffix: "_count", labels: {} as Record<string, string>, value },
  ]);
  assert.match(await metrics.render(), /^lateness_seconds_bucket\{le="\+Inf"\} 1$/m);
  value = 7;
  const text = await metrics.render();
  assert.match(text, /^# TYPE lateness_seconds histogram$/m);
  assert.match(text, /^lateness_seconds_count 7$/m);
});

test("two metrics of one name are refused", () => {
  const metrics = new Metrics();
  metrics.gauge("a", "A.");
  assert.throws(() => metrics.collect("a", "A.", "gauge", () => []), /already been registered/);
});

test("combinations multiply the known values", () => {
  assert.deepEqual(combinations({}), [{}]);
  assert.deepEqual(combinations({ a: ["1", "2"], b: ["x"] }), [
    { a: "1", b: "x" },
    { a: "2", b: "x" },
  ]);
  assert.deepEqual(combinations({ a: ["1"], b: [] }), []);
});
