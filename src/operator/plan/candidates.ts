/** Chooses the nodes that take part in an election, and the interface each of them uses for each VirtualIP that moves with it. Pure. */
import { formatAddress } from "../../api/ipAddress.ts";
import type { InterfaceSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { explicitInterface, type InterfaceChoice, searchInterfaces } from "../../plan/interfaces.ts";
import { matches } from "../../plan/selector.ts";
import { byName } from "../allocate/age.ts";

export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  deleting: boolean;
  /** Somebody asked it to hand over all that it holds. */
  draining: boolean;
  /** The node is Ready and its agent reports. Counts only for a node that is no candidate yet. */
  alive: boolean;
  /** What the agent last reported; absent when it never did. */
  interfaces?: readonly InterfaceSubnets[];
}

/** A VirtualIP of those that move together. */
export interface Member {
  name: string;
  spec: VirtualIPSpec;
  /** The interfaces that its present candidates use. */
  interfaces: ReadonlyMap<string, InterfaceChoice>;
}

export interface Candidate {
  node: string;
  /** By name of the member. */
  interfaces: ReadonlyMap<string, InterfaceChoice>;
  /** What is wrong with a node that nevertheless stays. */
  message?: string;
}

export interface CandidateChoice {
  /** Those that were candidates before come first, best first. */
  candidates: Candidate[];
  /** Selected nodes that cannot take part, and why. */
  unfit: { node: string; message: string }[];
}

export interface CandidateQuestion {
  /** VirtualIPs that move together, at least one; the first one's spec.nodes is that of all. */
  members: readonly Member[];
  nodes: readonly NodeFacts[];
  /** Present candidates, best first. */
  current: readonly string[];
  /** Nodes that answer for any of the addresses now, or may do so in a moment. */
  needed: ReadonlySet<string>;
  /** How many VirtualIPs each node is a candidate of. */
  load: ReadonlyMap<string, number>;
}

interface Fit {
  facts: NodeFacts;
  isCurrent: boolean;
  interfaces: ReadonlyMap<string, InterfaceChoice>;
  problem?: string;
}

export const drainMessage = "is being drained";

/**
 * Current candidates stay while their node exists and is selected: neither silence nor a lost interface removes one, but one whose
 * interface is gone yields its place to a node that has one. Free places go to living nodes first, then to those with the least load.
 * A node that is being drained has no place, but stays besides the others until it has handed over.
 */
export function chooseCandidates({ members, nodes, current, needed, load }: CandidateQuestion): CandidateChoice {
  const { maxCandidates = 1, ...choice } = members[0]?.spec.nodes ?? {};
  const selected = nodes.filter((node) => !node.deleting && isSelected(choice, node));
  const positions = new Map(current.map((node, position) => [node, position]));
  const fits = selected.map((facts) => fitNode(members, facts, positions.has(facts.name)));
  const loadOf = (fit: Fit) => positions.get(fit.facts.name) ?? load.get(fit.facts.name) ?? 0;
  const usable = fits.filter(({ problem, isCurrent, facts }) => !facts.draining && (problem === undefined || isCurrent));
  usable.sort((a, b) => rankOf(a) - rankOf(b) || loadOf(a) - loadOf(b) || byName(a.facts, b.facts));
  const leaving = fits.filter(({ facts, isCurrent }) => facts.draining && isCurrent && needed.has(facts.name));
  const chosen = new Set([...usable.slice(0, maxCandidates), ...leaving]);
  const unfit = fits.filter((fit) => messageOf(fit) !== undefined && !chosen.has(fit));
  return {
    candidates: [...chosen].map((fit) => ({ node: fit.facts.name, interfaces: fit.interfaces, ...withMessage(messageOf(fit)) })),
    unfit: unfit.map((fit) => ({ node: fit.facts.name, message: messageOf(fit) ?? "" })).sort((a, b) => (a.node < b.node ? -1 : 1)),
  };
}

/** Whether the user lets the node take part. */
function isSelected({ selector = {}, names }: Pick<VirtualIPSpec["nodes"], "selector" | "names">, { name, labels }: NodeFacts): boolean {
  return matches(selector, labels) && names?.includes(name) !== false;
}

function messageOf({ facts, problem }: Fit): string | undefined {
  return facts.draining ? drainMessage : problem;
}

function withMessage(message: string | undefined) {
  return message === undefined ? {} : { message };
}

/** A current candidate without any report may run as before; one that reports that its interface is gone does not. */
function rankOf({ isCurrent, problem, facts }: Fit): number {
  if (isCurrent) return problem === undefined || facts.interfaces === undefined ? 0 : 3;
  return facts.alive ? 1 : 2;
}

function fitNode(members: readonly Member[], facts: NodeFacts, isCurrent: boolean): Fit {
  const interfaces = new Map<string, InterfaceChoice>();
  const problems: string[] = [];
  for (const { name, spec, interfaces: used } of members) {
    const present = used.get(facts.name) ?? {};
    const found = findInterfaces(spec, facts, present);
    if (typeof found === "string") problems.push(members.length > 1 ? `${name}: ${found}` : found);
    interfaces.set(name, typeof found === "string" ? present : found);
  }
  const [problem] = problems;
  if (problem === undefined) return { facts, isCurrent, interfaces };
  // Recorded but nowhere running yet: nothing would be lost.
  const runs = members.some((member) => Object.keys(member.interfaces.get(facts.name) ?? {}).length > 0);
  return { facts, isCurrent: isCurrent && runs, interfaces, problem };
}

/** The interface of each family, or why there is none. */
function findInterfaces(spec: VirtualIPSpec, { name, interfaces }: NodeFacts, current: InterfaceChoice): InterfaceChoice | string {
  if (interfaces === undefined) return "no agent has reported";
  const explicit = explicitInterface(spec, name);
  if (explicit !== undefined && !interfaces.some((candidate) => candidate.name === explicit)) return `interface ${explicit} does not exist`;
  const { interfaces: found, missing } = searchInterfaces(spec, name, interfaces, current);
  const [first] = missing;
  return first ? `no interface holds ${formatAddress(first[1])}` : found;
}
