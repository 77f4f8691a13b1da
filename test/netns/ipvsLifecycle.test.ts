/**
 * IPVS in a process: started, fed, stopped, torn down. What could reach the kernel's table happens in a network namespace of its own, and is
 * true with a kernel that has IPVS and with one that has not.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { Ipvs, IpvsEvent } from "../../src/agent/native/ipvs.ts";
import type { IpvsDestination, IpvsService, IpvsState } from "../../src/agent/native/ipvsState.ts";
import { until } from "../support/waiting.ts";

const addon = loadAddon();
const nativeModule = JSON.stringify(new URL("../../src/agent/native/addon.ts", import.meta.url).href);

function start(onEvents: (batch: IpvsEvent[]) => void = () => {}): Ipvs {
  const started = addon.startIpvs({ owned: [] }, onEvents);
  assert.ok(started.ok);
  return started.ipvs;
}

function service(changes: Partial<Record<keyof IpvsService, unknown>> = {}): IpvsService {
  return {
    key: { family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 },
    scheduler: "rr",
    destinations: [{ address: "198.51.100.1", port: 80, forwarding: "NAT", weight: 1 }],
    ...changes,
  } as IpvsService;
}

const key = service().key;
const destination = (changes: Partial<Record<keyof IpvsDestination, unknown>>) =>
  service({ destinations: [{ ...service().destinations[0], ...changes }] });
const tunnel = (options: unknown) => destination({ forwarding: "TUN", tunnel: options });
const daemon = { role: "Master", interface: "eth0", syncID: 1 };

const bad: [path: string, state: unknown][] = [
  ["", undefined],
  ["", "services"],
  ["services", {}],
  ["services", { services: "none" }],
  ["services[0]", { services: [null] }],
  ["services[1]", { services: [service(), 7] }],
  ["services[1].key", { services: [service(), service()] }],
  ["services[0].key", { services: [service({ key: undefined })] }],
  ["services[0].key", { services: [service({ key: "192.0.2.10:80" })] }],
  ["services[0].key.family", { services: [service({ key: { ...key, family: 4 } })] }],
  ["services[0].key.protocol", { services: [service({ key: { ...key, protocol: "tcp" } })] }],
  ["services[0].key.address", { services: [service({ key: { ...key, address: "2001:db8::1" } })] }],
  ["services[0].key.port", { services: [service({ key: { ...key, port: 65536 } })] }],
  ["services[0].key.port", { services: [service({ key: { ...key, port: 0 } })] }],
  ["services[0].key.firewallMark", { services: [service({ key: { family: "IPv4", firewallMark: "7" } })] }],
  ["services[0].key.firewallMark", { services: [service({ key: { ...key, firewallMark: 7 } })] }],
  ["services[0].scheduler", { services: [service({ scheduler: 7 })] }],
  ["services[0].scheduler", { services: [service({ scheduler: "" })] }],
  ["services[0].schedulerFlags", { services: [service({ schedulerFlags: "Flag1" })] }],
  ["services[0].schedulerFlags[0]", { services: [service({ schedulerFlags: [1] })] }],
  ["services[0].schedulerFlags[0]", { services: [service({ schedulerFlags: ["Fallback"] })] }],
  ["services[0].onePacket", { services: [service({ onePacket: "yes" })] }],
  ["services[0].onePacket", { services: [service({ onePacket: true })] }],
  ["services[0].persistence", { services: [service({ persistence: 300 })] }],
  ["services[0].persistence.timeoutSeconds", { services: [service({ persistence: { prefixLength: 32 } })] }],
  ["services[0].persistence.prefixLength", { services: [service({ persistence: { timeoutSeconds: 300, prefixLength: 33 } })] }],
  ["services[0].persistence.engine", { services: [service({ persistence: { timeoutSeconds: 300, prefixLength: 32, engine: 7 } })] }],
  ["services[0].destinations", { services: [service({ destinations: undefined })] }],
  ["services[0].destinations[0]", { services: [service({ destinations: ["198.51.100.1"] })] }],
  ["services[0].destinations[0].address", { services: [destination({ address: "nowhere" })] }],
  ["services[0].destinations[0].address", { services: [destination({ address: "2001:db8::1" })] }],
  ["services[0].destinations[0].port", { services: [destination({ port: undefined })] }],
  ["services[0].destinations[0].forwarding", { services: [destination({ forwarding: "Local" })] }],
  ["services[0].destinations[0].weight", { services: [destination({ weight: Number.NaN })] }],
  ["services[0].destinations[0].weight", { services: [destination({ weight: 2n ** 64n })] }],
  ["services[0].destinations[0].upperThreshold", { services: [destination({ upperThreshold: -1 })] }],
  ["services[0].destinations[0].lowerThreshold", { services: [destination({ upperThreshold: 5, lowerThreshold: 6 })] }],
  ["services[0].destinations[0].tunnel", { services: [destination({ tunnel: { type: "IPIP" } })] }],
  ["services[0].destinations[0].tunnel.type", { services: [tunnel({})] }],
  ["services[0].destinations[0].tunnel.port", { services: [tunnel({ type: "GUE" })] }],
  ["services[0].destinations[0].tunnel.checksum", { services: [tunnel({ type: "IPIP", checksum: "Checksum" })] }],
  [
    "services[0].destinations[1].address",
    { services: [service({ destinations: [...service().destinations, ...service().destinations] })] },
  ],
  ["services[0].failed[0].port", { services: [service({ failed: [{ address: "198.51.100.9" }] })] }],
  ["services[0].failed[0].address", { services: [service({ failed: [{ address: "198.51.100.1", port: 80 }] })] }],
  ["services[0].drainSeconds", { services: [service({ drainSeconds: -1 })] }],
  ["daemons", { services: [], daemons: daemon }],
  ["daemons[0].role", { services: [], daemons: [{ ...daemon, role: "master" }] }],
  ["daemons[0].interface", { services: [], daemons: [{ ...daemon, interface: "../../eth0" }] }],
  ["daemons[0].syncID", { services: [], daemons: [{ ...daemon, syncID: 256 }] }],
  ["daemons[0].group", { services: [], daemons: [{ ...daemon, group: "192.0.2.1" }] }],
  ["daemons[1].role", { services: [], daemons: [daemon, daemon] }],
  ["timeouts", { services: [], timeouts: 900 }],
  ["timeouts.tcp", { services: [], timeouts: { tcp: 0 } }],
];

function show(value: unknown): string {
  return (JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "undefined").slice(0, 80);
}

test("a bad IPVS state is refused with the path of the field, and nothing comes of it", async (context) => {
  const events: IpvsEvent[] = [];
  const ipvs = start((batch) => events.push(...batch));
  for (const [path, state] of bad) {
    await context.test(`${path || "the whole"}: ${show(state)}`, () => {
      const result = ipvs.apply(state as IpvsState);
      assert.equal(result.ok, false);
      if (result.ok) return;
      assert.equal(result.error.path, path, result.error.message);
      assert.equal(result.error.operation, "apply");
    });
  }
  await ipvs.stop();
  assert.deepEqual(events, []);
});

test("an empty IPVS state is applied at once, whatever the kernel has", async () => {
  const events: IpvsEvent[] = [];
  const ipvs = start((batch) => events.push(...batch));
  assert.deepEqual(ipvs.apply({ services: [] }), { ok: true });
  await until("the event", async () => events.length > 0);
  assert.deepEqual(events, [{ type: "applied", programmed: true }]);
  await ipvs.stop();
});

test("stop of IPVS twice gives the same promise, and later calls are answered", async () => {
  const ipvs = start();
  const first = ipvs.stop();
  assert.equal(ipvs.stop({ keep: true }), first);
  assert.deepEqual(await first, { ok: true });
  const applied = ipvs.apply({ services: [] });
  assert.equal(!applied.ok && applied.error.operation, "apply");
  assert.deepEqual(await ipvs.snapshot(), { programmed: false, services: [], daemons: [], repairs: 0, failures: 0, message: "stopped" });
});

test("stop of IPVS refuses an option that it does not understand and goes on running", async () => {
  const ipvs = start();
  const refused = await ipvs.stop({ keep: "yes" } as never);
  assert.equal(!refused.ok && refused.error.path, "keep");
  assert.equal(ipvs.apply({ services: [] }).ok, true);
  await ipvs.stop();
});

test("addresses whose connections are to be told of: what is none is refused, and without a daemon there is nobody to tell", async () => {
  const ipvs = start();
  for (const [path, addresses] of [
    ["addresses", undefined],
    ["addresses", "192.0.2.10"],
    ["addresses[1]", ["192.0.2.10", 7]],
    ["addresses[0]", ["192.0.2.10/24"]],
  ] as [string, never][]) {
    const result = ipvs.carry(addresses);
    assert.equal(!result.ok && result.error.path, path);
  }
  assert.deepEqual(ipvs.carry(["192.0.2.10", "2001:db8::10"]), { ok: true });
  await ipvs.tellConnections();
  await ipvs.stop();
  await ipvs.tellConnections();
});

test("the class of IPVS cannot be used to make one", async () => {
  const ipvs = start();
  const Class = ipvs.constructor as new () => Ipvs;
  assert.throws(() => new Class(), /made by startIpvs/);
  await ipvs.stop();
});

/** Runs a script in a process and a network namespace of its own, with `ipvs`, its `events`, a full state and a way to wait for an event. */
function run(body: string, args: string[] = []): { status: number | null; signal: string | null; stderr: string; stdout: string } {
  const full: IpvsState = {
    services: [
      {
        key,
        scheduler: "wlc",
        schedulerFlags: ["Flag1"],
        persistence: { timeoutSeconds: 300, prefixLength: 24, engine: "sip" },
        destinations: [
          { address: "198.51.100.1", port: 80, forwarding: "DR", weight: 1, upperThreshold: 10, lowerThreshold: 5 },
          {
            address: "198.51.100.2",
            port: 80,
            forwarding: "TUN",
            weight: 0,
            tunnel: { type: "GUE", port: 5555, checksum: "RemoteChecksum" },
          },
        ],
        failed: [{ address: "198.51.100.3", port: 80 }],
        drainSeconds: 60,
      },
      { key: { family: "IPv6", firewallMark: 7 }, scheduler: "rr", onePacket: true, destinations: [] },
    ],
    daemons: [{ role: "Backup", interface: "lo", syncID: 1, maxLength: 1400, group: "224.0.0.82", port: 8849, ttl: 2 }],
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
  };
  const script = `
    import { loadAddon } from ${nativeModule};
    const events = [];
    let heard = () => {};
    const started = loadAddon().startIpvs({ owned: [] }, (batch) => { events.push(...batch); heard(); });
    let ipvs = started.ipvs;
    const state = ${JSON.stringify(full)};
    const applied = () => new Promise((resolve) => { heard = () => events.some(({ type }) => type === "applied") && resolve(); heard(); setTimeout(resolve, 10_000); });
    ${body}`;
  return spawnSync("unshare", ["--net", process.execPath, ...args, "--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 20_000,
  });
}

