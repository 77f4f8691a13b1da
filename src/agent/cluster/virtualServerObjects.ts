/** Objects of the API server → VirtualServers and their endpoints. Pure. */
import { z } from "zod";
import { parseAddress } from "../../api/ipAddress.ts";
import type { LabelSelector } from "../../api/labelSelector.ts";
import { type VirtualServerSpec, virtualServerSpecSchema } from "../../api/virtualServer.ts";
import { matches } from "../../plan/selector.ts";
import type { Endpoint } from "../virtualServers/resolvedVirtualServer.ts";

const serverSchema = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), generation: z.int().optional() }),
  spec: z.unknown(),
});

/** What of a VirtualServer is kept, as it came: a later version may understand more of it. */
export type ServerObject = z.output<typeof serverSchema>;

/** Undefined when it is no VirtualServer at all. */
export function readServer(object: unknown): ServerObject | undefined {
  return serverSchema.safeParse(object).data;
}

/** The specification, or why this version cannot use it. */
export function readServerSpec({ spec }: ServerObject): VirtualServerSpec | string {
  const parsed = virtualServerSpecSchema.safeParse(spec);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => [...path, message].join(": ")).join("; ");
}

const namedSchema = z.object({ metadata: z.object({ name: z.string() }) });

/** Its name; undefined when it is no object. */
export function nameOfObject(object: unknown): string | undefined {
  return namedSchema.safeParse(object).data?.metadata.name;
}

export interface ServiceView {
  name: string;
  ports: { name: string; port: number; protocol: string }[];
}

const serviceSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    ports: z.array(z.object({ name: z.string().default(""), port: z.int(), protocol: z.string().default("TCP") })).default([]),
  }),
});

export function readService(object: unknown): ServiceView | undefined {
  const parsed = serviceSchema.safeParse(object);
  return parsed.success ? { name: parsed.data.metadata.name, ports: parsed.data.spec.ports } : undefined;
}

/** Where null is what was left out: so the API has it. */
const conditionField = z.boolean().nullish();

const sliceSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  addressType: z.string(),
  ports: z
    .array(z.object({ name: z.string().nullish(), port: z.int().nullish(), protocol: z.string().nullish() }))
    .nullish()
    .transform((ports) => ports ?? []),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).default([]),
        conditions: z.object({ ready: conditionField, serving: conditionField, terminating: conditionField }).default({}),
        nodeName: z.string().nullish(),
        zone: z.string().nullish(),
      }),
    )
    .nullish()
    .transform((endpoints) => endpoints ?? []),
});

export interface SliceView extends Omit<z.output<typeof sliceSchema>, "metadata"> {
  name: string;
  service: string;
}

/** Undefined for what belongs to no Service, or has names instead of addresses. */
export function readSlice(object: unknown): SliceView | undefined {
  const parsed = sliceSchema.safeParse(object);
  const service = parsed.data?.metadata.labels["kubernetes.io/service-name"];
  if (!parsed.success || service === undefined || !["IPv4", "IPv6"].includes(parsed.data.addressType)) return undefined;
  const { metadata, ...rest } = parsed.data;
  return { ...rest, name: metadata.name, service };
}

/**
 * The endpoints of a Service at the port that a VirtualServer means; or why that cannot be told: then what runs goes on.
 * Without condition an endpoint is ready: so the API has it.
 */
export function serviceEndpoints(
  spec: VirtualServerSpec,
  service: ServiceView | undefined,
  slices: readonly SliceView[],
): Endpoint[] | string {
  if (!service) return `there is no Service "${spec.service?.name}"`;
  const meant = portOf(spec, service);
  if (typeof meant === "string") return meant;
  return slices.flatMap(({ ports, endpoints }) => {
    const found = ports.find(({ name, protocol }) => (name ?? "") === meant.name && (protocol ?? "TCP") === spec.protocol);
    const port = found?.port;
    if (port === undefined || port === null) return [];
    return endpoints.flatMap(({ addresses, conditions, nodeName, zone }) => {
      const ready = conditions.ready ?? true;
      const state = { ready, serving: conditions.serving ?? ready, terminating: conditions.terminating ?? false };
      const [address] = addresses;
      return address === undefined ? [] : { address, port, ...(nodeName && { node: nodeName }), ...(zone && { zone }), ...state };
    });
  });
}

