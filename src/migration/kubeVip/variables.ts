/** What becomes of each variable of kube-vip's environment. */
import type { Manifest } from "../manifest.ts";

/** Told of only where they are on: a text other than these. */
const off = new Set(["", "false", "0"]);

const bgp = "BGP is not offered";
const egress = "egress is not offered";
const mode = "addresses are answered for by ARP and Neighbor Discovery alone";

/** What has nothing like it. */
const missing: Readonly<Record<string, string>> = {
  bgp_enable: bgp,
  zebra_enable: bgp,
  vip_routingtable: mode,
  vip_wireguard: mode,
  vip_ddns: "DHCP is not offered",
  enable_upnp: "UPnP is not offered",
  enableUPNP: "UPnP is not offered",
  egress_podcidr: egress,
  egress_servicecidr: egress,
  egress_withnftables: egress,
  lb_enable: "the node that answers is the one whose API server is asked: a VirtualServer on the VirtualIP may share it out",
  vip_preserve_on_leadership_loss: "an address that a node has lost goes; without the API server nothing is lost",
  enable_service_security: "ports that no Service has are not blocked",
  mirror_dest_interface: "traffic is not mirrored",
  enable_node_labeling: "who answers stands in the status of the VirtualIP, and on no node",
  vip_arpRate: "announcements are repeated on VRRP's schedule: spec.vrrp.gratuitousARP of a VirtualIP",
};

/** What is read here, what says how kube-vip itself runs, and what follows from one of `missing`. */
const understood = new Set([
  ...["vip_arp", "address", "vip_address", "port", "vip_interface", "vip_servicesinterface", "cp_enable", "svc_enable", "vip_nodename"],
  ...["cp_namespace", "svc_namespace", "svc_election", "svc_leasename", "vip_leaderelection", "vip_leasename", "vip_leaseduration"],
  ...["vip_renewdeadline", "vip_retryperiod", "vip_leaseannotations", "vip_loglevel", "prometheus_server", "health_check_port"],
  ...[
    "vip_subnet",
    "vip_cidr",
    "dns_mode",
    "dhcp_mode",
    "lb_port",
    "lb_fwdmethod",
    "lb_class_only",
    "lb_class_name",
    "lb_class_legacy_handling",
  ],
  ...["instance_name", "k8s_config_file", "kubernetes_addr", "enable_endpoints", "disable_service_updates", "debounce_time"],
  ...["vip_singlenode", "vip_startleader", "vip_skipdad", "vip_allow_interface_not_up", "vip_interfaceloglobal"],
  ...["vip_loseleadership", "vip_loseleadership_timeout_seconds", "cp_detect", "dhcp_backoff_attempts", "backend_health_check_interval"],
  ...["per_service_election_on_demand", "iptables_backend", "egress_clean", "egress_enableinternalsnat"],
]);
const understoodPrefixes = ["bgp_", "zebra_", "mpbgp_", "vip_routing", "control_plane_health_check_"];

export function reportVariable(manifest: Manifest, path: PropertyKey[], name: string, text: string): void {
  const reason = Object.hasOwn(missing, name) ? missing[name] : undefined;
  if (reason !== undefined) {
    if (!off.has(text)) manifest.warn(path, `${name}: ${reason}`, "not-offered");
  } else if (!understood.has(name) && !understoodPrefixes.some((prefix) => name.startsWith(prefix)))
    manifest.warn(path, `${name}: unknown here: ignored`, "unknown-keyword");
}
