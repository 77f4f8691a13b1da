/** Chooses the nodes that take part in the election of a VirtualIP, and the interface each of them uses. Pure. */
import { formatAddress } from "../../api/ipAddress.ts";
import type { InterfaceSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { explicitInterface, type InterfaceChoice, searchInterfaces } from "../../plan/interfaces.ts";
import { byName } from "../allocate/age.ts";
import { matches } from "./selector.ts";

export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  deleting: boolean;
  /** The node is Ready and its agent reports. Counts only for a node that is no candidate yet. */
  alive: boolean;
  /** What the agent last reported; absent when it never did. */
  interfaces?: readonly InterfaceSubnets[];
}

export interface Candidate {
  node: string;
  interfaces: InterfaceChoice;
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
  spec: VirtualIPSpec;
  nodes: readonly NodeFacts[];
  /** Present candidates, best first, with the interfaces that they use. */
  current: ReadonlyMap<string, InterfaceChoice>;
  /** How many VirtualIPs each node is a candidate of. */
  load: ReadonlyMap<string, number>;
}

interface Fit {
  facts: NodeFacts;
  isCurrent: boolean;
  interfaces: InterfaceChoice;
  problem?: string;
}

/**
 * Current candidates stay while their node exists and is selected: neither silence nor a lost interface removes one, but one whose
 * interface is gone yields its place to a node that has one. Free places go to living nodes first, then to those with the least load.
 */
export function chooseCandidates({ spec, nodes, current, load }: CandidateQuestion): CandidateChoice {
  const selected = nodes.filter(({ deleting, labels }) => !deleting && matches(spec.nodes.selector ?? {}, labels));
  const fits = selected.map((facts) => fitNode(spec, facts, current.get(facts.name)));
  const positions = new Map([...current.keys()].map((node, position) => [node, position]));
  const loadOf = (fit: Fit) => positions.get(fit.facts.name) ?? load.get(fit.facts.name) ?? 0;
  const usable = fits.filter(({ problem, isCurrent }) => problem === undefined || isCurrent);
  usable.sort((a, b) => rankOf(a) - rankOf(b) || loadOf(a) - loadOf(b) || byName(a.facts, b.facts));
  const chosen = new Set(usable.slice(0, spec.nodes.maxCandidates));
  const unfit = fits.filter((fit) => fit.problem !== undefined && !chosen.has(fit));
  return {
    candidates: [...chosen].map(({ facts, interfaces, problem }) => ({
      node: facts.name,
      interfaces,
      ...(problem && { message: problem }),
    })),
    unfit: unfit.map(({ facts, problem = "" }) => ({ node: facts.name, message: problem })).sort((a, b) => (a.node < b.node ? -1 : 1)),
  };
}

/** A current candidate without any report may run as before; one that reports that its interface is gone does not. */
function rankOf({ isCurrent, problem, facts }: Fit): number {
  if (isCurrent) return problem === undefined || facts.interfaces === undefined ? 0 : 3;
  return facts.alive ? 1 : 2;
}

function fitNode(spec: VirtualIPSpec, facts: NodeFacts, current: InterfaceChoice | undefined): Fit {
  const found = findInterfaces(spec, facts, current ?? {});
  const isCurrent = current !== undefined;
  if (typeof found !== "string") return { facts, isCurrent, interfaces: found };
  // Recorded but nowhere running yet: nothing would be lost.
  const runs = Object.keys(current ?? {}).length > 0;
  return { facts, isCurrent: isCurrent && runs, interfaces: current ?? {}, problem: found };
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
