/** Line by line: what became of a keepalived.conf. */
import type { CheckedStatement } from "../checkedBlock.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";
import type { Disposition } from "../plan/disposition.ts";
import { type DisposedWord, topics, walkDispositions } from "../plan/dispositionWalk.ts";
import type { Block, Statement } from "../syntaxTree.ts";
import type { KeepalivedImport } from "./importKeepalived.ts";
import type { ImportedNode } from "./members.ts";
import type { KubernetesObject } from "./virtualIPs.ts";

export interface ExplainedLine {
  position: Position;
  /** The words of the line, without a password. */
  text: string;
  /** Blocks around it. */
  depth: number;
  /** Fields of objects, or why there are none. */
  outcome: { kind: "becomes"; fields: string[] } | { kind: "ignored"; reason: string };
}

/** Every line of the node's files that says something, in order. */
export function explainLines(node: ImportedNode, imported: KeepalivedImport): ExplainedLine[] {
  const words = new Map<string, DisposedWord[]>();
  walkDispositions(node.loaded.config, (word) => {
    const key = lineKey(word.position);
    words.set(key, [...(words.get(key) ?? []), word]);
  });
  return [...new Explainer(node, imported, words).explain(node.loaded.tree, 0)];
}

const lineKey = ({ file, line }: Position) => `${file}:${line}`;

class Explainer {
  readonly #node: ImportedNode;
  readonly #imported: KeepalivedImport;
  readonly #words: ReadonlyMap<string, DisposedWord[]>;

  constructor(node: ImportedNode, imported: KeepalivedImport, words: ReadonlyMap<string, DisposedWord[]>) {
    this.#node = node;
    this.#imported = imported;
    this.#words = words;
  }

