/** The shape of the tables that say what may stand where. */
import type { IpPrefix } from "../../api/ipAddress.ts";
import type { Token } from "../lexer.ts";

/** An address as it was written: without a length unless one was given. */
export interface WrittenAddress extends IpPrefix {
  hasLength: boolean;
}

/** What an argument can mean. A command is its words; a pair is a range, a realm or a mark with its mask. */
export type Value = string | number | boolean | WrittenAddress | readonly string[] | readonly [number, number];

export type Reading = { value: Value; warning?: string } | { error: string };

export interface ValueType {
  /** Completes "expected …". */
  expected: string;
  read(token: Token): Reading;
  /** Quotes of both kinds and escapes are understood on the whole line. */
  escaped?: boolean;
}

export interface Argument {
  name: string;
  type: ValueType;
  optional?: boolean;
  /** Takes all that follow, too. */
  many?: boolean;
  /** Left out when the next word is not of its type: `[all] SECONDS`. */
  skippable?: boolean;
  /** The kinds of block whose name it must be. */
  refersTo?: readonly string[];
}

/** A word in the middle of a line with values of its own: `dev eth0`. */
export interface Option {
  args: readonly Argument[];
  /** The name under which the value is kept, when words mean the same. */
  name?: string;
  /** Said to the user when it is used. */
  deprecated?: string;
}

/** What may follow a keyword, or make up a line of a list. */
export interface LineGrammar {
  /** In this order, at the beginning. */
  args: readonly Argument[];
  /** In any order, behind the arguments. */
  options?: Readonly<Record<string, Option>>;
  /** May stand once among the options without a word in front: the destination of a route. */
  bare?: Argument;
  /** Another grammar for what follows, when the line begins with this word. */
  variants?: Readonly<Record<string, LineGrammar>>;
}

export interface Keyword extends LineGrammar {
  block?: BlockGrammar;
  /** May stand several times in a block; else the last one counts, with a warning. */
  repeatable?: boolean;
  /** The argument that must differ between blocks of this keyword. */
  uniqueBy?: string;
  /** Another spelling of this keyword, without a remark. */
  sameAs?: string;
  /** Meaningful once, no longer or never in 2.2.7. */
  obsolete?: Obsolete;
  /** Releases after 2.2.7 know it, 2.2.7 does not. */
  newer?: boolean;
}

/** What to do with a word that 2.2.7 does not know but older tutorials do. */
export interface Obsolete {
  /** The keyword that it is taken for; without one it is ignored. */
  takenAs?: string;
  note: string;
}

/** A block of keywords, or a list whose lines begin with no keyword. */
export interface BlockGrammar {
  /** As users know it: the keyword that opens it. */
  name: string;
  keywords: Readonly<Record<string, Keyword>>;
  /** Lines of a list; `keywords` may stand between them. */
  items?: LineGrammar;
  /** Several items may stand on a line. */
  manyPerLine?: boolean;
}
