/**
 * Another kernel for a moment. Its root is the machine's file system, which it can only read: it writes into memory of its own, and into one
 * directory that is handed over. So nothing stays behind, whatever is done in it and however it ends.
 */
import type { ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitOnSignals } from "./lanOwner.ts";

export interface MachineOptions {
  /** From power-on to power-off. */
  timeoutMs: number;
  /** Default 1024; what is not used costs nothing. */
  memoryMB?: number;
  env?: Record<string, string>;
  /** Pulls the plug. */
  signal?: AbortSignal;
}

export interface MachineResult {
  /** Of the work; absent: it did not come to its end. */
  status?: number;
  /** What the work wrote on standard output and standard error. */
  output: string;
  /** What the work left in the file that ALOFT_REPORT names, "" for nothing. */
  report: string;
  /** Why there is no status. */
  trouble: string;
  /** The kernel did not begin at all: not the work is to blame, nor the kernel, but where it is to run. */
  unable: boolean;
}

export interface MachineKind {
  /** The folder of the kernel's modules, without its release. */
  modules: string;
  /** How it mounts the directory that is handed over: arguments of mount without the place. */
  exchange(directory: string): string;
  /** All processes of the machine are of one session, whose leader this is; it keeps the limit even when this process is gone. */
  powerOn(machine: { init: string; directory: string; timeoutMs: number; memoryMB: number }): ChildProcess;
}

/** In the directory that is handed over. */
const files = { booted: "booted", status: "status", output: "output", report: "report" } as const;
const handedOver = "/mnt";

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The first program. What the kernel asks modprobe for is not where modprobe looks: it is asked by way of a program that says where. The last
 * line is a power-off that needs no program.
 */
function firstProgram(kind: MachineKind, directory: string, command: readonly string[], env: Record<string, string>): string {
  return `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home TMPDIR=/run/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount ${kind.exchange(directory)} ${handedOver}
: >${handedOver}/${files.booted}
mkdir -p /run/home /run/tmp /run/modules/lib/modules /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s . /run/modules/usr
ln -s ${quote(kind.modules)}"/$(uname -r)" /run/modules/lib/modules/
printf '#!/bin/sh\\nexec modprobe -d /run/modules "$@"\\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
/run/modprobe ipv6
ip link set lo up
cd ${quote(process.cwd())}
${Object.entries({ ...env, ALOFT_REPORT: `${handedOver}/${files.report}` })
  .map(([name, value]) => `export ${name}=${quote(value)}`)
  .join("\n")}
${command.map(quote).join(" ")} </dev/null >${handedOver}/${files.output} 2>&1
echo $? >${handedOver}/${files.status}
sync
echo o >/proc/sysrq-trigger
sleep 60
`;
}

/** Boots, runs `command` as root in the working directory of this process, and powers off. */
export async function runInMachine(kind: MachineKind, command: readonly string[], options: MachineOptions): Promise<MachineResult> {
  const { timeoutMs, memoryMB = 1024, env = {}, signal } = options;
  const directory = mkdtempSync(join(tmpdir(), "aloft-machine-"));
  const init = join(directory, "init");
  writeFileSync(init, firstProgram(kind, directory, command, env));
  chmodSync(init, 0o755);
  exitOnSignals();
  const machine = kind.powerOn({ init, directory, timeoutMs, memoryMB });
  const cutPower = () => killGroup(machine);
  process.on("exit", cutPower);
  signal?.addEventListener("abort", cutPower);
  try {
    return readResult(directory, await untilOff(machine));
  } finally {
    cutPower();
    process.off("exit", cutPower);
    signal?.removeEventListener("abort", cutPower);
    rmSync(directory, { recursive: true, force: true });
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has powered off.
  }
}

interface PowerOff {
  console: string;
  /** It was killed: by us, by the limit, or by somebody else. */
  killed: boolean;
}

async function untilOff(machine: ChildProcess): Promise<PowerOff> {
  let console = "";
  const keep = (chunk: Buffer) => {
    console += chunk.toString();
  };
  machine.stdout?.on("data", keep);
  machine.stderr?.on("data", keep);
  return new Promise((resolve) => {
    machine.once("error", (error) => resolve({ console: error.message, killed: false }));
    machine.once("close", (code) => resolve({ console, killed: code === null }));
  });
}

function readResult(directory: string, { console, killed }: PowerOff): MachineResult {
  const read = (name: string) => (existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : "");
  const [status, output, report] = [read(files.status), read(files.output), read(files.report)];
  if (status) return { status: Number(status), output, report, trouble: "", unable: false };
  const booted = existsSync(join(directory, files.booted));
  const said = console.trim().split("\n").slice(-12).join("\n");
  const what = killed ? "it was killed, or took too long" : "it ended by itself";
  const trouble = `${what} ${booted ? "before the work was done" : "before it had started"}; its console says: ${said || "nothing"}`;
  return { output, report, trouble, unable: !booted && !killed && !console.includes("Kernel panic") };
}
