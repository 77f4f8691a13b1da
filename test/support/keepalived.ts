/** keepalived as a peer: configuration, start, end. Only its VRRP process runs (no checkers). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackgroundProcess } from "./backgroundProcess.ts";
import type { Lan } from "./lan.ts";
import type { RouterSettings, VrrpRouter } from "./vrrpRouter.ts";
import { until } from "./waiting.ts";

export interface KeepalivedOptions {
  /** Log nothing at all: with its log on, keepalived is slower (default false: its log is in the LAN's directory). */
  quiet?: boolean;
  /** Priority of SCHED_RR for its VRRP process; default: none, as it comes. */
  realTimePriority?: number;
  /** Lines that are put into each vrrp_instance. */
  instanceLines?: string[];
  /** Whether the list of IPv6 addresses begins with a link-local one (default true). */
  linkLocalFirst?: boolean;
}

/** The configuration file. Pure. */
export function keepalivedConfiguration(node: string, routers: readonly RouterSettings[], options: KeepalivedOptions = {}): string {
  const realTime = options.realTimePriority === undefined ? [] : [`  vrrp_rt_priority ${options.realTimePriority}`, "  vrrp_no_swap"];
  const global = ["global_defs {", `  router_id ${node}`, ...realTime, "}"];
  return [...global, ...routers.flatMap((router) => instance(router, options)), ""].join("\n");
}

function instance(router: RouterSettings, { instanceLines = [], linkLocalFirst = true }: KeepalivedOptions): string[] {
  const { virtualRouterID, family, version, priority, advertisementIntervalMs, addresses, preempt = true } = router;
  return [
    `vrrp_instance ${family}_${virtualRouterID} {`,
    "  state BACKUP",
    "  interface eth0",
    `  version ${version}`,
    `  virtual_router_id ${virtualRouterID}`,
    `  priority ${priority}`,
    `  advert_int ${advertisementIntervalMs / 1000}`,
    ...(preempt ? [] : ["  nopreempt"]),
    ...transport(router).map((line) => `  ${line}`),
    ...instanceLines.map((line) => `  ${line}`),
    "  virtual_ipaddress {",
    ...(family === "IPv6" && linkLocalFirst ? [`    ${virtualLinkLocal(virtualRouterID)}/64`] : []),
    ...addresses.map((address) => `    ${address}`),
    "  }",
    "}",
  ];
}

function transport({ unicast, password, virtualMAC = false }: RouterSettings): string[] {
  return [
    ...(unicast ? [`unicast_src_ip ${unicast.source}`, "unicast_peer {", `  ${unicast.peer}`, "}"] : []),
    ...(password === undefined ? [] : ["authentication {", "  auth_type PASS", `  auth_pass ${password}`, "}"]),
    ...(virtualMAC ? ["use_vmac"] : []),
  ];
}

/**
 * The link-local address of the virtual router's own MAC address. RFC 9568 §5.2.9 wants one at the head of the list; keepalived starts without,
 * but receivers that keep to the RFC discard its adverts then.
 */
export function virtualLinkLocal(virtualRouterID: number): string {
  return `fe80::200:5eff:fe00:2${virtualRouterID.toString(16).padStart(2, "0")}`;
}

let started = 0;

/** Starts keepalived on a node and returns when its VRRP process runs. */
export async function startKeepalived(
  lan: Lan,
  node: string,
  routers: readonly RouterSettings[],
  options: KeepalivedOptions = {},
): Promise<VrrpRouter> {
  const name = `keepalived-${node}-${started++}`;
  const folder = join(lan.directory, name);
  mkdirSync(folder);
  const configuration = join(folder, "keepalived.conf");
  writeFileSync(configuration, keepalivedConfiguration(node, routers, options));
  const pidFile = join(folder, "vrrp.pid");
  const program = ["keepalived", "--dont-fork", "--vrrp", options.quiet ? "--no-syslog" : "--log-console"];
  const files = [`--use-file=${configuration}`, `--pid=${join(folder, "parent.pid")}`, `--vrrp_pid=${pidFile}`];
  const parent = lan.spawn(node, name, [...program, ...files]);
  const hint = () => `its log is ${parent.logFile}:\n${parent.logTail(8)}`;
  const pid = await until(`the start of keepalived on ${node}`, () => Number(readFileSync(pidFile, "utf8")), { everyMs: 10, hint });
  return new Keepalived(node, pid, parent);
}

class Keepalived implements VrrpRouter {
  readonly make = "keepalived";
  readonly node: string;
  readonly pid: number;
  private readonly parent: BackgroundProcess;

  constructor(node: string, pid: number, parent: BackgroundProcess) {
    this.node = node;
    this.pid = pid;
    this.parent = parent;
  }

  terminate(): void {
    this.parent.signal("SIGTERM");
  }

  async stop(): Promise<void> {
    await this.parent.stop();
  }

  async kill(): Promise<void> {
    // The child first: it resigns when it sees its parent go. And the parent must not see the child go: it would start another one, which
    // tidies up what a crash leaves behind.
    this.parent.signal("SIGSTOP");
    if (this.parent.running) process.kill(this.pid, "SIGKILL");
    await this.parent.kill();
  }

  logTail(): string {
    return this.parent.logTail();
  }
}
