/** The Kubernetes Events that a new status of a VirtualServer gives rise to. Pure: what the status records already is not told again. */
import { type Condition, findCondition } from "../../api/condition.ts";
import type { RealServerStatus, VirtualServerStatus } from "../../api/virtualServerStatus.ts";
import type { Notice } from "./notices.ts";
import { describeServer } from "./serverSummary.ts";
import { list } from "./words.ts";

type Read = (type: string) => Condition | undefined;
type Told = (before: Read, after: Read) => Notice | undefined;

export function serverNoticesOf(before: VirtualServerStatus, after: VirtualServerStatus): Notice[] {
  const read =
    (status: VirtualServerStatus): Read =>
    (type) =>
      findCondition(status.conditions, type);
  const notices = [rejected, programmed, failed, quorumLost, quorumRegained].flatMap((tell) => tell(read(before), read(after)) ?? []);
  return [...notices, ...changesOfServers(before, after)];
}

const rejected: Told = (before, after) => onReason("Accepted", "False", before, after);
const failed: Told = (before, after) => onReason("Programmed", "False", before, after, "NodesFailed");
const quorumLost: Told = (before, after) => onReason("Ready", "False", before, after, "QuorumLost");

/** A Warning where that status begins for that reason; without `reason` for any. */
function onReason(type: string, status: Condition["status"], before: Read, after: Read, reason?: string): Notice | undefined {
  const [old, now] = [before(type), after(type)];
  if (now?.status !== status || (reason !== undefined && now.reason !== reason)) return undefined;
  if (old?.status === status && old.reason === now.reason) return undefined;
  return { type: "Warning", reason: now.reason, message: now.message };
}

const programmed: Told = (before, after) => {
  const now = after("Programmed");
  if (now?.status !== "True" || before("Programmed")?.status === "True") return undefined;
  return { type: "Normal", reason: "Programmed", message: now.message };
};

const quorumRegained: Told = (before, after) => {
  const now = after("Ready");
  if (now?.status !== "True" || before("Ready")?.reason !== "QuorumLost") return undefined;
  return { type: "Normal", reason: "QuorumRegained", message: now.message };
};

/** One Event for all that one look shows. Another node may see other things: what it sees first is no change. */
function changesOfServers(before: VirtualServerStatus, after: VirtualServerStatus): Notice[] {
  if (before.activeNode !== after.activeNode || !before.servers || !after.servers) return [];
  const were = new Map(before.servers.map((server) => [describeServer(server), server.up]));
  const changed = after.servers.filter((server) => (were.get(describeServer(server)) ?? server.up) !== server.up);
  const [up, down] = [changed.filter((server) => server.up), changed.filter((server) => !server.up)];
  return [
    ...(down.length > 0 ? [{ type: "Warning" as const, reason: "RealServerDown", message: describeAll(down) }] : []),
    ...(up.length > 0 ? [{ type: "Normal" as const, reason: "RealServerUp", message: describeAll(up) }] : []),
  ];
}

function describeAll(servers: readonly RealServerStatus[]): string {
  return list(servers.map((server) => describeServer(server) + (server.message ? ` (${server.message})` : "")));
}
