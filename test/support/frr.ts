/** FRR's vrrpd as a peer: its macvlan, configuration, start, end. It has version 3 and multicast only, and moves addresses by a macvlan's carrier. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackgroundProcess } from "./backgroundProcess.ts";
import { run } from "./command.ts";
import { virtualLinkLocal } from "./keepalived.ts";
import type { Lan } from "./lan.ts";
import type { RouterSettings, VrrpRouter } from "./vrrpRouter.ts";
import { hopeless, until } from "./waiting.ts";

const programs = "/usr/lib/frr";

export const frrInstalled = existsSync(join(programs, "vrrpd"));

/** 00-00-5E-00-01-VRID, IPv6: 00-00-5E-00-02-VRID. */
export function virtualMac({ family, virtualRouterID }: RouterSettings): string {
  return `00:00:5e:00:0${family === "IPv4" ? 1 : 2}:${virtualRouterID.toString(16).padStart(2, "0")}`;
}

/** The configuration of vrrpd. Pure. */
function frrConfiguration(router: RouterSettings): string {
  const { virtualRouterID, family, priority, advertisementIntervalMs, addresses, preempt = true } = router;
  const bare = addresses.map((address) => address.split("/")[0]);
  // RFC 9568 §5.2.9: a link-local address comes first.
  const listed = family === "IPv4" ? bare : [virtualLinkLocal(virtualRouterID), ...bare];
  const settings = [
    "version 3",
    `advertisement-interval ${advertisementIntervalMs}`,
    `priority ${priority}`,
    ...(preempt ? ["preempt"] : []),
    ...listed.map((address) => `${family === "IPv4" ? "ip" : "ipv6"} ${address}`),
  ];
  const vrrp = `vrrp ${virtualRouterID}`;
  return [
    "log stdout informational",
    "interface eth0",
    ...[vrrp, ...settings.map((line) => `${vrrp} ${line}`)].map((line) => ` ${line}`),
    "",
  ].join("\n");
}

/** Makes the macvlan that vrrpd finds its virtual router by, as the administrator would; it stays for the next start. */
async function ensureMacvlan(lan: Lan, node: string, router: RouterSettings): Promise<void> {
  const { virtualRouterID, family, addresses } = router;
  const name = `vrrp${family === "IPv4" ? 4 : 6}-${virtualRouterID}`;
  const existing = JSON.parse(await run("ip", ["-json", "-netns", lan.namespace(node), "link", "show"])) as { ifname: string }[];
  if (existing.some(({ ifname }) => ifname === name)) return;
  const lines = [
    `link add ${name} link eth0 type macvlan mode bridge`,
    `link set ${name} address ${virtualMac(router)} addrgenmode random`,
    ...addresses.map((address) => `address add ${address} dev ${name}${family === "IPv6" ? " nodad" : ""}`),
    `link set ${name} up`,
  ];
  // The kernel would answer on eth0 for an address of a macvlan that is held down.
  await lan.exec(node, ["sysctl", "-q", "-w", "net.ipv4.conf.eth0.arp_ignore=1", `net.ipv6.conf.default.accept_dad=0`]);
  await run("ip", ["-netns", lan.namespace(node), "-batch", "-"], { input: lines.map((line) => `${line}\n`).join("") });
}

let started = 0;

/** Starts zebra and vrrpd on a node and returns when vrrpd has its configuration. */
export async function startFrr(lan: Lan, node: string, router: RouterSettings): Promise<VrrpRouter> {
  await ensureMacvlan(lan, node, router);
  const name = `frr-${node}-${started++}`;
  const folder = join(lan.directory, name);
  mkdirSync(folder);
  // It gives up root for its own user, who comes through the directory of the LAN.
  const owner = async (flag: string) => Number(await run("id", [flag, "frr"]));
  chmodSync(lan.directory, 0o711);
  chownSync(folder, await owner("-u"), await owner("-g"));
  const start = async (program: string, configuration: string) => {
    const file = join(folder, `${program}.conf`);
    writeFileSync(file, configuration);
    const pidFile = join(folder, `${program}.pid`);
    const flags = ["-f", file, "-z", join(folder, "zserv.api"), "-i", pidFile, "--vty_socket", folder, "-P", "0"];
    const daemon = lan.spawn(node, `${name}-${program}`, [join(programs, program), "-u", "frr", "-g", "frr", ...flags]);
    const ready = () => {
      if (!daemon.running) throw hopeless(`it ended with status ${daemon.status?.code}`);
      return existsSync(join(folder, `${program}.vty`)) && readFileSync(pidFile, "utf8") !== "";
    };
    await until(`the start of ${program} on ${node}`, ready, { everyMs: 10, hint: () => daemon.logTail(8) });
    return daemon;
  };
  const zebra = await start("zebra", "log stdout informational\n");
  return new Frr(node, zebra, await start("vrrpd", frrConfiguration(router)));
}

class Frr implements VrrpRouter {
  readonly make = "frr";
  readonly node: string;
  private readonly zebra: BackgroundProcess;
  private readonly vrrpd: BackgroundProcess;

  constructor(node: string, zebra: BackgroundProcess, vrrpd: BackgroundProcess) {
    this.node = node;
    this.zebra = zebra;
    this.vrrpd = vrrpd;
  }

  get pid(): number {
    return this.vrrpd.pid;
  }

  terminate(): void {
    this.vrrpd.signal("SIGTERM");
  }

  async stop(): Promise<void> {
    await this.vrrpd.stop();
    await this.zebra.stop();
  }

  async kill(): Promise<void> {
    await Promise.all([this.vrrpd.kill(), this.zebra.kill()]);
  }

  logTail(): string {
    return this.vrrpd.logTail();
  }
}
