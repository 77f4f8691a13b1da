/** Objects of MetalLB and kube-vip, and Services → objects of Aloft as YAML, and commands that annotate the Services. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { formatDiagnostic, sortDiagnostics } from "../../keepalived/diagnostic.ts";
import { importManifests } from "../../migration/importManifests.ts";
import type { ManifestFile } from "../../migration/manifest.ts";
import { renderCommands, renderMigration } from "../../migration/render.ts";
import type { Output } from "../cli.ts";
import { UsageError } from "../flags.ts";

const standardInput = "-";
const nothing =
  "aloft: nothing to write: no IPAddressPool, no ConfigMap kubevip, no control plane of a DaemonSet or Pod of kube-vip's, and no Service that needs an annotation";

export function isManifest(word: string): boolean {
  return word === standardInput || /\.(ya?ml|json)$/.test(word);
}

export async function importFromManifests(words: readonly string[], { commands }: { commands: boolean }, output: Output): Promise<number> {
  const files = await Promise.all(words.map(readFile));
  const migration = importManifests(files);
  const order = files.map(({ name }) => name);
  for (const diagnostic of sortDiagnostics(migration.diagnostics, order)) output.error(formatDiagnostic(diagnostic));
  if (migration.hasErrors) return 1;
  const written = commands ? renderCommands(migration) : renderMigration(migration);
  if (written !== "") output.out(written);
  else if (!commands) output.error(nothing);
  return 0;
}

/** @throws UsageError */
async function readFile(word: string): Promise<ManifestFile> {
  if (word === standardInput) return { name: "stdin", text: await text(process.stdin) };
  try {
    return { name: word, text: readFileSync(word, "utf8") };
  } catch (cause) {
    throw new UsageError(`cannot read ${word}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
