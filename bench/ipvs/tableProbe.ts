/** A process in the network namespace of a director that waits for a service to stand in the kernel's table as it is wanted. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { IpvsDestination, IpvsService } from "../../src/agent/native/ipvsState.ts";
import { serve } from "../../test/support/remoteControl.ts";

export interface ProbeRequest {
  do: "look";
  /** Of IPv4, with destinations of DR. */
  at: IpvsService | undefined;
}

export interface ProbeAnswers {
  look: undefined;
}

const everyMs = 5;

/** As /proc/net/ip_vs has it. */
function placeOf({ address = "", port = 0 }: { address?: string; port?: number }): string {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  return `${address
    .split(".")
    .map((part) => hex(Number(part), 2))
    .join("")}:${hex(port, 4)}`;
}

function stands({ key, destinations }: IpvsService): boolean {
  const [, behind = ""] = readFileSync("/proc/net/ip_vs", "latin1").split(`TCP  ${placeOf(key)} `);
  const [own = ""] = behind.split("\nTCP ");
  const has = (destination: IpvsDestination) => new RegExp(`-> ${placeOf(destination)} +Route +${destination.weight} `).test(own);
  return destinations.every(has);
}

if (process.send) {
  serve(async ({ at }: ProbeRequest) => {
    while (at && !stands(at)) await sleep(everyMs);
  });
}
