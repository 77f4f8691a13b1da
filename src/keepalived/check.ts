/** Tree + grammar → statements with typed values, and diagnostics. One wrong word costs its own line, never its block. */
import { CheckedBlock, CheckedStatement } from "./checkedBlock.ts";
import { checkLine, isPlaceholder, type Reference } from "./checkLine.ts";
import { type Diagnostics, type Position, quote } from "./diagnostic.ts";
import { configuration } from "./grammar/configuration.ts";
import type { BlockGrammar, Keyword, LineGrammar } from "./grammar/types.ts";
import { innerGrammar, lookUp, type Resolution, resolveKeyword } from "./keywords.ts";
import type { Token } from "./lexer.ts";
import { checkReferences } from "./references.ts";
import { rules } from "./rules.ts";
import type { Block, Statement } from "./syntaxTree.ts";

/** Whether the block that begins there was checked before: its lines are not in the tree. */
export type IsKnown = (at: Position) => boolean;

/** The whole configuration; what is wrong is left out of the result and reported. */
export function check(tree: Block, diagnostics: Diagnostics, isKnown: IsKnown = () => false): CheckedBlock {
  const checker = new Checker(diagnostics, isKnown);
  const checked = checker.block(tree, configuration);
  checkReferences(tree, checker.references, diagnostics);
  return checked;
}

class Checker {
  readonly references: Reference[] = [];
  readonly #diagnostics: Diagnostics;
  readonly #isKnown: IsKnown;

  constructor(diagnostics: Diagnostics, isKnown: IsKnown) {
    this.#diagnostics = diagnostics;
    this.#isKnown = isKnown;
  }

  block(block: Block, grammar: BlockGrammar): CheckedBlock {
    const first = new Map<string, Statement>();
    const names = new Map<string, Position>();
    const statements = block.statements.flatMap((statement) => {
      const resolution = resolveKeyword(grammar, statement);
      if (resolution.kind === "known") this.#reportRepetition(resolution, statement, first);
      const checked = this.#statement(statement, resolution, grammar);
      if (checked && resolution.kind === "known") this.#reportSameName(resolution, checked, names);
      return checked ?? [];
    });
    return new CheckedBlock(statements.flat(), block.open);
  }

