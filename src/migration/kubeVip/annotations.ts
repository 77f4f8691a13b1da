/** What becomes of kube-vip's annotations of a Service. */
import { addressesAnnotation } from "../../api/service.ts";
import type { AnnotationTable } from "../services.ts";

const egress = { missing: "what pods send leaves with the address of their node: egress is not offered" };
const upnp = { missing: "UPnP is not offered" };
const dhcp = { missing: "DHCP is not offered" };
const state = { says: "what kube-vip did" };
const election = { says: "whose lease decides: VRRP elects, without leases" };

export const kubeVipAnnotations: AnnotationTable = {
  prefixes: ["kube-vip.io/"],
  names: {
    loadbalancerIPs: { becomes: addressesAnnotation, as: "addresses" },
    serviceInterface: { missing: "the interface is that of the AddressPool: spec.virtualIP.interface" },
    serviceVLAN: { missing: "the interface is that of the AddressPool: spec.virtualIP.interface" },
    "ignore-service-security": { missing: "ports that no Service has are not blocked" },
    rp_filter: { missing: "rp_filter of the nodes is left as it is; kubectl vip doctor tells where it is in the way" },
    ddns: dhcp,
    loadbalancerHostname: dhcp,
    macvlanName: dhcp,
    "dhcp-broadcast": dhcp,
    forwardUPNP: upnp,
    "upnp-lease-duration": upnp,
    egress,
    "egress-internal": egress,
    "egress-ipv6": egress,
    "egress-destination-ports": egress,
    "egress-source-ports": egress,
    "egress-allowed-networks": egress,
    "egress-denied-networks": egress,
    "egress-no-internal-traffic": egress,
    "egress-detect-api-server": egress,
    "egress-nftables-table": egress,
    "flush-conntrack": egress,
    hwaddr: state,
    vipHost: state,
    requestedIP: state,
    "active-endpoint": state,
    "active-endpoint-ipv6": state,
    leaseName: election,
    forcePerServiceElection: election,
    "allow-reconcile-without-endpoints": { says: "what holds here in any case" },
  },
};
