/**
 * The core's life in a process: loaded, started, fed, stopped, collected, torn down. It runs in the machine's own network namespace, with
 * virtual routers on an interface that does not exist, so that nothing is sent and nothing is set.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { Core, CoreResult } from "../../src/agent/native/core.ts";
import type { DesiredRouter, DesiredState } from "../../src/agent/native/desiredState.ts";
import type { CoreEvent } from "../../src/agent/native/events.ts";
import { until } from "../support/waiting.ts";

const addon = loadAddon();
const nativeModule = JSON.stringify(new URL("../../src/agent/native/addon.ts", import.meta.url).href);

function start(onEvents: (batch: CoreEvent[]) => void = () => {}): Core {
  const started = addon.start({ heldAddresses: [], realTime: false, gate: false }, onEvents);
  assert.ok(started.ok, "start needs root");
  return started.core;
}

function router(changes: Partial<Record<keyof DesiredRouter, unknown>> = {}): DesiredRouter {
  return {
    key: "vip/IPv4",
    family: "IPv4",
    interface: "alcore-none",
    virtualRouterID: 51,
    version: 3,
    priority: 254,
    advertisementIntervalMs: 100,
    preempt: true,
    preemptDelayMs: 0,
    checksum: "Auto",
    addresses: [{ address: "192.0.2.10/24" }],
    ...changes,
  } as DesiredRouter;
}

test("a snapshot of a fresh core has links, no routers, and everything that the contract names", async () => {
  const core = start();
  const snapshot = core.snapshot();
  assert.deepEqual(snapshot.routers, []);
  const loopback = snapshot.links.find(({ name }) => name === "lo");
  assert.equal(loopback?.loopback, true);
  assert.equal(snapshot.eventsLost, 0);
  assert.deepEqual(snapshot.realTime, { granted: false, message: "not asked for" });
  assert.deepEqual(snapshot.gate, { active: false, message: "not asked for" });
  assert.deepEqual(snapshot.unknownRouters, []);
  assert.equal(snapshot.lateness.boundsUs.at(-1), Number.POSITIVE_INFINITY);
  assert.equal(snapshot.lateness.boundsUs.length, snapshot.lateness.counts.length);
  assert.equal(snapshot.discarded.BadChecksum, 0);
  await core.stop();
});

test("a router on an interface that is missing is in FAULT and says so; its events tell it", async () => {
  const events: CoreEvent[] = [];
  const core = start((batch) => events.push(...batch));
  assert.deepEqual(core.apply({ routers: [router()] }), { ok: true });
  assert.equal(core.snapshot().routers[0]?.key, "vip/IPv4");
  await until("the fault", async () => core.snapshot().routers[0]?.state === "FAULT");
  const [snapshot] = core.snapshot().routers;
  assert.equal(snapshot?.reason, "InterfaceMissing");
  assert.equal(snapshot?.message, "interface alcore-none does not exist");
  assert.equal(snapshot?.priority, 254);
  await until("the event", async () => events.some(({ type }) => type === "stateChanged"));
  const change = events.find((event) => event.type === "stateChanged");
  assert.equal(change?.key, "vip/IPv4");
  assert.equal(change?.to, "FAULT");
  assert.ok(Math.abs((change?.changedAt ?? 0) - Date.now()) < 60_000);
  await core.stop();
});

test("events that come with stop() are delivered before its promise is kept", async () => {
  const events: CoreEvent[] = [];
  const core = start((batch) => events.push(...batch));
  core.apply({ routers: [router()] });
  await until("the fault", async () => core.snapshot().routers[0]?.state === "FAULT");
  await core.stop();
  const last = events.filter((event) => event.type === "stateChanged").at(-1);
  assert.deepEqual([last?.key, last?.to, last?.reason], ["vip/IPv4", "INIT", "Stopped"]);
});

test("stop twice gives the same promise, and later calls are answered", async () => {
  const core = start();
  const first = core.stop();
  assert.equal(core.stop({ keepAddresses: true }), first);
  assert.deepEqual(await first, { ok: true });
  assert.equal(core.stop(), first);
  const applied = core.apply({ routers: [router()] });
  assert.equal(!applied.ok && applied.error.operation, "apply");
  assert.deepEqual(core.snapshot().routers, []);
});

test("stop refuses an option that it does not understand and goes on running", async () => {
  const core = start();
  const refused = await core.stop({ keepAddresses: "yes" } as never);
  assert.equal(!refused.ok && refused.error.path, "keepAddresses");
  assert.equal(core.apply({ routers: [] }).ok, true);
  await core.stop();
});

test("two cores run side by side", async () => {
  const [one, two] = [start(), start()];
  one.apply({ routers: [router()] });
  two.apply({ routers: [router({ key: "other/IPv4" })] });
  assert.deepEqual(
    [one, two].map((core) => core.snapshot().routers[0]?.key),
    ["vip/IPv4", "other/IPv4"],
  );
  await one.stop();
  assert.equal(two.snapshot().routers.length, 1);
  await two.stop();
});

const announcements = { atMs: [0], copies: 1, refreshMs: 0, refreshCopies: 1 };
const route = { family: "IPv4", destination: "198.51.100.0/24", type: "unicast", nextHops: [{ via: "192.0.2.1" }] };

const bad: [path: string, desired: unknown][] = [
  ["", undefined],
  ["", "routers"],
  ["routers", {}],
  ["routers", { routers: "none" }],
  ["routers[0]", { routers: [null] }],
  ["routers[1]", { routers: [router(), 7] }],
  ["routers[0].key", { routers: [router({ key: 7 })] }],
  ["routers[0].key", { routers: [router({ key: "" })] }],
  ["routers[1].key", { routers: [router(), router({ virtualRouterID: 52, addresses: [{ address: "192.0.2.11/24" }] })] }],
  ["routers[0].family", { routers: [router({ family: "IPX" })] }],
  ["routers[0].interface", { routers: [router({ interface: "../../eth0" })] }],
  ["routers[0].interface", { routers: [router({ interface: "x".repeat(16) })] }],
  ["routers[0].virtualRouterID", { routers: [router({ virtualRouterID: "51" })] }],
  ["routers[0].virtualRouterID", { routers: [router({ virtualRouterID: Number.NaN })] }],
  ["routers[0].virtualRouterID", { routers: [router({ virtualRouterID: 2n ** 64n })] }],
  ["routers[0].virtualRouterID", { routers: [router({ virtualRouterID: 256n })] }],
  ["routers[1].virtualRouterID", { routers: [router(), router({ key: "b", addresses: [{ address: "192.0.2.11/24" }] })] }],
  ["routers[0].version", { routers: [router({ version: 1 })] }],
  [
    "routers[0].version",
    { routers: [router({ family: "IPv6", version: 2, advertisementIntervalMs: 1000, addresses: [{ address: "2001:db8::1/64" }] })] },
  ],
  ["routers[0].priority", { routers: [router({ priority: 0 })] }],
  ["routers[0].priority", { routers: [router({ priority: 254.5 })] }],
  ["routers[0].advertisementIntervalMs", { routers: [router({ advertisementIntervalMs: 0 })] }],
  ["routers[0].advertisementIntervalMs", { routers: [router({ advertisementIntervalMs: Number.POSITIVE_INFINITY })] }],
  ["routers[0].advertisementIntervalMs", { routers: [router({ version: 2, advertisementIntervalMs: 100 })] }],
  ["routers[0].preempt", { routers: [router({ preempt: 1 })] }],
  ["routers[0].preemptDelayMs", { routers: [router({ preemptDelayMs: -1 })] }],
  ["routers[0].checksum", { routers: [router({ checksum: "md5" })] }],
  ["routers[0].addresses", { routers: [router({ addresses: "192.0.2.10/24" })] }],
  ["routers[0].addresses", { routers: [router({ addresses: [] })] }],
  ["routers[0].addresses", { routers: [router({ addresses: new Array(4097).fill({ address: "192.0.2.10/24" }) })] }],
  ["routers[0].addresses[1]", { routers: [router({ addresses: [{ address: "192.0.2.10/24" }, null] })] }],
  ["routers[0].addresses[0]", { routers: [router({ addresses: ["192.0.2.10/24"] })] }],
  ["routers[0].addresses[0].address", { routers: [router({ addresses: [{}] })] }],
  ["routers[0].addresses[0].address", { routers: [router({ addresses: [{ address: "2001:db8::1/64" }] })] }],
  ["routers[0].addresses[0].address", { routers: [router({ addresses: [{ address: "192.0.2.10" }] })] }],
  ["routers[1].addresses[0].address", { routers: [router(), router({ key: "b", virtualRouterID: 52 })] }],
  ["routers[0].addresses[0].label", { routers: [router({ addresses: [{ address: "192.0.2.10/24", label: null }] })] }],
  ["routers[0].addresses[0].advertised", { routers: [router({ addresses: [{ address: "192.0.2.10/24", advertised: "no" }] })] }],
  ["routers[0].linkLocalFirst", { routers: [router({ linkLocalFirst: "yes" })] }],
  ["routers[0].downTimerAdverts", { routers: [router({ downTimerAdverts: 101 })] }],
  ["routers[0].unicastPeers", { routers: [router({ unicastPeers: "192.0.2.1" })] }],
  ["routers[0].unicastPeers[1]", { routers: [router({ unicastPeers: ["192.0.2.1", 7] })] }],
  ["routers[0].unicastPeers[0]", { routers: [router({ unicastPeers: ["ff02::12"] })] }],
  ["routers[0].unicastTTL", { routers: [router({ unicastTTL: 256 })] }],
  ["routers[0].peerTTLs", { routers: [router({ peerTTLs: [{ minimum: 0, maximum: 255 }] })] }],
  ["routers[0].peerTTLs[0].minimum", { routers: [router({ unicastPeers: ["192.0.2.1"], peerTTLs: [{ maximum: 255 }] })] }],
  ["routers[0].accept", { routers: [router({ accept: "no" })] }],
  ["routers[0].advertsWithVirtualMAC", { routers: [router({ advertsWithVirtualMAC: 0 })] }],
  ["routers[0].trackSourceAddress", { routers: [router({ trackSourceAddress: 1 })] }],
  ["routers[0].password", { routers: [router({ version: 2, advertisementIntervalMs: 1000, password: "ninebytes" })] }],
  ["routers[0].checks[0]", { routers: [router({ checks: ["web"] })] }],
  ["routers[0].checks[0].check", { routers: [router({ checks: [{ weight: 0, reverse: false }] })] }],
  ["routers[0].checks[0].weight", { routers: [router({ checks: [{ check: "web", weight: "0", reverse: false }] })] }],
  ["routers[0].interfaces[0].reverse", { routers: [router({ interfaces: [{ interface: "eth1", weight: 0 }] })] }],
  ["routers[0].announcements", { routers: [router({ announcements: 7 })] }],
  ["routers[0].announcements.atMs", { routers: [router({ announcements: { copies: 1, refreshMs: 0, refreshCopies: 1 } })] }],
  ["routers[0].announcements.atMs[0]", { routers: [router({ announcements: { ...announcements, atMs: ["0"] } })] }],
  ["routers[0].announcements.atMs[1]", { routers: [router({ announcements: { ...announcements, atMs: [5, 5] } })] }],
  ["routers[0].conflicts", { routers: [router({ conflicts: "Ignore" })] }],
  ["routers[0].deadMan", { routers: [router({ deadMan: 1 })] }],
  ["routers[0].handOver", { routers: [router({ handOver: -1 })] }],
  ["routers[0].routes[0].nextHops[0].via", { routers: [router({ routes: [{ ...route, nextHops: [{ via: "nowhere" }] }] })] }],
  ["routers[0].routes[0].nextHops", { routers: [router({ routes: [{ ...route, nextHops: undefined }] })] }],
  ["routers[0].rules[0].table", { routers: [router({ rules: [{ family: "IPv4", action: "lookup" }] })] }],
  ["static", { routers: [], static: "none" }],
  ["static.routes", { routers: [], static: { addresses: [], rules: [] } }],
  ["static.addresses[0].interface", { routers: [], static: { addresses: [{ address: "192.0.2.1/24" }], routes: [], rules: [] } }],
  ["debugUnknownRouters", { routers: [], debugUnknownRouters: "yes" }],
];

test("a bad state is refused with the path of the field, and changes nothing", async (context) => {
  const core = start();
  assert.equal(core.apply({ routers: [router()] }).ok, true);
  for (const [path, desired] of bad) {
    await context.test(`${path || "the whole"}: ${show(desired)}`, () => {
      const result = core.apply(desired as DesiredState);
      assert.equal(result.ok, false);
      if (result.ok) return;
      assert.equal(result.error.path, path, result.error.message);
      assert.equal(result.error.operation, "apply");
      assert.deepEqual(
        core.snapshot().routers.map(({ key }) => key),
        ["vip/IPv4"],
      );
    });
  }
  await core.stop();
});

function show(value: unknown): string {
  return (JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "undefined").slice(0, 60);
}

test("everything that the contract knows is taken", async () => {
  const core = start();
  const full = router({
    version: 2,
    advertisementIntervalMs: 1000,
    addresses: [
      { address: "192.0.2.10/24", interface: "alcore-none", label: "alcore-none:1", scope: "global", broadcast: "192.0.2.255" },
      { address: "2001:db8::10/64", advertised: false },
    ],
    linkLocalFirst: false,
    downTimerAdverts: 5,
    startupDelayMs: 100,
    sourceAddress: "192.0.2.1",
    multicastGroup: "224.0.100.19",
    trackSourceAddress: true,
    unicastPeers: ["192.0.2.2"],
    peerTTLs: [{ minimum: 0, maximum: 64 }],
    unicastTTL: 64,
    password: "secret",
    virtualMACInterface: "alcore-mac",
    advertsWithVirtualMAC: false,
    group: "gateway",
    checks: [{ check: "web", weight: -20, reverse: false }],
    interfaces: [{ interface: "alcore-other", weight: 10, reverse: true }],
    trackPrimary: false,
    announcements,
    conflicts: "Report",
    accept: false,
    deadMan: true,
    handOver: 1n,
    routes: [{ ...route, metric: 10, table: 100, scope: "global", mtu: 1400, source: "192.0.2.10" }],
    rules: [{ family: "IPv4", action: "lookup", table: 100, from: "192.0.2.10/32", priority: 100, firewallMark: 1, firewallMask: 255 }],
  });
  assert.deepEqual(core.apply({ routers: [full], static: { addresses: [], routes: [], rules: [] }, debugUnknownRouters: true }), {
    ok: true,
  });
  const snapshot = core.snapshot();
  assert.equal(snapshot.routers[0]?.basePriority, 254);
  assert.deepEqual(snapshot.unknownRouters, []);
  // A password goes in and never comes out again.
  assert.doesNotMatch(JSON.stringify(snapshot), /secret/);
  await core.stop();
});

test("a password that is refused is in no message", async () => {
  const core = start();
  const refused = core.apply({ routers: [router({ version: 2, advertisementIntervalMs: 1000, password: "topsecret" })] });
  assert.equal(refused.ok, false);
  assert.doesNotMatch(JSON.stringify(refused), /topsecret/);
  await core.stop();
});

/** EAGAIN: its thread, which has no real-time class here, was not scheduled, and the commands before this one wait. */
function isTaken(result: CoreResult): boolean {
  if (!result.ok) assert.equal(result.error.errno, constants.errno.EAGAIN, result.error.message);
  return result.ok;
}

