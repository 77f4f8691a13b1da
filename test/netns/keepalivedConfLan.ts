/** Samples of keepalived.conf on nodes of a LAN, run by either make, and what is on the wire. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { hopeless, until } from "../support/waiting.ts";

export type Make = "aloft" | "keepalived";

const observerProgram = fileURLToPath(new URL("../../build/native/lanobserver", import.meta.url));

/** Text of a sample. */
export function sample(name: string): string {
  return readFileSync(new URL(`../fixtures/keepalived/${name}.conf`, import.meta.url), "utf8");
}

export interface Advert {
  timeNs: bigint;
  source: string;
  destination: string;
  mac: string;
  version: number;
  virtualRouterID: number;
  /** 0: the sender resigns. */
  priority: number;
  intervalMs: number;
  /** How many it names. */
  addresses: number;
  ttl: number;
}

export interface Announcement {
  timeNs: bigint;
  address: string;
  mac: string;
}

let started = 0;

/** Adverts and gratuitous ARP as a host hears them on one of its interfaces. */
export class Wire {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  static async listen(lan: Lan, host = "client", interfaceName = "eth0"): Promise<Wire> {
    const name = `wire-${started++}`;
    const file = join(lan.directory, `${name}.jsonl`);
    const observer = lan.spawn(host, name, [observerProgram, "--interface", interfaceName, "--capture", "--stream", "--output", file]);
    const begun = () => {
      if (!observer.running) throw hopeless(`it ended with status ${observer.status?.code}: ${observer.logTail()}`);
      return existsSync(file) && readFileSync(file, "utf8").includes("\n");
    };
    await until("the start of the observer", begun, { everyMs: 5 });
    return new Wire(file);
  }

  /** So far, or after a moment. */
  adverts(sinceNs = 0n): Advert[] {
    return this.#records<Advert>("advert", sinceNs);
  }

  announcements(sinceNs = 0n): Announcement[] {
    return this.#records<Announcement>("announcement", sinceNs);
  }

  /** The first advert after a moment of whoever `wanted` names. */
  advert(what: string, sinceNs: bigint, wanted: (advert: Advert) => boolean, timeoutMs = 15_000): Promise<Advert> {
    return until(what, () => this.adverts(sinceNs).find(wanted), { everyMs: 20, timeoutMs });
  }

  /** The file may end within a line. */
  #records<Kind extends Advert | Announcement>(type: string, sinceNs: bigint): Kind[] {
    const lines = readFileSync(this.#file, "utf8").split("\n").slice(0, -1);
    return lines
      .filter((line) => line.includes(`"type":"${type}"`))
      .map((line) => {
        const record = JSON.parse(line);
        return { ...record, timeNs: BigInt(record.timeNs) };
      })
      .filter(({ timeNs }) => timeNs > sinceNs);
  }
}

export const now = () => process.hrtime.bigint();
export const secondsBetween = (fromNs: bigint, toNs: bigint) => Number(toNs - fromNs) / 1e9;

/** When something was changed by a program, of which only its beginning and its end are known. */
export interface Moment {
  earliestNs: bigint;
  latestNs: bigint;
}

export async function momentOf(change: () => Promise<unknown>): Promise<Moment> {
  const earliestNs = now();
  await change();
  return { earliestNs, latestNs: now() };
}

/** A time of the wall clock, as process.hrtime.bigint() counts. */
const ofWallClock = (ms: number) => now() - BigInt(Math.round((Date.now() - ms) * 1e6));

/** A router on a node that runs a keepalived.conf. */
export class ConfRouter {
  readonly node: string;
  readonly make: Make;
  readonly process: BackgroundProcess;
  /** When its timers began: Aloft tells its first state, keepalived has its pid file before. */
  started: Moment = { earliestNs: 0n, latestNs: 0n };
  readonly #stateDirectory: string;
  readonly #pidFile: string;

