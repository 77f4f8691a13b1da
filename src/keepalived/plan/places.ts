/** Where in the files what the plan holds was written, so that whoever refuses a part of it later can say the line. */
import { formatAddress } from "../../api/ipAddress.ts";
import type { NodeAgentSpec, Notify, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import type { Position } from "../diagnostic.ts";
import type { Checks } from "./checks.ts";
import { programKeywords } from "./notifications.ts";
import type { PlannedVirtualServer } from "./virtualServers/plannedVirtualServer.ts";
import type { PlannedServer } from "./virtualServers/realServers.ts";

/** By the path in the spec: `virtualRouters[0].addresses[2]`. What has no place of its own has that of what it is part of. */
export type Places = ReadonlyMap<string, Position>;

/** The keywords that say a field of a virtual router. */
const fieldKeywords: Partial<Record<keyof VirtualRouterSpec, readonly string[]>> = {
  interface: ["interface"],
  virtualRouterID: ["virtual_router_id"],
  version: ["version"],
  priority: ["priority"],
  advertisementInterval: ["advert_int"],
  preempt: ["nopreempt"],
  preemptDelay: ["preempt_delay"],
  downTimerAdverts: ["down_timer_adverts"],
  addresses: ["virtual_ipaddress", "virtual_ipaddress_excluded"],
  sourceAddress: ["mcast_src_ip", "unicast_src_ip"],
  multicastGroup: ["mcast_dst_ip"],
  trackSourceAddress: ["track_src_ip"],
  unicastPeers: ["unicast_peer"],
  peerTTLs: ["unicast_peer"],
  unicastTTL: ["unicast_ttl"],
  passwordRef: ["authentication"],
  virtualMACInterface: ["use_vmac"],
  advertsWithVirtualMAC: ["vmac_xmit_base"],
  accept: ["accept", "no_accept", "strict_mode"],
  track: ["track_interface", "track_script", "track_file", "track_process"],
  routes: ["virtual_routes"],
  rules: ["virtual_rules"],
};

export interface Planned {
  spec: NodeAgentSpec;
  config: CheckedBlock;
  /** Those of spec.virtualRouters, in order. */
  instances: readonly CheckedStatement[];
  checks: Checks;
  virtualServers: readonly PlannedVirtualServer[];
  /** Of each of them the real servers. */
  servers: readonly (readonly PlannedServer[])[];
}

export function locate({ spec, config, instances, checks, virtualServers, servers }: Planned): Places {
  const places = new Map<string, Position>();
  const put = (path: string, statement: CheckedStatement | undefined) => statement && places.set(path, statement.position);
  spec.virtualRouters.forEach((router, index) => {
    locateRouter(`virtualRouters[${index}]`, router, instances[index], put);
  });
  for (const [index, { name }] of (spec.groups ?? []).entries()) {
    const group = config.all("vrrp_sync_group").find((statement) => statement.text("name") === name);
    put(`groups[${index}]`, group);
    locatePrograms(`groups[${index}]`, spec.groups?.[index]?.notify, group?.block, put);
  }
  for (const [index, statement] of checks.plannedStatements.entries()) {
    put(`checks[${index}]`, statement);
    for (const keyword of ["script", "file", "process"])
      put(`checks[${index}].${keyword === "script" ? "exec" : keyword}`, statement.block?.last(keyword));
    put(`checks[${index}].file.create`, statement.block?.last("init_file"));
  }
  for (const [index, { statement, group }] of virtualServers.entries()) {
    const path = `virtualServers[${index}]`;
    put(path, statement);
    put(`${path}.addresses`, group);
    for (const [field, keyword] of Object.entries(quorumPrograms)) put(`${path}.notify.${field}`, statement.block?.last(keyword));
    for (const [number, server] of (servers[index] ?? []).entries()) locateServer(`${path}.realServers[${number}]`, server, put);
  }
  const lists = { addresses: "static_ipaddress", routes: "static_routes", rules: "static_rules" };
  for (const [field, keyword] of Object.entries(lists)) {
    put(`static.${field}`, config.last(keyword));
    config.items(keyword).forEach((line, index) => {
      put(`static.${field}[${index}]`, line);
    });
  }
  return places;
}

type Put = (path: string, statement: CheckedStatement | undefined) => void;

function locateRouter(path: string, router: VirtualRouterSpec, instance: CheckedStatement | undefined, put: Put): void {
  const block = instance?.block;
  if (!block) return;
  put(path, instance);
  for (const [field, keywords] of Object.entries(fieldKeywords))
    put(
      `${path}.${field}`,
      block.statements.findLast(({ keyword }) => keywords.includes(keyword)),
    );
  const lines = new Map(
    ["virtual_ipaddress", "virtual_ipaddress_excluded"]
      .flatMap((list) => block.items(list))
      // The first one of an address that stands there twice is the one that counts.
      .toReversed()
      .flatMap((line) => {
        const address = line.address();
        return address ? [[formatAddress(address), line] as const] : [];
      }),
  );
  for (const [index, { address }] of router.addresses.entries()) put(`${path}.addresses[${index}]`, lines.get(address.split("/")[0] ?? ""));
  for (const [field, keyword] of [
    ["routes", "virtual_routes"],
    ["rules", "virtual_rules"],
  ] as const)
    for (const [index, line] of block.items(keyword).entries()) put(`${path}.${field}[${index}]`, line);
  locatePrograms(path, router.notify, block, put);
}

function locatePrograms(path: string, notify: Notify | undefined, block: CheckedBlock | undefined, put: Put): void {
  if (!notify?.programs || !block) return;
  const written = programKeywords.flatMap((keyword) => block.last(keyword) ?? []).filter((statement) => statement.command());
  for (const [index, statement] of written.entries()) put(`${path}.notify.programs[${index}]`, statement);
}

const quorumPrograms = { quorumUp: "quorum_up", quorumDown: "quorum_down" };
const serverPrograms = { up: "notify_up", down: "notify_down" };

function locateServer(path: string, { statement, checks }: PlannedServer, put: Put): void {
  put(path, statement);
  for (const [field, keyword] of Object.entries(serverPrograms)) put(`${path}.notify.${field}`, statement.block?.last(keyword));
  for (const [index, { check, statement: checker }] of checks.entries()) {
    put(`${path}.healthChecks[${index}]`, checker);
    if (check.exec) put(`${path}.healthChecks[${index}].exec`, checker.block?.last("misc_path"));
  }
}
