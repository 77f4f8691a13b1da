/** Candidates, priorities and parameters of every VirtualIP. Pure: what runs or is recorded stays, newcomers fill what is free. */
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import type { PlannedMove } from "../../api/virtualIPStatus.ts";
import { familiesOf } from "../../plan/addresses.ts";
import type { InterfaceChoice } from "../../plan/interfaces.ts";
import { effectiveInterval } from "../../plan/virtualRouters.ts";
import { byAge } from "../allocate/age.ts";
import { type Candidate, type CandidateChoice, chooseCandidates, type NodeFacts } from "./candidates.ts";
import { type AgentView, type ClusterView, type RunningRouters, subnetsOf, type VirtualIPView } from "./cluster.ts";
import { type Election, presentElection, type RoutersByNode } from "./elections.ts";
import { type Seating, seatPeers } from "./peers.ts";
import { type MoveAnswer, planMove } from "./plannedMoves.ts";
import { assignPriorities, Standing } from "./priorities.ts";
import type { RouterReport } from "./reports.ts";
import { readSeats } from "./seats.ts";
import { preferredOf } from "./units.ts";
import type { Verdict } from "./verdicts.ts";

export interface PlacedCandidate {
  node: string;
  priority: number;
  /** Without what spec.nodes.preferred changes. */
  assigned: number;
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
  /** The newest move that was asked for. */
  move?: PlannedMove;
  /** How the candidates reach each other; of those that it does not name nothing is to be said. */
  seating: ReadonlyMap<string, Seating>;
}

/**
 * How long the first report of an agent that has just become known is waited for, in ms. Whoever reports first, perhaps by
 * milliseconds, would otherwise lead every VirtualIP of a new cluster, and for good, as placements stay.
 */
const firstReportMs = 3000;

export interface PlaceQuestion {
  cluster: ClusterView;
  verdicts: ReadonlyMap<string, Verdict>;
  running: RunningRouters;
  /** By name of the VirtualIP. */
  reports: ReadonlyMap<string, readonly RouterReport[]>;
  /** Monotonic ms. */
  now: number;
  /** RFC 3339. */
  wallNow: string;
}

/** The placements in order of age. */
export function place(question: PlaceQuestion): Placement[] {
  const { cluster, verdicts, running } = question;
  const nodes = nodeFacts(cluster, question.now);
  const existing = new Set(nodes.filter(({ deleting }) => !deleting).map(({ name }) => name));
  const lost = new Set([...existing].filter((name) => !cluster.agents.some((agent) => agent.name === name)));
  const elections = cluster.virtualIPs
    .map((view) => presentElection(view, running.get(view.name), existing, lost))
    .sort((a, b) => byAge(a.view, b.view));
  const standing = new Standing();
  const load = new Map<string, number>();
  for (const { priorities } of elections) {
    standing.add([...priorities.keys()]);
    count(load, [...priorities.keys()]);
  }
  const agents = new Map(cluster.agents.map((agent) => [agent.name, agent]));
  const placements = unitsOf(elections, verdicts).flatMap((unit) => {
    if (!("members" in unit)) return [retained(unit, verdicts.get(unit.view.name), running.get(unit.view.name))];
    return placeUnit({ ...question, members: unit.members, nodes, agents, standing, load });
  });
  return placements.sort((a, b) => byAge(a.view, b.view));
}

/** An election of an accepted VirtualIP. */
interface MemberElection extends Election {
  spec: VirtualIPSpec;
  verdict: Verdict;
}

/** What moves together, in order of age; what was not accepted stays alone. */
function unitsOf(elections: readonly Election[], verdicts: ReadonlyMap<string, Verdict>): ({ members: MemberElection[] } | Election)[] {
  const units = new Map<string, { members: MemberElection[] } | Election>();
  for (const election of elections) {
    const { name, spec } = election.view;
    const verdict = verdicts.get(name);
    if (!verdict?.accepted || !spec) {
      units.set(`virtualip/${name}`, election);
      continue;
    }
    const key = spec.group === undefined ? `virtualip/${name}` : `group/${spec.group}`;
    const unit = units.get(key);
    const member = { ...election, spec, verdict };
    if (unit && "members" in unit) unit.members.push(member);
    else units.set(key, { members: [member] });
  }
  return [...units.values()];
}

