/** What a configuration says, whatever its words mean. */
import type { Position } from "./diagnostic.ts";
import type { Token } from "./lexer.ts";

/** One line: a keyword, its arguments, and a block if it opens one. */
export interface Statement {
  keyword: Token;
  args: Token[];
  block?: Block;
}

export interface Block {
  /** The opening brace; for a whole configuration its beginning. */
  open: Position;
  statements: Statement[];
}

/** Every statement below a block, outer ones first. */
export function* walk(block: Block): Generator<Statement> {
  for (const statement of block.statements) {
    yield statement;
    if (statement.block) yield* walk(statement.block);
  }
}
