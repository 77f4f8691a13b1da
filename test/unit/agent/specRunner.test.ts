import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { refKey, type SecretSource } from "../../../src/agent/credentials/secrets.ts";
import { createRunner, link, plain, type RecordingCore, routerSpec, snapshot } from "./fixtures.ts";
import { temporaryDirectory } from "./stateFiles.ts";

// An interface that no machine has: what "the kernel holds" must not depend on where the test runs.
const one = routerSpec({ interface: "alagt-none" });
const two = routerSpec({ virtualIP: "db", interface: "alagt-none", virtualRouterID: 52, addresses: plain("192.0.2.11/24") });

function setUp(context: TestContext, fields: Parameters<typeof createRunner>[1] = {}) {
  const made = createRunner(context, fields);
  const journal = () => {
    const { content } = JSON.parse(readFileSync(join(made.directory, "held-addresses.json"), "utf8"));
    return content.map(({ address }: { address: string }) => address);
  };
  return { ...made, journal };
}

test("an address is in the journal before the core hears of it", async (context) => {
  const { core, runner, journal } = setUp(context);
  let writtenBefore: string[] = [];
  core.answer = () => {
    writtenBefore = journal();
    return { ok: true };
  };
  await runner.apply({ virtualRouters: [one] }, { generation: 3 });
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
    rejected.map(({ path, subject, router, message }) => [path, subject, router?.virtualIP, message]),
    [["virtualRouters[1]", "web/IPv4", "web", "no"]],
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
  const { core, runner } = createRunner(context, { directory: join(temporaryDirectory(context), "missing") });
  core.current = snapshot({ links: [link()] });
  await runner.apply({ virtualRouters: [one] });
  assert.match(runner.journalError ?? "", /journal of held addresses cannot be written: ENOENT/);
  assert.equal(core.applied.length, 1);
});

function holding(key: string, address: string) {
  return { key, addressesHeld: [address] } as never as ReturnType<RecordingCore["snapshot"]>["routers"][number];
}

const nginx = { name: "web.nginx", process: { name: "no-such-process-of-aloft" }, initial: "Down", interval: "1h" };
const tracking = { ...one, track: [{ check: "web.nginx", weight: -20, reverse: false }] };

test("the first results of checks come before the virtual routers that they decide about", async (context) => {
  const { core, runner } = setUp(context);
  await runner.apply({ virtualRouters: [tracking], checks: [nginx] });
  assert.deepEqual(core.calls.slice(0, 2), ["setChecks", "apply"]);
  assert.deepEqual(
    core.results[0]?.map(({ name, up }) => [name, up]),
    [["web.nginx", false]],
  );
  assert.deepEqual(core.applied[0]?.routers[0]?.checks, [{ check: "web.nginx", weight: -20, reverse: false }]);
});

test("a check that is no longer configured runs until the core has taken the new state, and for ever when it refuses that", async (context) => {
  const { core, companions, runner } = setUp(context);
  const names = () => companions.checkReports().map(({ name }) => name);
  await runner.apply({ virtualRouters: [tracking], checks: [nginx] });
  let during: string[] = [];
  core.answer = () => {
    during = names();
    return { ok: false, error: { operation: "apply", errno: 5, message: "stopped" } };
  };
  await runner.apply({ virtualRouters: [two], checks: [{ ...nginx, name: "db.mysql" }] });
  assert.deepEqual(during, ["web.nginx", "db.mysql"]);
  assert.deepEqual(names(), ["web.nginx"]);
  core.answer = () => ({ ok: true });
  await runner.apply({ virtualRouters: [two], checks: [{ ...nginx, name: "db.mysql" }] });
  assert.deepEqual(names(), ["db.mysql"]);
});

test("a program that must not run: its check is refused, and the virtual router runs without it", async (context) => {
  const { core, runner } = setUp(context);
  const exec = { name: "web.exec", exec: { command: ["/bin/true"] } };
  const { rejected, adjusted } = await runner.apply({
    virtualRouters: [{ ...one, track: [{ check: "web.exec" }], notify: { programs: [{ events: ["MASTER"], command: ["/bin/true"] }] } }],
    checks: [exec],
  });
  assert.deepEqual(
    rejected.map(({ path, subject }) => [path, subject]),
    [["checks[0]", "check web.exec"]],
  );
  assert.deepEqual(
    adjusted.map(({ path, message }) => [path, message.split(":")[0]]),
    [
      ["virtualRouters[0]", "track"],
      ["virtualRouters[0].notify.programs[0]", "notify"],
    ],
  );
  assert.equal(core.applied[0]?.routers[0]?.checks, undefined);
});

