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

/** Whether the last write of that object was in vain and it is too soon to try again. */
export type IsPaused = (kind: "VirtualIP" | "VirtualServer", key: string) => boolean;

/**
 * What is to be written now; undefined for nothing. At once: what moves or takes something away. The rest once what was written before has
 * been digested (`isRested`), and of the VirtualIPs that grow one at a time. Never: what has failed just now (`isPaused`).
 */
export function nextGeneration(
  { virtualIPs, virtualServers }: { virtualIPs: VirtualIPChanges; virtualServers: VirtualServerChanges },
  isRested: boolean,
  isPaused: IsPaused = () => false,
): Generation | undefined {
  const isDue = ({ name }: { name: string }) => !isPaused("VirtualIP", name);
  const apply = virtualIPs.apply.filter(isDue);
  const remove = virtualIPs.remove.filter(isDue);
  const next = virtualIPs.grow.find(isDue);
  const more = isRested && next ? [next] : [];
  // What is on a VirtualIP comes after what it has there.
  const waiting = new Set(virtualIPs.grow.filter((each) => each !== next).map(({ name }) => name));
  const isServerDue = ({ key }: { key: string }) => isRested && !isPaused("VirtualServer", key);
  const servers = {
    apply: virtualServers.apply.filter((each) => isServerDue(each) && !waiting.has(each.spec.virtualIP ?? "")),
    remove: virtualServers.remove.filter(isServerDue),
  };
  const generation = { virtualIPs: { apply: [...apply, ...more], remove }, virtualServers: servers };
  const counts = [generation.virtualIPs.apply, remove, servers.apply, servers.remove];
  return counts.some(({ length }) => length > 0) ? generation : undefined;
}
