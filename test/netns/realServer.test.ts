/** `aloft realserver` on nodes of a LAN: what the LAN hears, what the host takes, and that all is as before in the end. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { Lan } from "../support/lan.ts";
import { Observer } from "../support/observer.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { hopeless, until } from "../support/waiting.ts";
import { Agent, yamlFile } from "./agentStandaloneProcess.ts";

const vip = { IPv4: "198.51.100.210", IPv6: "2001:db8:100::210" };
const both = [vip.IPv4, vip.IPv6];
/** How soon a change by hand is undone, and what a busy test machine may add. */
const repairMs = 1000;
const slackMs = 500;

let lan: Lan;
let started = 0;
const running = new Set<BackgroundProcess>();

before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
after(() => lan?.destroy());
beforeEach(async () => {
  // In order, as what a killed one leaves is only its next start's business.
  await Promise.all([...running].map((process) => process.stop()));
  running.clear();
});

interface Started {
  process: BackgroundProcess;
  stateDirectory: string;
}

/** Returns when it says that it is ready. */
async function start(node: string, flags: string[], stateDirectory = join(lan.directory, `realserver-${started++}`)): Promise<Started> {
  mkdirSync(stateDirectory, { recursive: true });
  const command = [aloftProgram, "realserver", ...flags, "--state-dir", stateDirectory];
  const process = lan.spawn(node, `realserver-${node}-${started++}`, command, { cwd: "/" });
  running.add(process);
  const ready = () => {
    if (!process.running) throw hopeless(`it ended: ${process.logTail()}`);
    return process.log().includes('"msg":"ready"');
  };
  await until(`"ready" of realserver on ${node}`, ready, { everyMs: 20, hint: () => process.logTail() });
  return { process, stateDirectory };
}

const addressFlags = (...addresses: string[]) => addresses.flatMap((address) => ["--address", address]);
const setting = async (node: string, key: string) => (await lan.exec(node, ["sysctl", "-n", key])).trim();
const set = (node: string, key: string, value: number) => lan.exec(node, ["sysctl", "-qw", `${key}=${value}`]);
const arp = async (node: string) => [
  await setting(node, "net.ipv4.conf.all.arp_ignore"),
  await setting(node, "net.ipv4.conf.all.arp_announce"),
];

async function onLoopback(node: string): Promise<string[]> {
  const lines = (await lan.exec(node, ["ip", "-o", "address", "show", "dev", "lo"])).split("\n");
  return lines.flatMap((line) => / inet6? (\S+)/.exec(line)?.[1] ?? []).filter((address) => !/^(127\.|::1)/.test(address));
}

const standing = both.map((address) => `${address}/${address.includes(":") ? 128 : 32}`);
/** Whether a packet to the address reaches a host that takes it as its own, which says that nobody listens there. */
async function isTaken(address: string): Promise<boolean> {
  const url = `http://${address.includes(":") ? `[${address}]` : address}:9/`;
  const said = await lan.exec("client", ["sh", "-c", `curl --verbose --globoff --connect-timeout 1 '${url}' 2>&1; true`]);
  return said.includes("Connection refused");
}

/** As a director of DR does it: the packet is for the address, the frame for the real server. */
async function passOn(node: string): Promise<void> {
  const mac = await lan.mac(node);
  for (const address of both)
    await lan.exec("client", ["ip", "neighbour", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "reachable"]);
}

async function check(node: string, flags: string[]): Promise<{ status: number; found: string[] }> {
  const script = `${aloftProgram} realserver ${flags.join(" ")} --check -o json; echo "status $?"`;
  const [json = "", status] = (await lan.exec(node, ["sh", "-c", script])).split("status ");
  return { status: Number(status), found: (JSON.parse(json) as { what: string }[]).map(({ what }) => what) };
}

