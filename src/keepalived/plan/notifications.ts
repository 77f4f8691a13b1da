/** notify_*, smtp_alert, and how mail is sent. */
import { formatDuration } from "../../api/duration.ts";
import type { Mail, Notify } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import type { Diagnostics } from "../diagnostic.ts";
import { runAs } from "./checks.ts";
import type { GlobalSettings } from "./globalSettings.ts";

type Program = NonNullable<Notify["programs"]>[number];

const programs: Record<string, Program["events"]> = {
  notify_master: ["MASTER"],
  notify_backup: ["BACKUP"],
  notify_fault: ["FAULT"],
  notify_stop: ["STOP"],
  notify_deleted: ["DELETED"],
  notify_master_rx_lower_pri: ["MASTER_RX_LOWER_PRI"],
};

/** In the order in which their programs are planned. */
export const programKeywords: readonly string[] = [...Object.keys(programs), "notify"];

/** Of an instance or of a sync group; undefined when nothing runs. */
export function planNotify(block: CheckedBlock, globals: GlobalSettings, diagnostics: Diagnostics): Notify | undefined {
  const planned = Object.entries(programs).flatMap(([keyword, events]) => planProgram(block.last(keyword), events));
  // Without notify_deleted a router that is taken away counts as one in FAULT.
  const everything: Program["events"] = [
    "MASTER",
    "BACKUP",
    "FAULT",
    "STOP",
    ...(block.last("notify_deleted") ? (["DELETED"] as const) : []),
  ];
  const generic = planProgram(block.last("notify"), everything).map((program) => ({ ...program, appendState: true }));
  const all = [...planned, ...generic];
  const byMail = (block.flag("smtp_alert") ?? globals.mail) && canMail(block, globals, diagnostics);
  if (all.length === 0 && !byMail) return undefined;
  return { ...(all.length > 0 && { programs: all }), ...(byMail && { mail: true }) };
}

function planProgram(statement: CheckedStatement | undefined, events: Program["events"]): Program[] {
  const command = statement?.command();
  return command ? [{ events, command: [...command], ...runAs(statement) }] : [];
}

/** keepalived needs a relay and at least one recipient, and is silent without. */
export function canMail(block: CheckedBlock, { block: globals }: GlobalSettings, diagnostics: Diagnostics): boolean {
  const lacking = globals.last("smtp_server") ? "notification_email" : "smtp_server";
  if (lacking === "notification_email" && recipients(globals).length > 0) return true;
  const alert = block.last("smtp_alert");
  if (alert) diagnostics.warning("ignored", alert.position, `no mail is sent: global_defs has no ${lacking}`);
  return false;
}

const recipients = (globals: CheckedBlock) => globals.items("notification_email").flatMap((line) => line.text("address") ?? []);

/** Undefined when nobody gets any. */
export function planMail({ block }: GlobalSettings, node: string): Mail | undefined {
  const server = block.last("smtp_server");
  const host = server?.text("host");
  const to = recipients(block);
  if (host === undefined || to.length === 0) return undefined;
  const port = server?.number("port");
  const [helo, timeout, routerID] = [block.text("smtp_helo_name"), block.number("smtp_connect_timeout"), block.text("router_id")];
  return {
    server: port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`,
    from: block.text("notification_email_from") ?? `root@${node || "localhost"}`,
    to,
    ...(helo !== undefined && { helo }),
    timeout: formatDuration((timeout ?? 30) * 1000),
    ...(block.last("no_email_faults") && { faults: false }),
    ...(routerID !== undefined && { subjectName: routerID }),
  };
}
