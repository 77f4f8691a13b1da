/** VirtualIPs that move together: those of one group, or a single one. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { byPrecedence, type Claimant } from "../allocate/age.ts";

/** What all VirtualIPs of a group must agree on, for every node must come in the same place for all of them. */
const agreed: [path: string, read: (spec: VirtualIPSpec) => unknown][] = [
  ["spec.nodes.selector", ({ nodes }) => nodes.selector ?? {}],
  ["spec.nodes.names", ({ nodes }) => nodes.names && new Set(nodes.names)],
  ["spec.nodes.maxCandidates", ({ nodes }) => nodes.maxCandidates],
  [
    "spec.nodes.overrides",
    ({ nodes }) => new Map((nodes.overrides ?? []).flatMap(({ name, priority }) => (priority ? [[name, priority]] : []))),
  ],
  ["spec.vrrp.preempt", ({ vrrp }) => vrrp.preempt],
];

export interface GroupClaim extends Claimant {
  spec: VirtualIPSpec;
}

/** Why VirtualIPs cannot be in the group that they name, by their names. Who was accepted first says how the group is. */
export function findGroupMismatches(claims: readonly GroupClaim[]): Map<string, string> {
  const groups = Map.groupBy([...claims].sort(byPrecedence), ({ spec }) => spec.group);
  groups.delete(undefined);
  return new Map(
    [...groups].flatMap(([group, [leader, ...others]]) => (leader ? others.flatMap((other) => mismatch(group, leader, other)) : [])),
  );
}

function mismatch(group: string | undefined, leader: GroupClaim, { name, spec }: GroupClaim): [string, string][] {
  const [path] = agreed.find(([, read]) => !isDeepStrictEqual(read(leader.spec), read(spec))) ?? [];
  if (path === undefined) return [];
  const what = path === "spec.nodes.overrides" ? `the priorities in ${path} differ` : `${path} differs`;
  return [
    [
      name,
      `${what} from what VirtualIP "${leader.name}" of the group "${group}" has: they must have the same candidates in the same order`,
    ],
  ];
}

/** The node that all members want to lead; what they say when they disagree. */
export function preferredOf(members: readonly { name: string; spec: VirtualIPSpec }[]): { preferred?: string; disagreement?: string } {
  const wishes = members.flatMap(({ name, spec }) => (spec.nodes.preferred === undefined ? [] : [{ name, node: spec.nodes.preferred }]));
  const nodes = new Set(wishes.map(({ node }) => node));
  if (nodes.size <= 1) return { preferred: wishes[0]?.node };
  const texts = wishes.map(({ name, node }) => `${name} ${node}`).join(", ");
  return { disagreement: `the VirtualIPs of the group name different nodes in spec.nodes.preferred: ${texts}` };
}
