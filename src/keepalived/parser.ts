/**
 * Words and braces → a tree. Braces alone decide as long as they balance. When they do not, the grammar tells where one is missing:
 * a block ends before a keyword that only a block around it knows, and begins behind a keyword that needs one.
 */
import type { Diagnostics, Position } from "./diagnostic.ts";
import { quote } from "./diagnostic.ts";
import type { BlockGrammar } from "./grammar/types.ts";
import { innerGrammar, lookUp, resolveKeyword } from "./keywords.ts";
import type { Token } from "./lexer.ts";
import type { Block, Statement } from "./syntaxTree.ts";

/** Deeper than any grammar; a text of braces alone must not exhaust the stack. */
const deepest = 64;

interface OpenBlock {
  block: Block;
  grammar: BlockGrammar | undefined;
  /** The statement that opened it; none for the whole configuration. */
  opener?: Statement;
}

/** The tree of all lines, each given as its words and braces. */
export function parse(lines: Iterable<readonly Token[]>, root: BlockGrammar, diagnostics: Diagnostics): Block {
  const all = [...lines];
  const balance = all.reduce(
    (sum, line) => sum + line.reduce((inner, { kind }) => inner + (kind === "open" ? 1 : kind === "close" ? -1 : 0), 0),
    0,
  );
  const parser = new Parser(root, balance, diagnostics);
  for (const line of all) parser.readLine(line);
  return parser.finish();
}

class Parser {
  readonly #root: OpenBlock;
  readonly #open: OpenBlock[] = [];
  readonly #diagnostics: Diagnostics;
  /** Openings too many (> 0) or closings too many (< 0). */
  #balance: number;
  /** A statement that a brace on the next line may still give a block. */
  #pending: Statement | undefined;
  /** Braces beyond the deepest level are only counted. */
  #tooDeep = 0;

  constructor(grammar: BlockGrammar, balance: number, diagnostics: Diagnostics) {
    this.#root = { block: { open: { file: "", line: 1, column: 1 }, statements: [] }, grammar };
    this.#balance = balance;
    this.#diagnostics = diagnostics;
  }

  readLine(tokens: readonly Token[]): void {
    let statement: Statement | undefined;
    for (const token of tokens) {
      if (token.kind !== "word") {
        this.#readBrace(token, statement ?? this.#pending);
        statement = undefined;
        this.#pending = undefined;
      } else if (statement) {
        statement.args.push(token);
      } else if (this.#tooDeep === 0) {
        statement = this.#begin(token);
      }
    }
    if (statement) this.#pending = statement;
  }

  #readBrace(brace: Token, statement: Statement | undefined): void {
    if (brace.kind === "open") this.#openBlock(statement, brace);
    else this.#closeBlock(brace);
  }

  finish(): Block {
    for (const { opener } of this.#open.splice(0).reverse()) {
      if (opener)
        this.#diagnostics.error("brace", opener.keyword.position, `${quote(opener.keyword.text)} is never closed: expected \`}\``);
    }
    return this.#root.block;
  }

  get #current(): OpenBlock {
    return this.#open.at(-1) ?? this.#root;
  }

  #begin(keyword: Token): Statement {
    this.#openMissing();
    this.#closeMissing(keyword);
    const statement: Statement = { keyword, args: [] };
    this.#current.block.statements.push(statement);
    return statement;
  }

  #openBlock(statement: Statement | undefined, { position }: Token): void {
    if (this.#open.length >= deepest) {
      if (this.#tooDeep++ === 0) this.#diagnostics.error("brace", position, "blocks are nested too deep");
      return;
    }
    let opener = statement;
    if (!opener) {
      this.#diagnostics.error("brace", position, "`{` without a keyword in front of it");
      // Its lines are still read, as lines of the block around it.
      opener = { keyword: { kind: "word", text: "{", quoted: false, position }, args: [] };
      this.#open.push({ block: this.#current.block, grammar: this.#current.grammar, opener });
      return;
    }
    opener.block = { open: position, statements: [] };
    this.#open.push({ block: opener.block, grammar: this.#grammarOf(opener), opener });
  }

  #grammarOf(statement: Statement): BlockGrammar | undefined {
    const { grammar } = this.#current;
    return grammar && innerGrammar(resolveKeyword(grammar, statement));
  }

  #closeBlock({ position }: Token): void {
    if (this.#tooDeep > 0) this.#tooDeep--;
    else if (!this.#open.pop()) this.#diagnostics.error("brace", position, "`}` closes nothing: no block is open here");
  }

  /** `authentication` without its `{`, when a brace too many closes somewhere. */
  #openMissing(): void {
    const statement = this.#pending;
    this.#pending = undefined;
    const { grammar } = this.#current;
    if (!statement || !grammar || this.#balance >= 0) return;
    const keyword = lookUp(grammar, statement.keyword.text);
    if (!keyword?.block) return;
    this.#balance++;
    this.#diagnostics.error("brace", statement.keyword.position, `expected \`{\` after ${quote(statement.keyword.text)}`);
    this.#openBlock(statement, { ...statement.keyword, kind: "open" });
  }

  /** Ends the blocks that know nothing of a keyword, when one of the blocks around them knows it and a brace is missing. */
  #closeMissing(next: Token): void {
    if (this.#balance <= 0 || next.quoted) return;
    const levels = [this.#root, ...this.#open];
    const knows = ({ grammar }: OpenBlock) => grammar !== undefined && lookUp(grammar, next.text) !== undefined;
    const home = levels.findLastIndex(knows);
    const missing = levels.length - 1 - home;
    if (home < 0 || missing > this.#balance) return;
    for (let left = missing; left > 0; left--) {
      const { opener } = this.#open.pop() ?? {};
      this.#balance--;
      if (opener) this.#reportUnclosed(opener, next);
    }
  }

  #reportUnclosed({ keyword }: Statement, next: Token): void {
    const place = placeFrom(keyword.position, next.position);
    this.#diagnostics.error(
      "brace",
      keyword.position,
      `${quote(keyword.text)} is not closed: expected \`}\` before ${quote(next.text)} in ${place}`,
    );
  }
}

function placeFrom(from: Position, to: Position): string {
  return from.file === to.file ? `line ${to.line}` : `${to.file}:${to.line}`;
}
