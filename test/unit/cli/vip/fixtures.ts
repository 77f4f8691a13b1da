/** A cluster of three nodes as the API server would show it. */
import type { NodeAgent, VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { virtualIPSpecSchema } from "../../../../src/api/virtualIP.ts";
import type { ClusterState, NodeAgentState, VirtualIPState } from "../../../../src/cli/vip/clusterState.ts";

export const now = new Date("2026-05-01T12:00:00Z");

export function virtualIP(status: VirtualIPState["status"] = {}): VirtualIPState {
  return {
    name: "web",
    spec: virtualIPSpecSchema.parse({ addresses: [{ address: "192.0.2.10/24" }] }),
    createdAt: "2026-05-01T11:00:00Z",
    status: {
      activeNode: "n1",
      virtualRouterID: 51,
      advertisementInterval: "100ms",
      transitions: 1,
      nodes: [
        { name: "n1", priority: 254, interface: "eth0", v4: "MASTER", since: "2026-05-01T11:55:00Z" },
        { name: "n2", priority: 244, interface: "eth0", v4: "BACKUP", since: "2026-05-01T11:00:00Z" },
        { name: "n3", priority: 234, interface: "eth0", v4: "FAULT", since: "2026-05-01T11:58:30Z", message: "check nginx is down" },
      ],
      history: [
        { time: "2026-05-01T11:55:00Z", from: "n2", to: "n1", reason: "Preempted" },
        { time: "2026-05-01T11:30:00Z", from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 304.8 },
        { time: "2026-05-01T11:00:00Z", from: "", to: "n1", reason: "FirstElection" },
      ],
      summary: { state: "Active", lastFailover: "2026-05-01T11:55:00Z" },
      ...status,
    },
  };
}

interface NodeOptions {
  state?: "MASTER" | "BACKUP" | "FAULT";
  priority?: number;
  reason?: string;
  message?: string;
  spec?: Partial<VirtualRouterSpec>;
}

export function nodeAgent(
  name: string,
  base: number,
  { state = "BACKUP", priority = base, reason = "Started", message, spec }: NodeOptions = {},
): NodeAgentState {
  const router: VirtualRouterSpec = {
    virtualIP: "web",
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 51,
    version: 3,
    priority: base,
    advertisementInterval: "100ms",
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    addresses: [{ address: "192.0.2.10/24" }],
    ...spec,
  };
  const report = {
    virtualIP: "web",
    family: "IPv4" as const,
    state,
    priority,
    reason,
    since: "2026-05-01T11:55:00Z",
    transitions: 1,
    message,
  };
  const status: NonNullable<NodeAgent["status"]> = {
    virtualRouters: [report],
    interfaces: [{ name: "eth0", up: true, addresses: [`192.0.2.${name.slice(1)}/24`] }],
  };
  return { name, routers: [router], status };
}

export function cluster(...nodeAgents: NodeAgentState[]): ClusterState {
  return { virtualIPs: [virtualIP()], nodeAgents };
}
