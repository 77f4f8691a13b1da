/** What may stand outside any block: the whole grammar of keepalived.conf, release 2.2.7. */
import { staticAddresses, staticRoutes, staticRules } from "./addresses.ts";
import { globalDefs } from "./globalDefs.ts";
import { flag, named, one, optional, section } from "./settings.ts";
import { bfdInstance, garpGroup, interfaceDelays, linkbeatInterfaces, trackFile, trackProcess, vrrpScript } from "./tracking.ts";
import type { BlockGrammar, Keyword } from "./types.ts";
import { integer, name } from "./values.ts";
import { ssl, virtualServer, virtualServerGroup, virtualServerHead } from "./virtualServer.ts";
import { trackGroup, vrrpInstance, vrrpSyncGroup } from "./vrrp.ts";

const several = { repeatable: true };

export const configuration: BlockGrammar = {
  name: "the configuration",
  keywords: {
    net_namespace: one(name),
    net_namespace_ipvs: optional(name),
    namespace_with_ipsets: flag,
    instance: one(name),
    use_pid_dir: flag,
    linkbeat_use_polling: flag,
    child_wait_time: one(integer(0, 2_147_483_647)),
    global_defs: section(globalDefs, several),
    linkbeat_interfaces: section(linkbeatInterfaces, several),
    interface_up_down_delays: section(interfaceDelays, several),
    track_group: named(trackGroup),
    static_ipaddress: section(staticAddresses, several),
    static_routes: section(staticRoutes, several),
    static_rules: section(staticRules, several),
    track_file: named(trackFile),
    vrrp_track_file: named(trackFile, { sameAs: "track_file" }),
    vrrp_track_process: named(trackProcess),
    bfd_instance: named(bfdInstance),
    vrrp_script: named(vrrpScript),
    vrrp_sync_group: named(vrrpSyncGroup),
    garp_group: section(garpGroup, several),
    vrrp_instance: named(vrrpInstance),
    virtual_server_group: named(virtualServerGroup),
    virtual_server: { ...virtualServerHead, block: virtualServer, repeatable: true },
    SSL: section(ssl),
  },
};

/** Keywords whose lines know single quotes and escapes. */
export function escapedKeywords(root: BlockGrammar): Set<string> {
  const found = new Set<string>();
  for (const { keywords } of allBlocks(root)) {
    for (const [word, { args }] of Object.entries(keywords)) if (args.some(({ type }) => type.escaped)) found.add(word);
  }
  return found;
}

/** A block and all blocks below it, each once, the outer ones first. */
export function allBlocks(root: BlockGrammar): Set<BlockGrammar> {
  const blocks = new Set([root]);
  for (const block of blocks) {
    for (const { block: inner } of Object.values<Keyword>(block.keywords)) if (inner) blocks.add(inner);
  }
  return blocks;
}
