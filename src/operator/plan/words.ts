/** Lists and numbers in messages, which are for a person. Pure. */

/** A cluster may have thousands of nodes. */
export function list(texts: readonly string[], most = 8): string {
  const rest = texts.length - most;
  return [...texts.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}

export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
