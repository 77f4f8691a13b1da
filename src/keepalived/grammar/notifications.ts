/** Programs that keepalived runs when something changes. */
import { optionalBool, script } from "./settings.ts";
import type { Keyword } from "./types.ts";

/** Of an instance and of a sync group. */
export const stateNotifications: Record<string, Keyword> = {
  notify: script,
  notify_master: script,
  notify_backup: script,
  notify_fault: script,
  notify_stop: script,
  notify_priority_changes: optionalBool,
  smtp_alert: optionalBool,
};
