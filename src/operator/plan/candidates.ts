/** Chooses the nodes that take part in an election, and the interface each of them uses for each VirtualIP that moves with it. Pure. */
import { formatAddress } from "../../api/ipAddress.ts";
import { excludeLabel, outOfServiceTaint } from "../../api/service.ts";
import type { InterfaceSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { explicitInterface, type InterfaceChoice, searchInterfaces } from "../../plan/interfaces.ts";
import { memoized } from "../../plan/memoized.ts";
import { matches } from "../../plan/selector.ts";
import { byName } from "../allocate/age.ts";

export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  deleting: boolean;
  /** Somebody asked it to hand over all that it holds. */
  draining: boolean;
  /** Somebody says that it is shut down. */
  outOfService: boolean;
  /** The node is Ready and its agent reports. Of a candidate it counts only when it is out of service, too. */
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
  /** Candidates that hand over what they hold, and then are none; with the reason. */
  departing: ReadonlyMap<string, string>;
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
  departure?: Departure;
}

/** Why a node shall take part no more. */
interface Departure {
  message: string;
  /** Where nobody else can take over it goes at once: its user has said where the addresses may be, and not that they shall be elsewhere. */
  isStrict: boolean;
}

const departures = {
  outOfService: { message: `has the taint ${outOfServiceTaint}`, isStrict: false },
  draining: { message: "is being drained", isStrict: false },
  excluded: { message: `has the label ${excludeLabel}`, isStrict: true },
  deselected: { message: "is no longer selected", isStrict: true },
} satisfies Record<string, Departure>;

/**
 * Current candidates stay while their node exists and is selected: neither silence nor a lost interface removes one, but one whose
 * interface is gone yields its place to a node that has one. Free places go to living nodes first, then to those with the least load.
 * A node that departs has no place, but stays besides the others until it has handed over.
 */
export function chooseCandidates({ members, nodes, current, needed, load }: CandidateQuestion): CandidateChoice {
  const { maxCandidates = 1, ...choice } = members[0]?.spec.nodes ?? {};
  const positions = new Map(current.map((node, position) => [node, position]));
  const concerned = nodes.filter(
    (node) => !node.deleting && (isSelected(choice, node) || isExcluded(choice, node) || positions.has(node.name)),
  );
  const fits = concerned.map((facts) => fitNode(members, facts, positions.has(facts.name), departureOf(choice, facts)));
  const loadOf = (fit: Fit) => positions.get(fit.facts.name) ?? load.get(fit.facts.name) ?? 0;
  const usable = fits.filter(({ departure, problem, isCurrent }) => !departure && (problem === undefined || isCurrent));
  usable.sort((a, b) => rankOf(a) - rankOf(b) || loadOf(a) - loadOf(b) || byName(a.facts, b.facts));
  const leaving = fits.filter(({ departure, isCurrent, facts }) => {
    const isNeeded = isCurrent && needed.has(facts.name) && !isNamedOut(choice, facts);
    if (!departure || !isNeeded) return false;
    // The last that it said may be from before it was shut down.
    if (facts.outOfService && !facts.alive) return false;
    return !departure.isStrict || usable.length > 0;
  });
  const chosen = new Set([...usable.slice(0, maxCandidates), ...leaving]);
  const unfit = fits.filter((fit) => messageOf(fit) !== undefined && !chosen.has(fit) && fit.departure !== departures.deselected);
  return {
    candidates: [...chosen].map((fit) => ({ node: fit.facts.name, interfaces: fit.interfaces, ...withMessage(messageOf(fit)) })),
    unfit: unfit.map((fit) => ({ node: fit.facts.name, message: messageOf(fit) ?? "" })).sort((a, b) => (a.node < b.node ? -1 : 1)),
    departing: new Map(leaving.map((fit) => [fit.facts.name, messageOf(fit) ?? ""])),
  };
}

type Choice = Pick<VirtualIPSpec["nodes"], "selector" | "names">;

/** Whether the user lets the node take part. */
function isSelected({ selector = {}, names }: Choice, { name, labels }: Pick<NodeFacts, "name" | "labels">): boolean {
  return matches(selector, labels) && names?.includes(name) !== false;
}

/** Whether nothing but the label keeps it out. VirtualIPs that do not serve Services may be had by such nodes: kubeadm has it on control planes. */
function isExcluded(choice: Choice, { name, labels }: NodeFacts): boolean {
  const { [excludeLabel]: label, ...others } = labels;
  return label !== undefined && !isSelected(choice, { name, labels }) && isSelected(choice, { name, labels: others });
}

/** The names are those of nodes with ready endpoints: one that is left out has none any more, and every moment that it stays is lost. */
function isNamedOut({ names }: Choice, { name, labels }: NodeFacts): boolean {
  return names?.includes(name) === false && !Object.hasOwn(labels, excludeLabel);
}

function departureOf(choice: Choice, facts: NodeFacts): Departure | undefined {
  if (facts.outOfService) return departures.outOfService;
  if (facts.draining) return departures.draining;
  if (isSelected(choice, facts)) return undefined;
  return Object.hasOwn(facts.labels, excludeLabel) ? departures.excluded : departures.deselected;
}

function messageOf({ departure, problem }: Fit): string | undefined {
  return departure?.message ?? problem;
}

function withMessage(message: string | undefined) {
  return message === undefined ? {} : { message };
}

/** A current candidate without any report may run as before; one that reports that its interface is gone does not. */
function rankOf({ isCurrent, problem, facts }: Fit): number {
  if (isCurrent) return problem === undefined || facts.interfaces === undefined ? 0 : 3;
  return facts.alive ? 1 : 2;
}

function fitNode(members: readonly Member[], facts: NodeFacts, isCurrent: boolean, departure: Departure | undefined): Fit {
  const interfaces = new Map<string, InterfaceChoice>();
  const problems: string[] = [];
  for (const { name, spec, interfaces: used } of members) {
    const present = used.get(facts.name) ?? {};
    const found = findInterfaces(spec, facts, present);
    if (typeof found === "string") problems.push(members.length > 1 ? `${name}: ${found}` : found);
    interfaces.set(name, typeof found === "string" ? present : found);
  }
  const [problem] = problems;
  if (problem === undefined) return { facts, isCurrent, interfaces, departure };
  // Recorded but nowhere running yet: nothing would be lost.
  const runs = members.some((member) => Object.keys(member.interfaces.get(facts.name) ?? {}).length > 0);
  return { facts, isCurrent: isCurrent && runs, interfaces, problem, departure };
}

/** The interface of each family, or why there is none. */
function findInterfaces(spec: VirtualIPSpec, { name, interfaces }: NodeFacts, current: InterfaceChoice): InterfaceChoice | string {
  if (interfaces === undefined) return "no agent has reported";
  return searchOf(spec)(interfaces, name, current.IPv4, current.IPv6);
}

const searchOf = memoized((spec: VirtualIPSpec) =>
  memoized((interfaces: readonly InterfaceSubnets[], node: string, IPv4: string | undefined, IPv6: string | undefined) => {
    const explicit = explicitInterface(spec, node);
    if (explicit !== undefined && !interfaces.some(({ name }) => name === explicit)) return `interface ${explicit} does not exist`;
    const { interfaces: found, missing } = searchInterfaces(spec, node, interfaces, { IPv4, IPv6 });
    const [first] = missing;
    return first ? `no interface holds ${formatAddress(first[1])}` : found;
  }),
);
