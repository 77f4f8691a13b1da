import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { IpvsServiceKey } from "../../../../src/agent/native/ipvsState.ts";
import { HeldServiceJournal } from "../../../../src/agent/state/heldServices.ts";
import { HealthFile } from "../../../../src/agent/virtualServers/healthFile.ts";
import { KernelTable } from "../../../../src/agent/virtualServers/kernelTable.ts";
import type { ResolvedVirtualServer } from "../../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { type ServerConfiguration, VirtualServers } from "../../../../src/agent/virtualServers/virtualServers.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { RecordingIpvs } from "./recordingIpvs.ts";
import { endpoint, ScriptedHealth, type ServerFields, virtualServer } from "./samples.ts";

async function setUp(context: TestContext, directory = temporaryDirectory(context), log = silentLogger) {
  const clock = new VirtualClock();
  const ipvs = new RecordingIpvs();
  const health = new ScriptedHealth();
  const journal = new HeldServiceJournal(directory, () => clock.wallNow());
  await journal.open();
  const file = new HealthFile({ stateDirectory: directory, clock, log });
  const told: string[] = [];
  const carried: string[] = [];
  let statuses = 0;
  const onStatus = () => {
    statuses += 1;
  };
  const table = new KernelTable({ startIpvs: (options, onEvents) => ipvs.start(options, onEvents), journal, onChange: onStatus, log });
  const servers = new VirtualServers({
    table,
    health,
    restored: await file.read(),
    remember: (memory, unplanned) => file.put(memory, unplanned),
    addresses: () => new Set(["192.0.2.10"]),
    carried: () => carried,
    tell: (changes) => told.push(...changes.map(({ server, up, occasion }) => `${server?.key ?? "quorum"} ${up} ${occasion}`)),
    onStatus,
    clock,
    log,
  });
  health.onChange = () => servers.changed();
  const run = async (virtualServers: ResolvedVirtualServer[], fields: Partial<ServerConfiguration> = {}) => {
    await servers.configure({ virtualServers, endpoints: new Map(), doubts: new Map(), isComplete: true, settings: undefined, ...fields });
    await settle();
  };
  const heldKeys = () => {
    const { content } = JSON.parse(readFileSync(join(directory, "held-services.json"), "utf8"));
    return (content.services as IpvsServiceKey[]).map(({ address, port }) => `${address}:${port}`);
  };
  const held = (...wanted: string[]) => until(`the journal has ${wanted}`, () => isDeepStrictEqual(heldKeys(), wanted), { everyMs: 5 });
  return { held, directory, clock, ipvs, health, journal, file, table, servers, told, carried, run, heldKeys, statusCount: () => statuses };
}

const destinations = (ipvs: RecordingIpvs) =>
  ipvs.last.services.map(({ destinations: all }) => all.map(({ address, weight }) => `${address} ${weight}`));
const sample = (fields: ServerFields = {}) => virtualServer(fields);

test("what is configured is checked, written down, and given to the kernel", async (context) => {
  const { ipvs, health, servers, run, heldKeys, told } = await setUp(context);
  let journalled: string[] = [];
  ipvs.answer = () => {
    journalled = heldKeys();
    return { ok: true };
  };
  await run([sample({ generation: 3 })]);
  assert.deepEqual(destinations(ipvs), [["10.0.0.1 1", "10.0.0.2 1"]]);
  assert.deepEqual(journalled, ["192.0.2.10:80"]);
  assert.equal(health.targets.length, 2);
  assert.deepEqual(told, ["quorum true Started"]);
  assert.deepEqual(
    servers.statuses().map(({ observedGeneration, programmed, up, total }) => [observedGeneration, programmed, up, total]),
    [[3, true, 2, 2]],
  );
});

test("nothing is started for nothing", async (context) => {
  const { ipvs, run } = await setUp(context);
  await run([]);
  assert.equal(ipvs.owned, undefined);
});