test("results of checks are taken by the thousand, also of names that nobody tracks", async () => {
  const core = start();
  assert.deepEqual(core.setChecks([]), { ok: true });
  assert.deepEqual(core.setChecks(Array.from({ length: 5000 }, (_, i) => ({ name: `check${i}`, up: i % 2 === 0 }))), { ok: true });
  const checks = Array.from({ length: 256 }, (_, i) => ({ check: `check${i}`, weight: 1, reverse: false }));
  assert.deepEqual(core.apply({ routers: [router({ checks })] }), { ok: true });
  for (let value = 0; value < 100; value += 1) {
    const results = checks.map(({ check }) => ({ name: check, up: value % 2 === 0, value }));
    await until("the thread to take commands", async () => isTaken(core.setChecks(results)));
  }
  assert.equal(core.snapshot().routers.length, 1);
  await core.stop();
  const late = core.setChecks([{ name: "web", up: true }]);
  assert.equal(!late.ok && late.error.operation, "setChecks");
});

const badResults: [path: string, results: unknown][] = [
  ["", undefined],
  ["", { name: "web", up: true }],
  ["[0]", [null]],
  ["[1].name", [{ name: "web", up: true }, { up: true }]],
  ["[0].name", [{ name: "", up: true }]],
  ["[0].up", [{ name: "web" }]],
  ["[0].value", [{ name: "web", up: true, value: 1.5 }]],
  ["[0].value", [{ name: "web", up: true, value: 2 ** 31 }]],
  ["", new Array(16385).fill({ name: "web", up: true })],
];