test("real server: takes packets to the address, and the LAN gets no answer for it, from the first moment to the last", async () => {
  const before = await arp("n1");
  assert.deepEqual([before, await onLoopback("n1")], [["0", "0"], []]);
  const observer = await Observer.start(lan, both);
  const { process } = await start("n1", addressFlags(...both));
  assert.deepEqual([await onLoopback("n1"), await arp("n1")], [standing, ["1", "2"]]);
  assert.match(await lan.exec("n1", ["ip", "route", "show", "table", "local"]), /^local 198\.51\.100\.210 dev lo .*scope host/m);
  assert.deepEqual(await process.stop(), { code: 0, signal: null });
  assert.deepEqual([await onLoopback("n1"), await arp("n1")], [[], before]);
  const { owners } = await observer.stop();
  assert.deepEqual(
    owners.filter(({ macs }) => macs.length > 0),
    [],
    "nobody answered",
  );
  await start("n1", addressFlags(...both));
  await passOn("n1");
  for (const address of both) assert.ok(await isTaken(address), `${address} is taken`);
  await lan.exec("client", ["ip", "neighbour", "flush", "dev", "eth0"]);
});

test("real server: what others change is right again within a second", async () => {
  const { process } = await start("n1", addressFlags(...both));
  await set("n1", "net.ipv4.conf.all.arp_announce", 0);
  await lan.exec("n1", ["ip", "address", "delete", `${vip.IPv4}/32`, "dev", "lo"]);
  const isRight = async () => (await arp("n1")).join() === "1,2" && (await onLoopback("n1")).length === 2;
  await until("all to be right again", isRight, { everyMs: 20, timeoutMs: repairMs + slackMs });
  const told = () => process.log().includes("somebody else has changed a setting");
  await until("the log to tell of it", told, { everyMs: 20 });
});

test("real server: after SIGKILL the next start withdraws what is no longer asked for, and the end puts back what was at first", async () => {
  await set("n1", "net.ipv4.conf.all.arp_announce", 1);
  const first = await start("n1", addressFlags(...both));
  await first.process.kill();
  assert.deepEqual([await onLoopback("n1"), await arp("n1")], [standing, ["1", "2"]]);
  const { process } = await start("n1", addressFlags(vip.IPv6), first.stateDirectory);
  const settled = async () => (await onLoopback("n1")).join() === standing[1] && (await arp("n1")).join() === "0,1";
  await until("the address and its settings to go", settled, { everyMs: 50 });
  assert.deepEqual(await process.stop(), { code: 0, signal: null });
  assert.deepEqual([await onLoopback("n1"), await arp("n1")], [[], ["0", "1"]]);
  await set("n1", "net.ipv4.conf.all.arp_announce", 0);
  const journal = JSON.parse(readFileSync(join(first.stateDirectory, "sysctls.json"), "utf8"));
  assert.deepEqual(journal.content.before, {});
});

test("real server: an address that stood before by another hand stays", async () => {
  await lan.exec("n1", ["ip", "address", "add", `${vip.IPv4}/32`, "dev", "lo"]);
  const { process } = await start("n1", addressFlags(vip.IPv4));
  await process.stop();
  assert.deepEqual(await onLoopback("n1"), [`${vip.IPv4}/32`]);
  await lan.exec("n1", ["ip", "address", "delete", `${vip.IPv4}/32`, "dev", "lo"]);
});

test("real server: the device of a tunnel is up, filters nothing and has the address as soon as there is one, and as it was in the end", async () => {
  const flags = [...addressFlags(vip.IPv4), "--tunnel", "ipip"];
  const { process } = await start("n1", flags);
  await until("the log to tell that it is missing", () => process.log().includes("modprobe ipip"), { everyMs: 20 });
  assert.deepEqual(await check("n1", flags), { status: 1, found: ["There is no link tunl0."] });
  // The kernel of a test machine may have no tunnels: what matters here is a link of that name.
  await lan.exec("n1", ["ip", "link", "add", "tunl0", "type", "veth", "peer", "name", "other"]);
  await lan.exec("n1", ["ip", "link", "set", "other", "up"]);
  await set("n1", "net.ipv4.conf.tunl0.rp_filter", 1);
  const shown = () => lan.exec("n1", ["ip", "address", "show", "tunl0"]);
  const isUp = async () => /<[^>]*\bUP\b/.test(await shown());
  const hasAddress = async () => (await shown()).includes(` ${vip.IPv4}/32 scope host `);
  const isOpen = async () => (await isUp()) && (await hasAddress()) && (await setting("n1", "net.ipv4.conf.tunl0.rp_filter")) === "2";
  await until("the device to be up", isOpen, { everyMs: 50 });
  assert.deepEqual(await check("n1", flags), { status: 0, found: [] });
  await process.stop();
  assert.deepEqual([await isUp(), await hasAddress(), await setting("n1", "net.ipv4.conf.tunl0.rp_filter")], [false, false, "1"]);
  await lan.exec("n1", ["ip", "link", "delete", "tunl0"]);
});