test("results count within a tenth of a second, many of them as one", async (context) => {
  const { clock, ipvs, health, run, told, statusCount } = await setUp(context);
  await run([sample()]);
  const before = statusCount();
  health.set("10.0.0.1", false);
  health.set("10.0.0.2", false);
  health.set("10.0.0.2", true);
  await clock.advance(99);
  assert.equal(ipvs.applied.length, 1);
  await clock.advance(1);
  assert.deepEqual([ipvs.applied.length, destinations(ipvs)], [2, [["10.0.0.2 1"]]]);
  assert.deepEqual(told, ["quorum true Started", "10.0.0.1 false Changed"]);
  assert.ok(statusCount() > before);
  // Long after, at once.
  await clock.advance(5000);
  health.set("10.0.0.1", true);
  await clock.advance(0);
  assert.equal(ipvs.applied.length, 3);
});

test("what flaps without end holds up no configuration", async (context) => {
  const { health, run, ipvs } = await setUp(context);
  ipvs.answer = () => {
    health.onChange();
    return { ok: true };
  };
  await run([sample()]);
  await run([sample({ spec: { scheduler: "wrr" } })]);
  assert.equal(ipvs.last.services[0]?.scheduler, "wrr");
});

test("a new virtual server counts as programmed when the kernel has answered for it, and the others stay so", async (context) => {
  const { ipvs, servers, run } = await setUp(context);
  await run([sample()]);
  ipvs.tells = false;
  await run([sample({ spec: { weight: 3 } }), sample({ name: "tls", spec: { ports: [{ port: 443 }] } })]);
  const programmed = () => servers.statuses().map((status) => status.programmed);
  assert.deepEqual(programmed(), [true, false]);
  ipvs.tell({ type: "applied", programmed: true });
  await settle();
  assert.deepEqual(programmed(), [true, true]);
});

test("a service that the kernel refuses is told of by its virtual server, and the others count as programmed", async (context) => {
  const { ipvs, servers, run } = await setUp(context);
  const other = sample({ name: "other", addresses: ["192.0.2.11"] });
  ipvs.refused.add(JSON.stringify({ family: "IPv4", protocol: "TCP", address: "192.0.2.11", port: 80 }));
  await run([sample(), other]);
  assert.deepEqual(
    servers.statuses().map(({ programmed, message }) => [programmed, message]),
    [
      [true, undefined],
      [false, "refused"],
    ],
  );
});

test("a kernel without IPVS is told of by all, and nothing is crossed out of the journal", async (context) => {
  const { ipvs, servers, run, heldKeys } = await setUp(context);
  await run([sample(), sample({ name: "other", addresses: ["192.0.2.11"] })]);
  ipvs.message = "there is no IPVS";
  await run([sample()]);
  assert.deepEqual(
    servers.statuses().map(({ programmed, message }) => [programmed, message]),
    [[false, "there is no IPVS"]],
  );
  assert.deepEqual(heldKeys(), ["192.0.2.10:80", "192.0.2.11:80"]);
});

test("a state that IPVS refuses as a whole is told of by all, until it is taken", async (context) => {
  const { ipvs, servers, run } = await setUp(context);
  ipvs.answer = () => ({ ok: false, error: { operation: "apply", errno: 22, message: "services[0]: no" } });
  await run([sample()]);
  assert.deepEqual(
    servers.statuses().map(({ programmed, message }) => [programmed, message]),
    [[false, "services[0]: no"]],
  );
  ipvs.answer = () => ({ ok: true });
  await run([sample()]);
  assert.deepEqual(
    servers.statuses().map(({ programmed, message }) => [programmed, message]),
    [[true, undefined]],
  );
});

