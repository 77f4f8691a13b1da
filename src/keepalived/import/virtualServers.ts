/** The virtual servers of several nodes → VirtualServers: one for each service, on all nodes that have its VirtualIP. */
import { isDeepStrictEqual } from "node:util";
import { apiVersion, group } from "../../api/group.ts";
import type { VirtualServerInput } from "../../api/virtualServer.ts";
import { type Diagnostics, type Position, quote } from "../diagnostic.ts";
import { UniqueNames } from "../plan/names.ts";
import type { PlannedVirtualServer } from "../plan/virtualServers/plannedVirtualServer.ts";
import { servicesOf } from "../plan/virtualServers/sharedServices.ts";
import { type ImportedNode, leaderOf } from "./members.ts";
import type { ImportedVirtualIP, KubernetesObject } from "./virtualIPs.ts";

/** On a VirtualServer: what it was called. */
const serviceAnnotation = `${group}/virtual-server`;

/** A virtual server of a node. */
export interface ServiceMember {
  node: ImportedNode;
  planned: PlannedVirtualServer;
  at: Position;
}

export interface ImportedVirtualServer {
  /** At most one of each node, the one that decides first. */
  members: [ServiceMember, ...ServiceMember[]];
  object: KubernetesObject & { spec: VirtualServerInput };
}

export interface VirtualServersContext {
  nodes: readonly ImportedNode[];
  virtualIPs: readonly ImportedVirtualIP[];
  /** Of the objects. */
  namespace: string;
  diagnostics: Diagnostics;
}

export function makeVirtualServers(context: VirtualServersContext): ImportedVirtualServer[] {
  const services = new Map<string, ServiceMember[]>();
  for (const node of context.nodes) {
    for (const planned of node.loaded.virtualServers) {
      const key = servicesOf(planned).join(" ");
      services.set(key, [...(services.get(key) ?? []), { node, planned, at: planned.statement.position }]);
    }
  }
  const names = new UniqueNames();
  return [...services.values()].flatMap((members) => {
    const virtualIP = virtualIPOf(members, context.virtualIPs);
    const ordered = leaderFirst(members, virtualIP);
    const [leader] = ordered;
    if (!leader) return [];
    for (const member of ordered.slice(1)) compare(member, leader, context.diagnostics);
    reportMissing(ordered, leader, virtualIP, context);
    const metadata = {
      name: names.take(leader.planned.name),
      namespace: context.namespace,
      annotations: { [serviceAnnotation]: titleOf(leader.planned) },
    };
    const spec = specOf(leader.planned, virtualIP);
    return [{ members: [leader, ...ordered.slice(1)], object: { apiVersion, kind: "VirtualServer", metadata, spec } }];
  });
}

/** The VirtualIP that the instance has become which holds the addresses, on whichever node it does. */
function virtualIPOf(members: readonly ServiceMember[], virtualIPs: readonly ImportedVirtualIP[]): ImportedVirtualIP | undefined {
  return virtualIPs.find(({ cluster }) =>
    members.some(({ node, planned }) => cluster.some((one) => one.node === node && one.router.virtualIP === planned.virtualIP)),
  );
}

/** The node of the highest priority decides here, too. */
function leaderFirst(members: readonly ServiceMember[], virtualIP: ImportedVirtualIP | undefined): ServiceMember[] {
  const leading = virtualIP && leaderOf(virtualIP.cluster).node;
  const first = members.filter(({ node }) => node === leading);
  return [...first, ...members.filter((member) => !first.includes(member))];
}

/** `10.0.0.1 80`, `group web`, `fwmark 3` */
export function titleOf({ statement, spec, addresses, group: ofGroup }: PlannedVirtualServer): string {
  if (ofGroup) return `group ${ofGroup.text("name")}`;
  if (spec.firewallMark !== undefined) return `fwmark ${spec.firewallMark}`;
  return [addresses[0], statement.number("port") || []].flat().join(" ");
}

function specOf({ written, addresses }: PlannedVirtualServer, virtualIP: ImportedVirtualIP | undefined): VirtualServerInput {
  if (!virtualIP) return written;
  const { addresses: _, ...rest } = written;
  const { spec } = virtualIP.object;
  const all = [...spec.addresses, ...(spec.excludedAddresses ?? [])].length;
  return { virtualIP: virtualIP.object.metadata.name, ...(addresses.length < all && { addresses: [...addresses] }), ...rest };
}

/** As keepalived calls what a field is made of; other fields are called as they are. */
const words: Partial<Record<keyof VirtualServerInput, string>> = {
  scheduler: "lb_algo",
  schedulerFlags: "the flags of lb_algo",
  forwarding: "lb_kind",
  tunnel: "the tunnel of lb_kind",
  realServers: "real_server",
  sorryServer: "sorry_server",
  onFailure: "inhibit_on_failure",
  onePacket: "ops",
  suspendWithoutAddress: "ha_suspend",
  firewallMarkFamilies: "ip_family",
  notify: "what is told of changes",
};

/** A VirtualServer is the same on all its nodes. */
function compare({ planned, node: _, at }: ServiceMember, leader: ServiceMember, diagnostics: Diagnostics): void {
  const [mine, its] = [planned.written, leader.planned.written];
  const fields = [...new Set([...Object.keys(mine), ...Object.keys(its)])] as (keyof VirtualServerInput)[];
  for (const field of fields) {
    if (isDeepStrictEqual(mine[field], its[field])) continue;
    const what = `virtual_server ${titleOf(planned)}: ${words[field] ?? field} ${describe(mine[field], its[field], leader)}`;
    diagnostics.warning("difference", at, `${what}: that of ${leader.node.name} is taken for all`);
  }
}

function describe(mine: unknown, its: unknown, { node, at }: ServiceMember): string {
  const place = `${node.name} (${at.file}:${at.line})`;
  const isShort = [mine, its].every((value) => typeof value !== "object");
  return isShort ? `is ${String(mine ?? "none")}, and ${String(its ?? "none")} on ${place}` : `differs from ${place}`;
}

/** Nodes that will run it, and do not have it in their files. */
function reportMissing(
  members: readonly ServiceMember[],
  leader: ServiceMember,
  virtualIP: ImportedVirtualIP | undefined,
  { nodes, diagnostics }: VirtualServersContext,
): void {
  const isFree = ({ loaded }: ImportedNode) => loaded.virtualServers.some((planned) => planned.virtualIP === undefined);
  const runners = virtualIP ? virtualIP.cluster.map(({ node }) => node) : nodes.filter(isFree);
  for (const node of runners.filter((one) => members.every((member) => member.node !== one)))
    diagnostics.warning(
      "difference",
      leader.at,
      `virtual_server ${titleOf(leader.planned)} is not in the file of ${quote(node.name)}: the VirtualServer will run there, too`,
    );
}