test("bad results of checks are refused with the path of the field", async (context) => {
  const core = start();
  for (const [path, results] of badResults) {
    await context.test(`${path || "the whole"}: ${show(results)}`, () => {
      const result = core.setChecks(results as never);
      assert.equal(!result.ok && result.error.path, path);
      assert.equal(!result.ok && result.error.operation, "setChecks");
    });
  }
  await core.stop();
});

test("numbers may be bigints", async () => {
  const core = start();
  assert.deepEqual(core.apply({ routers: [router({ virtualRouterID: 51n, priority: 200n })] }), { ok: true });
  assert.equal(core.snapshot().routers[0]?.priority, 200);
  await core.stop();
});

test("the class of a core cannot be used to make one", async () => {
  const core = start();
  const Class = core.constructor as new () => Core;
  assert.throws(() => new Class(), /made by start/);
  await core.stop();
});

/** Runs a script with the addon in a process of its own; the core of `start()` is in `core`. */
function run(
  body: string,
  args: string[] = [],
  listener = "() => {}",
): { status: number | null; signal: string | null; stderr: string; stdout: string } {
  const script = `
    import { loadAddon } from ${nativeModule};
    const started = loadAddon().start({ heldAddresses: [], realTime: true, gate: true }, ${listener});
    let core = started.core;
    core.apply({ routers: [${JSON.stringify(router())}] });
    ${body}`;
  return spawnSync(process.execPath, [...args, "--input-type=module", "-e", script], { encoding: "utf8", timeout: 20_000 });
}

