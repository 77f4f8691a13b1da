/** garp_group, vrrp_garp_interval and vrrp_gna_interval → how far announcements are apart. */
import { type AnnouncementPace, leastPaceMs } from "../../api/announcementPace.ts";
import { formatDuration } from "../../api/duration.ts";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import type { GlobalSettings } from "./globalSettings.ts";

/** Groups go before what is for all others; of two that name an interface the first counts. */
export function planPacing(
  config: CheckedBlock,
  { block }: GlobalSettings,
  diagnostics: Diagnostics,
): Pick<NodeAgentSpec, "announcementPacing"> {
  const groups = config.all("garp_group").flatMap((statement) => planGroup(statement, diagnostics));
  const others = planPace(block, "vrrp_", diagnostics);
  const announcementPacing = [...groups, ...(others ? [others] : [])];
  return announcementPacing.length > 0 ? { announcementPacing } : {};
}

function planGroup(statement: CheckedStatement, diagnostics: Diagnostics): AnnouncementPace[] {
  const { block } = statement;
  const pace = block && planPace(block, "", diagnostics);
  if (!pace) return [];
  const names = [
    ...block.all("interface").flatMap((line) => line.text() ?? []),
    ...block.items("interfaces").flatMap((line) => line.text("name") ?? []),
  ];
  if (names.length > 0) return [{ interfaces: [...new Set(names)], ...pace }];
  diagnostics.warning("ignored", statement.position, "garp_group is ignored: it names no interface");
  return [];
}

/** Undefined when there is none. */
function planPace(block: CheckedBlock, prefix: string, diagnostics: Diagnostics): Omit<AnnouncementPace, "interfaces"> | undefined {
  const [arp, na] = ["garp_interval", "gna_interval"].map((keyword) => readInterval(block.last(`${prefix}${keyword}`), diagnostics));
  if ((arp ?? na) === undefined) return undefined;
  return { ...(arp !== undefined && { gratuitousARP: arp }), ...(na !== undefined && { unsolicitedNA: na }) };
}

/** keepalived's seconds, of which whole microseconds count; 0 is none. */
function readInterval(statement: CheckedStatement | undefined, diagnostics: Diagnostics): string | undefined {
  const milliseconds = Math.round((statement?.number() ?? 0) * 1e6) / 1e3;
  if (!statement || milliseconds === 0) return undefined;
  if (milliseconds >= leastPaceMs) return formatDuration(milliseconds);
  const message = `${quote(statement.keyword)} ${statement.number()} is taken for ${formatDuration(leastPaceMs)}: announcements are no closer`;
  diagnostics.warning("value", statement.position, message);
  return formatDuration(leastPaceMs);
}
