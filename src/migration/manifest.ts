/** Objects of a cluster as files have them, with the way back to their place, and what is told of each. Pure. */
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import type { z } from "zod";
import { formatPath, unknownFields } from "../api/unknownFields.ts";
import { type Diagnostic, type DiagnosticCode, type Position, type Severity, visible } from "../keepalived/diagnostic.ts";

export interface ManifestFile {
  name: string;
  text: string;
}

export interface ReadManifests {
  manifests: Manifest[];
  /** Of what is no object. */
  diagnostics: Diagnostic[];
}

interface Place {
  /** Of a field, or of the innermost thing around it. */
  of(path: readonly PropertyKey[]): Position;
}

type Fields = Readonly<Record<string, unknown>>;

export class Manifest {
  /** "" for what Kubernetes calls core. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** "" for what has none. */
  readonly namespace: string;
  readonly object: Fields;
  readonly told: Diagnostic[] = [];
  readonly #place: Place;

  constructor(object: Fields, place: Place) {
    const metadata = fieldsOf(object.metadata);
    const apiVersion = textOf(object.apiVersion);
    this.group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    this.kind = textOf(object.kind);
    this.name = textOf(metadata.name);
    this.namespace = textOf(metadata.namespace);
    this.object = object;
    this.#place = place;
  }

  /** `IPAddressPool first`, `Service default/web` */
  get title(): string {
    return `${this.kind} ${this.namespace === "" || this.group !== "" ? "" : `${this.namespace}/`}${this.name}`;
  }

  /** `IPAddressPool first (pools.yaml:3)` */
  get reference(): string {
    const { file, line } = this.#place.of([]);
    return `${this.title} (${file}:${line})`;
  }

  get position(): Position {
    return this.#place.of([]);
  }

  get hasErrors(): boolean {
    return this.told.some(({ severity }) => severity === "error");
  }

  warn(path: readonly PropertyKey[], message: string, code: DiagnosticCode = "ignored"): void {
    this.#tell("warning", path, message, code);
  }

  fail(path: readonly PropertyKey[], message: string, code: DiagnosticCode = "value"): void {
    this.#tell("error", path, message, code);
  }

  /** The field as `schema` reads it; undefined when it cannot, which is told then. */
  read<Schema extends z.ZodType>(field: string, schema: Schema): z.output<Schema> | undefined {
    const raw = this.object[field] ?? {};
    const { success, data, error } = schema.safeParse(raw);
    for (const issue of error?.issues ?? []) this.fail([field, ...issue.path], inOurWords(issue.message));
    if (!success) return undefined;
    for (const path of unknownFields(raw, data)) this.warn([field, ...path], "unknown here: ignored", "unknown-keyword");
    return data;
  }

  #tell(severity: Severity, path: readonly PropertyKey[], message: string, code: DiagnosticCode): void {
    const where = path.length === 0 ? this.title : `${this.title}: ${formatPath(path)}`;
    this.told.push({ severity, code, position: this.#place.of(path), message: visible(`${where}: ${message}`) });
  }
}

const inOurWords = (message: string) => message.replace(/^Invalid input: expected (.*), received (.*)$/, "expected $1, got $2");

/** Documents, and the items of lists in them. */
export function readManifests({ name: file, text }: ManifestFile): ReadManifests {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents = "empty" in parsed ? [] : parsed;
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const wrong = (offset: number, message: string): Diagnostic => ({
    severity: "error",
    code: "value",
    position: positionAt(offset),
    message: visible(message),
  });
  const read: ReadManifests = { manifests: [], diagnostics: [] };
  for (const document of documents) {
    read.diagnostics.push(...document.errors.map(({ pos, message }) => wrong(pos[0], message)));
    if (document.errors.length > 0) continue;
    const { raw = null, refused } = readValue(document);
    if (refused !== undefined) read.diagnostics.push(wrong(offsetOf(document, []), refused));
    if (raw === null) continue;
    for (const { object, path } of objectsOf(raw, [])) {
      const place: Place = { of: (inner) => positionAt(offsetOf(document, [...path, ...inner])) };
      if (textOf(fieldsOf(object).kind) !== "") read.manifests.push(new Manifest(fieldsOf(object), place));
      else read.diagnostics.push(wrong(offsetOf(document, path), "expected an object with apiVersion and kind"));
    }
  }
  return read;
}

/** Aliases of nothing, and of more than a file needs, come to light as they are followed. */
function readValue(document: Document): { raw?: unknown; refused?: string } {
  try {
    return { raw: document.toJS() };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** `kubectl get -o yaml` puts several objects into a List. Of Go an empty list may be null. */
function objectsOf(raw: unknown, path: PropertyKey[]): { object: unknown; path: PropertyKey[] }[] {
  const { kind, items } = fieldsOf(raw);
  if (!textOf(kind).endsWith("List")) return [{ object: raw, path }];
  if (items === null) return [];
  return Array.isArray(items) ? items.flatMap((item, index) => objectsOf(item, [...path, "items", index])) : [{ object: raw, path }];
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.range?.[0] ?? 0;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");
