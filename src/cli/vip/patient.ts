/** What `kubectl vip doctor` looks at, read once. */
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import type { VirtualIPStatus } from "../../api/virtualIP.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { addressPools, nodeAgents, nodes, services, virtualIPs, virtualServers } from "../../operator/controllers/resources.ts";
import type { AgentView, PoolView, VirtualIPView, VirtualServerView } from "../../operator/plan/cluster.ts";
import { viewAgent, viewPool, viewVirtualIP, viewVirtualServer } from "../../operator/plan/parse.ts";
import { viewService } from "../../operator/plan/services/parse.ts";
import type { ServiceView } from "../../operator/plan/services/views.ts";

export interface KubeProxy {
  mode: string;
  strictARP: boolean;
  excludeCIDRs: string[];
}

export interface ExaminedAgent extends Pick<AgentView, "name" | "spec" | "status"> {
  /** When the API server took the last report, by its own clock, in whole seconds. */
  takenAt?: string;
}

export interface ExaminedNode {
  name: string;
  kernelVersion?: string;
}

export interface Patient {
  virtualIPs: (Pick<VirtualIPView, "name" | "spec"> & { status: VirtualIPStatus })[];
  virtualServers: Pick<VirtualServerView, "key" | "spec" | "status">[];
  addressPools: Pick<PoolView, "name" | "status">[];
  nodes: ExaminedNode[];
  agents: ExaminedAgent[];
  /** Those that Aloft has told something; none where they cannot be read. */
  services: Pick<ServiceView, "key" | "conditions" | "ingress">[];
  /** Absent: it could not be read, or there is none. */
  kubeProxy?: KubeProxy;
}

const configMaps: Resource = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

/** @throws KubeError when Aloft's own objects or the nodes cannot be read. */
export async function readPatient(client: KubeClient): Promise<Patient> {
  const list = async <View>(resource: Resource, view: (object: KubeObject) => View | undefined) =>
    (await client.list(resource)).items.flatMap((object) => view(object) ?? []);
  const [vips, servers, pools, examinedNodes, agents, serviceViews, kubeProxy] = await Promise.all([
    list(virtualIPs, viewVirtualIP),
    list(virtualServers, viewVirtualServer),
    list(addressPools, viewPool),
    list(nodes, examinedNode),
    list(nodeAgents, examinedAgent),
    list(services, viewService).catch(() => []),
    client.find(configMaps, { namespace: "kube-system", name: "kube-proxy" }).catch(() => undefined),
  ]);
  return {
    virtualIPs: vips,
    virtualServers: servers,
    addressPools: pools,
    nodes: examinedNodes,
    agents,
    services: serviceViews.filter(({ conditions }) => conditions.length > 0),
    kubeProxy: kubeProxy && parseKubeProxy(kubeProxy),
  };
}

const nodeInfoSchema = z.object({ status: z.object({ nodeInfo: z.object({ kernelVersion: z.string() }) }) });

function examinedNode(object: KubeObject): ExaminedNode {
  return { name: object.metadata.name, kernelVersion: nodeInfoSchema.safeParse(object).data?.status.nodeInfo.kernelVersion };
}

const managedFieldsSchema = z.object({
  managedFields: z.array(z.object({ subresource: z.string().optional(), time: z.string().optional() })),
});

export function examinedAgent(object: KubeObject): ExaminedAgent | undefined {
  const view = viewAgent(object);
  const entries = managedFieldsSchema.safeParse(object.metadata).data?.managedFields ?? [];
  const times = entries.flatMap(({ subresource, time }) => (subresource === "status" && time ? [time] : []));
  return view && { name: view.name, spec: view.spec, status: view.status, takenAt: times.sort().at(-1) };
}

const kubeProxySchema = z.object({
  mode: z.string().nullish(),
  ipvs: z.object({ strictARP: z.boolean().nullish(), excludeCIDRs: z.array(z.string()).nullish() }).nullish(),
});

/** The ConfigMap that kubeadm makes. */
export function parseKubeProxy(object: KubeObject): KubeProxy | undefined {
  const text = z.object({ data: z.object({ "config.conf": z.string() }) }).safeParse(object).data?.data["config.conf"];
  if (text === undefined) return undefined;
  const config = kubeProxySchema.safeParse(parseAllDocuments(text)[0]?.toJS()).data;
  return config && { mode: config.mode ?? "", strictARP: config.ipvs?.strictARP ?? false, excludeCIDRs: config.ipvs?.excludeCIDRs ?? [] };
}
