/** Objects of the API → views. Of what cannot be read the rest counts. */
import { z } from "zod";
import { conditionSchema } from "../../../api/condition.ts";
import { familyField } from "../../../api/fields.ts";
import { objectMetaSchema } from "../../../api/objectMeta.ts";
import { assignedCondition, cleanupFinalizer } from "../../../api/service.ts";
import { serverKey } from "../cluster.ts";
import type { EndpointsView, NamespaceView, ServiceView } from "./views.ts";

interface ApiObject {
  metadata: unknown;
  spec?: unknown;
  status?: unknown;
}

const portSchema = z.object({ protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"), port: z.int() });
const affinitySchema = z.object({ clientIP: z.object({ timeoutSeconds: z.int() }) });
const serviceSpecSchema = z.object({
  type: z.string().default("ClusterIP"),
  loadBalancerClass: z.string().optional(),
  loadBalancerIP: z.string().optional(),
  ipFamilies: z.array(familyField).default([]),
  ipFamilyPolicy: z.enum(["SingleStack", "PreferDualStack", "RequireDualStack"]).default("SingleStack"),
  ports: z.array(portSchema).default([]),
  externalTrafficPolicy: z.string().optional(),
  loadBalancerSourceRanges: z.array(z.string()).default([]),
  sessionAffinity: z.string().optional(),
  sessionAffinityConfig: z.unknown().optional(),
  publishNotReadyAddresses: z.boolean().default(false),
});
const ingressSchema = z.object({ ip: z.string().optional(), ipMode: z.string().optional() });
const serviceStatusSchema = z.object({
  loadBalancer: z.object({ ingress: z.array(ingressSchema).default([]) }).default({ ingress: [] }),
  conditions: z.array(z.unknown()).default([]),
});
const everybody: readonly string[] = ["0.0.0.0/0", "::/0"];

export function viewService(object: ApiObject): ServiceView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  const spec = serviceSpecSchema.safeParse(object.spec ?? {});
  if (!metadata.success || !spec.success) return undefined;
  const { name, namespace = "", uid = "", creationTimestamp = "", deletionTimestamp, finalizers = [] } = metadata.data;
  const { labels = {}, annotations = {} } = metadata.data;
  const { type, loadBalancerClass, loadBalancerIP, ports, loadBalancerSourceRanges, sessionAffinity } = spec.data;
  const status = serviceStatusSchema.safeParse(object.status ?? {}).data;
  const conditions = (status?.conditions ?? []).flatMap((condition) => conditionSchema.safeParse(condition).data ?? []);
  const affinitySeconds = affinitySchema.safeParse(spec.data.sessionAffinityConfig).data?.clientIP.timeoutSeconds;
  return {
    key: serverKey({ namespace, name }),
    namespace,
    name,
    uid,
    createdAt: creationTimestamp,
    deleting: deletionTimestamp !== undefined,
    hasFinalizer: finalizers.includes(cleanupFinalizer),
    labels,
    annotations,
    isLoadBalancer: type === "LoadBalancer",
    ...(loadBalancerClass !== undefined && { loadBalancerClass }),
    ...(loadBalancerIP !== undefined && loadBalancerIP !== "" && { loadBalancerIP }),
    families: spec.data.ipFamilies,
    familyPolicy: spec.data.ipFamilyPolicy,
    ports,
    isLocal: spec.data.externalTrafficPolicy === "Local",
    limitsSources: loadBalancerSourceRanges.some((range) => !everybody.includes(range.trim())),
    ...(sessionAffinity === "ClientIP" && affinitySeconds !== undefined && { affinitySeconds }),
    publishesNotReady: spec.data.publishNotReadyAddresses,
    ingress: status?.loadBalancer.ingress ?? [],
    conditions: conditions.filter((condition) => condition.type === assignedCondition),
  };
}

const endpointSchema = z.object({
  nodeName: z.string().optional(),
  // Absent or null: ready, says the API.
  conditions: z.object({ ready: z.boolean().nullish() }).default({}),
});
const sliceSchema = z.object({ endpoints: z.array(endpointSchema).nullish() });
const serviceNameLabel = "kubernetes.io/service-name";

export function viewEndpoints(object: ApiObject): EndpointsView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  const slice = sliceSchema.safeParse(object);
  if (!metadata.success || !slice.success) return undefined;
  const { namespace = "", labels = {} } = metadata.data;
  const name = labels[serviceNameLabel];
  const ready = (slice.data.endpoints ?? []).filter(({ conditions }) => conditions.ready !== false);
  return {
    ...(name !== undefined && { service: serverKey({ namespace, name }) }),
    nodes: [...new Set(ready.flatMap(({ nodeName }) => nodeName ?? []))],
  };
}

export function viewNamespace(object: ApiObject): NamespaceView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  return metadata.success ? { name: metadata.data.name, labels: metadata.data.labels ?? {} } : undefined;
}