test("everything that the contract of IPVS knows is taken; a kernel without IPVS is told, and asked again", () => {
  const result = run(`
    console.log(JSON.stringify(ipvs.apply(state)));
    await applied();
    const snapshot = await ipvs.snapshot();
    console.log(JSON.stringify({ event: events[0], snapshot, has: process.getBuiltinModule("node:fs").existsSync("/proc/self/net/ip_vs") }));
    console.log(JSON.stringify(await ipvs.stop()));
    process.exit();`);
  assert.equal(result.status, 0, result.stderr);
  const [applied, seen, stopped] = result.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(applied, { ok: true });
  assert.equal(seen.event.type, "applied");
  if (!seen.has) {
    assert.equal(seen.event.programmed, false);
    assert.deepEqual(seen.snapshot.services, []);
    assert.match(seen.snapshot.message, /No such file or directory/);
  }
  assert.equal(seen.snapshot.message === "", seen.has, seen.snapshot.message);
  assert.deepEqual(stopped, { ok: true });
});

const telling = `ipvs.apply({ ...state, daemons: [{ role: "Master", interface: "lo", syncID: 1 }] }); ipvs.carry(["192.0.2.10"]);`;
const endings: [name: string, body: string, status: number][] = [
  ["by itself: running IPVS does not hold the event loop", "", 0],
  ["by process.exit()", "process.exit(7);", 7],
  ["by process.exit() in the middle of stop()", "ipvs.stop(); process.exit(7);", 7],
  ["by process.exit() in the middle of a snapshot", "ipvs.snapshot(); process.exit(7);", 7],
  ["by process.exit() while it tells of connections", `${telling} ipvs.tellConnections(); process.exit(7);`, 7],
  ["after it has told of connections", `${telling} await ipvs.tellConnections();`, 0],
  ["by an error that nobody catches", "setImmediate(() => { throw new Error('thrown on purpose'); });", 1],
  ["after a snapshot that it waits for", "await ipvs.snapshot();", 0],
  ["after stop()", "await ipvs.stop();", 0],
];
for (const [name, body, status] of endings) {
  test(`a process with running IPVS ends ${name}`, () => {
    const result = run(`ipvs.apply(state); ${body}`);
    assert.equal(result.signal, null, result.stderr);
    assert.equal(result.status, status, result.stderr);
  });
}

