/** What the preflight asks the node itself. */
import { readFileSync } from "node:fs";
import { readMissingCapabilities } from "./capabilities.ts";
import { canMulticast } from "./linkFlags.ts";
import type { LinkSnapshot } from "./native.ts";
import type { PreflightFacts } from "./preflight.ts";

export function readNodeFacts(links: LinkSnapshot[]): PreflightFacts {
  return {
    missingCapabilities: readMissingCapabilities(),
    links,
    multicast: canMulticast,
    // The parent of a container's first process is outside its PID namespace, and so has no number in it.
    seesNodeProcesses: process.ppid !== 0,
    ipv4Setting,
  };
}

function ipv4Setting(device: string, name: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/conf/${device}/${name}`, "utf8"));
  } catch {
    return undefined;
  }
}