const endings: [name: string, body: string, status: number][] = [
  ["by itself: a running core does not hold the event loop", "", 0],
  ["by process.exit()", "process.exit(7);", 7],
  ["by process.exit() in the middle of stop()", "core.stop(); process.exit(7);", 7],
  ["by an error that nobody catches", "setImmediate(() => { throw new Error('thrown on purpose'); });", 1],
  ["after stop()", "await core.stop();", 0],
];
for (const [name, body, status] of endings) {
  test(`a process with a running core ends ${name}`, () => {
    const result = run(body);
    assert.equal(result.signal, null, result.stderr);
    assert.equal(result.status, status, result.stderr);
  });
}

test("what the listener throws is an error that nobody catches, as from any callback", () => {
  const result = run("setTimeout(() => {}, 10_000);", [], "() => { throw new Error('thrown by the listener'); }");
  assert.equal(result.status, 1, result.stderr);
  assert.match(result.stderr, /thrown by the listener/);
});

test("a core whose object is collected goes on", () => {
  const result = run(
    `const before = core.snapshot().routers.length;
     core = undefined;
     started.core = undefined;
     for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
     const { readdirSync, readFileSync } = process.getBuiltinModule("node:fs");
     const threads = () => readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/comm", "utf8").trim()).filter((name) => name.startsWith("aloft-"));
     // A thread takes its name a moment after its start.
     for (let i = 0; i < 500 && threads().length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 10));
     console.log(before, threads().sort().join(" "));`,
    ["--expose-gc"],
  );
  assert.equal(result.stdout.trim(), "1 aloft-actuator aloft-vrrp", result.stderr);
  assert.equal(result.status, 0);
});

