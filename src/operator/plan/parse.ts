/** Objects of the API → views. What the API server's schema would refuse today is reported, not thrown: etcd may hold older objects. */
import { z } from "zod";
import { addressPoolSpecSchema } from "../../api/addressPool.ts";
import { addressPoolStatusSchema } from "../../api/addressPoolStatus.ts";
import { mergeRanges, parseRange } from "../../api/addressRange.ts";
import { agentConfigSpecSchema, agentConfigStatusSchema } from "../../api/agentConfig.ts";
import { isTrue } from "../../api/condition.ts";
import { dnsLabelField } from "../../api/fields.ts";
import { drainAnnotation, releaseFinalizer } from "../../api/group.ts";
import { nodeAgentSpecSchema, virtualRouterSpecSchema } from "../../api/nodeAgent.ts";
import { nodeAgentStatusSchema } from "../../api/nodeAgentStatus.ts";
import { objectMetaSchema } from "../../api/objectMeta.ts";
import { outOfServiceTaint, poolLabel, type Role, roleLabel, serviceLabel } from "../../api/service.ts";
import { virtualIPSpecSchema } from "../../api/virtualIP.ts";
import { virtualIPStatusSchema } from "../../api/virtualIPStatus.ts";
import { virtualServerSpecSchema } from "../../api/virtualServer.ts";
import { virtualServerStatusSchema } from "../../api/virtualServerStatus.ts";
import {
  type AgentConfigView,
  type AgentView,
  type NodeView,
  type PoolView,
  serverKey,
  type VirtualIPView,
  type VirtualServerView,
} from "./cluster.ts";

interface ApiObject {
  metadata: unknown;
  spec?: unknown;
  status?: unknown;
}

/** Undefined only when not even the metadata can be read. */
export function viewVirtualIP(object: ApiObject): VirtualIPView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, uid = "", creationTimestamp = "", generation = 0, deletionTimestamp, finalizers = [], labels } = metadata.data;
  const generated = generatedFor(name, labels);
  const parsed = virtualIPSpecSchema.safeParse(object.spec);
  return {
    name,
    uid,
    createdAt: creationTimestamp,
    generation,
    deleting: deletionTimestamp !== undefined,
    hasFinalizer: finalizers.includes(releaseFinalizer),
    segment: segmentOf(object.spec),
    ...(parsed.success ? { spec: parsed.data } : { problem: describeIssue(parsed.error) }),
    status: salvage(virtualIPStatusSchema, object.status),
    ...(generated && { generated }),
  };
}

const roles: readonly Role[] = ["shared", "local"];

/** By its labels, and by a name such as the operator gives. */
function generatedFor(name: string, labels: Readonly<Record<string, string>> = {}): VirtualIPView["generated"] {
  const pool = labels[poolLabel];
  const role = roles.find((each) => each === labels[roleLabel]);
  return pool !== undefined && role && name.startsWith(`${pool}-`) ? { pool, role } : undefined;
}

export function viewPool(object: ApiObject): PoolView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, creationTimestamp = "", generation = 0, deletionTimestamp, finalizers = [] } = metadata.data;
  const parsed = addressPoolSpecSchema.safeParse(object.spec);
  const problem = parsed.success ? poolProblem(name, parsed.data.addresses) : describeIssue(parsed.error);
  return {
    name,
    createdAt: creationTimestamp,
    generation,
    deleting: deletionTimestamp !== undefined,
    hasFinalizer: finalizers.includes(releaseFinalizer),
    segment: parsed.data?.virtualIP.segment ?? "default",
    ...(parsed.success && problem === undefined ? { spec: parsed.data } : { problem }),
    ranges: mergeRanges((parsed.data?.addresses ?? []).flatMap((text) => parseRange(text) ?? [])),
    status: salvage(addressPoolStatusSchema, object.status),
  };
}

/** As the value of a label may be. */
const longestPoolName = 63;

/** What the schema cannot say. */
function poolProblem(name: string, addresses: readonly string[]): string | undefined {
  if (name.length > longestPoolName) return `metadata.name: must have at most ${longestPoolName} characters`;
  const index = addresses.findIndex((text) => parseRange(text) === undefined);
  return index < 0 ? undefined : `spec.addresses[${index}]: a range must begin with its lowest address`;
}

