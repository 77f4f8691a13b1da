/** What the preflight asks the node itself. */
import { readFileSync } from "node:fs";
import { readMissingCapabilities } from "../capabilities.ts";
import { canMulticast } from "../kernelSettings/linkFlags.ts";
import type { Snapshot } from "../native/snapshot.ts";
import type { PreflightFacts } from "../preflight.ts";

/** The facts of this moment: each is read once, however many virtual routers ask for it. */
export function readNodeFacts({ links, gate }: Snapshot): PreflightFacts {
  return {
    missingCapabilities: readMissingCapabilities(),
    links,
    gate,
    multicast: once(canMulticast, ({ name }) => name),
    // The parent of a container's first process is outside its PID namespace, and so has no number in it.
    seesNodeProcesses: process.ppid !== 0,
    ipv4Setting: once(ipv4Setting, (device, name) => `${device}/${name}`),
  };
}

function once<Args extends unknown[], Result>(
  read: (...args: Args) => Result,
  keyOf: (...args: Args) => string,
): (...args: Args) => Result {
  const known = new Map<string, { result: Result }>();
  return (...args) => {
    const key = keyOf(...args);
    const entry = known.get(key) ?? { result: read(...args) };
    known.set(key, entry);
    return entry.result;
  };
}

function ipv4Setting(device: string, name: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/conf/${device}/${name}`, "utf8"));
  } catch {
    return undefined;
  }
}
