/**
 * Moves that somebody asked for: to the preferred node, and away from one that shall take part no more. Pure.
 *
 * The order that costs nothing, whatever preempt says: the target gets the best priority of all that stand by, below that of the active
 * node, so that nobody preempts; once it stands by with that, the active node is asked to hand over make-before-break, and with the same
 * word it goes below the target, so that it does not take the addresses back. The request is a number that is recorded in the status
 * before any NodeAgent has it: a new operator goes on where the old one stopped, and asks nobody twice.
 */
import type { PlannedMove } from "../../api/virtualIPStatus.ts";
import { highestFirst } from "./priorities.ts";
import { holderOf, type Seat, type Seats } from "./seats.ts";

export interface MoveRequest {
  /** The node that shall lead, if all that moves together agrees on one. */
  preferred?: string;
  /** What they say when they do not. */
  disagreement?: string;
  /** Candidates that hand over what they hold, and why. */
  departing: ReadonlyMap<string, string>;
  /** As they are without any move, highest first. */
  assigned: ReadonlyMap<string, number>;
  /** As they were recorded last. */
  recorded: ReadonlyMap<string, number>;
  /** What the candidates report. */
  seats: Seats;
  /** Nodes that are no candidates any more and still run it. */
  leaving: ReadonlySet<string>;
  /** As recorded. */
  before?: PlannedMove;
  /** The greatest number that any node has been asked with. */
  lastHandOver: number;
  /** RFC 3339. */
  wallNow: string;
}

export interface MoveAnswer {
  /** What the candidates shall have now, highest first. */
  priorities: Map<string, number>;
  /** What shall be recorded. */
  move?: PlannedMove;
}

/**
 * A request that was heard and led to nothing is repeated after this time: a peer may have been lost in that very moment. As long a
 * drain waits for agents that are slow to take their priorities.
 */
const patienceMs = 60_000;

/** Priority of the address owner (RFC 9568 §5.2.4): nobody leads before it. */
const ownerPriority = 255;

interface Situation extends MoveRequest {
  /** The one node that answers for all of it. */
  holder?: string;
  /** `preferred`, if it takes part and may lead. */
  target?: string;
}

export function planMove(request: MoveRequest): MoveAnswer {
  const situation = survey(request);
  const { holder, target, assigned, before } = situation;
  if (before && isUnderWay(situation, before)) return { priorities: orderOf(situation, before), move: before };
  if (holder !== undefined && request.departing.has(holder)) {
    return { priorities: keptOrder(situation), move: planDrain(situation, holder) };
  }
  if (target !== undefined && canLead(assigned, target)) return planPreferred(situation, target);
  return { priorities: highestFirst(assigned), move: restingMove(situation) };
}

function survey(request: MoveRequest): Situation {
  const { preferred, assigned, departing, seats, wallNow } = request;
  const holder = holderOf(seats);
  const before = request.before && holder !== undefined ? endOf(request.before, holder, wallNow) : request.before;
  const takesPart = preferred !== undefined && assigned.has(preferred) && !departing.has(preferred);
  return { ...request, holder, before, target: takesPart ? preferred : undefined };
}

/** A request that was made is waited for, whatever is wished meanwhile: the order that it was made for must stand when it is heard. */
function isUnderWay({ holder, wallNow }: Situation, { state, from, time }: PlannedMove): boolean {
  if (state !== "HandingOver" || (holder !== undefined && holder !== from)) return false;
  return Date.parse(wallNow) - Date.parse(time) < patienceMs;
}

/** The two change places, and all others stay as they are: whoever hears of it first, none of them is above the target. */
function orderOf(situation: Situation, { reason, from, to }: PlannedMove): Map<string, number> {
  const { assigned } = situation;
  if (reason === "Drain" || !assigned.has(to)) return keptOrder(situation);
  return arrange(assigned, assigned.has(from) ? [to, from] : [to]);
}

/** What is to be told while the order is that of the priorities. */
function restingMove({ holder = "", target, before, preferred, disagreement, wallNow }: Situation): PlannedMove | undefined {
  if (target === undefined && disagreement === undefined) {
    return before?.state === "Done" ? forget(before, preferred) : undefined;
  }
  const message = disagreement ?? `the node of priority ${ownerPriority} owns the addresses: nobody leads before it`;
  return record({ from: holder, to: target ?? "", reason: "Preferred", state: "Waiting", message }, before, wallNow);
}

function canLead(assigned: ReadonlyMap<string, number>, node: string): boolean {
  return [...assigned].every(([other, priority]) => priority !== ownerPriority || other === node);
}

/** Once the preferred node is another one, or none, an earlier move says nothing any more. */
function forget(move: PlannedMove | undefined, preferred: string | undefined): PlannedMove | undefined {
  return move?.reason === "Preferred" && move.to !== preferred ? undefined : move;
}

/** A request that led to a new active node is done, whoever it is for a drain, and for the preferred one if it is that. */
function endOf(before: PlannedMove, holder: string, wallNow: string): PlannedMove {
  if (before.state !== "HandingOver" || holder === before.from) return before;
  if (before.reason === "Preferred" && holder !== before.to) return before;
  const message =
    before.reason === "Drain" ? `${before.from} has handed over to ${holder}` : `${holder} leads, as spec.nodes.preferred says`;
  const { from, reason } = before;
  return record({ from, to: holder, reason, state: "Done", message }, before, wallNow);
}

