/** Candidates, priorities and parameters of every VirtualIP. Pure: what runs or is recorded stays, newcomers fill what is free. */
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { readSubnets } from "../../api/subnets.ts";
import type { VirtualIPSpec, VirtualIPStatus } from "../../api/virtualIP.ts";
import type { InterfaceChoice } from "../../plan/interfaces.ts";
import { effectiveInterval } from "../../plan/virtualRouters.ts";
import { byAge } from "../allocate/age.ts";
import { type CandidateChoice, chooseCandidates, type NodeFacts } from "./candidates.ts";
import type { AgentView, ClusterView, RunningRouters, VirtualIPView } from "./cluster.ts";
import { assignPriorities, highestFirst, Standing } from "./priorities.ts";
import type { Verdict } from "./verdicts.ts";

export interface PlacedCandidate {
  node: string;
  priority: number;
  interfaces: InterfaceChoice;
  message?: string;
}

export interface Placement {
  view: VirtualIPView;
  /** Absent while the object is being deleted. */
  verdict?: Verdict;
  /** Canonical Go duration; absent when nothing runs. */
  advertisementInterval?: string;
  /** Highest priority first. Of an object that is not accepted: those that go on running. */
  candidates: PlacedCandidate[];
  /** Selected nodes that cannot take part. */
  unfit: CandidateChoice["unfit"];
  /** Nodes whose first report a new VirtualIP waits for before it is placed anywhere. */
  awaited: string[];
}

/**
 * How long the first report of an agent that has just become known is waited for, in ms. Whoever reports first, perhaps by
 * milliseconds, would otherwise lead every VirtualIP of a new cluster, and for good, as placements stay.
 */
const firstReportMs = 3000;

/** The placements in order of age. `now` in monotonic ms. */
export function place(cluster: ClusterView, verdicts: ReadonlyMap<string, Verdict>, running: RunningRouters, now: number): Placement[] {
  const nodes = nodeFacts(cluster, now);
  const existing = new Set(nodes.filter(({ deleting }) => !deleting).map(({ name }) => name));
  const lost = new Set([...existing].filter((name) => !cluster.agents.some((agent) => agent.name === name)));
  const elections = cluster.virtualIPs.map((view) => ({ view, ...presentElection(view, running.get(view.name), existing, lost) }));
  const standing = new Standing();
  const load = new Map<string, number>();
  for (const { priorities } of elections) {
    standing.add([...priorities.keys()]);
    count(load, [...priorities.keys()]);
  }
  return elections
    .sort((a, b) => byAge(a.view, b.view))
    .map((election) => {
      const verdict = verdicts.get(election.view.name);
      if (!verdict?.accepted || !election.view.spec) return retained(election, verdict, running.get(election.view.name));
      return placeOne({ ...election, spec: election.view.spec, verdict, nodes, standing, load });
    });
}

interface Election {
  view: VirtualIPView;
  /** Of the nodes that still exist, highest first. */
  priorities: Map<string, number>;
  interfaces: Map<string, InterfaceChoice>;
}

/** No report yet: the agent became known just now, or its NodeAgent has still to be made. */
interface PlaceableNode extends NodeFacts {
  awaited?: "known" | "unknown";
}

interface PlaceQuestion extends Election {
  spec: VirtualIPSpec;
  verdict: Verdict;
  nodes: readonly PlaceableNode[];
  standing: Standing;
  load: Map<string, number>;
}

function placeOne({ view, spec, verdict, nodes, standing, load, priorities, interfaces }: PlaceQuestion): Placement {
  const { candidates, unfit } = chooseCandidates({ spec, nodes, current: keepActiveFirst(view, interfaces), load });
  const advertisementInterval = effectiveInterval(spec);
  const awaited = priorities.size === 0 ? awaitedNodes(nodes, candidates, unfit) : [];
  if (awaited.length > 0) return { view, verdict, advertisementInterval, candidates: [], unfit, awaited };
  const names = candidates.map(({ node }) => node);
  const explicit = new Map(
    (spec.nodes.overrides ?? []).flatMap(({ name, priority }) => (priority === undefined ? [] : [[name, priority] as const])),
  );
  const current = new Map([...priorities].filter(([node]) => names.includes(node)));
  const alive = new Set(nodes.filter((node) => node.alive).map(({ name }) => name));
  const assigned = assignPriorities(
    { candidates: names, explicit, current, dormant: new Set(names.filter((name) => !alive.has(name))) },
    standing,
  );
  if (priorities.size === 0) standing.add([...assigned.keys()]);
  count(
    load,
    names.filter((name) => !priorities.has(name)),
  );
  const byNode = new Map(candidates.map((candidate) => [candidate.node, candidate]));
  const placed = [...assigned].map(([node, priority]) => ({ interfaces: {}, ...byNode.get(node), node, priority }));
  return { view, verdict, advertisementInterval, candidates: placed, unfit, awaited };
}