  private constructor(lan: Lan, node: string, make: Make, text: string, after?: ConfRouter) {
    const name = `${make}-${node}-${started++}`;
    const folder = join(lan.directory, name);
    mkdirSync(folder);
    const file = join(folder, "keepalived.conf");
    writeFileSync(file, text);
    this.node = node;
    this.make = make;
    this.#stateDirectory = after ? after.#stateDirectory : folder;
    this.#pidFile = join(folder, "vrrp.pid");
    this.process = lan.spawn(node, name, make === "aloft" ? this.#aloft(file) : this.#keepalived(file, folder));
  }

  #aloft(file: string): string[] {
    // As keepalived runs them: wherever they are, as root.
    const programs = ["--allow-scripts", "/", "--script-user", "root"];
    const state = ["--state-dir", this.#stateDirectory, "--http", "off", "--node", this.node];
    return [aloftProgram, "agent", "--standalone", "--config", file, ...state, ...programs];
  }

  #keepalived(file: string, folder: string): string[] {
    const files = [`--use-file=${file}`, `--pid=${join(folder, "parent.pid")}`, `--vrrp_pid=${this.#pidFile}`];
    return ["keepalived", "--dont-fork", "--vrrp", "--log-console", ...files];
  }

  /** Returns when it takes part in the election. `after`: what it was before, whose state it goes on with. */
  static async start(lan: Lan, node: string, make: Make, text: string, after?: ConfRouter): Promise<ConfRouter> {
    const router = new ConfRouter(lan, node, make, text, after);
    const { process } = router;
    const ready = () => {
      if (!process.running) throw hopeless(`it ended with status ${process.status?.code}`);
      return make === "aloft" ? router.#firstStateMs() : router.#vrrpPid() > 0 && statSync(router.#pidFile).mtimeMs;
    };
    const hint = () => process.logTail(8);
    const startedNs = ofWallClock(await until(`the start of ${make} on ${node}`, ready, { everyMs: 10, timeoutMs: 30_000, hint }));
    router.started = { earliestNs: startedNs, latestNs: make === "aloft" ? startedNs : now() };
    return router;
  }

  get startedNs(): bigint {
    return this.started.earliestNs;
  }

  /** When Aloft's first virtual router left INIT; undefined until it says that it is ready. */
  #firstStateMs(): number | undefined {
    const log = this.process.log();
    const [, changedAt] = /"changedAt":"([^"]+)"/.exec(log) ?? [];
    return log.includes('"msg":"ready') && changedAt !== undefined ? Date.parse(changedAt) : undefined;
  }

  /** For a file that is refused. */
  static launch(lan: Lan, node: string, text: string): ConfRouter {
    return new ConfRouter(lan, node, "aloft", text);
  }

  #vrrpPid(): number {
    return existsSync(this.#pidFile) ? Number(readFileSync(this.#pidFile, "utf8")) : 0;
  }

  /** SIGTERM. Returns the moment of the signal, when it has ended. */
  async stop(): Promise<bigint> {
    const at = now();
    await this.process.stop();
    return at;
  }

  /** SIGKILL of all its processes. Returns the moment. */
  async kill(): Promise<bigint> {
    const at = now();
    // The child first: it resigns when it sees its parent go.
    if (this.make === "keepalived" && this.process.running) process.kill(this.#vrrpPid(), "SIGKILL");
    await this.process.kill();
    return at;
  }
}

/** Addresses of a host's interface, as `ip address` shows them: "10.0.0.1/24 eth0:1". */
export async function addressesOf(
  lan: Lan,
  host: string,
  interfaceName: string,
): Promise<{ text: string; label: string; broadcast?: string; scope: string }[]> {
  const listing = await lan.exec(host, ["ip", "-json", "-4", "address", "show", "dev", interfaceName]).catch(() => "[]");
  const [link] = JSON.parse(listing) as {
    addr_info?: { local: string; prefixlen: number; label: string; broadcast?: string; scope: string }[];
  }[];
  return (link?.addr_info ?? []).map(({ local, prefixlen, label, broadcast, scope }) => ({
    text: `${local}/${prefixlen}`,
    label,
    ...(broadcast !== undefined && { broadcast }),
    scope,
  }));
}

export async function has(lan: Lan, host: string, address: string, interfaceName = "eth0"): Promise<boolean> {
  return (await addressesOf(lan, host, interfaceName)).some(({ text }) => text === address);
}