test("stopped cores are collected with their threads and descriptors", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const count = () => readdirSync("/proc/self/task").length * 1000 + readdirSync("/proc/self/fd").length;
  for (let i = 0; i < 3; i++) await start().stop();
  const before = count();
  const cores: Core[] = [];
  for (let i = 0; i < 10; i++) cores.push(start());
  await Promise.all(cores.map((core) => core.stop()));
  cores.length = 0;
  await until("the descriptors to be closed", async () => {
    collect();
    return count() <= before;
  });
});

/** A worker thread that runs a core; resolves when it has started. */
async function workerWithCore(): Promise<Worker> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     import(${nativeModule}).then(({ loadAddon }) => {
       const started = loadAddon().start({ heldAddresses: [], realTime: false, gate: false }, () => {});
       started.core.apply({ routers: [${JSON.stringify(router({ key: "worker/IPv4" }))}] });
       parentPort.on("message", async (message) => {
         if (message === "stop") await started.core.stop();
         if (message === "stop without waiting") started.core.stop();
         parentPort.postMessage(started.core.snapshot().routers[0].key);
       });
       parentPort.postMessage("started");
     });`,
    { eval: true },
  );
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return worker;
}

function threadsOfCores(): number {
  const names = readdirSync("/proc/self/task").map((id) => readFileSync(`/proc/self/task/${id}/comm`, "utf8"));
  return names.filter((name) => name.startsWith("aloft-")).length;
}

test("a worker thread has cores of its own, which end with it", async () => {
  const core = start();
  const worker = await workerWithCore();
  // A thread takes its name a moment after its start.
  await until("the threads of both cores", async () => threadsOfCores() === 4);
  await worker.terminate();
  // The kernel lists a thread for a moment after it was joined.
  await until("the end of the worker's threads", async () => threadsOfCores() === 2);
  assert.equal(core.apply({ routers: [] }).ok, true);
  await core.stop();
});

test("a worker thread can be terminated in the middle of stop(), again and again", async () => {
  for (let i = 0; i < 5; i++) {
    const worker = await workerWithCore();
    worker.postMessage(i % 2 === 0 ? "stop without waiting" : "stop");
    if (i > 1) await new Promise((resolve) => setImmediate(resolve));
    await worker.terminate();
  }
  await until("the end of all threads", async () => threadsOfCores() === 0);
});
