/**
 * User-Mode Linux, Linux as a program, in Debian's build. It has what the machine's own kernel may lack, IPVS above all.
 *
 * It has one processor; system calls take about three times as long as usual.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MachineKind, type MachineOptions, type MachineResult, runInMachine } from "./machine.ts";

const kernel = "linux.uml";

/** Where the kernel expects memory that it may execute. */
const memory = "/dev/shm";

const userModeLinux: MachineKind = {
  modules: "/usr/lib/uml/modules",
  exchange: (directory) => `-t hostfs -o ${directory} exchange`,
  powerOn({ init, directory, timeoutMs, memoryMB }) {
    const root = ["rootfstype=hostfs", "root=/dev/root", "hostfs=/", "ro", `init=${init}`];
    const ownFiles = [`uml_dir=${directory}`, "umid=machine"];
    const console = ["con=null", "con0=null,fd:1", "quiet", "panic=-1"];
    const settings = [`mem=${memoryMB}M`, ...root, ...ownFiles, ...console];
    return spawn("timeout", ["--signal=KILL", String(timeoutMs / 1000), kernel, ...settings], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...(existsSync(memory) ? { TMPDIR: memory } : {}) },
    });
  },
};

export function runInUserModeLinux(command: readonly string[], options: MachineOptions): Promise<MachineResult> {
  return runInMachine(userModeLinux, command, options);
}

const programs = { [kernel]: "user-mode-linux", modprobe: "kmod", ipvsadm: "ipvsadm", "iptables-legacy": "iptables" };

/** The Debian packages without which it cannot be used. */
export function missingPackages(path = process.env.PATH ?? ""): string[] {
  const folders = [...path.split(":"), "/usr/sbin", "/sbin"];
  return Object.entries(programs).flatMap(([program, name]) => (folders.some((folder) => existsSync(join(folder, program))) ? [] : [name]));
}
