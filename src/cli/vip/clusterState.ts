/** What the API server knows of VirtualIPs and of the nodes that hold them, read once. */
import { z } from "zod";
import { apiVersion } from "../../api/group.ts";
import { type NodeAgent, virtualRouterSpecSchema } from "../../api/nodeAgent.ts";
import { nodeAgentStatusSchema } from "../../api/nodeAgentStatus.ts";
import { type VirtualIP, virtualIPSpecSchema } from "../../api/virtualIP.ts";
import { virtualIPStatusSchema } from "../../api/virtualIPStatus.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";

export const virtualIPs: Resource = { apiVersion, kind: "VirtualIP", plural: "virtualips", namespaced: false };
export const nodeAgents: Resource = { apiVersion, kind: "NodeAgent", plural: "nodeagents", namespaced: false };

export interface VirtualIPState {
  name: string;
  spec: VirtualIP["spec"] | undefined;
  status: NonNullable<VirtualIP["status"]>;
  createdAt: string | undefined;
}

export interface NodeAgentState {
  name: string;
  /** What this program understands of spec.virtualRouters. */
  routers: NodeAgent["spec"]["virtualRouters"];
  status: NonNullable<NodeAgent["status"]>;
}

export interface ClusterState {
  virtualIPs: VirtualIPState[];
  nodeAgents: NodeAgentState[];
}

/** @throws KubeError */
export async function readClusterState(client: KubeClient): Promise<ClusterState> {
  const [vips, agents] = await Promise.all([client.list(virtualIPs), client.list(nodeAgents)]);
  return { virtualIPs: vips.items.map(toVirtualIP).sort(byName), nodeAgents: agents.items.map(toNodeAgent).sort(byName) };
}

/** @throws Error that names those that there are. */
export function pickVirtualIP(virtualIPs: readonly VirtualIPState[], name: string): VirtualIPState {
  const found = virtualIPs.find((virtualIP) => virtualIP.name === name);
  if (found) return found;
  const known = virtualIPs.map((virtualIP) => virtualIP.name).join(", ") || "none";
  throw Object.assign(new Error(`there is no VirtualIP "${name}"; there is ${known}`), { code: "ALOFT_NOT_FOUND" });
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

export function toVirtualIP({ metadata, spec, status }: KubeObject): VirtualIPState {
  return {
    name: metadata.name,
    spec: virtualIPSpecSchema.safeParse(spec).data,
    status: virtualIPStatusSchema.safeParse(status ?? {}).data ?? {},
    createdAt: metadata.creationTimestamp,
  };
}

export function toNodeAgent({ metadata, spec, status }: KubeObject): NodeAgentState {
  const entries = z.object({ virtualRouters: z.array(z.unknown()) }).safeParse(spec).data?.virtualRouters ?? [];
  return {
    name: metadata.name,
    // An agent of another version may have entries that this program does not understand; the others are shown.
    routers: entries.flatMap((entry) => virtualRouterSpecSchema.safeParse(entry).data ?? []),
    status: nodeAgentStatusSchema.safeParse(status ?? {}).data ?? {},
  };
}