test("real server: --check says what is missing and how to put it right, and changes nothing", async () => {
  assert.deepEqual(await check("n1", addressFlags(vip.IPv4)), {
    status: 1,
    found: [
      `${vip.IPv4} is not on the loopback interface of a real server.`,
      "arp_ignore is 0 on eth0 of a real server.",
      "arp_announce is less than 2 on eth0 of a real server.",
    ],
  });
  assert.deepEqual([await onLoopback("n1"), await arp("n1")], [[], ["0", "0"]]);
  await start("n1", addressFlags(vip.IPv4));
  assert.deepEqual(await check("n1", addressFlags(vip.IPv4)), { status: 0, found: [] });
});

test("doctor: reads the node's own kernel, and prints the fix", async () => {
  await lan.exec("n2", ["ip", "address", "add", `${vip.IPv4}/24`, "dev", "lo"]);
  const printed = await lan.exec("n2", ["sh", "-c", `${aloftProgram} doctor; echo "status $?"`]);
  assert.match(printed, /^ERROR +198\.51\.100\.210\/24 on the loopback interface is a whole subnet\.$/m);
  assert.match(printed, /^ +fix: ip address del 198\.51\.100\.210\/24 dev lo; aloft realserver --address 198\.51\.100\.210$/m);
  assert.match(printed, /3 errors\nstatus 1\n$/);
  await lan.exec("n2", ["ip", "address", "delete", `${vip.IPv4}/24`, "dev", "lo"]);
  assert.match(await lan.exec("n2", [aloftProgram, "doctor"]), /nothing is wrong/);
});

test("real server: a director may be one: as MASTER it answers for the address, as BACKUP it takes it without a word", async () => {
  const text = (priority: number) =>
    yamlFile({
      apiVersion,
      kind: "VirtualIP",
      metadata: { name: "web" },
      spec: {
        addresses: [{ address: `${vip.IPv4}/24` }, { address: `${vip.IPv6}/64` }],
        nodes: {
          overrides: [
            { name: "n1", priority: 200 },
            { name: "n2", priority },
          ],
        },
        vrrp: { virtualRouterID: 51, advertisementInterval: "100ms" },
      },
    });
  for (const node of lan.nodes) await start(node, addressFlags(...both));
  const [n1, n2] = [new Agent(lan, "n1", { text: text(100) }), new Agent(lan, "n2", { text: text(100) })];
  running.add(n1.process).add(n2.process);
  await n1.becomes("MASTER", "web/IPv4");
  await n2.becomes("BACKUP", "web/IPv4");
  const observer = await Observer.start(lan, both);
  await n1.process.kill();
  await n2.becomes("MASTER", "web/IPv4");
  await n2.becomes("MASTER", "web/IPv6");
  const mac = await lan.mac("n2");
  await until("n2 to answer", async () => (await Promise.all(both.map(isTaken))).every(Boolean), { everyMs: 50 });
  const { owners, doubleAnswers } = await observer.stop();
  for (const address of both) assert.deepEqual(owners.filter((owner) => owner.address === address).at(-1)?.macs, [mac]);
  assert.deepEqual(doubleAnswers, []);
  // Its own address has gone from the interface, and stands on the loopback interface still.
  assert.deepEqual(await n2.process.stop(), { code: 0, signal: null });
  assert.deepEqual(await onLoopback("n2"), standing);
});
