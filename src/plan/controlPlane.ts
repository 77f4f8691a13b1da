/** The address of a control plane as a VirtualIP. Pure. */
import { apiVersion } from "../api/group.ts";
import type { LabelSelector } from "../api/labelSelector.ts";

export interface ControlPlaneAddress {
  addresses: string[];
  interface?: string;
  /** In a cluster the operator finds one. */
  virtualRouterID?: number;
  advertisementInterval?: string;
  /** Of the API server on each node. */
  apiPort: number;
  /** In a cluster: the nodes of the control plane. */
  nodes?: LabelSelector;
}

/** The same on every node: of equals the higher address leads, and nobody is preempted. */
export function controlPlaneVirtualIP({ addresses, apiPort, nodes, ...plane }: ControlPlaneAddress) {
  const vrrp = {
    ...(plane.virtualRouterID !== undefined && { virtualRouterID: plane.virtualRouterID }),
    ...(plane.advertisementInterval && { advertisementInterval: plane.advertisementInterval }),
  };
  return {
    apiVersion,
    kind: "VirtualIP",
    metadata: { name: "control-plane" },
    spec: {
      addresses: addresses.map((address) => ({ address })),
      ...(plane.interface && { interface: plane.interface }),
      ...(nodes && { nodes: { selector: nodes } }),
      ...(Object.keys(vrrp).length > 0 && { vrrp }),
      // Takes priority away, and not the part in the election: kubeadm asks for the address before the first API server is ready.
      track: [{ name: "api", http: { port: apiPort, scheme: "HTTPS", path: "/livez" }, timeout: "900ms", fall: 3, weight: -50 }],
    },
  };
}
