/** Gives the candidates of a VirtualIP distinct VRRP priorities, so that several VirtualIPs spread over the nodes. Pure. */

/** Generated priorities run down from here: the best backup waits (256 − 244) / 256 of an interval, 4.7 ms at 100 ms. */
const highestGenerated = 254;
const generatedStep = 10;

export interface PriorityQuestion {
  /** In the order in which newcomers get what is free, best first. */
  candidates: readonly string[];
  /** What the user asks for, also of nodes that are no candidates. */
  explicit: ReadonlyMap<string, number>;
  /** What the candidates have now. */
  current: ReadonlyMap<string, number>;
  /** Candidates that do not answer: as newcomers they come after all others. */
  dormant?: ReadonlySet<string>;
}

/**
 * The priority of each candidate, highest first. A current one changes only when its user says so or somebody else's explicit one
 * takes it. Newcomers to an election that runs stay below its leader: a node that joins moves nothing.
 */
export function assignPriorities(question: PriorityQuestion, standing: Standing): Map<string, number> {
  const { explicit, current } = question;
  const assigned = new Map<string, number>();
  const used = new Set(explicit.values());
  for (const node of question.candidates) {
    const wish = explicit.get(node);
    if (wish !== undefined) assigned.set(node, wish);
  }
  for (const node of question.candidates) {
    const priority = current.get(node);
    if (priority === undefined || assigned.has(node) || used.has(priority)) continue;
    assigned.set(node, priority);
    used.add(priority);
  }
  const newcomers = question.candidates.filter((node) => !assigned.has(node));
  const runs = question.candidates.some((node) => current.has(node));
  const slots = freePriorities(used, newcomers.length, runs ? Math.max(0, ...assigned.values()) : Number.POSITIVE_INFINITY);
  return highestFirst(placeNewcomers(assigned, newcomers, slots, (above) => byStanding(standing, above, question.dormant)));
}

type Order = (a: string, b: string) => number;

/** Fills the slots from the highest down, each with the newcomer that comes first in that place. */
function placeNewcomers(
  assigned: Map<string, number>,
  newcomers: readonly string[],
  slots: readonly number[],
  orderBelow: (above: readonly string[]) => Order,
): Map<string, number> {
  const left = new Set(newcomers);
  for (const slot of slots) {
    const above = [...highestFirst(assigned)].filter(([, priority]) => priority > slot).map(([node]) => node);
    const [next] = [...left].sort(orderBelow(above));
    if (next === undefined) break;
    left.delete(next);
    assigned.set(next, slot);
  }
  return assigned;
}

function byStanding(standing: Standing, above: readonly string[], dormant: ReadonlySet<string> = new Set()): Order {
  return (a, b) => Number(dormant.has(a)) - Number(dormant.has(b)) || standing.compare(above, a, b);
}

/** The `count` best free values, highest first: of the grid below `leader`, then of all values below it, then of all others. */
function freePriorities(used: ReadonlySet<number>, count: number, leader: number): number[] {
  if (count === 0) return [];
  const all = Array.from({ length: highestGenerated }, (_, index) => highestGenerated - index).filter((priority) => !used.has(priority));
  const onGrid = (priority: number) => (highestGenerated - priority) % generatedStep === 0;
  const preference = [
    all.filter((priority) => priority < leader && onGrid(priority)),
    all.filter((priority) => priority < leader && !onGrid(priority)),
    all.filter((priority) => priority >= leader),
  ].flat();
  return preference.slice(0, count).sort((a, b) => b - a);
}

export function highestFirst(priorities: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...priorities].sort(([, a], [, b]) => b - a));
}

/** How often each node stands in which place of the elections so far: who leads, and who comes next behind which leader. */
export class Standing {
  readonly #counts = new Map<string, number>();

  /** Counts one election, its nodes highest first. */
  add(nodes: readonly string[]): void {
    for (const [place, node] of nodes.entries()) {
      for (const key of keysOf(nodes.slice(0, place), node)) this.#counts.set(key, this.#count(key) + 1);
    }
  }

  /** Who of two comes next below `above`: the less frequent one behind this leader, then in this place at all, then the first by name. */
  compare(above: readonly string[], a: string, b: string): number {
    const [keysA, keysB] = [keysOf(above, a), keysOf(above, b)];
    for (const [index, key] of keysA.entries()) {
      const difference = this.#count(key) - this.#count(keysB[index] ?? "");
      if (difference !== 0) return difference;
    }
    return a < b ? -1 : 1;
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}

/** Names of nodes hold no space. */
function keysOf(above: readonly string[], node: string): string[] {
  const place = above.length;
  const inPlace = `${place} ${node}`;
  return place === 0 ? [inPlace] : [`${place} ${node} behind ${above[0]}`, inPlace];
}
