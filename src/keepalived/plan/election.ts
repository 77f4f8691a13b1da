/** The numbers of an election: version, interval, priority, preemption. As keepalived 2.2.7 rounds and completes them. */
import { formatDuration } from "../../api/duration.ts";
import { intervalRanges } from "../../api/interval.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock } from "../checkedBlock.ts";
import type { Diagnostics } from "../diagnostic.ts";
import { type GlobalSettings, overrideAnnouncements } from "./globalSettings.ts";

export interface ElectionOptions {
  family: Family;
  globals: GlobalSettings;
  /** strict_mode of the instance, or vrrp_strict. */
  strict: boolean;
  diagnostics: Diagnostics;
}

const owner = 255;

type Election = Pick<
  VirtualRouterSpec,
  "version" | "priority" | "advertisementInterval" | "preempt" | "preemptDelay" | "downTimerAdverts" | "announcements"
>;

export function planElection(block: CheckedBlock, options: ElectionOptions): Election {
  const version = readVersion(block, options);
  const priority = readPriority(block, options.diagnostics);
  return {
    version,
    priority,
    advertisementInterval: readInterval(block, version, options.diagnostics),
    ...readPreemption(block, priority, options),
    downTimerAdverts: readDownTimerAdverts(block, options),
    announcements: readAnnouncements(block, options),
  };
}

/** Address owner by its priority, or because it has none and begins as MASTER, which is the same to keepalived. */
export function isOwner(block: CheckedBlock): boolean {
  return (block.number("priority") ?? (block.text("state") === "MASTER" ? owner : 0)) === owner;
}

function readPriority(block: CheckedBlock, diagnostics: Diagnostics): number {
  const written = block.number("priority");
  const state = block.last("state");
  if (written !== undefined) return written;
  if (!state || !isOwner(block)) return 100;
  const message = "without a priority, state MASTER makes the instance the address owner: priority 255 is taken, as in keepalived";
  diagnostics.warning("default", state.position, message);
  return owner;
}

function readVersion(block: CheckedBlock, { family, globals, diagnostics }: ElectionOptions): 2 | 3 {
  const version = block.last("version");
  if (family === "IPv4") return version ? (version.number() === 3 ? 3 : 2) : globals.version;
  if (version?.number() === 2) diagnostics.warning("value", version.position, "version 2 is taken for 3: IPv6 has no other");
  return 3;
}

/** keepalived rounds what the version cannot express, and takes the nearest that it can. */
function readInterval(block: CheckedBlock, version: 2 | 3, diagnostics: Diagnostics): string {
  const statement = block.last("advert_int");
  const written = statement?.number();
  if (statement === undefined || written === undefined) return "1s";
  const { least, greatest, step } = intervalRanges[version];
  // Of decimal seconds whole microseconds count.
  const milliseconds = Math.round(written * 1e6) / 1e3;
  const taken = Math.min(greatest, Math.max(least, Math.floor(milliseconds / step + 0.5) * step));
  if (taken !== milliseconds)
    diagnostics.warning(
      "value",
      statement.position,
      `advert_int ${written} is taken for ${formatDuration(taken)}: version ${version} has no such interval`,
    );
  return formatDuration(taken);
}

type Preemption = Pick<VirtualRouterSpec, "preempt" | "preemptDelay">;

/** Whatever `state` says: an instance begins as BACKUP here, so both settings work beside state MASTER, too. */
function readPreemption(block: CheckedBlock, priority: number, { strict, diagnostics }: ElectionOptions): Preemption {
  const last = block.statements.findLast(({ keyword }) => keyword === "nopreempt" || keyword === "preempt");
  const delay = block.last("preempt_delay");
  if (last?.keyword === "nopreempt") {
    if (priority !== owner) return { preempt: false, preemptDelay: "0s" };
    diagnostics.warning("ignored", last.position, "nopreempt is ignored: priority 255 is the address owner, which always preempts");
  }
  if (strict && delay) {
    diagnostics.warning("ignored", delay.position, "preempt_delay is ignored beside strict_mode, as in keepalived");
    return { preempt: true, preemptDelay: "0s" };
  }
  return { preempt: true, preemptDelay: formatDuration(Math.round((delay?.number() ?? 0) * 1e6) / 1e3) };
}

function readDownTimerAdverts(block: CheckedBlock, { globals, strict, diagnostics }: ElectionOptions): number {
  const statement = block.last("down_timer_adverts");
  const adverts = statement?.number() ?? globals.downTimerAdverts;
  if (!strict || adverts === 3) return adverts;
  if (statement) diagnostics.warning("ignored", statement.position, "down_timer_adverts is ignored beside strict_mode, as in keepalived");
  return 3;
}

const mostCopies = 100;

/** Two sets at the most, at once and after the delay. */
function readAnnouncements(block: CheckedBlock, { globals, diagnostics }: ElectionOptions): VirtualRouterSpec["announcements"] {
  const { delay, copies, refresh, refreshCopies } = overrideAnnouncements(block, "", globals.announcements);
  for (const keyword of ["garp_master_repeat", "garp_master_refresh_repeat"]) {
    const statement = block.last(keyword);
    if ((statement?.number() ?? 1) > mostCopies && statement)
      diagnostics.warning("value", statement.position, `${keyword} ${statement.number()} is taken for ${mostCopies}`);
  }
  const limited = (count: number) => Math.max(1, Math.min(mostCopies, count));
  return {
    at: delay > 0 ? ["0s", formatDuration(delay * 1000)] : ["0s"],
    copies: limited(copies),
    refresh: formatDuration(refresh * 1000),
    refreshCopies: limited(refreshCopies),
  };
}
