import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HeldAddressJournal } from "../../../src/agent/heldAddresses.ts";
import { SpecRunner } from "../../../src/agent/specRunner.ts";
import { silentLogger } from "../../../src/runtime/log.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";
import { link, RecordingCore, routerSpec, snapshot } from "./fixtures.ts";
import { temporaryDirectory } from "./stateFiles.ts";

// An interface that no machine has: what "the kernel holds" must not depend on where the test runs.
const one = routerSpec({ interface: "alagt-none" });
const two = routerSpec({ virtualIP: "db", interface: "alagt-none", virtualRouterID: 52, addresses: ["192.0.2.11/24"] });

function setUp(context: TestContext) {
  const directory = temporaryDirectory(context);
  const core = new RecordingCore();
  const clock = new VirtualClock();
  const runner = new SpecRunner(core, new HeldAddressJournal(directory, () => clock.wallNow()), clock, silentLogger);
  const journal = () => {
    const { content } = JSON.parse(readFileSync(join(directory, "held-addresses.json"), "utf8"));
    return content.map(({ address }: { address: string }) => address);
  };
  return { clock, directory, core, runner, journal };
}

test("an address is in the journal before the core hears of it", async (context) => {
  const { core, runner, journal } = setUp(context);
  let writtenBefore: string[] = [];
  core.answer = () => {
    writtenBefore = journal();
    return { ok: true };
  };
  await runner.apply({ virtualRouters: [one] }, 3);
  assert.deepEqual(writtenBefore, ["192.0.2.10/24"]);
  assert.equal(runner.applied?.generation, 3);
});

test("it leaves the journal only after the core has given it up", async (context) => {
  const { core, runner, journal } = setUp(context);
  await runner.apply({ virtualRouters: [one, two] });
  await runner.apply({ virtualRouters: [two] });
  assert.deepEqual(journal(), ["192.0.2.10/24", "192.0.2.11/24"]);
  assert.equal(runner.needsSettling, true);
  core.current = snapshot({ routers: [{ ...holding("web/IPv4", "192.0.2.10/24") }] });
  await runner.settle();
  assert.deepEqual(journal(), ["192.0.2.10/24", "192.0.2.11/24"]);
  core.current = snapshot();
  await runner.settle();
  assert.deepEqual(journal(), ["192.0.2.11/24"]);
  assert.equal(runner.needsSettling, false);
  await runner.forget();
  assert.deepEqual(journal(), []);
});

test("an entry that the core refuses is told, and the rest runs", async (context) => {
  const { core, runner } = setUp(context);
  core.answer = ({ routers }) => {
    const index = routers.findIndex(({ key }) => key === "web/IPv4");
    return index < 0
      ? { ok: true }
      : { ok: false, error: { operation: "apply", errno: 22, message: "no", path: `routers[${index}].interface` } };
  };
  const { rejected, coreError } = await runner.apply({ virtualRouters: [two, one] });
  assert.deepEqual(
    core.applied.map(({ routers }) => routers.map(({ key }) => key)),
    [["db/IPv4"]],
  );
  assert.deepEqual(
    rejected.map(({ virtualIP, message }) => [virtualIP, message]),
    [["web", "no"]],
  );
  assert.equal(coreError, undefined);
});

test("a state that the core refuses as a whole leaves what runs", async (context) => {
  const { core, runner, journal } = setUp(context);
  await runner.apply({ virtualRouters: [one] });
  core.answer = () => ({ ok: false, error: { operation: "apply", errno: 5, message: "stopped" } });
  const { coreError } = await runner.apply({ virtualRouters: [two] });
  assert.equal(coreError?.message, "stopped");
  await runner.settle();
  assert.deepEqual(journal(), ["192.0.2.10/24"]);
});

test("a core that is too busy to take it is asked again", async (context) => {
  const { clock, core, runner } = setUp(context);
  let refusals = 3;
  core.answer = () => (refusals-- > 0 ? { ok: false, error: { operation: "apply", errno: 11, message: "busy" } } : { ok: true });
  const applying = runner.apply({ virtualRouters: [one] });
  let applied = false;
  void applying.then(() => {
    applied = true;
  });
  while (!applied) await clock.advance(10);
  assert.equal((await applying).coreError, undefined);
  assert.equal(clock.now() >= 150, true);
  assert.equal(core.applied.length, 1);
});

test("the floor of the interval follows what the core was granted", async (context) => {
  const { core, runner } = setUp(context);
  core.current = snapshot({ realTime: { granted: false, message: "EPERM" } });
  await runner.apply({ virtualRouters: [{ ...one, advertisementInterval: "10ms" }] });
  assert.equal(core.applied[0]?.routers[0]?.advertisementIntervalMs, 100);
});

test("applies run one after the other, in order", async (context) => {
  const { core, runner } = setUp(context);
  await Promise.all([
    runner.apply({ virtualRouters: [one] }),
    runner.apply({ virtualRouters: [two] }),
    runner.apply({ virtualRouters: [] }),
  ]);
  assert.deepEqual(
    core.applied.map(({ routers }) => routers.length),
    [1, 1, 0],
  );
  assert.equal(core.applied[1]?.routers[0]?.key, "db/IPv4");
});

test("a journal that cannot be written is told, and the virtual routers run nevertheless", async (context) => {
  const core = new RecordingCore();
  core.current = snapshot({ links: [link()] });
  const clock = new VirtualClock();
  const journal = new HeldAddressJournal(join(temporaryDirectory(context), "missing"), () => clock.wallNow());
  const runner = new SpecRunner(core, journal, clock, silentLogger);
  await runner.apply({ virtualRouters: [one] });
  assert.match(runner.journalError ?? "", /journal of held addresses cannot be written: ENOENT/);
  assert.equal(core.applied.length, 1);
});

function holding(key: string, address: string) {
  return { key, addressesHeld: [address] } as never as ReturnType<RecordingCore["snapshot"]>["routers"][number];
}
