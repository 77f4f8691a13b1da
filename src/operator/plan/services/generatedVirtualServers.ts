/** The VirtualServers of Services whose packets IPVS takes to the pods: one for each port. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AddressPoolSpec } from "../../../api/addressPool.ts";
import { serviceLabel } from "../../../api/service.ts";
import { type VirtualServerInput, type VirtualServerSpec, virtualServerSpecSchema } from "../../../api/virtualServer.ts";
import { serverKey, type VirtualServerView } from "../cluster.ts";
import type { ServiceView } from "./views.ts";

export interface GeneratedVirtualServer {
  /** NAMESPACE/NAME. */
  key: string;
  namespace: string;
  name: string;
  labels: Record<string, string>;
  /** The Service that it goes with. */
  owner: { name: string; uid: string };
  spec: VirtualServerSpec;
}

export interface ServedService {
  view: ServiceView;
  pool: AddressPoolSpec;
  virtualIP: string;
  addresses: readonly string[];
}

export function generateVirtualServers({ view, pool, virtualIP, addresses }: ServedService): GeneratedVirtualServer[] {
  const { namespace, name, uid, ports, isLocal, affinitySeconds, publishesNotReady } = view;
  const { scheduler } = pool.dataPlane;
  // Local keeps the client's address, and masquerading, without which NAT is nothing here, would take it.
  const forwarding = isLocal ? "DR" : pool.dataPlane.forwarding;
  return ports.map(({ protocol, port }) => {
    const own = `${name}-${protocol.toLowerCase()}-${port}`;
    const spec: VirtualServerInput = {
      virtualIP,
      addresses: [...addresses],
      protocol,
      ports: [{ port }],
      scheduler,
      forwarding,
      // Without it the answers of pods would take the pod network's own ways, past the director.
      ...(forwarding === "NAT" && { masquerade: true }),
      service: {
        name,
        port: String(port),
        ...(publishesNotReady && { publishNotReady: true }),
        ...(forwarding === "DR" && { targets: "Nodes" as const }),
      },
      ...(affinitySeconds !== undefined && { persistence: { timeout: `${affinitySeconds}s` } }),
    };
    return {
      key: serverKey({ namespace, name: own }),
      namespace,
      name: own,
      labels: { [serviceLabel]: name },
      owner: { name, uid },
      spec: virtualServerSpecSchema.parse(spec),
    };
  });
}

export interface VirtualServerChanges {
  apply: GeneratedVirtualServer[];
  /** Generated ones that nobody wants any more. */
  remove: VirtualServerView[];
  /** Those that somebody else has made under that name, and the Services that they were to be of. */
  foreign: { key: string; service: string }[];
}

/** `kept`: keys of Services whose VirtualServers stay as they are. */
export function compareVirtualServers(
  wanted: readonly GeneratedVirtualServer[],
  present: readonly VirtualServerView[],
  kept: ReadonlySet<string>,
): VirtualServerChanges {
  const standing = new Map(present.map((view) => [view.key, view]));
  const isOwn = (view: VirtualServerView | undefined) => view?.service !== undefined;
  const changed = wanted.filter(({ key, spec }) => !isDeepStrictEqual(standing.get(key)?.spec, spec));
  const keys = new Set(wanted.map(({ key }) => key));
  const isKept = ({ namespace, service = "" }: VirtualServerView) => kept.has(serverKey({ namespace, name: service }));
  return {
    apply: changed.filter(({ key }) => !standing.has(key) || (isOwn(standing.get(key)) && !standing.get(key)?.deleting)),
    remove: present.filter((view) => isOwn(view) && !view.deleting && !keys.has(view.key) && !isKept(view)),
    foreign: wanted
      .filter(({ key }) => standing.has(key) && !isOwn(standing.get(key)))
      .map(({ key, namespace, owner }) => ({ key, service: serverKey({ namespace, name: owner.name }) })),
  };
}
