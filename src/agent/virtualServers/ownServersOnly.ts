/** A director that is a real server, too, while another one is active. Pure. */
import type { IpvsDestination, IpvsService } from "../native/ipvsState.ts";

/**
 * What the active director passes on by DR or TUN to a node that has the same service programmed meets IPVS there once more, and would be
 * scheduled anew, to the other node perhaps, and back. So while a node does not hold the address, such a service knows no servers but the
 * node itself: the kernel then delivers locally. When the node becomes MASTER its own server takes all new connections until the others have
 * their weights back, which is the next plan.
 * @param isOwn whether an address of a server is the node's.
 */
export function ownServersOnly<Service extends IpvsService>(service: Service, isOwn: (address: string) => boolean): Service {
  const comesAgain = ({ address, forwarding }: IpvsDestination) => forwarding !== "NAT" && isOwn(address);
  if (!service.destinations.some(comesAgain)) return service;
  const destinations = service.destinations.map((server) => (isOwn(server.address) ? server : { ...server, weight: 0 }));
  return { ...service, destinations };
}