/** No report yet: the agent became known just now, or its NodeAgent has still to be made. */
interface PlaceableNode extends NodeFacts {
  awaited?: "known" | "unknown";
}

interface UnitQuestion extends PlaceQuestion {
  members: readonly MemberElection[];
  nodes: readonly PlaceableNode[];
  agents: ReadonlyMap<string, AgentView>;
  standing: Standing;
  load: Map<string, number>;
}

function placeUnit(question: UnitQuestion): Placement[] {
  const { members, nodes, load, standing } = question;
  // The oldest that runs says what the others join.
  const leader = members.find(({ priorities }) => priorities.size > 0) ?? members[0];
  if (!leader) return [];
  const masters = mastersOf(question);
  const frozen = isFrozen(leader, masters);
  const { candidates, unfit, departing } = chooseCandidates({
    members: members.map(({ view, spec, interfaces }) => ({ name: view.name, spec, interfaces })),
    nodes: frozen ? nodes.filter(({ name }) => leader.priorities.has(name)) : nodes,
    current: activeFirst(leader),
    needed: frozen ? new Set(leader.priorities.keys()) : masters,
    load,
  });
  const rest = ({ view, verdict, spec }: MemberElection) => ({ view, verdict, advertisementInterval: effectiveInterval(spec), unfit });
  const awaited = leader.priorities.size === 0 ? awaitedNodes(nodes, candidates, unfit) : [];
  if (awaited.length > 0) return members.map((member) => ({ ...rest(member), candidates: [], awaited, seating: new Map() }));
  const assigned = assign(leader, candidates, departing, question);
  const { priorities, move } = moveUnit(assigned, leader, departing, question);
  const names = candidates.map(({ node }) => node);
  for (const member of members) {
    if (member.priorities.size === 0) standing.add([...priorities.keys()]);
    count(
      load,
      names.filter((name) => !member.priorities.has(name)),
    );
  }
  const byNode = new Map(candidates.map((candidate) => [candidate.node, candidate]));
  return members.map((member) => {
    const placed = [...priorities].map(([node, priority]) => ({
      node,
      priority,
      assigned: assigned.get(node) ?? priority,
      interfaces: byNode.get(node)?.interfaces.get(member.view.name) ?? {},
      message: byNode.get(node)?.message,
    }));
    return { ...rest(member), awaited, move, candidates: placed, seating: seatingOf(member, placed, question) };
  });
}

/** Nothing is to be said with multicast. */
function seatingOf({ view, spec }: MemberElection, candidates: readonly PlacedCandidate[], question: UnitQuestion): Placement["seating"] {
  if (spec.vrrp.mode === "Multicast") return new Map();
  const { cluster, agents, running, reports } = question;
  const readyNodes = new Set(cluster.nodes.filter(({ ready }) => ready).map(({ name }) => name));
  const { name } = view;
  return seatPeers({ spec, candidates, agents, readyNodes, running: running.get(name) ?? new Map(), reports: reports.get(name) ?? [] });
}

/** Without what spec.nodes.preferred changes, highest first. */
function assign(
  leader: MemberElection,
  candidates: readonly Candidate[],
  departing: CandidateChoice["departing"],
  { nodes, standing, members }: UnitQuestion,
): Map<string, number> {
  const names = candidates.map(({ node }) => node);
  const explicit = new Map(
    (leader.spec.nodes.overrides ?? []).flatMap(({ name, priority }) => (priority === undefined ? [] : [[name, priority] as const])),
  );
  // Once nobody is preferred any more who takes part, the order that this has made stays.
  const { preferred } = preferredOf(members.map(({ view, spec }) => ({ name: view.name, spec })));
  const hasTarget = preferred !== undefined && names.includes(preferred) && !departing.has(preferred);
  const before = hasTarget ? leader.assigned : leader.priorities;
  const current = new Map([...before].filter(([node]) => names.includes(node)));
  const alive = new Set(nodes.filter((node) => node.alive).map(({ name }) => name));
  const dormant = new Set(names.filter((name) => !alive.has(name)));
  return assignPriorities({ candidates: names, explicit, current, dormant }, standing);
}