  /** `reason`: why the whole block around is left out. */
  *explain(block: Block, depth: number, reason?: string): Generator<ExplainedLine> {
    for (const statement of block.statements) {
      const { position } = statement.keyword;
      const words = (this.#words.get(lineKey(position)) ?? []).filter((word) => isOf(word, statement));
      yield { position, depth, text: writeLine(statement), outcome: this.#outcome(words, reason, position) };
      const disposition = words[0]?.disposition;
      // What is answered for as a whole has no answers within.
      const whole = disposition && !disposition.block ? shortReason(disposition) : undefined;
      if (statement.block) yield* this.explain(statement.block, depth + 1, whole ?? reason);
    }
  }

  #outcome(words: readonly DisposedWord[], around: string | undefined, position: Position): ExplainedLine["outcome"] {
    const [first, ...options] = words;
    const ignored = this.#messageAt(position, ({ code }) => code === "ignored") ?? (first && reasonOf(first.disposition));
    if (ignored !== undefined) return { kind: "ignored", reason: ignored };
    if (first?.disposition.kind === "becomes") {
      const fields = this.#fieldsOf([first, ...options]);
      return fields.length > 0 ? { kind: "becomes", fields } : { kind: "ignored", reason: "it has an effect only with other settings" };
    }
    // A word that has no answer was told of when the file was read.
    return { kind: "ignored", reason: around ?? this.#messageAt(position) ?? "it says nothing" };
  }

  #messageAt({ file, line, column }: Position, holds: (diagnostic: Diagnostic) => boolean = () => true): string | undefined {
    const isHere = ({ position }: Diagnostic) => position.file === file && position.line === line && position.column === column;
    return this.#node.loaded.diagnostics.find((diagnostic) => isHere(diagnostic) && holds(diagnostic))?.message;
  }

  /** `VirtualIP vi-1: addresses (interface, label)`, `VirtualIP vi-1: vrrp.virtualRouterID = 51` */
  #fieldsOf(words: readonly DisposedWord[]): string[] {
    const [main, ...others] = words.flatMap(({ disposition, section }) =>
      disposition.kind === "becomes" ? [{ field: disposition.field, section }] : [],
    );
    if (!main) return [];
    const [kind = "", path] = main.field.split(" ");
    const object = this.#objectOf(kind, main.section);
    if (kind === "VirtualServer" && isService(main.section) && this.#virtualServersOf(main.section).length === 0) return [];
    // Settings of mail without a relay, for one, are in no object.
    if (kind === "AgentConfig" && path !== undefined && readPath(object?.spec, path, this.#node.name) === undefined) return [];
    const name = object ? `${kind} ${object.metadata.name}` : several(kind);
    if (path === undefined) return [object ? name : kind];
    const within = `${kind} ${path}[].`;
    const options = others.filter(({ field }) => field.startsWith(within)).map(({ field }) => field.slice(within.length));
    const elsewhere = others
      .filter(({ field }) => !field.startsWith(within) && field !== main.field)
      .map(({ field }) => `${name}: ${field.split(" ")[1]}`);
    const value = object?.kind === "Secret" ? undefined : showValue(readPath(object?.spec, path, this.#node.name));
    const shown = options.length > 0 ? ` (${[...new Set(options)].join(", ")})` : value === undefined ? "" : ` = ${value}`;
    return [...new Set([`${name}: ${path.replace("overrides[]", `overrides[${this.#node.name}]`)}${shown}`, ...elsewhere])];
  }

  /** Of a line outside any instance there may be none, or many. */
  #objectOf(kind: string, section: CheckedStatement): KubernetesObject | undefined {
    if (kind === "VirtualServer") {
      const [one, ...others] = this.#virtualServersOf(section);
      return others.length === 0 ? one?.object : undefined;
    }
    if (kind === "AgentConfig") return this.#imported.agentConfigs.find(({ nodes }) => nodes.includes(this.#node))?.object;
    if (section.keyword !== "vrrp_instance") return undefined;
    const name = section.text("name");
    const found = this.#imported.virtualIPs.find(({ cluster }) =>
      cluster.some(({ node, router }) => node === this.#node && router.virtualIP === name),
    );
    return kind === "Secret" ? found?.secret : kind === "VirtualIP" ? found?.object : undefined;
  }

  /** Those of the block: a group is often several, and none where there is no real server. */
  #virtualServersOf(section: CheckedStatement): KeepalivedImport["virtualServers"] {
    return this.#imported.virtualServers.filter(({ members }) =>
      members.some(({ node, planned }) => node === this.#node && (planned.statement === section || planned.group === section)),
    );
  }
}

const isService = ({ keyword }: CheckedStatement) => keyword.startsWith("virtual_server");
const several = (kind: string) => (kind === "Agent" ? "flag of the agent" : `${kind}s`);

/** Of several statements on a line each its own words. */
function isOf({ position, statement }: DisposedWord, { keyword, args, block }: Statement): boolean {
  const own = [keyword, ...args].some((token) => token.position.line === position.line && token.position.column === position.column);
  return own || (block === undefined && statement.position === keyword.position);
}

function reasonOf(disposition: Disposition): string | undefined {
  if (disposition.kind === "later") return topics[disposition.topic];
  return disposition.kind === "becomes" ? undefined : disposition.reason;
}

/** For the lines of a block that is left out as a whole. */
function shortReason(disposition: Disposition): string | undefined {
  return disposition.kind === "later" ? `${disposition.topic} follows` : reasonOf(disposition);
}

const secretWords = new Set(["auth_pass"]);

function writeLine({ keyword, args, block }: Statement): string {
  const hidden = secretWords.has(keyword.text);
  const words = [keyword, ...args].map(({ text, quoted }, index) => (hidden && index > 0 ? "********" : quoted ? `"${text}"` : text));
  return `${words.join(" ")}${block ? " {" : ""}`;
}

/** What stands in a field; of a list, or within its items, the list. */
function readPath(object: unknown, path: string, node: string): unknown {
  let value = object;
  for (const step of path.split(".")) {
    if (Array.isArray(value)) return value;
    const key = step.replace("[]", "");
    value = (value as Record<string, unknown> | undefined)?.[key];
    if (key === "overrides" && Array.isArray(value)) value = value.find((override) => override.name === node);
  }
  return value;
}

function showValue(value: unknown): string | undefined {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const parts = Object.values(value);
  return parts.length === 1 ? showValue(parts[0]) : undefined;
}