  #statement(statement: Statement, resolution: Resolution, grammar: BlockGrammar): CheckedStatement | CheckedStatement[] | undefined {
    if (resolution.kind === "item") return this.#item(statement, grammar);
    if (resolution.kind !== "known") return this.#reportUnknown(statement, resolution, grammar);
    const { obsolete } = resolution.keyword;
    if (!obsolete) return this.#known(statement, resolution.name, resolution.keyword, grammar);
    const { position, text } = statement.keyword;
    const meant = obsolete.takenAs === undefined ? undefined : lookUp(grammar, obsolete.takenAs);
    const effect = meant ? `taken for ${obsolete.takenAs}` : "ignored";
    this.#diagnostics.warning("obsolete-keyword", position, `${quote(text)} is ${effect}: ${obsolete.note}`);
    return meant && obsolete.takenAs !== undefined ? this.#known(statement, obsolete.takenAs, meant, grammar) : undefined;
  }

  #known(statement: Statement, name: string, keyword: Keyword, around: BlockGrammar): CheckedStatement | undefined {
    const { position, text } = statement.keyword;
    if (keyword.newer)
      this.#diagnostics.warning(
        "newer-keyword",
        position,
        `keepalived 2.2.7 does not know ${quote(text)}; newer releases do, so it counts`,
      );
    const line = checkLine(statement.args, keyword, text, this.#endOf(statement.keyword), {
      diagnostics: this.#diagnostics,
      references: this.references,
    });
    const block = this.#innerBlock(statement, keyword, around, line.ok);
    const checked = new CheckedStatement(name, position, line.args, line.options, block);
    // A list has none: track_file is the definition of one, and in an instance the list of those that it tracks.
    if (block && !keyword.block?.items && !this.#isKnown(position)) rules[name]?.(checked, statement, this.#diagnostics);
    return line.ok ? checked : undefined;
  }

  #innerBlock(statement: Statement, keyword: Keyword, around: BlockGrammar, lineOk: boolean): CheckedBlock | undefined {
    const { position, text } = statement.keyword;
    if (statement.block && !keyword.block) {
      this.#diagnostics.error("brace", statement.block.open, `${quote(text)} takes no block`);
      // What follows was most likely meant for the block around it.
      this.block(statement.block, around);
      return undefined;
    }
    if (!keyword.block) return undefined;
    if (statement.block) return this.block(statement.block, keyword.block);
    if (lineOk) this.#diagnostics.error("brace", position, `expected \`{\` after ${quote(text)}`);
    return undefined;
  }

  /** A line of a list, or several items on one line. */
  #item(statement: Statement, grammar: BlockGrammar): CheckedStatement[] | undefined {
    const { items, manyPerLine, name } = grammar;
    if (!items) return undefined;
    const tokens = [statement.keyword, ...statement.args];
    if (statement.block) {
      this.#diagnostics.error("brace", statement.block.open, `${name} is a list, its lines take no block`);
      this.block(statement.block, grammar);
    }
    const lines = manyPerLine ? tokens.map((token) => [token]) : [tokens];
    return lines.flatMap((line) => this.#itemLine(line, items, name) ?? []);
  }

  #itemLine(tokens: readonly Token[], items: LineGrammar, name: string): CheckedStatement | undefined {
    const position = tokens[0]?.position;
    if (!position) return undefined;
    const line = checkLine(tokens, items, name, position, { diagnostics: this.#diagnostics, references: this.references });
    return line.ok ? new CheckedStatement("", position, line.args, line.options, undefined) : undefined;
  }

  /** An error where the meaning of more than this line is at stake or the word was meant to be one that is known. */
  #reportUnknown(statement: Statement, resolution: Resolution, grammar: BlockGrammar): undefined {
    const { position, text } = statement.keyword;
    const outside = grammar === configuration;
    const severity = resolution.kind !== "unknown" || statement.block || outside || isPlaceholder(statement.keyword) ? "error" : "warning";
    const code = resolution.kind === "misplaced" ? "misplaced-keyword" : "unknown-keyword";
    this.#diagnostics[severity](code, position, this.#describeUnknown(text, resolution, outside ? undefined : grammar.name, severity));
    const inner = innerGrammar(resolution);
    if (!statement.block || !inner) return undefined;
    // The lines of the block are checked all the same; names that they use may be misplaced too.
    const references = this.references.length;
    this.block(statement.block, inner);
    if (resolution.kind === "misplaced") this.references.length = references;
    return undefined;
  }

  #describeUnknown(text: string, resolution: Resolution, where: string | undefined, severity: string): string {
    switch (resolution.kind) {
      case "misspelt":
        return `unknown keyword ${quote(text)}, did you mean ${resolution.suggestion}?`;
      case "alternatives":
        return `${quote(text)} is a choice: write one of ${resolution.words.join(", ")}`;
      case "misplaced": {
        const [first = "", second, ...others] = resolution.belongsTo;
        const homes = second === undefined ? first : `${first} or ${others.length > 0 ? "another block" : second}`;
        const stands = where === undefined ? "stands outside any block" : `does not belong into ${where}`;
        return `${quote(text)} ${stands}: it belongs ${homes === configuration.name ? "outside any block" : `into ${homes}`}`;
      }
      default:
        return `unknown keyword ${quote(text)}${where === undefined ? " outside any block" : ` in ${where}`}${severity === "warning" ? ", ignored" : ""}`;
    }
  }

  #reportRepetition({ name, keyword }: { name: string; keyword: Keyword }, statement: Statement, first: Map<string, Statement>): void {
    const earlier = first.get(name);
    first.set(name, statement);
    if (!earlier || keyword.repeatable || keyword.obsolete) return;
    const { position, text } = statement.keyword;
    const at = earlier.keyword.position;
    const place = at.file === position.file ? `line ${at.line}` : `${at.file}:${at.line}`;
    this.#diagnostics.warning("duplicate", position, `${quote(text)} was given before, in ${place}: this one counts`);
  }

  #reportSameName(
    { name, keyword }: { name: string; keyword: Keyword },
    checked: CheckedStatement | CheckedStatement[],
    names: Map<string, Position>,
  ): void {
    if (keyword.uniqueBy === undefined || Array.isArray(checked)) return;
    const given = `${name} ${String(checked.value(keyword.uniqueBy))}`;
    const earlier = names.get(given);
    if (earlier) this.#diagnostics.error("duplicate", checked.position, `${given} is defined twice, first in line ${earlier.line}`);
    else names.set(given, checked.position);
  }

  #endOf({ position, text }: Token): Position {
    return { ...position, column: position.column + text.length };
  }
}
