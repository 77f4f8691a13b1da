/** keepalived.conf of one or several nodes → objects of a cluster, as YAML. */
import { basename, dirname } from "node:path";
import { stringify } from "yaml";
import { type Diagnostic, formatDiagnostic, sortDiagnostics } from "../../keepalived/diagnostic.ts";
import { diskReader } from "../../keepalived/diskReader.ts";
import { type ExplainedLine, explainLines } from "../../keepalived/import/explanation.ts";
import { importedObjects, importKeepalived } from "../../keepalived/import/importKeepalived.ts";
import type { ImportedNode } from "../../keepalived/import/members.ts";
import { loadKeepalived } from "../../keepalived/loadKeepalived.ts";
import type { Output } from "../cli.ts";
import { UsageError } from "../flags.ts";

export interface KeepalivedImportFlags {
  explain: boolean;
  namespace: string;
  "config-id": string | undefined;
}

interface Source {
  node: string;
  file: string;
  /** The name was given, not made from that of the file. */
  isNamed: boolean;
}

export async function importFromKeepalived(words: readonly string[], flags: KeepalivedImportFlags, output: Output): Promise<number> {
  const sources = readSources(words);
  const nodes = sources.map(
    ({ node, file }): ImportedNode => ({ name: node, loaded: loadKeepalived(file, diskReader(), { node, configId: flags["config-id"] }) }),
  );
  const files = [...new Set(nodes.flatMap(({ loaded }) => loaded.files))];
  const told = [...nodes.flatMap(({ loaded }) => loaded.diagnostics), ...sources.flatMap(unsureName)];
  if (nodes.some(({ loaded }) => loaded.hasErrors)) return fail(told, files, output);
  const imported = importKeepalived(nodes, flags);
  const all = [...told, ...imported.diagnostics];
  if (imported.hasErrors) return fail(all, files, output);
  report(all, files, output);
  const text = flags.explain
    ? formatExplanation(nodes.flatMap((node) => explainLines(node, imported)))
    : importedObjects(imported)
        .map((object) => stringify(object, { lineWidth: 0 }))
        .join("---\n");
  if (text !== "") output.out(text.trimEnd());
  return 0;
}

function fail(diagnostics: readonly Diagnostic[], files: readonly string[], output: Output): number {
  report(diagnostics, files, output);
  return 1;
}

/** Two nodes may have one file: what is wrong with it is said once. */
function report(diagnostics: readonly Diagnostic[], files: readonly string[], output: Output): void {
  for (const line of new Set(sortDiagnostics(diagnostics, files).map(formatDiagnostic))) output.error(line);
}

/** What a Kubernetes node may be called. */
const nodeName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** @throws UsageError */
function readSources(words: readonly string[]): Source[] {
  if (words.length === 0) throw new UsageError("import needs at least one FILE");
  const sources = words.map(readSource);
  for (const { node, file } of sources) {
    if (!nodeName.test(node) || node.length > 253) throw new UsageError(`"${node}" is no name of a node: write NODE=${file}`);
    const same = sources.filter((other) => other.node === node);
    if (same.length > 1) throw new UsageError(`${same.map((other) => other.file).join(" and ")} are both of node ${node}: write NODE=FILE`);
  }
  return sources;
}

/** A `=` behind a slash belongs to the file. */
function readSource(word: string): Source {
  const [, node, rest] = /^([^/=]*)=(.+)$/.exec(word) ?? [];
  if (node !== undefined && rest !== undefined) return { node, file: rest, isNamed: true };
  const name = basename(word).replace(/\.conf$/, "");
  const directory = basename(dirname(word));
  const isUsual = name === "keepalived";
  const ofDirectory = isUsual && !["", ".", "..", "etc", "keepalived"].includes(directory);
  return { node: (ofDirectory ? directory : name).toLowerCase(), file: word, isNamed: !isUsual || ofDirectory };
}

function unsureName({ node, file, isNamed }: Source): Diagnostic[] {
  if (isNamed) return [];
  const message = `the node is called ${node}, after its file: write NODE=${file}`;
  return [{ severity: "warning", code: "default", position: { file, line: 1, column: 1 }, message }];
}

/** Longer lines are cut: what became of them matters more. */
const widestText = 52;

/** `FILE:LINE  text → field`, or `ignored: why`, in columns. */
function formatExplanation(lines: readonly ExplainedLine[]): string {
  const rows = lines.map(({ position, depth, text, outcome }) => {
    const indented = `${"  ".repeat(depth)}${text}`;
    const outcomes = outcome.kind === "becomes" ? outcome.fields.map((field) => `→ ${field}`) : [`  ignored: ${outcome.reason}`];
    return { place: `${position.file}:${position.line}`, text: cut(indented), outcomes };
  });
  const [placeWidth, textWidth] = [Math.max(...rows.map(({ place }) => place.length)), Math.max(...rows.map(({ text }) => text.length))];
  return rows
    .flatMap(({ place, text, outcomes }) =>
      outcomes.map(
        (outcome, index) => `${(index === 0 ? place : "").padEnd(placeWidth)}  ${(index === 0 ? text : "").padEnd(textWidth)}  ${outcome}`,
      ),
    )
    .join("\n");
}

function cut(text: string): string {
  return text.length <= widestText ? text : `${text.slice(0, widestText - 1)}…`;
}