test("a service that cannot be holds up no other, and stays in its last form that could be", async (context) => {
  const { ipvs, servers, run } = await setUp(context);
  const other = (scheduler: "rr" | "wrr") => sample({ name: "other", addresses: ["192.0.2.11"], spec: { scheduler } });
  await run([sample(), other("rr")]);
  ipvs.answer = ({ services }) => {
    const bad = services.findIndex(({ scheduler }) => scheduler === "wrr");
    if (bad < 0) return { ok: true };
    return { ok: false, error: { operation: "apply", errno: 22, message: "no", path: `services[${bad}].scheduler` } };
  };
  await run([sample({ spec: { realServers: [] } }), other("wrr")]);
  assert.deepEqual(
    ipvs.last.services.map(({ scheduler, destinations: all }) => [scheduler, all.length]),
    [
      ["rr", 0],
      ["rr", 2],
    ],
  );
  assert.deepEqual(
    servers.statuses().map(({ programmed, message }) => [programmed, message]),
    [
      [true, undefined],
      [false, "TCP 192.0.2.11:80: no"],
    ],
  );
  await run([sample(), other("wrr"), sample({ name: "new", addresses: ["192.0.2.12"], spec: { scheduler: "wrr" } })]);
  assert.equal(ipvs.last.services.length, 2);
});

test("the kernel is looked at only when something is wrong or to be crossed out of the journal", async (context) => {
  const { ipvs, run, held } = await setUp(context);
  const other = sample({ name: "other", addresses: ["192.0.2.11"] });
  await run([sample(), other]);
  assert.deepEqual(ipvs.calls, ["apply"]);
  await run([sample()]);
  assert.deepEqual(ipvs.calls, ["apply", "apply", "snapshot"]);
  await held("192.0.2.10:80");
});

test("the next process owns what the journal has, and removes what is not wanted any more", async (context) => {
  const first = await setUp(context);
  await first.run([sample(), sample({ name: "other", addresses: ["192.0.2.11"] })]);
  const second = await setUp(context, first.directory);
  await second.run([sample()]);
  assert.deepEqual(
    second.ipvs.owned?.map(({ address }) => address),
    ["192.0.2.10", "192.0.2.11"],
  );
  assert.equal(second.ipvs.last.services.length, 1);
  await second.held("192.0.2.10:80");
  const third = await setUp(context, first.directory);
  await third.run([]);
  assert.deepEqual([third.ipvs.owned?.length, third.ipvs.last.services], [1, []]);
  await third.held();
});

test("what may belong to virtual servers of which too little is known is left as it stands", async (context) => {
  const first = await setUp(context);
  const onService = sample({ name: "api", addresses: ["192.0.2.11"], spec: { realServers: undefined, service: { name: "api" } } });
  await first.run([sample(), onService], { endpoints: new Map([["shop/api", [endpoint("10.0.1.1")]]]) });
  const second = await setUp(context, first.directory);
  await second.run([sample(), onService]);
  assert.deepEqual(
    second.ipvs.owned?.map(({ address }) => address),
    ["192.0.2.10"],
  );
  assert.deepEqual(second.heldKeys(), ["192.0.2.10:80", "192.0.2.11:80"]);
  const third = await setUp(context, first.directory);
  await third.run([], { isComplete: false });
  assert.deepEqual(third.heldKeys(), ["192.0.2.10:80", "192.0.2.11:80"]);
});

test("a server that was down is down for the next process until it has been asked", async (context) => {
  const first = await setUp(context);
  await first.run([sample()]);
  first.health.set("10.0.0.1", false);
  await first.clock.advance(1200);
  await first.file.close();
  const second = await setUp(context, first.directory);
  await second.run([sample()]);
  assert.deepEqual(destinations(second.ipvs), [["10.0.0.2 1"]]);
  second.health.set("10.0.0.1", true);
  await second.clock.advance(1200);
  await second.file.close();
  assert.deepEqual(destinations(second.ipvs), [["10.0.0.1 1", "10.0.0.2 1"]]);
  const third = await setUp(context, first.directory);
  await third.run([sample()]);
  assert.deepEqual(destinations(third.ipvs), [["10.0.0.1 1", "10.0.0.2 1"]]);
});

test("a damaged file of failed servers says nothing", async (context) => {
  const first = await setUp(context);
  writeFileSync(join(first.directory, "server-health.json"), "{");
  const second = await setUp(context, first.directory);
  await second.run([sample()]);
  assert.deepEqual(destinations(second.ipvs), [["10.0.0.1 1", "10.0.0.2 1"]]);
});

const sync = { interface: "eth0", id: 7, role: "Both" as const };

