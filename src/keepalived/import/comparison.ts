/** In what the nodes of a virtual router must agree, and in what they had better. */
import { isDeepStrictEqual } from "node:util";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { strictTTL } from "../../api/vrrpParameters.ts";
import type { Diagnostics, Position } from "../diagnostic.ts";
import { type Cluster, leaderOf, type Member } from "./members.ts";

interface Agreement {
  /** As keepalived calls it. */
  name: string;
  field: keyof VirtualRouterSpec;
  read?(member: Member): unknown;
  /** For the message; left out where the value is long or secret. */
  show?(value: unknown): string;
}

const text = (value: unknown) => String(value ?? "none");

/** Where they differ, adverts are dropped, and there are two MASTERs. */
const mustAgree: readonly Agreement[] = [
  { name: "virtual_router_id", field: "virtualRouterID", show: text },
  { name: "version", field: "version", show: text },
  { name: "advert_int", field: "advertisementInterval", show: text },
  { name: "the password", field: "passwordRef", read: ({ password }) => password },
  { name: "the multicast group", field: "multicastGroup", show: (value) => text(value ?? "the default") },
  {
    name: "unicast_peer",
    field: "unicastPeers",
    read: ({ router }) => router.unicastPeers !== undefined,
    show: (value) => (value ? "given" : "none"),
  },
];

/** What a VirtualIP has once, for all its nodes. */
const hadBetterAgree: readonly Agreement[] = [
  { name: "nopreempt", field: "preempt" },
  { name: "preempt_delay", field: "preemptDelay", show: text },
  { name: "down_timer_adverts", field: "downTimerAdverts", show: text },
  { name: "garp_master_*", field: "announcements" },
  { name: "v3_checksum_as_v2", field: "checksum" },
  { name: "dont_track_primary", field: "trackPrimary" },
  { name: "use_vmac", field: "virtualMACInterface", read: ({ router }) => router.virtualMACInterface !== undefined },
  { name: "vmac_xmit_base", field: "advertsWithVirtualMAC" },
  { name: "unicast_ttl", field: "unicastTTL", show: (value) => text(value ?? strictTTL) },
  { name: "track_src_ip", field: "trackSourceAddress" },
  { name: "no_accept", field: "accept" },
  { name: "the sync group", field: "group", show: text },
  { name: "virtual_routes", field: "routes" },
  { name: "virtual_rules", field: "rules" },
  { name: "notify", field: "notify" },
];

/** `lb1 (lb1.conf:7)` */
function elsewhere({ node, place }: Member, field: keyof VirtualRouterSpec): string {
  const { file, line }: Position = place(field);
  return `${node.name} (${file}:${line})`;
}

/** Compares each node with the first, and in what may differ with the one that leads. */
export function compareMembers(cluster: Cluster, diagnostics: Diagnostics): void {
  const [first, ...others] = cluster;
  const leader = leaderOf(cluster);
  for (const member of others) {
    for (const agreement of mustAgree) {
      const message = difference(agreement, member, first);
      if (message !== undefined) diagnostics.error("difference", member.place(agreement.field), `${message}: the nodes must agree`);
    }
    compareAddresses(member, first, diagnostics);
  }
  for (const member of cluster) {
    if (member === leader) continue;
    for (const agreement of hadBetterAgree) {
      const message = difference(agreement, member, leader);
      const effect = "that of the node of the highest priority is taken for all";
      if (message !== undefined) diagnostics.warning("difference", member.place(agreement.field), `${message}: ${effect}`);
    }
  }
  comparePriorities(cluster, diagnostics);
  comparePeerTTLs(cluster, diagnostics);
}

/** A VirtualIP has one range for all peers: the widest, so that nobody becomes deaf to a peer. */
function comparePeerTTLs(cluster: Cluster, diagnostics: Diagnostics): void {
  const ranges = cluster.flatMap((member) =>
    (member.router.peerTTLs ?? []).map(({ minimum, maximum }) => ({ member, text: `${minimum}-${maximum}` })),
  );
  const other = ranges.find(({ text }) => text !== ranges[0]?.text);
  if (!other) return;
  const widest = "the widest range is taken for all";
  const message = `min_ttl and max_ttl give ${other.text} here, and ${ranges[0]?.text} elsewhere: ${widest}`;
  diagnostics.warning("difference", other.member.place("peerTTLs"), message);
}

function difference(
  { name, field, read = ({ router }) => router[field], show }: Agreement,
  member: Member,
  other: Member,
): string | undefined {
  const [mine, its] = [read(member), read(other)];
  if (isDeepStrictEqual(mine, its)) return undefined;
  return show
    ? `${name} is ${show(mine)}, and ${show(its)} on ${elsewhere(other, field)}`
    : `${name} differs from ${elsewhere(other, field)}`;
}

/** Those of the adverts, those that move along, and what they look like: a VirtualIP has one list of each. */
function compareAddresses(member: Member, first: Member, diagnostics: Diagnostics): void {
  const [mine, its] = [addressTexts(member), addressTexts(first)];
  for (const [address, options] of mine) {
    const other = its.get(address);
    const at = member.place("addresses");
    if (other === undefined)
      diagnostics.error(
        "difference",
        at,
        `${address} is not among the addresses of ${elsewhere(first, "addresses")}: the nodes must agree`,
      );
    else if (other !== options)
      diagnostics.error("difference", at, `${address} has other options than on ${elsewhere(first, "addresses")}: the nodes must agree`);
  }
  for (const address of its.keys())
    if (!mine.has(address))
      diagnostics.error(
        "difference",
        member.place("addresses"),
        `${address} of ${elsewhere(first, "addresses")} is missing: the nodes must agree`,
      );
}

function addressTexts({ router }: Member): Map<string, string> {
  return new Map(router.addresses.map(({ address, ...options }) => [address, JSON.stringify(Object.entries(options).sort())]));
}

function comparePriorities(cluster: Cluster, diagnostics: Diagnostics): void {
  const seen = new Map<number, Member>();
  for (const member of cluster) {
    const { priority } = member.router;
    const earlier = seen.get(priority);
    if (!earlier) seen.set(priority, member);
    else
      diagnostics.error(
        "difference",
        member.place("priority"),
        `priority is ${priority} on ${elsewhere(earlier, "priority")}, too: nodes of one priority would compare their addresses, so give each another`,
      );
  }
}
