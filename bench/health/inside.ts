/**
 * The part of the benchmark that runs in User-Mode Linux, where keepalived checks at all: one make with TCP checks of one virtual server, one a
 * second each. Its report is a file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { savedTable } from "../../test/ipvs/director.ts";
import { Agent } from "../../test/netns/agentStandaloneProcess.ts";
import { Lan } from "../../test/support/lan.ts";
import { until } from "../../test/support/waiting.ts";
import type { Make } from "../make.ts";
import { residentMB } from "../vrrp/cost.ts";

export interface Order {
  make: Make;
  /** Real servers, and checks a second. */
  servers: number;
  seconds: number;
}

export interface Sample {
  /** Of the one core that the machine has. */
  cpuPercent: number;
  residentMB: number;
}

const node = "n1";
const firstPort = 20_000;
/** The table is complete, and what the start compiled is compiled. */
const settleMs = 5000;

function configuration(server: string, servers: number): string {
  const realServers = Array.from(
    { length: servers },
    (_, index) => `real_server ${server} ${firstPort + index} {\nTCP_CHECK {\nconnect_timeout 1\n}\n}`,
  );
  const settings = "delay_loop 1\nlb_algo rr\nlb_kind NAT\nprotocol TCP";
  return `virtual_server 198.51.100.60 80 {\n${settings}\n${realServers.join("\n")}\n}\n`;
}

/** The processes that are to be measured. */
async function start(lan: Lan, make: Make, text: string): Promise<number[]> {
  if (make === "aloft") {
    const agent = new Agent(lan, node, { text, ending: "conf", flags: ["--log-level", "warn"] });
    return [agent.process.pid];
  }
  const file = join(lan.directory, "keepalived.conf");
  writeFileSync(file, text);
  const pidFile = join(lan.directory, "checkers.pid");
  const pids = [`--pid=${join(lan.directory, "keepalived.pid")}`, `--checkers_pid=${pidFile}`];
  const parent = lan.spawn(node, "keepalived", ["keepalived", "--dont-fork", "--check", "--log-console", `--use-file=${file}`, ...pids]);
  const checkers = await until("keepalived's checkers", () => Number(readFileSync(pidFile, "utf8")) || undefined, { timeoutMs: 20_000 });
  return [parent.pid, checkers];
}

/** Of a second, since the process began: user and system time of all its threads. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

const ticksPerSecond = 100;

async function measure({ make, servers, seconds }: Order): Promise<Sample> {
  const lan = await Lan.create({ nodes: 2 });
  try {
    const program = fileURLToPath(new URL("servers.ts", import.meta.url));
    const running = lan.spawn("n2", "servers", [process.execPath, program, String(firstPort), String(servers)]);
    await until("the servers", () => running.log().includes("ready"), { timeoutMs: 20_000 });
    const pids = await start(lan, make, configuration(lan.nodeAddress("n2").IPv4, servers));
    const lines = async () => [...(await savedTable(lan, node)).values()].flat().length;
    await until("the table", async () => (await lines()) > servers, { timeoutMs: 30_000, everyMs: 500 });
    await sleep(settleMs);
    const sum = () => pids.map(ticks).reduce((a, b) => a + b, 0);
    const [before, begin] = [sum(), performance.now()];
    await sleep(seconds * 1000);
    const cpuPercent = (100 * (sum() - before)) / ticksPerSecond / ((performance.now() - begin) / 1000);
    return { cpuPercent, residentMB: residentMB(pids) };
  } finally {
    await lan.destroy();
  }
}

if (process.env.ALOFT_REPORT) {
  writeFileSync(process.env.ALOFT_REPORT, JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "{}"))));
}
