/**
 * Measures how late the vrrp thread wakes, and what it costs: node test/netns/coreLateness.ts [SECONDS]. Needs root. A MASTER and a BACKUP on a
 * LAN, each core in a process of its own; "busy" is two processes per CPU that only spin.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { DesiredRouter } from "../../src/agent/native/desiredState.ts";
import type { Snapshot } from "../../src/agent/native/snapshot.ts";
import { Lan } from "../support/lan.ts";
import { formatTable } from "../support/table.ts";
import { until } from "../support/waiting.ts";
import { CorePeer, desiredRouter } from "./corePeer.ts";

const seconds = Number(process.argv[2] ?? 10);
const millisecondsPerTick = 10;

interface Case {
  routers: number;
  advertisementIntervalMs: number;
  busy: boolean;
  realTime: boolean;
}
const cases: Case[] = [
  { routers: 1, advertisementIntervalMs: 10, busy: false, realTime: true },
  { routers: 100, advertisementIntervalMs: 10, busy: false, realTime: true },
  { routers: 1, advertisementIntervalMs: 10, busy: true, realTime: true },
  { routers: 100, advertisementIntervalMs: 10, busy: true, realTime: true },
  { routers: 1, advertisementIntervalMs: 10, busy: true, realTime: false },
  { routers: 1000, advertisementIntervalMs: 100, busy: false, realTime: true },
];

/** `count` virtual routers on one link: the VRIDs of both families, then of as many interfaces as it takes. */
function desired(count: number, priority: number, advertisementIntervalMs: number): DesiredRouter[] {
  return Array.from({ length: count }, (_, i) => {
    const family = Math.floor(i / 250) % 2 === 0 ? "IPv4" : "IPv6";
    const part = `${Math.floor(i / 500)}`;
    return desiredRouter({
      key: `vip${i}/${family}`,
      family,
      interface: part === "0" ? "eth0" : `eth${part}`,
      virtualRouterID: 1 + (i % 250),
      priority,
      advertisementIntervalMs,
      addresses: [{ address: family === "IPv4" ? `10.${part}.${1 + (i % 250)}.1/32` : `2001:db8:${part}::${1 + (i % 250)}/128` }],
    });
  });
}

/** CPU time of a process's thread, in ms. */
function cpuMs(pid: number, thread: string): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
    if (!stat.includes(`(${thread})`)) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    total += (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
  }
  return total;
}

/** The histogram of what happened between two snapshots. */
function between(before: Snapshot, after: Snapshot): (share: number) => string {
  const counts = after.lateness.counts.map((count, i) => count - (before.lateness.counts[i] ?? 0));
  const total = counts.at(-1) ?? 0;
  return (share) => `≤ ${after.lateness.boundsUs[counts.findIndex((count) => count >= total * share)]}`;
}

async function measure(lan: Lan, { routers, advertisementIntervalMs, busy, realTime }: Case): Promise<string[]> {
  const [one, two] = await Promise.all([CorePeer.start(lan, "n1", { realTime }), CorePeer.start(lan, "n2", { realTime })]);
  const spinners: ChildProcess[] = [];
  try {
    await one.apply(...desired(routers, 254, advertisementIntervalMs));
    const masters = async () => (await one.snapshot()).routers.filter(({ state }) => state === "MASTER").length;
    await until("all MASTER", async () => (await masters()) === routers, { timeoutMs: 60_000 });
    await two.apply(...desired(routers, 244, advertisementIntervalMs));
    await sleep(3000); // the announcements after the takeover
    if (busy) for (let i = 0; i < 2 * availableParallelism(); i++) spinners.push(spawn("sh", ["-c", "while :; do :; done"]));
    const before = await one.snapshot();
    const cpuBefore = [cpuMs(one.pid, "aloft-vrrp"), cpuMs(two.pid, "aloft-vrrp")];
    await sleep(seconds * 1000);
    const after = await one.snapshot();
    const cpu = [cpuMs(one.pid, "aloft-vrrp"), cpuMs(two.pid, "aloft-vrrp")].map((ms, i) => (ms - (cpuBefore[i] ?? 0)) / seconds / 10);
    const share = between(before, after);
    const taken = (await two.snapshot()).routers.filter(({ counters }) => counters.transitionsToMaster > 0).length;
    const name = `${routers} at ${advertisementIntervalMs} ms${busy ? ", busy" : ""}${realTime ? "" : ", not real time"}`;
    return [name, share(0.5), share(0.99), after.lateness.maxUs.toFixed(0), ...cpu.map((percent) => percent.toFixed(1)), `${taken}`];
  } finally {
    for (const spinner of spinners) spinner.kill("SIGKILL");
    await Promise.all([one.stop(), two.stop()]);
    await Promise.all([one.kill(), two.kill()]);
  }
}

const lan = await Lan.create({ nodes: 2 });
try {
  for (const [node, host] of lan.nodes.map((node, i) => [node, 11 + i] as const)) {
    const bridge = `al1${lan.prefix.slice(2, 9)}`;
    if (node === lan.nodes[0]) await lan.exec("fabric", ["ip", "link", "add", bridge, "type", "bridge"]);
    if (node === lan.nodes[0]) await lan.exec("fabric", ["ip", "link", "set", bridge, "up"]);
    await lan.exec("fabric", ["ip", "link", "add", `${node}b`, "type", "veth", "peer", "name", "eth1", "netns", lan.namespace(node)]);
    await lan.exec("fabric", ["ip", "link", "set", `${node}b`, "master", bridge, "up"]);
    await lan.exec(node, ["ip", "link", "set", "eth1", "up"]);
    await lan.exec(node, ["ip", "address", "add", `198.51.101.${host}/24`, "dev", "eth1"]);
  }
  await sleep(2500); // link-local addresses
  const rows: string[][] = [];
  for (const each of cases) rows.push(await measure(lan, each));
  const titles = ["routers", "p50 µs", "p99 µs", "max µs", "MASTER CPU %", "BACKUP CPU %", "takeovers"];
  const columns = titles.map((title, i) => ({ title, cell: (row: string[]) => row[i] ?? "", align: i === 0 ? "left" : "right" }) as const);
  console.log(formatTable(columns, rows).join("\n"));
} finally {
  await lan.destroy();
}
