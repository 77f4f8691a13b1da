/**
 * Puts what may be answered only by certain nodes (externalTrafficPolicy Local) together: one set of nodes for all that it suits, so that
 * few virtual routers do. Pure, and of few moves: who is in a set stays as long as all its nodes may answer for him.
 */

export interface SetMember {
  key: string;
  /** Those that may answer for it; at least one. */
  nodes: ReadonlySet<string>;
  /** The set that it is in. */
  current?: string;
}

export interface CandidateSet {
  name: string;
  nodes: readonly string[];
}

export interface SetQuestion {
  members: readonly SetMember[];
  existing: readonly CandidateSet[];
  /** How many sets there may be. */
  limit: number;
  /** How many nodes a set may have. */
  mostNodes: number;
  /** A name that nobody has yet, other than these. */
  newName: (used: ReadonlySet<string>) => string;
}

export interface SetAnswer {
  /** By name, with all that are in use; nodes by name. */
  sets: Map<string, string[]>;
  /** The set of each member, by its key; absent where none has room. */
  places: Map<string, string>;
}

/** Alone a node has nobody to take over: a member moves for a second one, but not for a third. */
const enough = 2;

export function placeInSets(question: SetQuestion): SetAnswer {
  const members = [...question.members].sort(byKey);
  const existing = [...question.existing].sort((a, b) => (a.name < b.name ? -1 : 1));
  const answer: SetAnswer = { sets: new Map(), places: new Map() };
  for (const set of existing) keepSet(set, members, question.mostNodes, answer);
  placeOthers({ ...question, members, existing }, answer);
  return answer;
}

function keepSet({ name, nodes }: CandidateSet, members: readonly SetMember[], mostNodes: number, { sets, places }: SetAnswer): void {
  const inside = members.filter(({ current }) => current === name);
  const staying = inside.filter((member) => suits(nodes, member));
  const kept = staying.length > 0 ? staying : largestGroup(inside);
  if (kept.length === 0) return;
  sets.set(name, limited(intersectionOf(kept), nodes, mostNodes));
  for (const { key } of kept) places.set(key, name);
}

function placeOthers({ members, existing, limit, mostNodes, newName }: SetQuestion, { sets, places }: SetAnswer): void {
  const used = new Set(existing.map(({ name }) => name));
  const empty = [...used].filter((name) => !sets.has(name));
  const begin = (member: SetMember): string | undefined => {
    if (sets.size >= limit) return undefined;
    const name = empty.shift() ?? newName(used);
    used.add(name);
    sets.set(name, limited([...member.nodes], [], mostNodes));
    return name;
  };
  // Better by one node than by none.
  const makeDo = (member: SetMember) => bestOf(sets, (nodes) => nodes.every((node) => member.nodes.has(node)), member.current);
  for (const member of members) {
    if (places.has(member.key)) continue;
    const name = bestOf(sets, (nodes) => suits(nodes, member)) ?? begin(member) ?? makeDo(member);
    if (name !== undefined) places.set(member.key, name);
  }
}

/** Whether all of the nodes may answer for the member, and enough of those that may are among them. */
function suits(nodes: readonly string[], member: SetMember): boolean {
  return nodes.length >= Math.min(enough, member.nodes.size) && nodes.every((node) => member.nodes.has(node));
}

/** The most of those that may be answered by the same nodes: for them the set changes, and the others leave. */
function largestGroup(members: readonly SetMember[]): SetMember[] {
  const groups = [...Map.groupBy(members, ({ nodes }) => [...nodes].sort().join(" ")).values()];
  return groups.sort((a, b) => b.length - a.length)[0] ?? [];
}

function intersectionOf([first, ...others]: readonly SetMember[]): string[] {
  return [...(first?.nodes ?? [])].filter((node) => others.every(({ nodes }) => nodes.has(node)));
}

/** By name; of too many those that were in it first. */
function limited(nodes: readonly string[], before: readonly string[], most: number): string[] {
  const known = new Set(before);
  const ordered = [...nodes].sort((a, b) => Number(known.has(b)) - Number(known.has(a)) || (a < b ? -1 : 1));
  return ordered.slice(0, most).sort();
}

/** `preferred`, or the one with the most nodes, or the first by name. */
function bestOf(sets: ReadonlyMap<string, string[]>, fits: (nodes: string[]) => boolean, preferred?: string): string | undefined {
  const fitting = [...sets].filter(([, nodes]) => fits(nodes));
  const rank = ([name, nodes]: [string, string[]]) => (name === preferred ? Number.POSITIVE_INFINITY : nodes.length);
  return fitting.sort((a, b) => rank(b) - rank(a) || (a[0] < b[0] ? -1 : 1))[0]?.[0];
}

function byKey(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : 1;
}
