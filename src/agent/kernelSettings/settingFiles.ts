/** Where settings of the kernel are read and written: files below /proc/sys, and the flags of links. */
import { readFileSync, writeFileSync } from "node:fs";
import type { TunnelDevice } from "../../api/nodeAgent.ts";
import { tunnelModules } from "../../plan/realServer.ts";

export interface SettingFiles {
  /** Tells one run of the kernel from another: what was set before a reboot is no longer so. */
  boot: string;
  /** Undefined where there is no such setting now. */
  read(path: string): string | undefined;
  /** @throws the system's Error */
  write(path: string, value: string): void;
}

/** IFF_UP of include/uapi/linux/if.h. */
const upFlag = 1;

/**
 * @param linkIndex of a link by its name, in the network namespace of the agent; undefined when there is none.
 * @param directory what stands for /proc/sys: in a container that can only be read.
 */
export function kernelSettingFiles(linkIndex: (name: string) => number | undefined, directory = "/proc/sys"): SettingFiles {
  const flagsOf = (name: string) => {
    // What /sys shows is the network namespace in which it was mounted.
    const isOurs = Number(readIfThere(`/sys/class/net/${name}/ifindex`) ?? Number.NaN) === linkIndex(name);
    const flags = isOurs ? readIfThere(`/sys/class/net/${name}/flags`) : undefined;
    return flags === undefined ? undefined : Number(flags);
  };
  return {
    boot: readIfThere("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
    read(path) {
      const link = linkOf(path);
      if (link === undefined) return readIfThere(`${directory}/${path}`);
      const flags = flagsOf(link);
      return flags === undefined ? undefined : (flags & upFlag) !== 0 ? "up" : "down";
    },
    write(path, value) {
      const link = linkOf(path);
      if (link === undefined) return writeFileSync(`${directory}/${path}`, value);
      const flags = flagsOf(link) ?? 0;
      writeFileSync(`/sys/class/net/${link}/flags`, `0x${(value === "up" ? flags | upFlag : flags & ~upFlag).toString(16)}`);
    },
  };
}

function linkOf(path: string): string | undefined {
  return path.startsWith("link/") ? path.slice("link/".length) : undefined;
}

/** Not there is all the same as not readable: some settings are hidden from containers. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The module that brings a setting; undefined when it is of the kernel itself, or of an interface. Pure. */
export function moduleOf(path: string): string | undefined {
  if (path.startsWith("net/ipv4/vs/")) return "ip_vs";
  return tunnelModules[path.split("/").find((part) => part in tunnelModules) as TunnelDevice];
}

/** "net.ipv4.vs.sloppy_tcp", "link tunl0". Pure. */
export function describeSetting(path: string): string {
  if (path.startsWith("link/")) return path.replace("/", " ");
  // As sysctl(8) writes a dot in the name of an interface.
  return path.replaceAll(".", "\0").replaceAll("/", ".").replaceAll("\0", "/");
}