function planDrain(situation: Situation, holder: string): PlannedMove {
  const { assigned, before, seats, wallNow, departing } = situation;
  const others = [...assigned.keys()].filter((node) => node !== holder && !departing.has(node));
  const able = others.filter((node) => seats.get(node)?.problem === undefined);
  const [to] = able.sort((a, b) => strength(seats.get(b), seats.get(b)?.priority) - strength(seats.get(a), seats.get(a)?.priority));
  const wish = { from: holder, to: to ?? "", reason: "Drain" as const };
  const wait = (message: string) => record({ ...wish, state: "Waiting", message }, before, wallNow);
  if (to === undefined) {
    const reasons = others.map((node) => `${node}: ${seats.get(node)?.problem}`).join("; ");
    return wait(`${holder} keeps the addresses: no other node can take over${reasons && ` (${reasons})`}`);
  }
  const change = unsettled(keptOrder(situation), situation);
  const waiting = wait(change ?? "");
  if (change !== undefined && Date.parse(wallNow) - Date.parse(waiting.time) < patienceMs) return waiting;
  return ask({ ...wish, message: `${holder} hands over, as it ${departing.get(holder)}` }, situation);
}

function planPreferred(situation: Situation, to: string): MoveAnswer {
  const { assigned, before, wallNow, holder } = situation;
  const wish = { from: holder ?? "", to, reason: "Preferred" as const };
  const wait = (message: string, priorities: Map<string, number>): MoveAnswer => ({
    priorities,
    move: record({ ...wish, state: "Waiting", message }, before, wallNow),
  });
  const final = arrange(assigned, [to]);
  const isDone = before?.reason === "Preferred" && before.to === to && before.state === "Done";
  if (isDone) return { priorities: final, move: before };
  if (holder === to) {
    const message = `${to} leads, as spec.nodes.preferred says`;
    return { priorities: final, move: record({ ...wish, from: "", state: "Done", message }, before, wallNow) };
  }
  // Who leads must not change its priority while nobody knows who that is.
  if (holder === undefined) return wait("no node answers for all of the addresses", keptOrder(situation, to));
  const prepared = arrange(assigned, [holder, to]);
  const obstacle = obstacleOf(to, prepared, final, situation);
  if (obstacle !== undefined) return wait(obstacle, prepared);
  return { priorities: prepared, move: ask({ ...wish, message: `${holder} hands over to ${to}` }, situation) };
}

/** Why the target could not take over, or would not keep what it took. */
function obstacleOf(to: string, prepared: Map<string, number>, final: Map<string, number>, request: MoveRequest): string | undefined {
  const { seats } = request;
  const problem = seats.get(to)?.problem;
  if (problem !== undefined) return `${to} cannot take over: ${problem}`;
  const change = unsettled(prepared, request);
  if (change !== undefined) return change;
  const own = (final.get(to) ?? 0) + (seats.get(to)?.bonus.least ?? 0);
  const rival = [...final].find(
    ([node, priority]) => node !== to && canCompete(seats.get(node)) && strength(seats.get(node), priority) >= own,
  );
  return rival && `${to} cannot lead: with what is tracked its priority is ${own}, and that of ${rival[0]} not less`;
}

/** What must not be in the middle of a change, because nobody could say who takes over: two may have equal priorities for a while. */
function unsettled(priorities: ReadonlyMap<string, number>, { seats, leaving }: MoveRequest): string | undefined {
  const late = [...priorities].find(([node, priority]) => {
    const seat = seats.get(node);
    return seat?.silent === false && seat.priority !== priority;
  });
  if (late) return `${late[0]} is getting its new priority`;
  const [leaver] = leaving;
  return leaver && `${leaver} is still leaving`;
}

/** A node that is silent or in FAULT takes part in no election. */
function canCompete(seat: Seat | undefined): boolean {
  return seat !== undefined && (seat.claims || seat.problem === undefined);
}

function strength(seat: Seat | undefined, priority = 0): number {
  return priority + (seat?.bonus.most ?? 0);
}

/** The values of the candidates, given anew: the `first` nodes get the highest ones, the others follow in the order in which they are. */
function arrange(priorities: ReadonlyMap<string, number>, first: readonly string[]): Map<string, number> {
  const ordered = highestFirst(priorities);
  const values = [...ordered.values()];
  const nodes = [...first, ...[...ordered.keys()].filter((node) => !first.includes(node))];
  return new Map(nodes.map((node, index) => [node, values[index] ?? 1]));
}

/** In the order that was recorded last; what has none yet comes behind, but for `first` in a new election. */
function keptOrder({ assigned, recorded }: MoveRequest, first?: string): Map<string, number> {
  const known = [...highestFirst(recorded).keys()].filter((node) => assigned.has(node));
  if (known.length === 0) return first === undefined ? highestFirst(assigned) : arrange(assigned, [first]);
  return arrange(assigned, known);
}

type Wish = Pick<PlannedMove, "from" | "to" | "reason" | "message">;

function ask(wish: Wish, { lastHandOver, wallNow }: MoveRequest): PlannedMove {
  return { ...wish, state: "HandingOver", handOver: lastHandOver + 1, time: wallNow };
}

/** The time stays while the state does. */
function record(move: Omit<PlannedMove, "time" | "handOver">, before: PlannedMove | undefined, wallNow: string): PlannedMove {
  const isSame = before?.state === move.state && before.to === move.to && before.reason === move.reason;
  return { ...move, message: move.message?.slice(0, 1024), time: isSame ? before.time : wallNow };
}
