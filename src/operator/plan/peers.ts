/**
 * Unicast: who sends adverts to whom. Pure.
 *
 * A node hears its peers alone, so two rules keep everybody heard: who joins starts only once all that run have it in their lists, and who
 * leaves stays in the lists until it runs no more.
 */
import { isLinkLocalIPv6Text } from "../../api/addressRules.ts";
import { type Family, formatAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { familiesOf } from "../../plan/addresses.ts";
import type { InterfaceChoice } from "../../plan/interfaces.ts";
import { sourceAddressOf } from "../../plan/virtualRouters.ts";
import type { AgentView } from "./cluster.ts";
import type { RouterReport } from "./reports.ts";

export type AddressByFamily = Partial<Record<Family, string>>;

export interface PeerQuestion {
  spec: VirtualIPSpec;
  candidates: readonly { node: string; interfaces: InterfaceChoice }[];
  agents: ReadonlyMap<string, AgentView>;
  /** Nodes of which the kubelet reports too: a silent agent on one of those may still run. */
  readyNodes: ReadonlySet<string>;
  /** What the NodeAgents ask for, by node. */
  running: ReadonlyMap<string, readonly VirtualRouterSpec[]>;
  reports: readonly RouterReport[];
}

/** How one candidate sends its adverts; with `waitsFor` it does not yet. */
export interface Seating {
  peers: Partial<Record<Family, string[]>>;
  sourceAddress: AddressByFamily;
  waitsFor?: string;
}

/** The seating of every candidate, by node. */
export function seatPeers(question: PeerQuestion): Map<string, Seating> {
  const { spec, candidates, running } = question;
  const wanted = familiesOf(spec);
  const sources = new Map(candidates.map(({ node, interfaces }) => [node, sourcesOf(question, node, interfaces)]));
  const leaving = leaversOf(question, new Set(sources.keys()));
  return new Map(
    candidates.map(({ node }) => {
      const sourceAddress = sources.get(node) ?? {};
      const others = [...[...sources].filter(([other]) => other !== node).map(([, source]) => source), ...leaving];
      const peers = Object.fromEntries(wanted.map((family) => [family, distinct(others.flatMap((source) => source[family] ?? []))]));
      const waitsFor = running.has(node) ? undefined : obstacleOf(question, sourceAddress);
      return [node, { peers, sourceAddress, ...(waitsFor !== undefined && { waitsFor }) }];
    }),
  );
}

/** What the others shall know it by: what the user says, what it uses already, or the first fitting address of its interface. */
function sourcesOf({ spec, agents, running }: PeerQuestion, node: string, interfaces: InterfaceChoice): AddressByFamily {
  const found: AddressByFamily = {};
  for (const family of familiesOf(spec)) {
    const reported = agents.get(node)?.status.interfaces?.find(({ name }) => name === interfaces[family])?.addresses ?? [];
    const usable = reported.flatMap((text) => usableAddress(text, family) ?? []);
    const used = running.get(node)?.find((router) => router.family === family)?.sourceAddress;
    const kept = used !== undefined && (usable.includes(used) || reported.length === 0) ? used : usable[0];
    const source = sourceAddressOf(spec, node, family) ?? kept;
    if (source !== undefined) found[family] = source;
  }
  return found;
}

/** IPv6 adverts come from a link-local address (RFC 9568 §5.1.2.1). */
function usableAddress(text: string, family: Family): string | undefined {
  const prefix = parsePrefix(text);
  if (prefix?.family !== family) return undefined;
  const address = formatAddress(prefix);
  return family === "IPv4" || isLinkLocalIPv6Text(address) ? address : undefined;
}

/** The addresses of nodes that are no candidates any more and may still run: what the lists have that is theirs. */
function leaversOf({ running, reports, agents }: PeerQuestion, candidates: ReadonlySet<string>): AddressByFamily[] {
  const reporting = new Set(reports.map(({ node }) => node));
  const leavers = [...agents.values()].filter(({ name }) => !candidates.has(name) && (running.has(name) || reporting.has(name)));
  const listed = new Set([...running.values()].flat().flatMap(({ unicastPeers = [] }) => unicastPeers));
  return leavers.map(({ status }) => {
    const own = (status.interfaces ?? []).flatMap(({ addresses }) => addresses);
    const known = (family: Family) => own.flatMap((text) => usableAddress(text, family) ?? []).find((address) => listed.has(address));
    return { IPv4: known("IPv4"), IPv6: known("IPv6") };
  });
}

function obstacleOf(question: PeerQuestion, source: AddressByFamily): string | undefined {
  const wanted = familiesOf(question.spec);
  const lacking = wanted.find((family) => source[family] === undefined);
  if (lacking) return `has no ${lacking === "IPv6" ? "link-local IPv6" : "IPv4"} address to send adverts from`;
  const ignorant = [...question.running].find(
    ([other, routers]) => !wanted.every((family) => knows(question, other, routers, source[family] ?? "", family)),
  );
  return ignorant && `waits until ${ignorant[0]} knows it as a peer`;
}

/** Whether the agent of `other` runs a list that has the address, or is not to be reckoned with. */
function knows(question: PeerQuestion, other: string, routers: readonly VirtualRouterSpec[], address: string, family: Family): boolean {
  const agent = question.agents.get(other);
  if (!agent || isDead(question, agent)) return true;
  const isListed = routers.find((router) => router.family === family)?.unicastPeers?.includes(address) === true;
  return isListed && (agent.status.observedGeneration ?? 0) >= agent.generation;
}

/** A silent agent is left out when its node is down as well, or when another one is MASTER: then it is none. */
function isDead({ readyNodes, reports }: PeerQuestion, { name, silent }: AgentView): boolean {
  if (!silent) return false;
  return !readyNodes.has(name) || reports.some(({ node, state, silent }) => node !== name && state === "MASTER" && !silent);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
