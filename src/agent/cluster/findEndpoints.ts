/** The endpoints of a VirtualServer in what is known of its namespace and of the nodes. Pure. */
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { Endpoint } from "../virtualServers/resolvedVirtualServer.ts";
import {
  endpointsByNode,
  type NodeView,
  nodeEndpoints,
  type ServiceView,
  type SliceView,
  serviceEndpoints,
} from "./virtualServerObjects.ts";

/** Undefined is not known yet. */
export interface Known {
  services: KnownServices | undefined;
  nodes: readonly NodeView[] | undefined;
  /** This node. */
  node: string;
}

/** Of a namespace. */
export interface KnownServices {
  services: ReadonlyMap<string, ServiceView>;
  slices: ReadonlyMap<string, readonly SliceView[]>;
  /** Names of those whose deletion was told. */
  deleted: ReadonlySet<string>;
}

/** What endpoints were found for: under another reference they say nothing. Undefined: none are asked for. */
export function referenceOf({ service, nodes, protocol, ports }: VirtualServerSpec): string | undefined {
  if (!service && !nodes) return undefined;
  return JSON.stringify([service?.name, service?.port, service?.targets, nodes, protocol, ports?.[0]?.port]);
}

/** Undefined while something that it asks for is not known; a sentence where it is not there. */
export function findEndpoints(spec: VirtualServerSpec, known: Known): Endpoint[] | string | undefined {
  const ofNodes = spec.nodes ? known.nodes && nodeEndpoints(known.nodes, spec.nodes.selector) : [];
  const ofService = spec.service ? findService(spec, spec.service, known) : [];
  if (typeof ofService === "string") return ofService;
  return ofNodes && ofService && [...ofService, ...ofNodes];
}

/** One that was deleted has no endpoints; one that is merely not there leaves those that were known. */
function findService(
  spec: VirtualServerSpec,
  { name, targets }: NonNullable<VirtualServerSpec["service"]>,
  { services: known, nodes, node }: Known,
): Endpoint[] | string | undefined {
  if (!known) return undefined;
  const { services, slices, deleted } = known;
  const pods = deleted.has(name) ? [] : serviceEndpoints(spec, services.get(name), slices.get(name) ?? []);
  if (targets !== "Nodes" || typeof pods === "string") return pods;
  return nodes && endpointsByNode(pods, nodes, node);
}