export function viewVirtualServer(object: ApiObject): VirtualServerView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, namespace = "", creationTimestamp = "", generation = 0, deletionTimestamp, labels = {} } = metadata.data;
  const service = serviceOf(name, labels);
  const parsed = virtualServerSpecSchema.safeParse(object.spec);
  return {
    key: serverKey({ namespace, name }),
    namespace,
    name,
    createdAt: creationTimestamp,
    generation,
    deleting: deletionTimestamp !== undefined,
    ...(parsed.success ? { spec: parsed.data } : { problem: describeIssue(parsed.error) }),
    status: salvage(virtualServerStatusSchema, object.status),
    ...(service !== undefined && { service }),
  };
}

/** As above: a copy that somebody has made under another name is his. */
function serviceOf(name: string, labels: Readonly<Record<string, string>>): string | undefined {
  const service = labels[serviceLabel];
  const isGenerated =
    service !== undefined && name.startsWith(`${service}-`) && /^(tcp|udp|sctp)-\d+$/.test(name.slice(service.length + 1));
  return isGenerated ? service : undefined;
}

const nodeSpecSchema = z.object({ taints: z.array(z.object({ key: z.string() })).optional() });
const nodeStatusSchema = z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() });

export function viewNode(object: ApiObject): NodeView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, uid = "", labels = {}, annotations = {}, deletionTimestamp } = metadata.data;
  const conditions = salvage(nodeStatusSchema, object.status).conditions ?? [];
  const ready = isTrue(conditions, "Ready");
  const draining = annotations[drainAnnotation] === "true";
  const taints = salvage(nodeSpecSchema, object.spec).taints ?? [];
  const outOfService = taints.some(({ key }) => key === outOfServiceTaint);
  return { name, uid, labels, deleting: deletionTimestamp !== undefined, ready, draining, outOfService };
}

const ownersSchema = z.object({ ownerReferences: z.array(z.object({ kind: z.string(), uid: z.string() })) });
/** Routers are read one by one: one that cannot be read must not hide the others. */
const agentSpecRest = nodeAgentSpecSchema.omit({ virtualRouters: true });
const agentSpecSchema = z.object({ virtualRouters: z.array(z.unknown()) });

/** `reportedAt` and `silent` are the caller's: they are not in the object. */
export function viewAgent(object: ApiObject): Omit<AgentView, "reportedAt" | "silent"> | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, generation = 0 } = metadata.data;
  const routers = agentSpecSchema.safeParse(object.spec).data?.virtualRouters ?? [];
  const virtualRouters = routers.flatMap((router) => virtualRouterSpecSchema.safeParse(router).data ?? []);
  const nodeUid = ownersSchema.safeParse(object.metadata).data?.ownerReferences.find(({ kind }) => kind === "Node")?.uid;
  const spec = { ...salvage(agentSpecRest, object.spec), virtualRouters };
  return { name, nodeUid, generation, spec, status: salvage(nodeAgentStatusSchema, object.status) };
}

export function viewAgentConfig(object: ApiObject): AgentConfigView | undefined {
  const metadata = objectMetaSchema.safeParse(object.metadata);
  if (!metadata.success) return undefined;
  const { name, generation = 0 } = metadata.data;
  const parsed = agentConfigSpecSchema.safeParse(object.spec ?? {});
  return {
    name,
    generation,
    ...(parsed.success ? { spec: parsed.data } : { problem: describeIssue(parsed.error) }),
    status: salvage(agentConfigStatusSchema, object.status),
  };
}

/** The fields of `value` that are valid on their own. */
function salvage<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, value: unknown): Partial<z.infer<z.ZodObject<Shape>>> {
  if (typeof value !== "object" || value === null) return {};
  const fields = Object.entries(schema.shape).flatMap(([key, field]) => {
    const parsed = z.safeParse(field, (value as Record<string, unknown>)[key]);
    return parsed.success && parsed.data !== undefined ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(fields);
}

const segmentSchema = z.object({ segment: dnsLabelField });

/** Also of an invalid object: what it holds stays reserved in its segment. */
function segmentOf(spec: unknown): string {
  return segmentSchema.safeParse(spec).data?.segment ?? "default";
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "spec: is not valid";
  const path = issue.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return `spec${path}: ${issue.message}`;
}
