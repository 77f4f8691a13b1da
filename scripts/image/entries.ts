/** What a root file system consists of. Owners are always root, times always the epoch: the same files make the same bytes. */

export interface Entry {
  /** Absolute. */
  path: string;
  mode: number;
  content: Buffer | { linkTo: string };
}

export function file(path: string, content: Buffer | string, mode = 0o644): Entry {
  return { path, mode, content: Buffer.from(content) };
}

/** By path, each path once; the later one of two wins. */
export function sorted(entries: Entry[]): Entry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
