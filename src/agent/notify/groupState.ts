/** The state of a sync group, as its members show it. Pure. */
import type { RouterStateName } from "../native/events.ts";

/**
 * FAULT as soon as one member is; MASTER and BACKUP once all agree; undefined while they are on their way. Members that do not run
 * (INIT) have no say.
 */
export function groupState(members: readonly RouterStateName[]): Exclude<RouterStateName, "INIT"> | undefined {
  const running = members.filter((state) => state !== "INIT");
  if (running.includes("FAULT")) return "FAULT";
  const [first] = running;
  return running.every((state) => state === first) ? (first as "MASTER" | "BACKUP" | undefined) : undefined;
}