/** A NodeAgent that does not exist holds nobody up who can run; where nobody can, it says why. */
function awaitedNodes(nodes: readonly PlaceableNode[], candidates: readonly unknown[], unfit: CandidateChoice["unfit"]): string[] {
  const selected = new Set(unfit.map(({ node }) => node));
  const awaited = nodes.filter(({ name, awaited }) => selected.has(name) && awaited !== undefined);
  const isReason = candidates.length === 0 || awaited.some((node) => node.awaited === "known");
  return isReason ? awaited.map(({ name }) => name).sort() : [];
}

/** When fewer candidates are wanted than there are, the active node is the last to go. */
function keepActiveFirst({ status }: VirtualIPView, interfaces: ReadonlyMap<string, InterfaceChoice>): Map<string, InterfaceChoice> {
  const isActive = (node: string) => node === status.activeNode;
  return new Map([...interfaces].sort(([a], [b]) => Number(isActive(b)) - Number(isActive(a))));
}

/** What goes on as it is: the object is being deleted, or was not accepted in its present form. */
function retained({ view, priorities, interfaces }: Election, verdict: Verdict | undefined, routers: RoutersByNode): Placement {
  const [sample] = [...(routers?.values() ?? [])].flat();
  const candidates = [...priorities].map(([node, priority]) => ({ node, priority, interfaces: interfaces.get(node) ?? {} }));
  return { view, verdict, advertisementInterval: sample?.advertisementInterval, candidates, unfit: [], awaited: [] };
}

type RoutersByNode = ReadonlyMap<string, readonly VirtualRouterSpec[]> | undefined;

/**
 * The election as it stands: from the status, and where that says nothing, from what the NodeAgents run. Nodes that were removed are
 * left out, also of a recorded election. Of `lost` nodes, whose NodeAgent somebody deleted, the status alone says what they go on running:
 * a new NodeAgent that asked for less would take the addresses away.
 */
function presentElection(
  { status }: VirtualIPView,
  routers: RoutersByNode,
  existing: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): Omit<Election, "view"> {
  const priorities = new Map<string, number>();
  const interfaces = new Map<string, InterfaceChoice>();
  for (const [node, specs] of routers ?? []) {
    const [first] = specs;
    if (!first || !existing.has(node)) continue;
    priorities.set(node, first.priority);
    interfaces.set(node, Object.fromEntries(specs.map((spec) => [spec.family, spec.interface])));
  }
  for (const node of status.nodes ?? []) {
    if (!existing.has(node.name)) continue;
    priorities.set(node.name, node.priority);
    if (lost.has(node.name)) interfaces.set(node.name, recordedInterfaces(node));
  }
  const ordered = highestFirst(priorities);
  return { priorities: ordered, interfaces: new Map([...ordered.keys()].map((node) => [node, interfaces.get(node) ?? {}])) };
}

type RecordedInterfaces = Pick<NonNullable<VirtualIPStatus["nodes"]>[number], "interface" | "v6Interface">;

/** The interfaces of a candidate as its status tells them; one name for both families where they share it. */
export function recordInterfaces({ IPv4, IPv6 }: InterfaceChoice): RecordedInterfaces {
  return { interface: IPv4 ?? IPv6, v6Interface: IPv4 === undefined || IPv6 === IPv4 ? undefined : IPv6 };
}

/** The inverse, as far as it goes: also names the interface of a family that the VirtualIP has no address of. */
function recordedInterfaces({ interface: name, v6Interface = name }: RecordedInterfaces): InterfaceChoice {
  return name === undefined ? {} : { IPv4: name, IPv6: v6Interface };
}

function nodeFacts({ nodes, agents }: ClusterView, now: number): PlaceableNode[] {
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  return nodes.map(({ name, labels, deleting, ready }) => {
    const agent = byName.get(name);
    return {
      name,
      labels,
      deleting,
      alive: ready && agent?.silent === false,
      interfaces: agent?.status.interfaces && readSubnets(agent.status.interfaces),
      awaited: awaitedState(agent, now),
    };
  });
}

function awaitedState(agent: AgentView | undefined, now: number): PlaceableNode["awaited"] {
  if (!agent) return "unknown";
  const isNew = agent.status.interfaces === undefined && now - agent.reportedAt < firstReportMs;
  return isNew ? "known" : undefined;
}

function count(load: Map<string, number>, nodes: readonly string[]): void {
  for (const node of nodes) load.set(node, (load.get(node) ?? 0) + 1);
}
