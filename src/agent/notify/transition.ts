/** What is told of a change of state, in keepalived's words. Pure. */
import type { Notify } from "../../api/nodeAgent.ts";
import type { RouterStateName } from "../native/events.ts";
import type { Program } from "../programs/programRunner.ts";

export type NotifyState = NonNullable<Notify["programs"]>[number]["events"][number];

/** What a line of the FIFO says of a virtual router ("INSTANCE") or of a sync group. */
export interface FifoEntry {
  type: "INSTANCE" | "GROUP";
  name: string;
  state: NotifyState | "MASTER_PRIORITY" | "BACKUP_PRIORITY";
  /** After tracking; 0 for a group. */
  priority: number;
}

/** A change of state, or what programs are started for as for one. */
export interface Transition extends FifoEntry {
  state: NotifyState;
  at: Date;
  /** Of a virtual router: its state before, why it changed and whom that speaks of. */
  from?: RouterStateName;
  reason?: string;
  peer?: string;
  family?: string;
}

/** What a transition starts, in order: the programs of the state, then those that are told TYPE NAME STATE PRIORITY. */
export function programsOf(notify: Notify | undefined, transition: Transition): Program[] {
  const wanted = (notify?.programs ?? []).filter(({ events }) => events.includes(transition.state));
  const words = [transition.type, transition.name, transition.state, String(transition.priority)];
  return [
    ...wanted.filter(({ appendState }) => !appendState).map(({ command, user }) => ({ command, user })),
    ...wanted.filter(({ appendState }) => appendState).map(({ command, user }) => ({ command: [...command, ...words], user })),
  ];
}

/** A virtual router that is taken away is told as FAULT, as keepalived does, unless somebody asks for DELETED. */
export function stateOfDeletion(notify: Notify | undefined): NotifyState {
  return notify?.programs?.some(({ events }) => events.includes("DELETED")) ? "DELETED" : "FAULT";
}

/** The line for keepalived's notify_fifo. */
export function fifoLine({ type, name, state, priority }: FifoEntry): string {
  return `${type} "${printable(name).replaceAll('"', "'")}" ${state} ${priority}\n`;
}

/** One line of text, whatever a name holds. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
  return text.replace(/[\x00-\x1f\x7f]/g, "?");
}

export interface MailText {
  subject: string;
  text: string;
}

const masterOrNot = (isMaster: boolean) => `=> VRRP Instance is ${isMaster ? "now" : "no longer"} owning VRRP VIPs <=`;

/** keepalived's own sentences: people filter their mail by them. */
const mailTexts: Record<Transition["type"], Partial<Record<NotifyState, [subject: string, text: string]>>> = {
  INSTANCE: {
    MASTER: ["Entering MASTER state", masterOrNot(true)],
    BACKUP: ["Entering BACKUP state", masterOrNot(false)],
    FAULT: ["Entering FAULT state", masterOrNot(false)],
    STOP: ["Stopping", "=> VRRP Instance stopping <="],
    DELETED: ["Deleted", "=> VRRP Deleted at reload <="],
  },
  GROUP: {
    MASTER: ["Entering MASTER state", "=> All VRRP group instances are now in MASTER state <="],
    BACKUP: ["Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <="],
    FAULT: ["Entering FAULT state", "=> All VRRP group instances are now in FAULT state <="],
    STOP: ["Stopping", "=> All VRRP group instances are now stopping <="],
  },
};

/** The mail about a transition; undefined when there is none. `subjectName` is keepalived's router_id. */
export function mailOf({ type, name, state }: Transition, subjectName: string): MailText | undefined {
  const found = mailTexts[type][state];
  if (!found) return undefined;
  const [subject, text] = found;
  const kind = type === "GROUP" ? "Group" : "Instance";
  return { subject: `[${printable(subjectName)}] VRRP ${kind} ${printable(name)} - ${subject}`, text };
}

/** What a webhook gets as JSON. */
export function webhookDocument({ at, ...transition }: Transition, node: string): object {
  return { ...transition, node, time: at.toISOString() };
}
