/** What of a NodeAgent.spec concerns virtual servers, and which of them it names. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { NodeAgentSpec, NodeVirtualServer } from "../api/nodeAgent.ts";
import { nameOf } from "./virtualServers/resolvedVirtualServer.ts";

export type ServingSpec = Pick<NodeAgentSpec, "virtualServers" | "realServers" | "ipvs" | "notify">;

export type Named = Pick<NodeVirtualServer, "namespace" | "name">;

/** Of one source: what it knows is planned anew when it changes. */
export function isSameServing(spec: ServingSpec, other: ServingSpec): boolean {
  const served = ({ virtualServers, ipvs, notify, ...rest }: ServingSpec) => ({
    virtualServers,
    ipvs,
    notify,
    translated: translating(rest),
  });
  return isDeepStrictEqual(served(spec), served(other));
}

/** What this node translates for its own pods. */
export const translating = ({ realServers = [] }: ServingSpec) => realServers.filter(({ translates }) => translates);

/** All VirtualServers that have to be known, each once. */
export function namedBy(spec: ServingSpec): NodeVirtualServer[] {
  const translated = translating(spec).map(({ namespace, name, addresses }): NodeVirtualServer => ({ namespace, name, addresses }));
  return [...new Map([...translated, ...(spec.virtualServers ?? [])].map((named) => [nameOf(named), named])).values()];
}

export function namedIn(list: readonly Named[] = []): (one: Named) => boolean {
  const names = new Set(list.map(nameOf));
  return (one) => names.has(nameOf(one));
}
