/** The whole of keepalived.conf. */
import { all, becomes, type Dispositions, ignored, later, needless, refused } from "../disposition.ts";
import { globalDefs } from "./globalDefs.ts";
import { instance, syncGroup } from "./instance.ts";
import { staticAddressOptions, staticRouteOptions, staticRuleOptions } from "./lines.ts";
import { file, process, script } from "./tracking.ts";
import { virtualServers } from "./virtualServer.ts";

export const dispositions: Dispositions = {
  net_namespace: refused("start the agent in it: ip netns exec NAME aloft agent"),
  net_namespace_ipvs: refused("start the agent in it: ip netns exec NAME aloft agent"),
  namespace_with_ipsets: needless("no ipset is used"),
  instance: needless("agents on one host are told apart by --state-dir"),
  use_pid_dir: needless("the agent writes no PID file"),
  linkbeat_use_polling: needless("the kernel tells of a lost carrier by itself"),
  child_wait_time: needless("it is one process"),
  global_defs: becomes("AgentConfig", { block: globalDefs }),
  linkbeat_interfaces: needless("the kernel tells of a lost carrier by itself"),
  interface_up_down_delays: becomes("AgentConfig interfaces"),
  track_group: ignored("the loss of a static entry does not make an instance FAULT; it is set again", {
    block: { group: needless("there is no group to be formed") },
  }),
  static_ipaddress: becomes("AgentConfig static.addresses", { options: staticAddressOptions }),
  static_routes: becomes("AgentConfig static.routes", { options: staticRouteOptions }),
  static_rules: becomes("AgentConfig static.rules", { options: staticRuleOptions }),
  track_file: becomes("VirtualIP track[].file", { block: file }),
  vrrp_track_process: becomes("VirtualIP track[].process", { block: process }),
  bfd_instance: later("BFD"),
  vrrp_script: becomes("VirtualIP track[].exec", { block: script }),
  vrrp_sync_group: becomes("VirtualIP group", { block: syncGroup }),
  garp_group: becomes("AgentConfig announcementPacing", {
    block: {
      garp_interval: becomes("AgentConfig announcementPacing[].gratuitousARP"),
      gna_interval: becomes("AgentConfig announcementPacing[].unsolicitedNA"),
      ...all(["interface", "interfaces"], becomes("AgentConfig announcementPacing[].interfaces")),
    },
  }),
  vrrp_instance: becomes("VirtualIP", { block: instance }),
  ...virtualServers,
};
