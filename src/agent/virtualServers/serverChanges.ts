/** What is to be told of real servers and quorums, at the moments at which keepalived tells it. Pure. */
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { Judged } from "./judgedServers.ts";
import type { VirtualServerMemory } from "./planVirtualServers.ts";
import type { ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import type { QuorumJudgement } from "./serverHealth.ts";
import type { Server } from "./serverList.ts";

/** Started: it is the first time that anything is said of it. Removed: from the configuration. Stopped: the agent ends. */
export type ChangeOccasion = "Started" | "Changed" | "Removed" | "Stopped";

interface Change {
  virtualServer: ResolvedVirtualServer;
  up: boolean;
  occasion: ChangeOccasion;
}

export interface ServerChange extends Change {
  server: Server;
  /** Why it is down; "" when it is up, or goes with others. */
  message: string;
  /** The check that decided it. */
  check?: HealthCheck;
}

export interface QuorumChange extends Change {
  server?: undefined;
  /** The sum of the weights of those that are up, and what it was held against. */
  upWeight: number;
  threshold: number;
}

export type VirtualServerChange = ServerChange | QuorumChange;

export interface ChangesQuestion {
  virtualServer: ResolvedVirtualServer;
  judged: readonly Judged[];
  quorum: QuorumJudgement;
  upWeight: number;
  before: VirtualServerMemory | undefined;
}

export function changesOf({ virtualServer, judged, quorum, upWeight, before }: ChangesQuestion): VirtualServerChange[] {
  const { up, threshold } = quorum;
  const servers = judged.flatMap(({ server, health }): ServerChange[] => {
    const wasUp = before?.servers.get(server.key)?.up ?? health.up;
    if (wasUp === health.up) return [];
    return [{ virtualServer, server, up: health.up, occasion: "Changed", message: health.message, check: health.decidedBy }];
  });
  const quorumChange: QuorumChange = { virtualServer, up, occasion: before ? "Changed" : "Started", upWeight, threshold };
  // At the start a quorum is told, and that there is none where a sorry server has to step in.
  const isTold = before ? before.quorum !== up : up || virtualServer.spec.sorryServer !== undefined;
  return [...removedServers(before, judged), ...servers, ...(isTold ? [quorumChange] : [])];
}

/** Those that are found come and go by themselves: nobody needs to hear of it. */
function removedServers(before: VirtualServerMemory | undefined, judged: readonly Judged[]): ServerChange[] {
  const present = new Set(judged.map(({ server }) => server.key));
  return before ? downs(before, "Removed").filter(({ server }) => server.isListed && !present.has(server.key)) : [];
}

/** All that was up is down, as the whole goes. */
export function farewellOf(memory: VirtualServerMemory, occasion: "Removed" | "Stopped"): VirtualServerChange[] {
  const { virtualServer, quorum } = memory;
  const { spec } = virtualServer;
  const servers = downs(memory, occasion).filter(({ server }) => server.isListed);
  if (!quorum) return servers;
  return [...servers, { virtualServer, up: false, occasion, upWeight: 0, threshold: spec.quorum - spec.hysteresis }];
}

function downs({ virtualServer, servers }: VirtualServerMemory, occasion: ChangeOccasion): ServerChange[] {
  return [...servers.values()].flatMap(({ server, up }) => (up ? [{ virtualServer, server, up: false, occasion, message: "" }] : []));
}
