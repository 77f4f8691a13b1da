/** A VirtualServer at one of its addresses and ports → a service of the kernel's table. Pure. */
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { IpvsDestination, IpvsDestinationKey, IpvsService, IpvsServiceKey } from "../native/ipvsState.ts";
import type { Judged } from "./judgedServers.ts";
import { nameOf, type ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { forwardingOf, type Server } from "./serverList.ts";
import { familyOf } from "./serviceKeys.ts";
import { durationSeconds, persistenceOf, schedulerFlagsOf } from "./serviceSettings.ts";

/** A service, and the VirtualServer that it belongs to. */
export type OwnedService = IpvsService & { owner: string };

export function planService(
  key: IpvsServiceKey,
  virtualServer: ResolvedVirtualServer,
  judged: readonly Judged[],
  quorum: boolean,
): OwnedService {
  const { spec } = virtualServer;
  const sorry = sorryServerOf(key, spec, quorum);
  const fitting = judged.filter(({ server }) => isReachable(server, key));
  // Without quorum the sorry server serves alone: the others go as if they had failed.
  const isServing = ({ health }: Judged) => health.up && (quorum || !spec.sorryServer);
  const servers = fitting
    .filter((one) => isServing(one) || one.server.onFailure === "Drain")
    .map((one) => destinationOf(key, one.server, isServing(one) ? one.health.weight : 0));
  const destinations = distinct(sorry ? (quorum ? [...servers, sorry] : [sorry, ...servers]) : servers);
  const standing = new Set(destinations.map(textOf));
  const known = fitting.map(({ server }): IpvsDestinationKey => ({ address: server.address, port: portOn(key, server.port) }));
  const sorryKey = spec.sorryServer && { address: canonicalAddress(spec.sorryServer.address), port: portOn(key, spec.sorryServer.port) };
  return {
    owner: nameOf(virtualServer),
    key,
    scheduler: spec.scheduler,
    schedulerFlags: schedulerFlagsOf(spec),
    onePacket: spec.onePacket,
    persistence: persistenceOf(spec, key.family),
    destinations,
    failed: distinct([...known, ...(sorryKey ? [sorryKey] : [])].filter((destination) => !standing.has(textOf(destination)))),
    drainSeconds: durationSeconds(spec.drainTimeout),
  };
}

/** Of the other family only a tunnel reaches it, where somebody has listed it: what is found has addresses of the families that it has. */
function isReachable(
  { address, forwarding, isListed }: Pick<Server, "address" | "forwarding" | "isListed">,
  { family }: IpvsServiceKey,
): boolean {
  return (isListed && forwarding === "TUN") || familyOf(address) === family;
}

/** Undefined when it is none, or does not stand: it serves without quorum, and otherwise may stay with weight 0. */
function sorryServerOf(key: IpvsServiceKey, spec: VirtualServerSpec, quorum: boolean): IpvsDestination | undefined {
  const { sorryServer } = spec;
  if (!sorryServer || (quorum && sorryServer.onFailure === "Remove")) return undefined;
  const way = forwardingOf(sorryServer.forwarding ?? spec.forwarding, sorryServer.tunnel ?? spec.tunnel);
  const address = canonicalAddress(sorryServer.address);
  if (!isReachable({ address, isListed: true, ...way }, key)) return undefined;
  return { address, port: portOn(key, sorryServer.port), weight: quorum ? 0 : 1, ...way };
}

function destinationOf(key: IpvsServiceKey, server: Server, weight: number): IpvsDestination {
  const { address, port, forwarding, tunnel, upperThreshold, lowerThreshold } = server;
  return {
    address,
    port: portOn(key, port),
    forwarding,
    weight,
    ...(tunnel && { tunnel }),
    ...(upperThreshold !== undefined && { upperThreshold, lowerThreshold }),
  };
}

/** A service of a mark has no port, and its servers keep that of the packet unless they are given one. */
function portOn({ port = 0 }: IpvsServiceKey, own: number | undefined): number {
  return own ?? port;
}

const textOf = ({ address, port }: IpvsDestinationKey) => `${address} ${port}`;

/** Servers with and without a port of their own can be the same at one port of the service: the first counts. */
function distinct<Destination extends IpvsDestinationKey>(destinations: readonly Destination[]): Destination[] {
  const seen = new Set<string>();
  return destinations.filter((destination) => {
    const text = textOf(destination);
    const isFirst = !seen.has(text);
    seen.add(text);
    return isFirst;
  });
}
