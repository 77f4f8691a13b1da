/** Mail about real servers and quorums, in keepalived's own sentences: people filter their mail by them. Pure. */
import type { HealthCheckKind } from "../../api/healthCheck.ts";
import { healthCheckKind } from "../healthChecks/createHealthProbe.ts";
import { type MailText, printable } from "../notify/transition.ts";
import type { ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import type { QuorumChange, ServerChange, VirtualServerChange } from "./serverChanges.ts";
import type { Server } from "./serverList.ts";

export function serverMail(change: VirtualServerChange, subjectName: string): MailText {
  const { virtualServer } = change;
  const subject = change.server
    ? `Realserver ${describeServer(change.server, virtualServer)} of virtual server ${describeService(virtualServer)}`
    : `Virtualserver ${describeService(virtualServer)}`;
  return {
    subject: `[${printable(subjectName)}] ${subject} - ${change.up ? "UP" : "DOWN"}`,
    text: `=> ${textOf(change)} <=`,
  };
}

function textOf(change: VirtualServerChange): string {
  if (change.occasion === "Stopped") return "Shutting down";
  if (change.server && change.occasion === "Removed") return "Removing";
  return change.server ? serverText(change) : quorumText(change);
}

/** Their checkers have words of their own; all others give the reason. */
const namedKinds: Partial<Record<HealthCheckKind, string>> = { tcp: "TCP ", udp: "UDP ", icmp: "ICMP " };

function serverText({ up, check, message }: ServerChange): string {
  const kind = check && healthCheckKind(check);
  const named = kind && namedKinds[kind];
  if (up) return `${named ?? ""}CHECK succeed on service`;
  return named ? `${named}CHECK failed on service` : `CHECK failed on service : ${printable(message)}`;
}

function quorumText({ up, occasion, virtualServer, upWeight, threshold }: QuorumChange): string {
  const { quorum, hysteresis } = virtualServer.spec;
  const what = occasion === "Started" ? `Starting with quorum ${up ? "up" : "down"}` : `${up ? "Gained" : "Lost"} quorum`;
  return `${what} ${quorum}+${hysteresis}=${threshold} <= ${upWeight}`;
}

/** "[192.0.2.10]:tcp:80", "FWM 7"; of several addresses or ports the name, as for a virtual_server_group. */
function describeService({ name, addresses, spec }: ResolvedVirtualServer): string {
  if (spec.firewallMark !== undefined) return `FWM ${spec.firewallMark}`;
  const [first, ...ports] = spec.ports ?? [{ port: 0 }];
  const port = first?.port ?? 0;
  const isSingle = addresses.length === 1 && ports.length === 0 && (first?.last ?? port) === port;
  return isSingle ? `[${addresses[0]}]:${spec.protocol.toLowerCase()}:${port}` : `[${name}]:${port}`;
}

function describeServer({ address, port }: Server, { spec }: ResolvedVirtualServer): string {
  return `[${address}]:${spec.protocol.toLowerCase()}:${port ?? spec.ports?.[0]?.port ?? 0}`;
}
