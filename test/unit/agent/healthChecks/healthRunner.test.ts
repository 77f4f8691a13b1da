import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { HealthRunner } from "../../../../src/agent/healthChecks/healthRunner.ts";
import type { HealthTarget } from "../../../../src/agent/healthChecks/healthTarget.ts";
import type { DialOptions, DialResults } from "../../../../src/agent/native/dialer.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";

type Answer = "up" | "refused" | "silent" | "no port left";

const errnos = { up: 0, refused: 111 };

/** Servers by port, whose answers the test decides; each attempt is noted with its time. */
function setUp(context: TestContext, { random = () => 0 }: { random?: () => number } = {}) {
  const clock = new VirtualClock();
  const answers = new Map<number, Answer>();
  const dials: [port: number, at: number][] = [];
  const changes: string[][] = [];
  let open = 0;
  let mostOpen = 0;
  const startDialer = (onResults: (results: DialResults) => void) => {
    let id = 0;
    const dial = ({ port }: DialOptions) => {
      const answer = answers.get(port) ?? "up";
      dials.push([port, clock.now()]);
      if (answer === "no port left") return { ok: false as const, error: { operation: "connect", errno: 99, message: "no port is left" } };
      id += 1;
      const own = id;
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      if (answer !== "silent")
        setImmediate(() => {
          open -= 1;
          onResults([own, errnos[answer], -1]);
        });
      return { ok: true as const, id };
    };
    const cancel = () => {
      open -= 1;
    };
    return { ok: true as const, dialer: { dial, cancel, close: () => {}, closeOnExec: () => {} } };
  };
  const runner = new HealthRunner({
    startDialer,
    programs: new ProgramRunner({ allowedDirectories: [], perProgramUser: false, log: silentLogger, clock }),
    node: "n1",
    log: silentLogger,
    clock,
    onChange: (keys) => changes.push([...keys]),
    random,
  });
  context.after(() => runner.stop());
  const advance = async (milliseconds: number) => {
    await clock.advance(milliseconds);
    for (let turn = 0; turn < 4; turn += 1) await settle();
  };
  const is = (key: string) => runner.result(key)?.up;
  const dialsOf = (port: number) => dials.filter(([dialled]) => dialled === port).map(([, at]) => at);
  return { clock, answers, dials, dialsOf, changes, runner, advance, is, mostOpen: () => mostOpen };
}

function target(key: string, port: number, fields: Record<string, unknown> = {}, group?: string): HealthTarget {
  const check = healthCheckSchema.parse({ tcp: {}, interval: "1s", timeout: "400ms", retries: 0, warmup: "0s", ...fields });
  return { key, address: "192.0.2.1", port, check, group };
}

test("results are known at once, by what is assumed, and those of keys that nobody configured never", (context) => {
  const { runner } = setUp(context);
  runner.configure([target("a", 1), target("b", 2, { initial: "Down" })]);
  assert.deepEqual(runner.result("a"), { key: "a", up: true, message: "" });
  assert.deepEqual(runner.result("b"), { key: "b", up: false, message: "" });
  assert.equal(runner.result("c"), undefined);
});

test("a change is told once, with its reason and since when", async (context) => {
  const { runner, answers, changes, advance, clock } = setUp(context);
  runner.configure([target("a", 1), target("b", 2)]);
  await advance(500);
  answers.set(1, "refused").set(2, "refused");
  await advance(5000);
  assert.deepEqual(changes.flat(), ["a", "b"]);
  const { up, message, since } = runner.result("a") ?? {};
  assert.deepEqual([up, message], [false, "connect ECONNREFUSED: connection refused"]);
  assert.equal(since?.getTime(), clock.wallNow().getTime() - 4500);
  answers.set(1, "up");
  await advance(1000);
  assert.deepEqual(changes.flat().slice(2), ["a"]);
  assert.equal(runner.result("a")?.message, "");
});

test("a silent server is down after its time, and the next attempt begins an interval after that", async (context) => {
  const { runner, answers, dialsOf, advance, is } = setUp(context);
  answers.set(1, "silent");
  runner.configure([target("a", 1)]);
  await advance(399);
  assert.equal(is("a"), true);
  await advance(2);
  assert.equal(is("a"), false);
  assert.equal(runner.result("a")?.message, "no answer within 400 ms");
  await advance(3000);
  assert.deepEqual(dialsOf(1), [0, 1400, 2800]);
});

test("retries come at their delay, then the server is down", async (context) => {
  const { runner, answers, dialsOf, advance, is } = setUp(context);
  runner.configure([target("a", 1, { retries: 2, retryDelay: "300ms" })]);
  await advance(500);
  answers.set(1, "refused");
  await advance(1099);
  assert.equal(is("a"), true);
  await advance(1500);
  assert.deepEqual([is("a"), dialsOf(1)], [false, [0, 1000, 1300, 1600, 2600]]);
});

