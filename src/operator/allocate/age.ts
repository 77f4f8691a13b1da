/** Which of two objects comes first. Pure. */

export interface Aged {
  name: string;
  /** metadata.creationTimestamp; an object without a readable one counts as the youngest. */
  createdAt: string;
}

export interface Claimant extends Aged {
  /** Accepted in its present form. */
  settled: boolean;
}

/** Who is served first: settled claimants before those that ask for something new, then older before younger. */
export function byPrecedence(a: Claimant, b: Claimant): number {
  return Number(b.settled) - Number(a.settled) || byAge(a, b);
}

/** Orders older before younger, and by name those of the same second. */
export function byAge(a: Aged, b: Aged): number {
  return timeOf(a) - timeOf(b) || byName(a, b);
}

export function byName(a: { name: string }, b: { name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** The same for many: each time is read once, and not for each comparison. */
export function inOrderOfAge<T>(items: readonly T[], agedOf: (item: T) => Aged): T[] {
  const aged = items.map((item) => {
    const one = agedOf(item);
    return { item, name: one.name, time: timeOf(one) };
  });
  return aged.sort((a, b) => a.time - b.time || byName(a, b)).map(({ item }) => item);
}

/** Not Infinity: the difference of two would be NaN. */
function timeOf({ createdAt }: Aged): number {
  const time = Date.parse(createdAt);
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time;
}