/** Waits until the address stands on that node and on no other. */
export async function heldBy(lan: Lan, node: string | undefined, address: string, interfaceName = "eth0"): Promise<void> {
  const alone = async () => {
    const holders = await Promise.all(lan.nodes.map(async (one) => ((await has(lan, one, address, interfaceName)) ? one : [])));
    return holders.flat().join() === (node ?? "");
  };
  await until(`${address} on ${node ?? "no node"} alone`, alone, { everyMs: 20, timeoutMs: 15_000 });
}

/** Gives a node one more interface, whose other end is in another host under the name `NODE-eth1`. */
export async function addInterface(lan: Lan, node: string, interfaceName: string, peerHost = "client"): Promise<string> {
  const peer = `${node}-${interfaceName}`;
  const to = ["type", "veth", "peer", "name", peer, "netns", lan.namespace(peerHost)];
  await lan.exec(node, ["ip", "link", "add", interfaceName, ...to]);
  await lan.exec(node, ["ip", "link", "set", interfaceName, "up"]);
  await lan.exec(peerHost, ["ip", "link", "set", peer, "up"]);
  return peer;
}

/** Joins the nodes by a second network, on their eth1. */
export async function addSecondNetwork(lan: Lan, network: string): Promise<void> {
  await lan.exec("fabric", ["ip", "link", "add", "br1", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0"]);
  await lan.exec("fabric", ["ip", "link", "set", "br1", "up"]);
  for (const [index, node] of lan.nodes.entries()) {
    const peer = await addInterface(lan, node, "eth1", "fabric");
    await lan.exec("fabric", ["ip", "link", "set", peer, "master", "br1"]);
    await lan.exec(node, ["ip", "address", "add", `${network}.${index + 101}/24`, "dev", "eth1"]);
  }
}

/** Version 2, 1 s: how long a BACKUP of that priority waits after the last advert that it accepted, and after a resignation. */
export const downSeconds = (priority: number) => 3 + (256 - priority) / 256;
export const skewSeconds = (priority: number) => (256 - priority) / 256;

/** What a busy test machine may add to a timer, and how much shorter a measured time may be. */
const late = 0.25;
const early = 0.15;

/** From a moment, of which all may be known or only its bounds, to another. */
export function within(what: string, from: bigint | Moment, toNs: bigint, least: number, most = least): void {
  const { earliestNs, latestNs } = typeof from === "bigint" ? { earliestNs: from, latestNs: from } : from;
  const [longest, shortest] = [secondsBetween(earliestNs, toNs), secondsBetween(latestNs, toNs)];
  const measured = longest === shortest ? longest.toFixed(3) : `${shortest.toFixed(3)} to ${longest.toFixed(3)}`;
  const expected = least === most ? `${least.toFixed(3)} s` : `${least.toFixed(3)} to ${most.toFixed(3)} s`;
  assert.ok(longest >= least - early && shortest <= most + late, `${what}: ${measured} s, expected ${expected}`);
}

/** A test on a LAN of its own. */
export function onLan(nodes: number, run: (lan: Lan) => Promise<void>): () => Promise<void> {
  return async () => {
    const lan = await Lan.create({ nodes });
    try {
      await run(lan);
    } finally {
      await lan.destroy();
    }
  };
}

/** Whether an advert is a node's, of a living virtual router. */
export function from(lan: Lan, node: string, vrid: number): (advert: Advert) => boolean {
  const source = lan.nodeAddress(node).IPv4;
  return (advert) => advert.source === source && advert.virtualRouterID === vrid && advert.priority > 0;
}

/** Whether it is a node's resignation. */
export function resignation(lan: Lan, node: string, vrid: number): (advert: Advert) => boolean {
  const source = lan.nodeAddress(node).IPv4;
  return (advert) => advert.source === source && advert.virtualRouterID === vrid && advert.priority === 0;
}

/** The sample with its programs and files in a directory of the node; each notify program writes its arguments down. */
export function onNode(lan: Lan, node: string, text: string): { text: string; directory: string; notified(): string[] } {
  const directory = join(lan.directory, `etc-${node}`);
  mkdirSync(directory, { recursive: true });
  const log = join(directory, "notified");
  writeFileSync(log, "");
  for (const name of ["notify.sh", "notify-any.sh"]) {
    writeFileSync(join(directory, name), `#!/bin/sh\necho "${name}" "$@" >> ${log}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return {
    text: text.replaceAll("/etc/keepalived", directory),
    directory,
    notified: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
  };
}