function moveUnit(
  assigned: ReadonlyMap<string, number>,
  leader: MemberElection,
  departing: CandidateChoice["departing"],
  question: UnitQuestion,
): MoveAnswer {
  const { members, reports, running, agents, wallNow } = question;
  const routers = members.flatMap(({ view, spec }) => familiesOf(spec).map((family) => ({ virtualIP: view.name, family })));
  const recordedMoves = members.flatMap(({ view }) => view.status.plannedMove ?? []);
  const asked = routers
    .flatMap(({ virtualIP }) => [...(running.get(virtualIP)?.values() ?? [])].flat())
    .map((router) => router.handOver ?? 0);
  return planMove({
    ...preferredOf(members.map(({ view, spec }) => ({ name: view.name, spec }))),
    assigned,
    departing,
    recorded: leader.priorities,
    seats: readSeats({ nodes: [...assigned.keys()], routers, reports, running, agents }),
    leaving: leaversOf([...assigned.keys()], question),
    before: leader.view.status.plannedMove ?? recordedMoves[0],
    lastHandOver: Math.max(0, ...asked, ...recordedMoves.map(({ handOver = 0 }) => handOver)),
    wallNow,
  });
}

/** Nodes that take part no more and still report that they run it. */
function leaversOf(candidates: readonly string[], { members, reports }: UnitQuestion): Set<string> {
  const all = members.flatMap(({ view }) => reports.get(view.name) ?? []);
  return new Set(all.filter(({ node, silent }) => !silent && !candidates.includes(node)).map(({ node }) => node));
}

/** Nodes that answer for any address of the unit. */
function mastersOf({ members, reports }: UnitQuestion): Set<string> {
  const all = members.flatMap(({ view }) => reports.get(view.name) ?? []);
  return new Set(all.filter(({ state, silent }) => state === "MASTER" && !silent).map(({ node }) => node));
}

/** While a request to hand over is out nobody joins or leaves: the order that it was made for must stand when it is heard. */
function isFrozen({ view }: Election, masters: ReadonlySet<string>): boolean {
  const { plannedMove: move } = view.status;
  return move?.state === "HandingOver" && ![...masters].some((node) => node !== move.from);
}

/** A NodeAgent that does not exist holds nobody up who can run; where nobody can, it says why. */
function awaitedNodes(nodes: readonly PlaceableNode[], candidates: readonly unknown[], unfit: CandidateChoice["unfit"]): string[] {
  const selected = new Set(unfit.map(({ node }) => node));
  const awaited = nodes.filter(({ name, awaited }) => selected.has(name) && awaited !== undefined);
  const isReason = candidates.length === 0 || awaited.some((node) => node.awaited === "known");
  return isReason ? awaited.map(({ name }) => name).sort() : [];
}

/** When fewer candidates are wanted than there are, the active node is the last to go. */
function activeFirst({ view, priorities }: Election): string[] {
  const isActive = (node: string) => node === view.status.activeNode;
  return [...priorities.keys()].sort((a, b) => Number(isActive(b)) - Number(isActive(a)));
}

/** What goes on as it is: the object is being deleted, or was not accepted in its present form. */
function retained({ view, priorities, assigned, interfaces }: Election, verdict: Verdict | undefined, routers: RoutersByNode): Placement {
  const [sample] = [...(routers?.values() ?? [])].flat();
  const candidates = [...priorities].map(([node, priority]) => ({
    node,
    priority,
    assigned: assigned.get(node) ?? priority,
    interfaces: interfaces.get(node) ?? {},
  }));
  return {
    view,
    move: view.status.plannedMove,
    verdict,
    advertisementInterval: sample?.advertisementInterval,
    candidates,
    unfit: [],
    awaited: [],
    seating: new Map(),
  };
}

function nodeFacts({ nodes, agents }: ClusterView, now: number): PlaceableNode[] {
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  return nodes.map(({ name, labels, deleting, draining, outOfService, ready }) => {
    const agent = byName.get(name);
    return {
      name,
      labels,
      deleting,
      draining,
      outOfService,
      alive: ready && agent?.silent === false,
      interfaces: agent?.status.interfaces && subnetsOf(agent.status.interfaces),
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
