/** Which known word a misspelt one was meant to be. Pure. */

/** Letters inserted, left out, changed or swapped with their neighbour, counted up to `limit`; beyond it `limit + 1`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = nextRow(a, i, b, last, beforeLast);
    // A swap reaches back two rows, so both must be beyond the limit.
    if (Math.min(...row) > limit && Math.min(...last) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length] ?? 0, limit + 1);
}

/** Edits between the first `i` letters of `a` and each beginning of `b`. */
function nextRow(a: string, i: number, b: string, last: readonly number[], beforeLast: readonly number[]): number[] {
  const row = [i];
  for (let j = 1; j <= b.length; j++) {
    const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
    const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (beforeLast[j - 2] ?? changed) + 1 : changed;
    row.push(Math.min(changed, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
  }
  return row;
}

/** Edits that still leave a word recognisable; a short word allows fewer, or each would resemble each. */
const mostEdits = 2;

/** The nearest known word within the allowed edits, the first of equals. Case does not count as an edit. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const folded = word.toLowerCase();
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const allowed = Math.min(mostEdits, Math.ceil(Math.min(word.length, candidate.length) / 2) - 1, best ? best.distance - 1 : mostEdits);
    if (allowed < 0) continue;
    const distance = editDistance(folded, candidate.toLowerCase(), allowed);
    if (distance <= allowed) best = { word: candidate, distance };
  }
  return best?.word;
}
