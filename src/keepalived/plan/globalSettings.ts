/** What global_defs says for all instances, with keepalived's defaults for the rest. */
import { CheckedBlock } from "../checkedBlock.ts";

export interface Repetition {
  /** Seconds until the second set of announcements; 0: there is none. */
  delay: number;
  copies: number;
  /** Seconds; 0: never. */
  refresh: number;
  refreshCopies: number;
}

export interface GlobalSettings {
  /** All blocks of global_defs as one. */
  block: CheckedBlock;
  version: 2 | 3;
  announcements: Repetition;
  downTimerAdverts: number;
  strict: boolean;
  /** Mail on changes of state of instances that do not say. */
  mail: boolean;
  /** Changes of the priority of instances that do not say are told to the FIFOs. */
  priorityChanges: boolean;
  /** For static addresses without `dev`. */
  defaultInterface: string;
  virtualMACPrefix: string;
}

/** Blocks of the same keyword count as one. */
export function joinBlocks(config: CheckedBlock, keyword: string): CheckedBlock {
  const blocks = config.all(keyword).flatMap(({ block }) => block ?? []);
  return new CheckedBlock(
    blocks.flatMap(({ statements }) => statements),
    blocks[0]?.position ?? config.position,
  );
}

export function readGlobalSettings(config: CheckedBlock): GlobalSettings {
  const block = joinBlocks(config, "global_defs");
  return {
    block,
    version: block.number("vrrp_version") === 3 ? 3 : 2,
    announcements: readAnnouncements(block),
    downTimerAdverts: block.number("vrrp_down_timer_adverts") ?? 3,
    strict: block.flag("vrrp_strict") ?? false,
    mail: block.flag("smtp_alert_vrrp") ?? block.flag("smtp_alert") ?? false,
    priorityChanges: block.flag("vrrp_notify_priority_changes") ?? false,
    defaultInterface: block.text("default_interface") ?? "eth0",
    virtualMACPrefix: block.text("vmac_prefix") ?? "vrrp",
  };
}

function readAnnouncements(block: CheckedBlock): Repetition {
  const few = block.flag("vrrp_min_garp") ?? false;
  return overrideAnnouncements(block, "vrrp_", { delay: few ? 0 : 5, copies: few ? 1 : 5, refresh: 0, refreshCopies: 1 });
}

/** With what a block says instead; its keywords begin with `prefix`. */
export function overrideAnnouncements(block: CheckedBlock, prefix: string, defaults: Repetition): Repetition {
  return {
    delay: block.number(`${prefix}garp_master_delay`) ?? defaults.delay,
    copies: block.number(`${prefix}garp_master_repeat`) ?? defaults.copies,
    refresh: block.number(`${prefix}garp_master_refresh`) ?? defaults.refresh,
    refreshCopies: block.number(`${prefix}garp_master_refresh_repeat`) ?? defaults.refreshCopies,
  };
}
