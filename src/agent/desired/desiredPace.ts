/** One entry of NodeAgent.spec.announcementPacing → the core's form. Pure. */
import type { AnnouncementPace } from "../../api/announcementPace.ts";
import { parseDuration } from "../../api/duration.ts";
import type { DesiredPace } from "../native/desiredState.ts";

export function desiredPace({ interfaces = [], gratuitousARP, unsolicitedNA }: AnnouncementPace): DesiredPace {
  return {
    interfaces,
    ...(gratuitousARP !== undefined && { gratuitousARPUs: microseconds(gratuitousARP) }),
    ...(unsolicitedNA !== undefined && { unsolicitedNAUs: microseconds(unsolicitedNA) }),
  };
}

function microseconds(text: string): number {
  return Math.round((parseDuration(text) ?? 0) * 1000);
}
