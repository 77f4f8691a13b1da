/** vrrp_sync_group: which instance is in which. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import { isOwner } from "./election.ts";
import type { GlobalSettings } from "./globalSettings.ts";
import { planNotify } from "./notifications.ts";

export interface SyncGroup {
  name: string;
  statement: CheckedStatement;
  block: CheckedBlock;
  /** Its members track with weights: sync_group_tracking_weight, or global_tracking as it was called. */
  keepWeights: boolean;
  /** A member is the address owner. */
  hasOwner: boolean;
}

/** By the name of the instance; one that is named by several groups belongs to the first, as in keepalived. */
export function readSyncGroups(config: CheckedBlock, diagnostics: Diagnostics): Map<string, SyncGroup> {
  const owners = new Set(
    config.all("vrrp_instance").flatMap((instance) => (instance.block && isOwner(instance.block) ? (instance.text("name") ?? []) : [])),
  );
  const groups = new Map<string, SyncGroup>();
  for (const statement of config.all("vrrp_sync_group")) {
    const { block } = statement;
    if (!block) continue;
    const members = block.items("group");
    const group: SyncGroup = {
      name: statement.text("name") ?? "",
      statement,
      block,
      keepWeights: ["sync_group_tracking_weight", "global_tracking"].some((keyword) => block.last(keyword)),
      hasOwner: members.some((line) => owners.has(line.text("name") ?? "")),
    };
    for (const line of members) addMember(line, group, groups, diagnostics);
    if (members.length < 2)
      diagnostics.warning(
        "conflict",
        statement.position,
        `vrrp_sync_group ${quote(group.name)} has ${members.length === 0 ? "no member" : "one member only"}`,
      );
  }
  return groups;
}

function addMember(line: CheckedStatement, group: SyncGroup, groups: Map<string, SyncGroup>, diagnostics: Diagnostics): void {
  const member = line.text("name") ?? "";
  const earlier = groups.get(member);
  if (!earlier) groups.set(member, group);
  else
    diagnostics.warning(
      "ignored",
      line.position,
      `${quote(member)} is in vrrp_sync_group ${quote(earlier.name)} already: this line is ignored`,
    );
}

/** The groups that have something to run. */
export function planGroups(
  groups: Iterable<SyncGroup>,
  globals: GlobalSettings,
  diagnostics: Diagnostics,
): NonNullable<NodeAgentSpec["groups"]> {
  return [...new Set(groups)].flatMap(({ name, block }) => {
    const notify = planNotify(block, globals, diagnostics);
    return notify ? [{ name, notify }] : [];
  });
}