const isNumber = /^[0-9]+$/;

/** Of the Service: slices name the ports as it does. */
function portOf({ service: reference, ports, protocol }: VirtualServerSpec, service: ServiceView): ServiceView["ports"][number] | string {
  const wanted = reference?.port ?? ports?.[0]?.port;
  if (wanted === undefined) return `spec.service.port must say which port of Service "${service.name}" is meant`;
  const isMeant = isNumber.test(String(wanted))
    ? ({ port }: { port: number }) => port === Number(wanted)
    : ({ name }: { name: string }) => name === wanted;
  const found = service.ports.find((port) => port.protocol === protocol && isMeant(port));
  return found ?? `Service "${service.name}" has no port ${wanted} of protocol ${protocol}`;
}

const nodeSchema = z.object({
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  status: z
    .object({
      addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .default({ addresses: [], conditions: [] }),
});

export interface NodeView {
  name: string;
  labels: Record<string, string>;
  addresses: string[];
  ready: boolean;
}

export function readNode(object: unknown): NodeView | undefined {
  const parsed = nodeSchema.safeParse(object);
  if (!parsed.success) return undefined;
  const { metadata, status } = parsed.data;
  const isReady = status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True");
  return {
    name: metadata.name,
    labels: metadata.labels,
    addresses: status.addresses.flatMap(({ type, address }) => (type === "InternalIP" && parseAddress(address) ? address : [])),
    ready: isReady && metadata.deletionTimestamp === undefined,
  };
}

/**
 * What is passed on to where a node translates for its own pods: the other nodes that have some, and this one's pods themselves. A node is
 * as well as the best of its pods.
 */
export function endpointsByNode(endpoints: readonly Endpoint[], nodes: readonly NodeView[], ownName: string): Endpoint[] {
  const here = endpoints.filter(({ node }) => node === ownName).map((endpoint) => ({ ...endpoint, isHere: true }));
  const elsewhere = Map.groupBy(
    endpoints.filter(({ node }) => node !== undefined && node !== ownName),
    ({ node, address }) => JSON.stringify([node, isIPv6(address)]),
  );
  const known = new Map(nodes.map((node) => [node.name, node]));
  const others = [...elsewhere.values()].flatMap((pods): Endpoint[] => {
    const [{ node = "", zone, address: any = "" } = {}] = pods;
    const address = known.get(node)?.addresses.find((own) => isIPv6(own) === isIPv6(any));
    if (address === undefined) return [];
    const ready = pods.filter((pod) => pod.ready).length;
    return [
      {
        address,
        node,
        ...(zone !== undefined && { zone }),
        pods: ready || pods.length,
        ready: ready > 0,
        serving: pods.some(({ serving }) => serving),
        terminating: pods.every(({ terminating }) => terminating),
      },
    ];
  });
  return [...here, ...others];
}

const isIPv6 = (address: string) => address.includes(":");

const zoneLabel = "topology.kubernetes.io/zone";

/** One that is not ready may only be unable to say so: it keeps its connections, and counts where none is ready. */
export function nodeEndpoints(nodes: readonly NodeView[], selector: LabelSelector | undefined): Endpoint[] {
  const selected = nodes.filter(({ labels }) => selector === undefined || matches(selector, labels));
  return selected.flatMap(({ name, labels, addresses, ready }) => {
    const zone = labels[zoneLabel];
    return addresses.map((address) => ({ address, node: name, ...(zone && { zone }), ready, serving: true, terminating: !ready }));
  });
}
