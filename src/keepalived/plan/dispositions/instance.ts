/** vrrp_instance and vrrp_sync_group. */
import { all, becomes, type Dispositions, ignored, needless } from "../disposition.ts";
import { excludedAddressOptions, virtualAddressOptions, virtualRouteOptions, virtualRuleOptions } from "./lines.ts";
import { trackLists } from "./tracking.ts";

const notifications: Dispositions = {
  ...all(["notify", "notify_master", "notify_backup", "notify_fault", "notify_stop"], becomes("VirtualIP notify.programs")),
  notify_priority_changes: becomes("VirtualIP notify.priorityChanges"),
  smtp_alert: becomes("VirtualIP notify.mail"),
};

/** The same settings exist for one instance and, with `vrrp_` in front, for all. */
export const rivals: Dispositions = {
  garp_lower_prio_delay: needless("after a rival the addresses are announced as after a takeover"),
  garp_lower_prio_repeat: needless("after a rival the addresses are announced as after a takeover"),
  lower_prio_no_advert: needless("a rival is answered as RFC 9568 6.4.3 says"),
  higher_prio_send_advert: needless("a rival is answered as RFC 9568 6.4.3 says"),
  skip_check_adv_addr: needless("comparing the addresses costs nothing"),
  check_unicast_src: needless("only the peers are heard always"),
  garp_extra_if: ignored("garp_master_refresh announces the addresses on all their interfaces"),
};

export const announcements: Dispositions = {
  garp_master_delay: becomes("VirtualIP vrrp.gratuitousARP.at"),
  garp_master_repeat: becomes("VirtualIP vrrp.gratuitousARP.copies"),
  garp_master_refresh: becomes("VirtualIP vrrp.gratuitousARP.refresh"),
  garp_master_refresh_repeat: becomes("VirtualIP vrrp.gratuitousARP.refreshCopies"),
};

export const instance: Dispositions = {
  ...notifications,
  ...trackLists,
  ...rivals,
  ...announcements,
  state: needless("every instance begins as BACKUP, and the election decides"),
  interface: becomes("VirtualIP interface"),
  vrf: ignored("the instance runs on its interface"),
  use_vmac: becomes("VirtualIP vrrp.virtualMAC"),
  use_vmac_addr: ignored("only addresses on the instance's own interface have the virtual router MAC address"),
  vmac_xmit_base: becomes("VirtualIP vrrp.advertsWithVirtualMAC"),
  use_ipvlan: ignored("an ipvlan is not offered; the addresses stand on the interface itself, which has the same MAC address"),
  native_ipv6: needless("the addresses say which family it is"),
  dont_track_primary: becomes("VirtualIP vrrp.trackPrimary"),
  mcast_src_ip: becomes("VirtualIP nodes.overrides[].sourceAddress"),
  unicast_src_ip: becomes("VirtualIP nodes.overrides[].sourceAddress"),
  mcast_dst_ip: becomes("VirtualIP vrrp.multicastGroup"),
  track_src_ip: becomes("VirtualIP vrrp.trackSourceAddress"),
  version: becomes("VirtualIP vrrp.version"),
  unicast_peer: becomes("VirtualIP vrrp.unicastPeers", {
    options: { min_ttl: becomes("VirtualIP vrrp.minimumTTL"), max_ttl: becomes("VirtualIP vrrp.maximumTTL") },
  }),
  unicast_fault_no_peer: needless("unicast without a peer is an error"),
  unicast_ttl: becomes("VirtualIP vrrp.unicastTTL"),
  old_unicast_checksum: ignored("the checksum of releases before 1.3.7 is not offered"),
  down_timer_adverts: becomes("VirtualIP vrrp.downTimerAdverts"),
  virtual_router_id: becomes("VirtualIP vrrp.virtualRouterID"),
  priority: becomes("VirtualIP nodes.overrides[].priority"),
  advert_int: becomes("VirtualIP vrrp.advertisementInterval"),
  authentication: becomes("VirtualIP vrrp.authentication", {
    block: { auth_type: becomes("VirtualIP vrrp.authentication.type"), auth_pass: becomes("Secret stringData.password") },
  }),
  virtual_ipaddress: becomes("VirtualIP addresses", { options: virtualAddressOptions }),
  virtual_ipaddress_excluded: becomes("VirtualIP excludedAddresses", { options: excludedAddressOptions }),
  promote_secondaries: needless("an address that the kernel takes along with another is set again"),
  virtual_routes: becomes("VirtualIP routes", { options: virtualRouteOptions }),
  virtual_rules: becomes("VirtualIP rules", { options: virtualRuleOptions }),
  ...all(["accept", "no_accept"], becomes("VirtualIP vrrp.accept")),
  ...all(["nopreempt", "preempt"], becomes("VirtualIP vrrp.preempt")),
  preempt_delay: becomes("VirtualIP vrrp.preemptDelay"),
  strict_mode: becomes("VirtualIP vrrp"),
  debug: needless("keepalived does nothing with it either"),
  notify_master_rx_lower_pri: becomes("VirtualIP notify.programs"),
  notify_deleted: becomes("VirtualIP notify.programs"),
  kernel_rx_buf_size: needless("the sockets are shared, and large enough"),
  linkbeat_use_polling: needless("the kernel tells of a lost carrier by itself"),
  v3_checksum_as_v2: becomes("VirtualIP vrrp.checksum"),
};

export const syncGroup: Dispositions = {
  ...notifications,
  ...trackLists,
  group: becomes("VirtualIP group"),
  ...all(["global_tracking", "sync_group_tracking_weight"], becomes("VirtualIP track[].weight")),
};