test("daemons of the synchronisation run as long as they are configured, and are ended only where they are ours", async (context) => {
  const first = await setUp(context);
  await first.run([sample()], { settings: { sync: { ...sync, maxLength: 0 }, timeouts: { tcp: "90s", udp: "500ms" } } });
  assert.deepEqual(
    first.ipvs.last.daemons?.map(({ role, syncID, maxLength }) => [role, syncID, maxLength]),
    [
      ["Master", 7, undefined],
      ["Backup", 7, undefined],
    ],
  );
  assert.deepEqual(first.ipvs.last.timeouts, { tcp: 90, udp: 1 });
  // Killed, and started with another configuration.
  const second = await setUp(context, first.directory);
  await second.run([sample()]);
  assert.deepEqual(second.ipvs.last.daemons, []);
  await until("the journal has no daemons", () => !second.journal.daemons, { everyMs: 5 });
  await second.run([sample()]);
  assert.equal(second.ipvs.last.daemons, undefined);
});

test("the other directors hear of connections to what the node has as MASTER: at once when that changes, and once more before it ends", async (context) => {
  const { ipvs, servers, run, carried, clock } = await setUp(context);
  carried.push("192.0.2.10");
  await run([sample()]);
  assert.deepEqual(ipvs.carried, [], "without daemons there are no others");
  await run([sample()], { settings: { sync } });
  assert.deepEqual(ipvs.carried, ["192.0.2.10"]);
  const plans = ipvs.applied.length;
  carried.pop();
  servers.addressesChanged();
  assert.deepEqual([ipvs.carried, ipvs.applied.length], [[], plans], "before anything is planned anew");
  await clock.advance(1000);
  await servers.stopChecks();
  assert.equal(ipvs.calls.at(-1), "tellConnections");
});

test("the end: checks first, then the table goes or stays, and those who ask for it are told that all is down", async (context) => {
  const { ipvs, health, servers, run, told, heldKeys, clock } = await setUp(context);
  await run([sample({ spec: { notify: { onStop: true } } }), sample({ name: "other", addresses: ["192.0.2.11"] })]);
  told.length = 0;
  await servers.stopChecks();
  assert.equal(health.stopped, true);
  servers.changed();
  await clock.advance(1000);
  assert.equal(ipvs.applied.length, 1);
  await servers.stop(false);
  assert.equal(ipvs.calls.at(-1), "remove");
  assert.deepEqual(heldKeys(), []);
  assert.deepEqual(told, ["10.0.0.1 false Stopped", "10.0.0.2 false Stopped", "quorum false Stopped"]);
});

test("what is wrong with the kernel is in the log once, however often the table changes", async (context) => {
  const { log, lines } = recordedLog("warn");
  const { ipvs, servers, run } = await setUp(context, undefined, log);
  ipvs.message = "the kernel has no IPVS";
  for (const weight of [1, 2, 3]) await run([sample({ spec: { weight } })]);
  assert.deepEqual(
    lines.map(({ reason, msg }) => `${msg}: ${reason}`),
    ["IPVS is not as it should be: the kernel has no IPVS"],
  );
  assert.equal(servers.statuses()[0]?.message, "the kernel has no IPVS");
  ipvs.message = "";
  await run([sample({ spec: { weight: 4 } })]);
  assert.equal(servers.statuses()[0]?.message, undefined);
});

test("what nobody wants is not kept, also where the kernel could not say that it has gone", async (context) => {
  const { ipvs, servers, run, heldKeys } = await setUp(context);
  ipvs.message = "the kernel has no IPVS";
  await run([sample()]);
  await run([]);
  assert.deepEqual(heldKeys(), ["192.0.2.10:80"]);
  await servers.stopChecks();
  await servers.stop(true);
  assert.deepEqual([ipvs.calls.at(-1), heldKeys()], ["remove", []]);
});

test("a table that is kept stays in the journal", async (context) => {
  const { ipvs, servers, run, heldKeys } = await setUp(context);
  await run([sample()]);
  await servers.stopChecks();
  await servers.stop(true);
  assert.deepEqual([ipvs.calls.at(-1), heldKeys()], ["keep", ["192.0.2.10:80"]]);
});
