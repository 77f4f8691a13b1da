/** The facts of this node and network namespace, as they are now. */
import { readFileSync } from "node:fs";
import { networkInterfaces, release } from "node:os";
import { parseIpvsTable } from "./ipvsTable.ts";
import type { Machine, MachineLink } from "./machine.ts";

export function readMachine(settingChanges: Machine["settingChanges"] = []): Machine {
  const table = readIfThere("/proc/net/ip_vs");
  return {
    setting: (path) => readIfThere(`/proc/sys/${path}`)?.trim(),
    links: readLinks(),
    defaultLinks: readDefaultLinks(),
    ...(table !== undefined && { services: parseIpvsTable(table) }),
    module: moduleReader(),
    settingChanges,
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** IFF_UP of include/uapi/linux/if.h. */
const upFlag = 1;

function readLinks(): MachineLink[] {
  const addresses = networkInterfaces();
  const lines = (readIfThere("/proc/net/dev") ?? "").split("\n");
  return lines.flatMap((line) => {
    const name = /^ *([^:\s]+):/.exec(line)?.[1];
    if (name === undefined) return [];
    const number = (file: string) => Number(readIfThere(`/sys/class/net/${name}/${file}`) ?? Number.NaN);
    const own = (addresses[name] ?? []).flatMap(({ cidr }) => cidr ?? []);
    const flags = number("flags");
    // Only links that are up have addresses there.
    return [{ name, up: Number.isNaN(flags) ? own.length > 0 : (flags & upFlag) !== 0, mtu: number("mtu") || 0, addresses: own }];
  });
}

/** Columns of /proc/net/route: link, destination, …, mask as the eighth. */
function readDefaultLinks(): string[] {
  const rows = (readIfThere("/proc/net/route") ?? "").split("\n").map((line) => line.split("\t"));
  const links = rows.flatMap(([name = "", destination, , , , , , mask]) =>
    destination === "00000000" && mask === "00000000" ? [name] : [],
  );
  return [...new Set(links)];
}

/** Reads each list when it is first asked for. */
function moduleReader(): Machine["module"] {
  let loaded: Set<string> | undefined;
  let known: string | undefined;
  return (name) => {
    loaded ??= new Set((readIfThere("/proc/modules") ?? "").split("\n").map((line) => line.split(" ")[0] ?? ""));
    if (loaded.has(name)) return "Loaded";
    const directory = `/lib/modules/${release()}`;
    known ??= [`${directory}/modules.builtin`, `${directory}/modules.dep`].flatMap((file) => readIfThere(file) ?? []).join("\n");
    if (known === "") return undefined;
    return new RegExp(`/${name}\\.ko`, "m").test(known) ? "Loadable" : "Missing";
  };
}