test("pods cannot be seen without a cluster", async (context) => {
  const { runner } = setUp(context);
  const { rejected } = await runner.apply({ checks: [{ name: "web.pods", podReady: { namespace: "a", selector: {} } }] });
  assert.match(rejected[0]?.message ?? "", /^podReady: an agent without Kubernetes sees no pods$/);
});

test("an object of a cluster has no file made on the node, and that is told", async (context) => {
  const { runner } = setUp(context);
  const path = join(temporaryDirectory(context), "number");
  const { adjusted } = await runner.apply({ virtualRouters: [], checks: [{ name: "web.file", file: { path, create: {} } }] });
  assert.deepEqual(
    adjusted.map(({ subject, message }) => [subject, message.split(" ")[0]]),
    [["check web.file", "file.create"]],
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(existsSync(path), false);
});

for (const [name, spec, answer] of [
  ["an entry that cannot run", { virtualRouters: [two, { ...one, version: 4 }] }, () => ({ ok: true })],
  [
    "an entry that the core refuses",
    { virtualRouters: [two, one] },
    () => ({ ok: false, error: { operation: "apply", errno: 22, message: "no", path: "routers[1].interface" } }),
  ],
] as [string, object, RecordingCore["answer"]][]) {
  test(`whole or nothing: ${name} changes nothing`, async (context) => {
    const { core, runner, journal } = setUp(context);
    await runner.apply({ virtualRouters: [one] }, { wholeOrNothing: true });
    core.answer = answer;
    const { rejected, coreError } = await runner.apply(spec, { wholeOrNothing: true });
    assert.ok(rejected.length > 0 || coreError);
    assert.equal(core.applied.length, 1);
    assert.deepEqual(
      runner.applied?.desired.routers.map(({ key }) => key),
      ["web/IPv4"],
    );
    await runner.settle();
    assert.deepEqual(journal(), ["192.0.2.10/24"]);
  });
}

test("a Secret is required before the plan, and its routers are planned again when it changes", async (context) => {
  const order: string[] = [];
  let value = "first";
  const secrets: SecretSource = {
    require: async (refs) => void order.push(`require ${refs.map(refKey).join()}`),
    lookUp: () => {
      order.push("look up");
      return { ok: true, value };
    },
  };
  const { core, runner } = createRunner(context, { secrets });
  const guarded = { ...one, version: 2, advertisementInterval: "1s", passwordRef: { name: "vrrp" } };
  await runner.apply({ virtualRouters: [guarded] });
  assert.deepEqual(order, ["require vrrp/password", "look up"]);
  value = "second";
  await runner.applyAgain();
  assert.deepEqual(
    core.applied.map(({ routers }) => routers[0]?.password),
    ["first", "second"],
  );
});

const shop = { namespace: "web", name: "shop", addresses: ["192.0.2.10"] };

test("a real server's settings come before its addresses, and go when those have gone", async (context) => {
  const { core, runner, settings, journal } = setUp(context);
  await runner.apply({ virtualRouters: [], realServers: [shop] });
  assert.deepEqual(core.calls.slice(0, 2), ["settings", "apply"]);
  assert.deepEqual(core.applied[0]?.static?.addresses, [{ address: "192.0.2.10/32", interface: "lo", scope: "host" }]);
  assert.equal(settings.configured.at(-1)?.["net/ipv4/conf/all/arp_ignore"], "1");
  await runner.apply({ virtualRouters: [] });
  assert.equal(settings.configured.at(-1)?.["net/ipv4/conf/all/arp_ignore"], "1");
  assert.deepEqual(journal(), ["192.0.2.10/32"]);
  await runner.settle();
  assert.deepEqual(settings.configured.at(-1), {});
});

test("nothing is put back before it is known what is wanted", async (context) => {
  const { runner, settings } = setUp(context);
  await runner.settle();
  assert.deepEqual(settings.configured, []);
});

test("in a cluster what a real server has stays in the journal when the core has ended in order", async (context) => {
  const { runner, journal } = setUp(context, { staysPrepared: true });
  await runner.apply({ virtualRouters: [one], realServers: [shop] });
  await runner.forget();
  assert.deepEqual(journal(), ["192.0.2.10/32"]);
  assert.equal(runner.needsSettling, false, "nothing is set any more");
});