test("what the node cannot ask says nothing of the server, and says why", async (context) => {
  const { runner, answers, changes, advance } = setUp(context);
  answers.set(1, "no port left");
  runner.configure([target("a", 1)]);
  await advance(3000);
  assert.deepEqual([runner.result("a")?.up, runner.result("a")?.message, changes], [true, "no port is left", []]);
  answers.set(1, "up");
  await advance(1000);
  assert.equal(runner.result("a")?.message, "");
});

test("equal checks of several virtual servers are one, which goes on while one of them has it", async (context) => {
  const { runner, answers, changes, dialsOf, advance, is } = setUp(context);
  runner.configure([target("a", 1), target("b", 1), target("c", 1, { interval: "2s" })]);
  await advance(500);
  assert.equal(dialsOf(1).length, 2, "one for a and b, one for c");
  answers.set(1, "refused");
  await advance(1000);
  assert.deepEqual([is("a"), is("b"), changes[0]], [false, false, ["a", "b"]]);
  runner.configure([target("b", 1), target("d", 1)]);
  assert.deepEqual([is("a"), is("b"), is("d")], [undefined, false, false]);
  assert.equal(runner.snapshot().length, 1);
});

test("a check that stands as it was goes on; with another timing it keeps its result; of another server it begins anew", async (context) => {
  const { runner, answers, dialsOf, advance, is } = setUp(context);
  const before = [target("same", 1), target("timing", 2), target("server", 3)];
  for (const port of [1, 2, 3]) answers.set(port, "refused");
  runner.configure(before);
  await advance(300);
  runner.configure([target("same", 1), target("timing", 2, { interval: "5s" }), target("server", 4)]);
  assert.deepEqual([is("same"), is("timing"), is("server")], [false, false, true]);
  await advance(800);
  assert.deepEqual(dialsOf(1), [0, 1000]);
  runner.configure([]);
  await advance(5000);
  assert.equal(dialsOf(1).length, 2);
});

test("first attempts are spread over the warm-up, those that follow over the interval", async (context) => {
  let last = 0;
  const random = () => (last = (last + 0.1) % 1);
  const { runner, dials, advance } = setUp(context, { random });
  runner.configure(Array.from({ length: 9 }, (_, index) => target(`k${index}`, index + 1, { interval: "10s", warmup: undefined })));
  await advance(1000);
  assert.equal(new Set(dials.map(([, at]) => at)).size, 9);
  assert.equal(dials.length, 9);
  await advance(11_000);
  const second = dials.slice(9, 18).map(([, at]) => at);
  assert.ok(Math.max(...second) - Math.min(...second) > 5000, String(second));
});

test("checks that hang hold up those of their own virtual server only", async (context) => {
  const { runner, answers, dialsOf, advance, mostOpen } = setUp(context);
  const hanging = Array.from({ length: 10_000 }, (_, index) =>
    target(`h${index}`, 1, { timeout: `${5000 + index}ms`, interval: "1s" }, "flood"),
  );
  answers.set(1, "silent");
  runner.configure([...hanging, target("good", 2, {}, "other")]);
  await advance(4500);
  assert.deepEqual(dialsOf(2), [0, 1000, 2000, 3000, 4000], "not one late");
  assert.equal(mostOpen(), 4097, "half of the slots, and the other one");
});

test("counts and reports are plain numbers", async (context) => {
  const { runner, answers, advance } = setUp(context);
  answers.set(2, "silent").set(3, "no port left");
  runner.configure([target("a", 1), target("b", 2), target("c", 3)]);
  await advance(950);
  const tcp = runner.counts().find(({ kind }) => kind === "tcp");
  assert.deepEqual([tcp?.good, tcp?.bad, tcp?.unknown, tcp?.latency.counts.at(-1), tcp?.lateness.counts[0]], [1, 1, 1, 3, 3]);
  const [a, b] = runner.snapshot();
  assert.deepEqual([a?.kind, a?.transitions, b?.transitions, b?.latencyMs], ["tcp", 0, 1, 400]);
});

test("a check of a kind that is not known counts as up", (context) => {
  const { runner } = setUp(context);
  const { tcp, ...check } = target("x", 1).check;
  runner.configure([{ key: "x", address: "192.0.2.1", port: 1, check: { ...check, initial: "Down" } }]);
  assert.deepEqual([tcp, runner.result("x")?.up, runner.snapshot()], [{}, true, []]);
});

test("after stop() nothing runs any more", async (context) => {
  const { runner, dials, advance, clock } = setUp(context);
  runner.configure([target("a", 1)]);
  await advance(1500);
  const before = dials.length;
  await runner.stop();
  await advance(5000);
  assert.deepEqual([dials.length, clock.pending], [before, 0]);
});
