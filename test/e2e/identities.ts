/** Who the parts of Aloft are towards the API server (the groups of deploy/rbac.yaml), and how a node looks there. Pure. */
import type { ControlPlaneUser } from "../support/controlPlane.ts";

export const operatorUser: ControlPlaneUser = { name: "aloft:operator", groups: ["aloft:operators"] };

/** Each agent has a name and a token of its own. */
export function agentUser(node: string): ControlPlaneUser {
  return { name: `aloft:agent:${node}`, groups: ["aloft:agents"] };
}

export function users(nodes: readonly string[]): ControlPlaneUser[] {
  return [operatorUser, ...nodes.map(agentUser)];
}

/** A Node as its kubelet would register it. */
export function nodeObject(name: string, address: { IPv4: string; IPv6: string }) {
  const addresses = [address.IPv4, address.IPv6].map((text) => ({ type: "InternalIP", address: text }));
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    status: {
      addresses: [...addresses, { type: "Hostname", address: name }],
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "stands for a kubelet" }],
    },
  };
}
