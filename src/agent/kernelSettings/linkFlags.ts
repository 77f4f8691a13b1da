import { readFileSync } from "node:fs";
import type { LinkSnapshot } from "../native/snapshot.ts";

/** IFF_MULTICAST of include/uapi/linux/if.h. */
const multicastFlag = 0x1000;

/** Whether an interface can multicast; undefined when /sys does not show this network namespace. */
export function canMulticast({ name, index }: LinkSnapshot): boolean | undefined {
  try {
    const read = (file: string) => Number(readFileSync(`/sys/class/net/${name}/${file}`, "utf8"));
    if (read("ifindex") !== index) return undefined;
    return (read("flags") & multicastFlag) !== 0;
  } catch {
    return undefined;
  }
}
