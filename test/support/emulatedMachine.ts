/**
 * A whole machine in QEMU with Debian's own kernel, which has IPVS and nf_tables both. Without help of the processor it computes some ten times
 * as slowly as this machine: for what needs the two in one kernel, and nothing else.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ArchiveEntry, cpioArchive } from "./cpioArchive.ts";
import { type MachineKind, type MachineOptions, type MachineResult, runInMachine } from "./machine.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Unpacked by scripts/fetch-kernel.sh. */
const kernel = here("../../build/kernel/vmlinuz");
const modules = here("../../build/kernel/lib/modules");

const emulator = "qemu-system-x86_64";
const sharer = "/usr/lib/qemu/virtiofsd";

/** What the root is behind. */
const needed = ["virtio_pci", "virtiofs"];

const emulated: MachineKind = {
  modules,
  exchange: () => "-t virtiofs exchange",
  powerOn({ init, directory, timeoutMs, memoryMB }) {
    writeFileSync(join(directory, "initrd"), cpioArchive(firstFiles(directory)));
    const script = ["set -e", ...share(directory, "root", "/"), ...share(directory, "exchange", directory), `exec ${emulator} "$@"`];
    const memory = [
      "-m",
      `${memoryMB}M`,
      "-object",
      `memory-backend-memfd,id=memory,size=${memoryMB}M,share=on`,
      "-numa",
      "node,memdev=memory",
    ];
    const system = ["-kernel", kernel, "-initrd", join(directory, "initrd"), "-append", `console=ttyS0 quiet panic=-1 -- ${init}`];
    const bare = ["-M", "q35", "-accel", "tcg", "-cpu", "max", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"];
    const devices = ["root", "exchange"].flatMap((tag) => [
      ...["-chardev", `socket,id=${tag},path=${directory}/${tag}`],
      ...["-device", `vhost-user-fs-pci,chardev=${tag},tag=${tag}`],
    ]);
    const shell = ["sh", "-c", script.join("\n"), "sh", ...bare, ...memory, ...system, ...devices];
    return spawn("timeout", ["--signal=KILL", String(timeoutMs / 1000), ...shell], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  },
};

export function runInEmulatedMachine(command: readonly string[], options: MachineOptions): Promise<MachineResult> {
  return runInMachine(emulated, command, options);
}

/** What it cannot be used without. */
export function missingForEmulation(path = process.env.PATH ?? ""): string[] {
  const isThere = path.split(":").some((folder) => existsSync(join(folder, emulator)));
  return [...(isThere ? [] : [emulator]), ...[sharer, kernel].filter((file) => !existsSync(file))];
}

/** Lines that begin to share a directory, by a process that ends with the machine. */
function share(directory: string, name: string, source: string): string[] {
  const socket = join(directory, name);
  return [
    `${sharer} --socket-path=${socket} -o log_level=err -o sandbox=chroot -o cache=always -o source=${source} &`,
    `until [ -S ${socket} ]; do kill -0 $!; sleep 0.02; done`,
  ];
}

function firstFiles(directory: string): ArchiveEntry[] {
  const init = join(directory, "first");
  const { status, stderr } = spawnSync("cc", ["-static", "-Os", "-o", init, here("emulatedInit.c")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the first program does not compile: ${stderr}`);
  const paths = modulesFor(needed).map((path) => readFileSync(path));
  return [
    { name: "init", content: readFileSync(init) },
    { name: "modules", isFolder: true },
    ...paths.map((content, index) => ({ name: `modules/${index}`, content })),
  ];
}

/** With all that they need, in the order in which they can be loaded. */
function modulesFor(names: readonly string[]): string[] {
  const [release = ""] = readdirSync(modules);
  const lines = readFileSync(join(modules, release, "modules.dep"), "utf8").matchAll(/^(\S+):(.*)$/gm);
  const ways = new Map([...lines].map(([, path = "", needs = ""]) => [basename(path, ".ko"), [...words(needs).reverse(), path]]));
  return [...new Set(names.flatMap((name) => ways.get(name) ?? []))].map((path) => join(modules, release, path));
}

const words = (text: string) => text.split(" ").filter((word) => word !== "");
