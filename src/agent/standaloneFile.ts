/** YAML documents of kind VirtualIP → objects, or what is wrong with them and where. Pure. */
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { apiVersion } from "../api/group.ts";
import { type VirtualIP, virtualIPSchema } from "../api/virtualIP.ts";

export interface FileProblem {
  /** Both count from 1. */
  line: number;
  column: number;
  message: string;
}

/** A VirtualIP with the way back to its place in the file. */
export interface PlacedVirtualIP {
  virtualIP: VirtualIP;
  /** The place of a field, or of the nearest thing around it that is written. */
  problem(path: PropertyKey[], message: string): FileProblem;
}

export type ParsedFile = { ok: true; virtualIPs: PlacedVirtualIP[] } | { ok: false; problems: FileProblem[] };

/** All of the file or nothing. A file without any VirtualIP is an error: a file that was cut short must not withdraw everything. */
export function parseStandaloneFile(text: string): ParsedFile {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents = ("empty" in parsed ? [] : parsed).filter((document) => document.errors.length > 0 || document.toJS() !== null);
  const results = documents.map((document) => readDocument(document, lines));
  const problems = results.flatMap((result) => ("virtualIP" in result ? [] : result));
  const virtualIPs = results.flatMap((result) => ("virtualIP" in result ? result : []));
  if (problems.length > 0) return { ok: false, problems };
  if (virtualIPs.length === 0)
    return { ok: false, problems: [{ line: 1, column: 1, message: "expected at least one document of kind VirtualIP" }] };
  const twice = repeatedNames(virtualIPs);
  return twice.length > 0 ? { ok: false, problems: twice } : { ok: true, virtualIPs };
}

function readDocument(document: Document, lines: LineCounter): PlacedVirtualIP | FileProblem[] {
  if (document.errors.length > 0) return document.errors.map((error) => at(lines, error.pos[0], error.message));
  const problem = (path: PropertyKey[], message: string) => at(lines, offsetOf(document, path), pathText(path) + message);
  const raw: unknown = document.toJS();
  const { kind, apiVersion: given } = (raw ?? {}) as Record<string, unknown>;
  if (kind !== "VirtualIP") return [problem(["kind"], `expected VirtualIP, got ${JSON.stringify(kind) ?? "nothing"}`)];
  if (given !== apiVersion) return [problem(["apiVersion"], `expected ${apiVersion}, got ${JSON.stringify(given) ?? "nothing"}`)];
  const parsed = virtualIPSchema.safeParse(raw);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => problem(path, message));
  const unknown = unknownFields(raw, parsed.data).filter(([first]) => first !== "metadata" && first !== "status");
  if (unknown.length > 0) return unknown.map((path) => problem(path, "there is no such field"));
  return { virtualIP: parsed.data, problem };
}

function pathText(path: PropertyKey[]): string {
  return path.length === 0
    ? ""
    : `${path
        .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
        .join("")
        .slice(1)}: `;
}

function at(lines: LineCounter, offset: number, message: string): FileProblem {
  const { line, col } = lines.linePos(offset);
  return { line, column: col, message };
}

/** Where the field at `path` begins, or else the innermost thing around it. */
function offsetOf(document: Document, path: PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.range?.[0] ?? 0;
}

/** Fields that the schema dropped: kube-apiserver would refuse them too. */
function unknownFields(raw: unknown, parsed: unknown, path: PropertyKey[] = []): PropertyKey[][] {
  if (typeof raw !== "object" || raw === null || typeof parsed !== "object" || parsed === null) return [];
  return Object.entries(raw).flatMap(([key, value]) => {
    const here = [...path, Array.isArray(raw) ? Number(key) : key];
    return key in parsed ? unknownFields(value, (parsed as Record<string, unknown>)[key], here) : [here];
  });
}

function repeatedNames(virtualIPs: PlacedVirtualIP[]): FileProblem[] {
  const seen = new Set<string>();
  return virtualIPs.flatMap(({ virtualIP, problem }) => {
    const { name } = virtualIP.metadata;
    if (seen.has(name)) return problem(["metadata", "name"], `there is already a VirtualIP "${name}" in this file`);
    seen.add(name);
    return [];
  });
}
