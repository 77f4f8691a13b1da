/** A file that somebody else reads at any moment: as it was or as it is, never the emptiness between. */
import { renameSync, writeFileSync } from "node:fs";

export function replaceFile(path: string, text: string): void {
  const next = `${path}.next`;
  writeFileSync(next, text);
  renameSync(next, path);
}