test("IPVS whose object is collected goes on, on a thread of its own with less than the usual priority", () => {
  const result = run(
    `ipvs = undefined;
     started.ipvs = undefined;
     for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
     const { readdirSync, readFileSync } = process.getBuiltinModule("node:fs");
     const find = () => readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/stat", "utf8")).find((line) => line.includes("(aloft-ipvs)"));
     const niceOf = (line = "") => line.slice(line.lastIndexOf(")") + 2).split(" ")[16];
     // A thread takes its name and its priority a moment after its start.
     for (let i = 0; i < 500 && niceOf(find()) !== "5"; i++) await new Promise((resolve) => setTimeout(resolve, 10));
     console.log(niceOf(find()));
     process.exit();`,
    ["--expose-gc"],
  );
  assert.equal(result.stdout.trim(), "5", result.stderr);
});

function threads(): number {
  return readdirSync("/proc/self/task").filter((id) => readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim() === "aloft-ipvs").length;
}

test("a worker thread has IPVS of its own, which ends with it, also in the middle of a snapshot or of stop()", async () => {
  const ipvs = start();
  for (const last of ["", "started.ipvs.snapshot();", "started.ipvs.stop();"]) {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       import(${nativeModule}).then(({ loadAddon }) => {
         const started = loadAddon().startIpvs({ owned: [] }, () => {});
         setInterval(() => {}, 1000);
         ${last}
         parentPort.postMessage("started");
       });`,
      { eval: true },
    );
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    await until("the end of the worker's thread", async () => threads() === 1);
  }
  assert.equal(ipvs.apply({ services: [] }).ok, true);
  await ipvs.stop();
  await until("the end of all threads", async () => threads() === 0);
});
