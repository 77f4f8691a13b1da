/** YAML documents → objects, or what is wrong with them and where. Pure. */
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import { agentConfigSchema } from "../../api/agentConfig.ts";
import { apiVersion } from "../../api/group.ts";
import { objectMetaSchema } from "../../api/objectMeta.ts";
import { formatPath, unknownFields } from "../../api/unknownFields.ts";
import { virtualIPSchema } from "../../api/virtualIP.ts";
import { virtualServerSchema } from "../../api/virtualServer.ts";

export interface FileProblem {
  /** Both count from 1. */
  line: number;
  column: number;
  message: string;
}

/** An object with the way back to its place in the file. */
export interface Placed<T> {
  object: T;
  /** The place of a field, or of the nearest thing around it that is written. */
  problem(path: PropertyKey[], message: string): FileProblem;
}

const encodedValue = z.base64({ message: "must be base64; plain text stands under stringData" });
const secretSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetaSchema,
  type: z.string().optional(),
  immutable: z.boolean().optional(),
  data: z.record(z.string(), encodedValue).optional(),
  stringData: z.record(z.string(), z.string()).optional(),
});

/** What a file may hold, by kind. */
const kinds = {
  VirtualIP: { apiVersion, schema: virtualIPSchema },
  VirtualServer: { apiVersion, schema: virtualServerSchema },
  AgentConfig: { apiVersion, schema: agentConfigSchema },
  Secret: { apiVersion: "v1", schema: secretSchema },
};
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

export type StandaloneObjects = { [Name in Kind]: Placed<z.output<(typeof kinds)[Name]["schema"]>>[] };
export type ParsedFile = { ok: true; objects: StandaloneObjects } | { ok: false; problems: FileProblem[] };

/** All of the file or nothing. A file that asks for nothing is an error: one that was cut short must not withdraw everything. */
export function parseStandaloneFile(text: string): ParsedFile {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents = ("empty" in parsed ? [] : parsed).filter((document) => document.errors.length > 0 || document.toJS() !== null);
  const objects: StandaloneObjects = { VirtualIP: [], VirtualServer: [], AgentConfig: [], Secret: [] };
  const problems = documents.flatMap((document) => readDocument(document, lines, objects));
  if (problems.length > 0) return { ok: false, problems };
  if (objects.VirtualIP.length + objects.VirtualServer.length === 0)
    return { ok: false, problems: [{ line: 1, column: 1, message: "expected at least one document of kind VirtualIP or VirtualServer" }] };
  const twice = kindNames.flatMap((kind) => repeatedNames(kind, objects[kind]));
  return twice.length > 0 ? { ok: false, problems: twice } : { ok: true, objects };
}

/** Adds what the document holds to `objects`, or returns what is wrong with it. */
function readDocument(document: Document, lines: LineCounter, objects: StandaloneObjects): FileProblem[] {
  if (document.errors.length > 0) return document.errors.map((error) => at(lines, error.pos[0], error.message));
  const problem = (path: PropertyKey[], message: string) => at(lines, offsetOf(document, path), pathText(path) + message);
  const raw: unknown = document.toJS();
  const given = (raw ?? {}) as Record<string, unknown>;
  const kind = kindNames.find((name) => name === given.kind);
  if (!kind) return [problem(["kind"], `expected ${kindNames.join(", ")}, got ${JSON.stringify(given.kind) ?? "nothing"}`)];
  const wanted = kinds[kind];
  if (given.apiVersion !== wanted.apiVersion) {
    return [problem(["apiVersion"], `expected ${wanted.apiVersion}, got ${JSON.stringify(given.apiVersion) ?? "nothing"}`)];
  }
  const parsed = wanted.schema.safeParse(raw);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => problem(path, message));
  const unknown = unknownFields(raw, parsed.data).filter(([first]) => first !== "metadata" && first !== "status");
  if (unknown.length > 0) return unknown.map((path) => problem(path, "there is no such field"));
  (objects[kind] as Placed<unknown>[]).push({ object: parsed.data, problem });
  return [];
}

function pathText(path: PropertyKey[]): string {
  return path.length === 0 ? "" : `${formatPath(path)}: `;
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

function repeatedNames(kind: Kind, placed: Placed<{ metadata: { name: string; namespace?: string } }>[]): FileProblem[] {
  const seen = new Set<string>();
  return placed.flatMap(({ object, problem }) => {
    const { name, namespace = "" } = object.metadata;
    // Of the others there is one namespace.
    const key = kind === "VirtualServer" ? `${namespace}/${name}` : name;
    if (seen.has(key)) return problem(["metadata", "name"], `there is already a ${kind} "${name}" in this file`);
    seen.add(key);
    return [];
  });
}
