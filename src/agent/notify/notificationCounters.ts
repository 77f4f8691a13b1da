/** How notifications fared since the start, for metrics. */

export type NotificationKind = "program" | "fifo" | "mail" | "webhook";
/** "dropped": given up without an attempt, because too many waited. */
export type NotificationResult = "delivered" | "failed" | "dropped";

export interface NotificationCount {
  kind: NotificationKind;
  result: NotificationResult;
  count: number;
}

const kinds: readonly NotificationKind[] = ["program", "fifo", "mail", "webhook"];
const results: readonly NotificationResult[] = ["delivered", "failed", "dropped"];

/** Counts of several senders as one. */
export function sumCounts(...lists: readonly (readonly NotificationCount[])[]): NotificationCount[] {
  const sums = new Map<string, NotificationCount>();
  for (const { kind, result, count } of lists.flat()) {
    const key = `${kind} ${result}`;
    sums.set(key, { kind, result, count: (sums.get(key)?.count ?? 0) + count });
  }
  return [...sums.values()];
}

export class NotificationCounters {
  readonly #counts: NotificationCount[] = kinds.flatMap((kind) => results.map((result) => ({ kind, result, count: 0 })));

  add(kind: NotificationKind, result: NotificationResult, more = 1): void {
    const found = this.#counts.find((count) => count.kind === kind && count.result === result);
    if (found) found.count += more;
  }

  /** All of them, those at 0 too. */
  list(): NotificationCount[] {
    return structuredClone(this.#counts);
  }
}
