/**
 * In what order the objects that pools and Services need are written. A VirtualIP that changes makes its nodes' NodeAgents, and their agents'
 * reports, be written: what nobody waits for is written bit by bit. Pure.
 */
import type { VirtualIPView } from "../cluster.ts";
import type { GeneratedVirtualIP } from "./generatedVirtualIPs.ts";
import type { VirtualServerChanges } from "./generatedVirtualServers.ts";

export interface VirtualIPChanges {
  apply: GeneratedVirtualIP[];
  /** Shared ones that only get more addresses, the one with the most new ones first. */
  grow: GeneratedVirtualIP[];
  remove: VirtualIPView[];
}

export interface Generation {
  virtualIPs: Pick<VirtualIPChanges, "apply" | "remove">;
  virtualServers: Pick<VirtualServerChanges, "apply" | "remove">;
}

/**
 * What is to be written now; undefined for nothing. At once: what moves or takes something away. The rest once what was written before has
 * been digested (`isRested`), and of the VirtualIPs that grow one at a time.
 */
export function nextGeneration(
  { virtualIPs, virtualServers }: { virtualIPs: VirtualIPChanges; virtualServers: VirtualServerChanges },
  isRested: boolean,
): Generation | undefined {
  const { apply, grow, remove } = virtualIPs;
  const more = isRested ? grow.slice(0, 1) : [];
  // What is on a VirtualIP comes after what it has there.
  const waiting = new Set(grow.slice(1).map(({ name }) => name));
  const applied = virtualServers.apply.filter(({ spec }) => !waiting.has(spec.virtualIP ?? ""));
  const servers = isRested ? { apply: applied, remove: virtualServers.remove } : { apply: [], remove: [] };
  const generation = { virtualIPs: { apply: [...apply, ...more], remove }, virtualServers: servers };
  const counts = [generation.virtualIPs.apply, remove, servers.apply, servers.remove];
  return counts.some(({ length }) => length > 0) ? generation : undefined;
}
