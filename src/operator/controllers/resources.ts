/** The kinds that the operator reads and writes. */
import { apiVersion } from "../../api/group.ts";
import type { Resource } from "../../kube/object.ts";

export const virtualIPs: Resource = { apiVersion, kind: "VirtualIP", plural: "virtualips", namespaced: false };
export const nodeAgents: Resource = { apiVersion, kind: "NodeAgent", plural: "nodeagents", namespaced: false };
export const agentConfigs: Resource = { apiVersion, kind: "AgentConfig", plural: "agentconfigs", namespaced: false };
export const virtualServers: Resource = { apiVersion, kind: "VirtualServer", plural: "virtualservers", namespaced: true };
export const addressPools: Resource = { apiVersion, kind: "AddressPool", plural: "addresspools", namespaced: false };
export const services: Resource = { apiVersion: "v1", kind: "Service", plural: "services", namespaced: true };
export const namespaces: Resource = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
export const endpointSlices: Resource = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
};
export const nodes: Resource = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };

/** Owner of every field that the operator writes. */
export const fieldManager = "aloft-operator";
