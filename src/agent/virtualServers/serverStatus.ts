/** What a node reports of a VirtualServer. Pure. */
import type { NodeVirtualServerStatus, RealServerStatus } from "../../api/virtualServerStatus.ts";
import type { Judged } from "./judgedServers.ts";
import type { ResolvedVirtualServer } from "./resolvedVirtualServer.ts";

export interface StatusQuestion {
  virtualServer: ResolvedVirtualServer;
  judged: readonly Judged[];
  quorum: boolean;
  /** What is wrong; "" when nothing is. */
  message: string;
}

/** Limits of the API schema. */
const most = { servers: 64, message: 1024, serverMessage: 256 };

const isUp = ({ health }: Judged) => health.up;

export function statusOf({ virtualServer, judged, quorum, message }: StatusQuestion): NodeVirtualServerStatus {
  const { namespace, name, generation, spec } = virtualServer;
  const isSorry = !quorum && spec.sorryServer !== undefined;
  const ordered = judged.length <= most.servers ? judged : [...judged.filter((one) => !isUp(one)), ...judged.filter(isUp)];
  return {
    namespace,
    name,
    ...(generation !== undefined && { observedGeneration: generation }),
    // What the kernel has is not known here: the caller knows.
    programmed: false,
    up: judged.filter(isUp).length,
    total: judged.length,
    quorum,
    ...(isSorry && { sorryServer: true }),
    servers: ordered.slice(0, most.servers).map((one) => serverStatus(one, virtualServer, isSorry)),
    ...(message && { message: message.slice(0, most.message) }),
  };
}

function serverStatus({ server, health }: Judged, { spec }: ResolvedVirtualServer, isSorry: boolean): RealServerStatus {
  const { up, weight, since, message } = health;
  return {
    address: server.address,
    port: server.port ?? spec.ports?.[0]?.port ?? 0,
    up,
    weight: up && !isSorry ? weight : 0,
    ...(since && { since: since.toISOString() }),
    ...(message && { message: message.slice(0, most.serverMessage) }),
  };
}
