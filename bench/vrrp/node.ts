/** A fleet of virtual routers on a node of a LAN, run by either make. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import type { Lan } from "../../test/support/lan.ts";
import { aloftProgram } from "../../test/support/standaloneAgent.ts";
import { hopeless, until } from "../../test/support/waiting.ts";
import type { Make } from "../make.ts";
import { type FleetRouter, toConf, toYaml } from "./fleet.ts";

export interface NodeOptions {
  /** keepalived: nothing at all, or all there is; Aloft: its usual log, or all there is. Default "usual". */
  logging?: "usual" | "all";
  /** Aloft serves its metrics on 127.0.0.1:9105 of the node. */
  metrics?: boolean;
  /** SCHED_RR of keepalived's VRRP process. Default 50; Aloft takes SCHED_FIFO by itself. */
  realTimePriority?: number;
}

const startLimitMs = 60_000;
let started = 0;

export class FleetNode {
  readonly make: Make;
  readonly name: string;
  /** The process that speaks VRRP. */
  readonly pid: number;
  private readonly parent: BackgroundProcess;

  private constructor(make: Make, name: string, pid: number, parent: BackgroundProcess) {
    this.make = make;
    this.name = name;
    this.pid = pid;
    this.parent = parent;
  }

  /** Returns when it runs; its elections may still be under way. */
  static async start(
    lan: Lan,
    name: string,
    make: Make,
    fleet: readonly FleetRouter[],
    priority: number,
    options: NodeOptions = {},
  ): Promise<FleetNode> {
    const folder = join(lan.directory, `${make}-${name}-${started++}`);
    mkdirSync(folder);
    return make === "aloft"
      ? startAloft(lan, name, folder, toYaml(name, fleet, priority), options)
      : startKeepalived(lan, name, folder, toConf(name, fleet, priority, options.realTimePriority ?? 50), options);
  }

  static of(make: Make, name: string, pid: number, parent: BackgroundProcess): FleetNode {
    return new FleetNode(make, name, pid, parent);
  }

  /** All its processes. */
  get pids(): number[] {
    return [...new Set([this.pid, this.parent.pid])];
  }

  /** SIGKILL of all its processes at once. */
  async kill(): Promise<void> {
    // keepalived's child first: it resigns when it sees its parent go. And the parent must not see the child go: it would start another one,
    // which tidies up what a crash leaves behind.
    if (this.pid !== this.parent.pid) {
      this.parent.signal("SIGSTOP");
      process.kill(this.pid, "SIGKILL");
    }
    await this.parent.kill();
  }

  logTail(lines = 15): string {
    return this.parent.logTail(lines);
  }
}

async function startAloft(lan: Lan, name: string, folder: string, yaml: string, options: NodeOptions): Promise<FleetNode> {
  const file = join(folder, "vips.yaml");
  writeFileSync(file, yaml);
  const flags = ["--config", file, "--state-dir", folder, "--node", name, "--http", options.metrics ? "127.0.0.1:9105" : "off"];
  const level = ["--log-level", options.logging === "all" ? "trace" : "info"];
  const agent = lan.spawn(name, `aloft-${name}-${started}`, [aloftProgram, "agent", "--standalone", ...flags, ...level]);
  const ready = () => {
    if (!agent.running) throw hopeless(`it ended with status ${agent.status?.code}`);
    return agent.log().includes('"msg":"ready');
  };
  await until(`the start of Aloft on ${name}`, ready, { everyMs: 50, timeoutMs: startLimitMs, hint: () => agent.logTail(8) });
  return FleetNode.of("aloft", name, agent.pid, agent);
}

async function startKeepalived(lan: Lan, name: string, folder: string, conf: string, options: NodeOptions): Promise<FleetNode> {
  const file = join(folder, "keepalived.conf");
  writeFileSync(file, conf);
  const pidFile = join(folder, "vrrp.pid");
  const logging = options.logging === "all" ? ["--log-console", "--log-detail"] : ["--no-syslog"];
  const files = [`--use-file=${file}`, `--pid=${join(folder, "parent.pid")}`, `--vrrp_pid=${pidFile}`];
  const program = ["keepalived", "--dont-fork", "--vrrp", ...logging, ...files];
  const parent = lan.spawn(name, `keepalived-${name}-${started}`, program);
  const pid = () => {
    if (!parent.running) throw hopeless(`it ended with status ${parent.status?.code}`);
    return existsSync(pidFile) && Number(readFileSync(pidFile, "utf8"));
  };
  const hint = () => parent.logTail(8);
  return FleetNode.of(
    "keepalived",
    name,
    await until(`the start of keepalived on ${name}`, pid, { timeoutMs: startLimitMs, hint }),
    parent,
  );
}

/** How many addresses of the fleets' network a node's kernel holds, as addresses or as host routes. */
async function heldCount(lan: Lan, name: string): Promise<number> {
  const [four, six] = await Promise.all(
    ["-4", "-6"].map((family) => lan.exec(name, ["ip", "-o", family, "route", "show", "table", "local"], { timeoutMs: 60_000 })),
  );
  const count = (text: string | undefined, pattern: RegExp) => text?.match(pattern)?.length ?? 0;
  return count(four, /^local 10\.(200|201)\./gm) + count(six, /^local 2001:db8:20[01]:/gm);
}

/** Waits until a node holds so many addresses of its fleet. */
export async function untilHeld(lan: Lan, node: FleetNode, count: number, timeoutMs = 60_000): Promise<void> {
  let held = 0;
  const all = async () => {
    held = await heldCount(lan, node.name);
    return held >= count;
  };
  const hint = () => `it has ${held}; its log ends:\n${node.logTail(6)}`;
  await until(`${count} addresses on ${node.name}`, all, { timeoutMs, everyMs: 200, hint });
}
